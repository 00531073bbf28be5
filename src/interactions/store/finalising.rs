//! SQL that makes interactions final whose source has been silent.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{fetch_all, statements};
use serde::Serialize;

statements! {
    // $2: JSON array of {source, before}; $3: time for all other sources. Null: never.
    FINALISE = "
        UPDATE interactions
        SET phase = 2, finalised_at = $1, updated_at = $1
        WHERE id IN (
            SELECT i.id
            FROM interactions i
            LEFT JOIN {rows $2} AS j ON j.value->>'source' = i.source
            WHERE i.phase < 2
                AND i.updated_at < CASE WHEN j.value IS NULL THEN CAST($3 AS BIGINT)
                    ELSE CAST(j.value->>'before' AS BIGINT) END
            ORDER BY i.updated_at
            LIMIT $4
        )
            AND phase < 2
        RETURNING id, source, external_id, channel,
            (SELECT t.name FROM teams t WHERE t.id = interactions.team_id) AS team";
}

/// Silence of a source after which its interactions are final.
#[derive(Debug, Serialize)]
pub(in crate::interactions) struct Silent {
    pub source: String,
    /// Interactions without a delivery since then are final; `None`: they never become final by silence.
    pub before: Option<Timestamp>,
}

/// An interaction that has become final.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::interactions) struct Finalised {
    pub id: InteractionId,
    pub source: String,
    pub external_id: String,
    pub channel: String,
    pub team: Option<String>,
}

/// Makes silent interactions final, the longest silent ones first.
pub(in crate::interactions) async fn finalise(
    conn: Conn<'_>,
    others: Option<Timestamp>,
    sources: &[Silent],
    now: Timestamp,
    most: i64,
) -> Result<Vec<Finalised>, DbError> {
    fetch_all!(conn, FINALISE => Finalised, now, serde_json::json!(sources).to_string(), others, most)
}
