//! Endpoints of transcripts.

mod model;
mod work;

pub use model::ModelApi;
pub use work::WorkApi;

use super::{Correction, Format, Note, Segment, State, Stored, Transcript, Transcription, Word};
use crate::access::Principal;
use crate::access::rights::SeeInteractions;
use crate::ids::InteractionId;
use crate::interactions::Interactions;
use crate::web::Allowed;
use crate::web::problem::ApiError;
use crate::web::unmasked::Words;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{ApiResponse, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Transcripts of calls: reading, correcting and making them.
    Transcripts,
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// Interactions, with the rights to see them.
    pub interactions: Interactions,
    /// The service.
    pub transcription: Transcription,
}

/// A word.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Word")]
struct WordOut {
    /// Start, ms from the beginning of the recording.
    start_ms: u64,
    /// End, ms from the beginning of the recording.
    end_ms: u64,
    /// The word with its punctuation.
    text: String,
    /// The model's estimate that this is right, 0 to 1.
    confidence: f32,
}

impl From<Word> for WordOut {
    fn from(w: Word) -> Self {
        Self { start_ms: w.start_ms, end_ms: w.end_ms, text: w.text, confidence: w.confidence }
    }
}

/// A turn of one speaker.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Segment")]
struct SegmentOut {
    /// Start, ms from the beginning of the recording.
    start_ms: u64,
    /// End, ms from the beginning of the recording.
    end_ms: u64,
    /// Speaker: `agent`, `customer`, `unknown`, or `channel-3` for a channel without a speaker.
    speaker: String,
    /// Text, corrected where there is a correction; masked unless `words=original` was requested.
    text: String,
    /// The model's estimate that this is right, 0 to 1.
    confidence: f32,
    /// The words with their times.
    words: Vec<WordOut>,
    /// Last correction; null if there is none.
    corrected: Option<CorrectedOut>,
}

/// The last correction of a segment.
#[derive(Debug, Clone, Object)]
#[oai(rename = "LastCorrection")]
struct CorrectedOut {
    /// Text before all corrections, as the model wrote it.
    machine_text: String,
    /// Name of the person who corrected it.
    by: String,
    /// Time of the correction, RFC 3339, UTC.
    at: String,
    /// Number of corrections of the segment; send it as `seen` with the next correction.
    times: i64,
}

impl From<Correction> for CorrectedOut {
    fn from(c: Correction) -> Self {
        Self { machine_text: c.machine_text, by: c.author, at: c.at.to_rfc3339(), times: c.number }
    }
}

impl From<Segment> for SegmentOut {
    fn from(s: Segment) -> Self {
        Self {
            corrected: None,
            start_ms: s.start_ms,
            end_ms: s.end_ms,
            speaker: s.speaker.to_string(),
            text: s.text,
            confidence: s.confidence,
            words: s.words.into_iter().map(WordOut::from).collect(),
        }
    }
}

/// A transcript and its state.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Transcript")]
struct TranscriptOut {
    /// State of the transcription.
    state: String,
    /// Progress, 0 to 1; null unless the transcription is running.
    progress: Option<f32>,
    /// Reason why the transcription waits or failed, and what to do.
    reason: Option<String>,
    /// Name of the speech model.
    model: Option<String>,
    /// Spoken language.
    language: Option<String>,
    /// Duration of the transcription, ms.
    took_ms: Option<i64>,
    /// Remarks about the recording: `truncated`, `same-on-both-channels`, `channels-leak` (speakers cannot be separated),
    /// `crosstalk-removed`.
    notes: Vec<String>,
    /// Segments in order of time; empty until the transcription is done.
    segments: Vec<SegmentOut>,
}

/// The segments, each with its last correction.
fn segments(segments: Vec<Segment>, corrections: Vec<Correction>) -> Vec<SegmentOut> {
    let mut out: Vec<SegmentOut> = segments.into_iter().map(SegmentOut::from).collect();
    for correction in corrections {
        if let Some(segment) = out.get_mut(correction.seq) {
            segment.corrected = Some(correction.into());
        }
    }
    out
}

fn note(note: Note) -> String {
    serde_json::to_value(note).ok().and_then(|note| note.as_str().map(str::to_owned)).unwrap_or_default()
}

impl From<Stored> for TranscriptOut {
    fn from(t: Stored) -> Self {
        Self {
            state: t.state.code().into(),
            progress: (t.state == State::Running).then_some(t.progress),
            reason: t.reason,
            model: t.model,
            language: t.language,
            took_ms: t.took_ms,
            notes: t.notes.into_iter().map(note).collect(),
            segments: segments(t.segments, t.corrections),
        }
    }
}

