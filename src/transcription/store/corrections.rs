//! SQL of corrections.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::effects::Actor;
use crate::ids::{CorrectionId, InteractionId};
use crate::transcription::corrections::Step;
use crate::{execute, fetch_all, fetch_one, statements};

statements! {
    ADD = "
        INSERT INTO corrections (id, interaction_id, take, seq, number, text, author, author_name, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    OF_SEGMENT = "
        SELECT COUNT(*)
        FROM corrections
        WHERE interaction_id = $1
            AND take = $2
            AND seq = $3";
    HISTORY = "
        SELECT seq, number, text, author_name, at
        FROM corrections
        WHERE interaction_id = $1
            AND take = $2
        ORDER BY at, seq, number";
    NEWEST = "
        SELECT seq, number, text, author_name, at
        FROM corrections c
        WHERE interaction_id = $1
            AND take = $2
            AND number = (
                SELECT MAX(d.number)
                FROM corrections d
                WHERE d.interaction_id = c.interaction_id
                    AND d.take = c.take
                    AND d.seq = c.seq
            )
        ORDER BY seq";
}

/// Columns of a correction, other than its key.
pub(in crate::transcription) struct Row<'a> {
    pub id: CorrectionId,
    pub seq: i64,
    pub number: i64,
    pub text: Option<&'a str>,
}

pub(in crate::transcription) async fn add(
    conn: Conn<'_>,
    interaction: &InteractionId,
    take: &str,
    row: Row<'_>,
    who: &Actor,
    now: Timestamp,
) -> Result<(), DbError> {
    let Row { id, seq, number, text } = row;
    execute!(conn, ADD, id, interaction, take, seq, number, text, who.code(), who.name(), now).map(drop)
}

/// Returns the number of corrections of this segment.
pub(in crate::transcription) async fn of_segment(
    conn: Conn<'_>,
    id: &InteractionId,
    take: &str,
    seq: i64,
) -> Result<i64, DbError> {
    let (count,) = fetch_one!(conn, OF_SEGMENT => (i64,), id, take, seq)?;
    Ok(count)
}

pub(in crate::transcription) async fn history(
    conn: Conn<'_>,
    id: &InteractionId,
    take: &str,
) -> Result<Vec<Step>, DbError> {
    fetch_all!(conn, HISTORY => Step, id, take)
}

/// Returns the latest correction of each segment.
pub(in crate::transcription) async fn newest(
    conn: Conn<'_>,
    id: &InteractionId,
    take: &str,
) -> Result<Vec<Step>, DbError> {
    fetch_all!(conn, NEWEST => Step, id, take)
}
