//! Wire types.

use super::SegmentOut;
use crate::transcription::{Compared, Queue, Step, Waiting};
use poem_openapi::Object;

/// A correction of a segment.
#[derive(Debug, Object)]
#[oai(rename = "NewCorrection")]
pub(super) struct CorrectionBody {
    /// The words as they were spoken.
    pub(super) text: String,
    /// Number of corrections that the segment had when it was read (`corrected.times`, or 0). 409 if the segment has been
    /// corrected since. Without it the correction always applies.
    pub(super) seen: Option<i64>,
}

/// An entry in the correction history of a transcript.
#[derive(Debug, Object)]
#[oai(rename = "Correction")]
pub(super) struct StepOut {
    /// Index of the segment in the transcript, from 0.
    pub(super) segment: i64,
    /// Number of the correction of this segment, from 1.
    pub(super) number: i64,
    /// New text; null: the corrections were reverted.
    pub(super) text: Option<String>,
    /// Name of the person.
    pub(super) by: String,
    /// Time, RFC 3339, UTC.
    pub(super) at: String,
}

/// All corrections of a transcript.
#[derive(Debug, Object)]
pub(super) struct CorrectionList {
    /// Corrections, oldest first.
    pub(super) items: Vec<StepOut>,
    /// Always null: the list is one page.
    pub(super) next: Option<String>,
}

impl From<Step> for StepOut {
    fn from(s: Step) -> Self {
        Self { segment: s.seq, number: s.number, text: s.text, by: s.author, at: s.at.to_rfc3339() }
    }
}

/// An alternative transcript to be made.
#[derive(Debug, Object)]
#[oai(rename = "NewAlternativeTranscript")]
pub(super) struct AlternativeBody {
    /// Name of an installed speech model.
    pub(super) model: String,
    /// Spoken language; detected by default.
    pub(super) language: Option<String>,
}

/// Figures of a transcript compared with another one of the same recording.
#[derive(Debug, Object)]
#[oai(rename = "ComparedTranscript")]
pub(super) struct ComparedOut {
    /// Number of words.
    pub(super) words: u64,
    /// Number of words that the other transcript lacks.
    pub(super) differing: u64,
    /// Number of words with a low confidence.
    pub(super) unsure: u64,
    /// Mean confidence of the words, 0 to 1.
    pub(super) confidence: f32,
}

impl From<Compared> for ComparedOut {
    fn from(c: Compared) -> Self {
        let Compared { words, differing, unsure, confidence } = c;
        Self { words: words as u64, differing: differing as u64, unsure: unsure as u64, confidence }
    }
}

/// An alternative transcript of the same recording.
#[derive(Debug, Object)]
#[oai(rename = "AlternativeTranscript")]
pub(super) struct AlternativeOut {
    /// Id of the alternative transcript; send it to select it.
    pub(super) id: String,
    /// State of the transcription.
    pub(super) state: String,
    /// Progress, 0 to 1.
    pub(super) progress: f32,
    /// Reason why the transcription waits or failed.
    pub(super) reason: Option<String>,
    /// Name of the speech model.
    pub(super) model: String,
    /// Spoken language.
    pub(super) language: Option<String>,
    /// Duration of the transcription, ms.
    pub(super) took_ms: Option<i64>,
    /// Name of the person who requested it.
    pub(super) asked_by: String,
    /// Segments in order of time; empty until the transcription is done.
    pub(super) segments: Vec<SegmentOut>,
    /// The current transcript compared with this one.
    pub(super) shown: Option<ComparedOut>,
    /// This transcript compared with the current one.
    pub(super) second: Option<ComparedOut>,
}

/// Speakers of a recording's channels.
#[derive(Debug, Object)]
#[oai(rename = "RecordingChannels")]
pub(super) struct ChannelsBody {
    /// Speakers in the order of the channels.
    pub(super) channels: Vec<String>,
}

/// The alternative transcript to be selected.
#[derive(Debug, Object)]
#[oai(rename = "TranscriptSelection")]
pub(super) struct ChoiceBody {
    /// Id of the alternative transcript.
    pub(super) alternative: String,
}

/// A recording that is queued or being transcribed.
#[derive(Debug, Object)]
#[oai(rename = "WaitingRecording")]
pub(super) struct WaitingOut {
    /// Id of the interaction.
    pub(super) interaction: String,
    /// Duration of the recording, ms.
    pub(super) duration_ms: Option<i64>,
    /// Whether a person waits for the transcript.
    pub(super) urgent: bool,
    /// Progress, 0 to 1.
    pub(super) progress: f64,
    /// Reason why it waits, other than its turn.
    pub(super) reason: Option<String>,
    /// Name of the team.
    pub(super) team: Option<String>,
}

impl From<Waiting> for WaitingOut {
    fn from(w: Waiting) -> Self {
        Self {
            interaction: w.interaction.to_string(),
            duration_ms: w.duration_ms,
            urgent: w.priority <= crate::jobs::URGENT,
            progress: w.progress,
            reason: w.reason,
            team: w.team,
        }
    }
}

/// State of the transcription queue.
#[derive(Debug, Object)]
#[oai(rename = "TranscriptionQueue")]
pub(super) struct QueueOut {
    /// Recordings being transcribed, on all nodes.
    pub(super) running: Vec<WaitingOut>,
    /// The next 25 recordings.
    pub(super) next: Vec<WaitingOut>,
    /// Number of recordings in the queue.
    pub(super) waiting: i64,
    /// Total duration of the recordings in the queue, ms.
    pub(super) waiting_ms: i64,
    /// Time since when the first recording has been due, RFC 3339, UTC.
    pub(super) oldest: Option<String>,
    /// Seconds of audio transcribed a second, measured on the latest recordings.
    pub(super) speed: Option<f64>,
    /// Estimated time until the queue is empty, ms.
    pub(super) left_ms: Option<u64>,
    /// Maximum duration of recordings that have a reserved worker and don't wait for longer ones, ms; null: no worker is
    /// reserved.
    pub(super) short_ms: Option<u64>,
}

impl From<Queue> for QueueOut {
    fn from(q: Queue) -> Self {
        let ms = |length: std::time::Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        Self {
            running: q.running.into_iter().map(WaitingOut::from).collect(),
            next: q.next.into_iter().map(WaitingOut::from).collect(),
            waiting: q.waiting,
            waiting_ms: q.waiting_ms,
            oldest: q.oldest.map(|at| at.to_rfc3339()),
            speed: q.speed,
            left_ms: q.left.map(ms),
            short_ms: q.short.map(ms),
        }
    }
}
