//! What was said, for the training library, from the transcripts.

use crate::database::DbError;
use crate::ids::InteractionId;
use crate::training::{Spoken, SpokenLine, SpokenWord};
use crate::transcription::{Segment, State, Transcription};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// The transcripts as training wants them.
pub(super) struct Transcribed(pub Transcription);

fn ms(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn line(segment: Segment) -> SpokenLine {
    let words = segment.words.into_iter();
    SpokenLine {
        start_ms: ms(segment.start_ms),
        end_ms: ms(segment.end_ms),
        speaker: segment.speaker.to_string(),
        text: segment.text,
        words: words.map(|w| SpokenWord { start_ms: ms(w.start_ms), end_ms: ms(w.end_ms), text: w.text }).collect(),
    }
}

impl Spoken for Transcribed {
    fn lines<'a>(&'a self, id: &'a InteractionId) -> BoxFuture<'a, Result<Option<Vec<SpokenLine>>, DbError>> {
        async move {
            let stored = self.0.find(id).await?;
            let there = stored.state == State::Done;
            Ok(there.then(|| stored.segments.into_iter().map(line).collect()))
        }
        .boxed()
    }
}