/// WebVTT.
#[derive(ApiResponse)]
enum Vtt {
    /// The transcript as WebVTT.
    #[oai(status = 200, content_type = "text/vtt; charset=utf-8")]
    Done(PlainText<String>),
}

/// SubRip.
#[derive(ApiResponse)]
enum Srt {
    /// The transcript as SubRip.
    #[oai(status = 200, content_type = "application/x-subrip; charset=utf-8")]
    Done(PlainText<String>),
}

impl Api {
    /// The transcript, where this one may see it and there is a recording to be transcribed; the look is noted.
    async fn load(
        &self,
        who: &Principal,
        id: &str,
        words: Query<Option<Words>>,
    ) -> Result<(InteractionId, Stored), ApiError> {
        let original = Words::original(words.0, who)?;
        let none =
            || ApiError::not_found("interaction_not_found", "There is no such interaction, or it is not for you.");
        let id: InteractionId = id.parse().map_err(|_| none())?;
        let found = self.interactions.find(&who.visible(), &id).await?.ok_or_else(none)?;
        if !found.has_recording() {
            let text = "This interaction has no recording, so there is nothing to transcribe. A chat's messages come with the interaction.";
            return Err(ApiError::not_found("transcript_not_found", text));
        }
        let stored = match original {
            true => self.transcription.original(&id).await?,
            false => self.transcription.find(&id).await?,
        };
        if stored.state == State::Done {
            self.interactions.note_look(who, Words::look(original), &id).await?;
        }
        Ok((id, stored))
    }

    async fn written(
        &self,
        who: &Principal,
        id: &str,
        words: Query<Option<Words>>,
        format: Format,
    ) -> Result<PlainText<String>, ApiError> {
        let (_, stored) = self.load(who, id, words).await?;
        if stored.state != State::Done {
            return Err(ApiError::conflict(
                "transcript_not_done",
                format!("The transcript is {}; try again later.", stored.state.code()),
            ));
        }
        let transcript = Transcript {
            language: stored.language.unwrap_or_default(),
            model: stored.model.unwrap_or_default(),
            segments: stored.segments,
            notes: stored.notes,
            ..Transcript::default()
        };
        Ok(PlainText(format.write(&transcript)))
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Transcripts")]
impl Api {
    /// Get the transcript of a call
    ///
    /// Returns the segments with the times of their words, and the state of the transcription. Personal data is masked:
    /// `[card number]`, `[e-mail]`, `[phone]`, `[IBAN]`, `[date of birth]`, `[address]`, `[name]` and the like replace it, in the
    /// text and as one word. Each request for a finished transcript is recorded in the audit log.
    #[oai(path = "/interactions/:id/transcript", method = "get", operation_id = "getTranscript")]
    async fn get_transcript(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
        /// `original` returns the words without masking. Only for administrators, supervisors of the team and API keys with the
        /// scope `admin`; recorded in the audit log.
        words: Query<Option<Words>>,
    ) -> Result<Json<TranscriptOut>, ApiError> {
        let (_, stored) = self.load(&who, &id, words).await?;
        Ok(Json(stored.into()))
    }

    /// Get a transcript as WebVTT
    ///
    /// Returns one cue a segment, with its speaker as the voice. 409 until the transcription is done.
    #[oai(path = "/interactions/:id/transcript.vtt", method = "get", operation_id = "getTranscriptVtt")]
    async fn get_vtt(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
        /// `original` returns the words without masking. Only for administrators, supervisors of the team and API keys with the
        /// scope `admin`; recorded in the audit log.
        words: Query<Option<Words>>,
    ) -> Result<Vtt, ApiError> {
        self.written(&who, &id, words, Format::Vtt).await.map(Vtt::Done)
    }

    /// Get a transcript as SubRip
    ///
    /// Returns one subtitle a segment. 409 until the transcription is done.
    #[oai(path = "/interactions/:id/transcript.srt", method = "get", operation_id = "getTranscriptSrt")]
    async fn get_srt(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
        /// `original` returns the words without masking. Only for administrators, supervisors of the team and API keys with the
        /// scope `admin`; recorded in the audit log.
        words: Query<Option<Words>>,
    ) -> Result<Srt, ApiError> {
        self.written(&who, &id, words, Format::Srt).await.map(Srt::Done)
    }

    /// Get a transcript as plain text
    ///
    /// Returns one line a segment. 409 until the transcription is done.
    #[oai(path = "/interactions/:id/transcript.txt", method = "get", operation_id = "getTranscriptText")]
    async fn get_text(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
        /// `original` returns the words without masking. Only for administrators, supervisors of the team and API keys with the
        /// scope `admin`; recorded in the audit log.
        words: Query<Option<Words>>,
    ) -> Result<PlainText<String>, ApiError> {
        self.written(&who, &id, words, Format::Text).await
    }
}
