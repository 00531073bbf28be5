//! SQL of the warnings of intake.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::interactions::warnings::{Warning, WarningCode, WarningCount, Warnings};
use crate::{execute, fetch_all, statements};

statements! {
    // $1: JSON array of {id, field, code, message}.
    PUT = "
        INSERT INTO interaction_warnings (interaction_id, field, code, message, at)
        SELECT j.value->>'id', j.value->>'field', j.value->>'code', j.value->>'message', $2
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT (interaction_id, field, code) DO UPDATE SET message = excluded.message, at = excluded.at";
    OF = "
        SELECT field, code, message
        FROM interaction_warnings
        WHERE interaction_id = $1
        ORDER BY field, code";
    COUNTS = "
        SELECT source, field, code, message, interactions, last_at, example
        FROM (
            SELECT i.source, w.field, w.code, w.message, w.at AS last_at, w.interaction_id AS example,
                COUNT(*) OVER (PARTITION BY i.source, w.field, w.code) AS interactions,
                ROW_NUMBER() OVER (
                    PARTITION BY i.source, w.field, w.code
                    ORDER BY w.at DESC, w.interaction_id
                ) AS place
            FROM interaction_warnings w
            JOIN interactions i ON i.id = w.interaction_id
            WHERE w.at >= $1
        ) AS counted
        WHERE place = 1
        ORDER BY interactions DESC, source, field, code
        LIMIT 500";
}

/// Stores the warnings of deliveries; a later one of the same field and kind replaces the earlier one.
pub(in crate::interactions) async fn put(
    conn: Conn<'_>,
    of: &[(&InteractionId, &Warnings)],
    now: Timestamp,
) -> Result<(), DbError> {
    let mut rows = std::collections::BTreeMap::new();
    for (id, warnings) in of {
        for Warning { field, code, message } in warnings.items() {
            let row = serde_json::json!({ "id": id, "field": field, "code": code.code(), "message": message });
            rows.insert((id.as_str(), field.as_str(), code.code()), row);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = rows.into_values().collect();
    execute!(conn, PUT, serde_json::Value::from(rows).to_string(), now).map(drop)
}

pub(in crate::interactions) async fn of(conn: Conn<'_>, id: &InteractionId) -> Result<Vec<Warning>, DbError> {
    let rows = fetch_all!(conn, OF => (String, String, String), id)?;
    let known = |(field, code, message): (String, String, String)| {
        WarningCode::known(&code).map(|code| Warning { field, code, message })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

pub(in crate::interactions) async fn counts(conn: Conn<'_>, since: Timestamp) -> Result<Vec<WarningCount>, DbError> {
    fetch_all!(conn, COUNTS => WarningCount, since)
}
