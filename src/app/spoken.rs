//! Transcripts for the training library.

use crate::audio::AudioError;
use crate::database::DbError;
use crate::ids::InteractionId;
use crate::masking::Span;
use crate::training::{Spoken, SpokenLine, SpokenWord};
use crate::transcription::{self, Segment, State, Transcription, Word};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::HashSet;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Adapter from transcription to training.
pub(super) struct Transcribed(pub Transcription);

fn ms(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// Confidence below which a word counts as uncertain.
const MAX_DOUBTFUL_CONFIDENCE: f32 = 0.4;

fn line(segment: Segment, masks: Vec<Span>, rough: bool) -> SpokenLine {
    let word = |w: Word| SpokenWord {
        start_ms: ms(w.start_ms),
        end_ms: ms(w.end_ms),
        text: w.text,
        doubtful: w.confidence < MAX_DOUBTFUL_CONFIDENCE,
    };
    SpokenLine {
        start_ms: ms(segment.start_ms),
        end_ms: ms(segment.end_ms),
        speaker: segment.speaker.to_string(),
        text: segment.text,
        words: segment.words.into_iter().map(word).collect(),
        masks,
        rough,
    }
}

impl Spoken for Transcribed {
    fn lines<'a>(&'a self, id: &'a InteractionId) -> BoxFuture<'a, Result<Option<Vec<SpokenLine>>, DbError>> {
        async move {
            let stored = self.0.original(id).await?;
            let rough = self.0.has_rough_times(stored.model.as_deref());
            // Words written by a person have no times of their own.
            let corrected: HashSet<usize> = stored.corrections.iter().map(|correction| correction.seq).collect();
            let lines = stored.segments.into_iter().zip(stored.masks).enumerate();
            let lines = lines.map(|(seq, (segment, masks))| line(segment, masks, rough || corrected.contains(&seq)));
            Ok((stored.state == State::Done).then(|| lines.collect()))
        }
        .boxed()
    }

    fn speech(&self, recording: &Path, stop: &CancellationToken) -> Result<Vec<Vec<(u64, u64)>>, AudioError> {
        transcription::speech(recording, stop)
    }
}
