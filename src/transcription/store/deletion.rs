//! SQL of the deletion of transcripts.

use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, statements};

/// Deletes the rows of the interactions in a JSON array of ids.
macro_rules! remove {
    (sqlite $table:literal) => {
        concat!("DELETE FROM ", $table, " WHERE interaction_id IN (SELECT value FROM json_each($1))")
    };
    (pg $table:literal) => {
        concat!("DELETE FROM ", $table, " WHERE interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb))")
    };
}

statements! {
    SEGMENTS = sqlite remove!(sqlite "segments"), pg remove!(pg "segments");
    CORRECTIONS = sqlite remove!(sqlite "corrections"), pg remove!(pg "corrections");
    CHECKPOINTS = sqlite remove!(sqlite "transcript_checkpoints"), pg remove!(pg "transcript_checkpoints");
    TAKES = sqlite remove!(sqlite "alternative_transcripts"), pg remove!(pg "alternative_transcripts");
    TRANSCRIPTS = sqlite remove!(sqlite "transcripts"), pg remove!(pg "transcripts");
}

/// Deletes transcripts with their alternative transcripts, corrections and checkpoints; returns their number.
pub(in crate::transcription) async fn remove(mut conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
    let ids = serde_json::json!(ids).to_string();
    for part in [SEGMENTS, CORRECTIONS, CHECKPOINTS, TAKES] {
        execute!(conn.reborrow(), part, &ids)?;
    }
    execute!(conn, TRANSCRIPTS, &ids)
}
