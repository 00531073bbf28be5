//! SQL of the deletion of transcripts.

use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, statements};

statements! {
    SEGMENTS = "DELETE FROM segments WHERE interaction_id IN {list $1}";
    CORRECTIONS = "DELETE FROM corrections WHERE interaction_id IN {list $1}";
    CHECKPOINTS = "DELETE FROM transcript_checkpoints WHERE interaction_id IN {list $1}";
    TAKES = "DELETE FROM alternative_transcripts WHERE interaction_id IN {list $1}";
    TRANSCRIPTS = "DELETE FROM transcripts WHERE interaction_id IN {list $1}";
}

/// Deletes transcripts with their alternative transcripts, corrections and checkpoints; returns their number.
pub(in crate::transcription) async fn remove(mut conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
    let ids = serde_json::json!(ids).to_string();
    for part in [SEGMENTS, CORRECTIONS, CHECKPOINTS, TAKES] {
        execute!(conn.reborrow(), part, &ids)?;
    }
    execute!(conn, TRANSCRIPTS, &ids)
}
