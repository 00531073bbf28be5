//! SQL of transcripts that go.

use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, statements};

/// A deletion of the rows of the conversations in a JSON array of ids.
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

/// Removes transcripts with their second takes, corrections and what was heard so far; how many.
pub(in crate::transcription) async fn remove(mut conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
    let ids = serde_json::json!(ids).to_string();
    for part in [SEGMENTS, CORRECTIONS, CHECKPOINTS, TAKES] {
        execute!(conn.reborrow(), part, &ids)?;
    }
    execute!(conn, TRANSCRIPTS, &ids)
}
