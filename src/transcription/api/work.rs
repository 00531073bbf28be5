//! Endpoints of what is done to transcripts: corrected, stopped, made once more, chosen between.

use super::{SegmentOut, segments};
use crate::access::Principal;
use crate::access::rights::{Administer, EditTranscripts, SeeInteractions};
use crate::ids::InteractionId;
use crate::interactions::Interactions;
use crate::transcription::{
    AlternativeError, AlternativeTranscript, Compared, Comparison, CorrectionError, NewCorrection, Queue, QueueError,
    SpeakersError, Step, Transcription, Waiting,
};
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody};
use poem::http::StatusCode;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// The endpoints.
#[derive(Debug, Clone)]
pub struct WorkApi {
    /// Interactions, and who may see them.
    pub interactions: Interactions,
    /// The service.
    pub transcription: Transcription,
}

impl From<CorrectionError> for ApiError {
    fn from(error: CorrectionError) -> Self {
        let text = error.to_string();
        match error {
            CorrectionError::NotDone => Self::conflict("transcript_not_done", text),
            CorrectionError::NoSegment => Self::not_found("segment_not_found", text),
            CorrectionError::BadText => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "correction_text", text),
            CorrectionError::Meanwhile => Self::conflict("corrected_meanwhile", text),
            CorrectionError::Database(inner) => inner.into(),
        }
    }
}

impl From<AlternativeError> for ApiError {
    fn from(error: AlternativeError) -> Self {
        let text = error.to_string();
        match error {
            AlternativeError::NoRecording => Self::not_found("recording_not_found", text),
            AlternativeError::NotDone => Self::conflict("transcript_not_done", text),
            AlternativeError::Model(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "model_not_usable", text),
            AlternativeError::Gone => Self::conflict("take_gone", text),
            AlternativeError::Database(inner) => inner.into(),
        }
    }
}

impl From<SpeakersError> for ApiError {
    fn from(error: SpeakersError) -> Self {
        let text = error.to_string();
        match error {
            SpeakersError::NoRecording => Self::not_found("recording_not_found", text),
            SpeakersError::Channels(_) => Self::conflict("channels_do_not_fit", text),
            SpeakersError::Meanwhile => Self::conflict("channels_changed_meanwhile", text),
            SpeakersError::Database(inner) => inner.into(),
        }
    }
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        let text = error.to_string();
        match error {
            QueueError::NoRecording => Self::not_found("recording_not_found", text),
            QueueError::NotUnderWay => Self::conflict("transcription_not_under_way", text),
            QueueError::NotStopped => Self::conflict("transcription_not_stopped", text),
            QueueError::Database(inner) => inner.into(),
        }
    }
}

/// A correction of a segment.
#[derive(Debug, Object)]
#[oai(rename = "NewCorrection")]
struct CorrectionBody {
    /// The words as they were spoken.
    text: String,
    /// Number of corrections that the segment had when it was read (`corrected.times`, or 0). 409 if the segment has been
    /// corrected since. Without it the correction always applies.
    seen: Option<i64>,
}

/// An entry in the correction history of a transcript.
#[derive(Debug, Object)]
#[oai(rename = "Correction")]
struct StepOut {
    /// Index of the segment in the transcript, from 0.
    segment: i64,
    /// Number of the correction of this segment, from 1.
    number: i64,
    /// New text; null: the corrections were reverted.
    text: Option<String>,
    /// Name of the person.
    by: String,
    /// Time, RFC 3339, UTC.
    at: String,
}

/// All corrections of a transcript.
#[derive(Debug, Object)]
struct CorrectionList {
    /// Corrections, oldest first.
    items: Vec<StepOut>,
    /// Always null: the list is one page.
    next: Option<String>,
}

impl From<Step> for StepOut {
    fn from(s: Step) -> Self {
        Self { segment: s.seq, number: s.number, text: s.text, by: s.author, at: s.at.to_rfc3339() }
    }
}

/// An alternative transcript to be made.
#[derive(Debug, Object)]
#[oai(rename = "NewAlternativeTranscript")]
struct AlternativeBody {
    /// Name of an installed speech model.
    model: String,
    /// Spoken language; detected by default.
    language: Option<String>,
}

/// Figures of a transcript compared with another one of the same recording.
#[derive(Debug, Object)]
#[oai(rename = "ComparedTranscript")]
struct ComparedOut {
    /// Number of words.
    words: u64,
    /// Number of words that the other transcript lacks.
    differing: u64,
    /// Number of words with a low confidence.
    unsure: u64,
    /// Mean confidence of the words, 0 to 1.
    confidence: f32,
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
struct AlternativeOut {
    /// Id of the alternative transcript; send it to select it.
    id: String,
    /// State of the transcription.
    state: String,
    /// Progress, 0 to 1.
    progress: f32,
    /// Reason why the transcription waits or failed.
    reason: Option<String>,
    /// Name of the speech model.
    model: String,
    /// Spoken language.
    language: Option<String>,
    /// Duration of the transcription, ms.
    took_ms: Option<i64>,
    /// Name of the person who requested it.
    asked_by: String,
    /// Segments in order of time; empty until the transcription is done.
    segments: Vec<SegmentOut>,
    /// The current transcript compared with this one.
    shown: Option<ComparedOut>,
    /// This transcript compared with the current one.
    second: Option<ComparedOut>,
}

/// Speakers of a recording's channels.
#[derive(Debug, Object)]
#[oai(rename = "RecordingChannels")]
struct ChannelsBody {
    /// Speakers in the order of the channels.
    channels: Vec<String>,
}

/// The alternative transcript to be selected.
#[derive(Debug, Object)]
#[oai(rename = "TranscriptSelection")]
struct ChoiceBody {
    /// Id of the alternative transcript.
    alternative: String,
}

/// A recording that is queued or being transcribed.
#[derive(Debug, Object)]
#[oai(rename = "WaitingRecording")]
struct WaitingOut {
    /// Id of the interaction.
    interaction: String,
    /// Duration of the recording, ms.
    duration_ms: Option<i64>,
    /// Whether a person waits for the transcript.
    urgent: bool,
    /// Progress, 0 to 1.
    progress: f64,
    /// Reason why it waits, other than its turn.
    reason: Option<String>,
    /// Name of the team.
    team: Option<String>,
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
struct QueueOut {
    /// Recordings being transcribed, on all nodes.
    running: Vec<WaitingOut>,
    /// The next 25 recordings.
    next: Vec<WaitingOut>,
    /// Number of recordings in the queue.
    waiting: i64,
    /// Total duration of the recordings in the queue, ms.
    waiting_ms: i64,
    /// Time since when the first recording has been due, RFC 3339, UTC.
    oldest: Option<String>,
    /// Seconds of audio transcribed a second, measured on the latest recordings.
    speed: Option<f64>,
    /// Estimated time until the queue is empty, ms.
    left_ms: Option<u64>,
    /// Maximum duration of recordings that have a reserved worker and don't wait for longer ones, ms; null: no worker is
    /// reserved.
    short_ms: Option<u64>,
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

/// Work that was accepted.
#[derive(ApiResponse)]
enum Accepted {
    /// The transcription is queued.
    #[oai(status = 202)]
    Queued,
}

/// Something that was done.
#[derive(ApiResponse)]
enum NoContent {
    /// Done.
    #[oai(status = 204)]
    Done,
}

impl WorkApi {
    async fn find(&self, who: &Principal, id: &str) -> Result<InteractionId, ApiError> {
        let none =
            || ApiError::not_found("interaction_not_found", "There is no such interaction, or it is not for you.");
        let id: InteractionId = id.parse().map_err(|_| none())?;
        self.interactions.find(&who.visible(), &id).await?.ok_or_else(none)?;
        Ok(id)
    }

    async fn correct(&self, who: &Principal, id: &str, new: NewCorrection) -> Result<Json<SegmentOut>, ApiError> {
        let id = self.find(who, id).await?;
        let seq = new.seq;
        self.transcription.correct(&who.actor(), &id, new).await?;
        let stored = self.transcription.find(&id).await?;
        let segment = segments(stored.segments, stored.corrections).into_iter().nth(seq);
        segment.map(Json).ok_or_else(|| CorrectionError::NoSegment.into())
    }

    async fn take_out(&self, id: &InteractionId, take: AlternativeTranscript) -> Result<AlternativeOut, ApiError> {
        let shown = self.transcription.find(id).await?;
        let done = take.state == crate::transcription::State::Done;
        let compared = done.then(|| Comparison::new(&shown.segments, &take.segments));
        let (first, second) = compared.map(|both| (both.first.into(), both.second.into())).unzip();
        Ok(AlternativeOut {
            id: take.take,
            state: take.state.code().into(),
            progress: take.progress,
            reason: take.reason,
            model: take.model,
            language: take.language,
            took_ms: take.took_ms,
            asked_by: take.asked_by,
            segments: segments(take.segments, Vec::new()),
            shown: first,
            second,
        })
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "super::Tag::Transcripts")]
impl WorkApi {
    /// Correct a segment
    ///
    /// The original text and the author of each correction are kept. Search, measures and masking are updated.
    #[oai(path = "/interactions/:id/transcript/segments/:seq", method = "put", operation_id = "correctSegment")]
    async fn put_correction(
        &self,
        who: Allowed<EditTranscripts>,
        /// Id of the interaction.
        id: Path<String>,
        /// Index of the segment in the transcript, from 0.
        seq: Path<usize>,
        body: JsonBody<CorrectionBody>,
    ) -> Result<Json<SegmentOut>, ApiError> {
        let new = NewCorrection { seq: seq.0, seen: body.0.seen, text: Some(body.0.text) };
        self.correct(&who, &id, new).await
    }

    /// Revert the corrections of a segment
    ///
    /// Restores the text of the model; the history is kept.
    #[oai(path = "/interactions/:id/transcript/segments/:seq", method = "delete", operation_id = "revertSegment")]
    async fn delete_correction(
        &self,
        who: Allowed<EditTranscripts>,
        /// Id of the interaction.
        id: Path<String>,
        /// Index of the segment in the transcript, from 0.
        seq: Path<usize>,
    ) -> Result<Json<SegmentOut>, ApiError> {
        self.correct(&who, &id, NewCorrection { seq: seq.0, seen: None, text: None }).await
    }

    /// List the corrections of a transcript
    ///
    /// Returns every correction, oldest first.
    #[oai(path = "/interactions/:id/transcript/corrections", method = "get", operation_id = "listCorrections")]
    async fn list_corrections(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
    ) -> Result<Json<CorrectionList>, ApiError> {
        let id = self.find(&who, &id).await?;
        let items = self.transcription.history(&id).await?.into_iter().map(StepOut::from).collect();
        Ok(Json(CorrectionList { items, next: None }))
    }

    /// Request an alternative transcript
    ///
    /// Transcribes the recording with another model. The current transcript stays until the alternative one is selected. An
    /// earlier alternative transcript is replaced.
    #[oai(
        path = "/interactions/:id/transcript/alternative",
        method = "put",
        operation_id = "requestAlternativeTranscript"
    )]
    async fn put_alternative(
        &self,
        who: Allowed<EditTranscripts>,
        /// Id of the interaction.
        id: Path<String>,
        body: JsonBody<AlternativeBody>,
    ) -> Result<Accepted, ApiError> {
        let id = self.find(&who, &id).await?;
        let language = body.0.language.as_deref();
        self.transcription.ask_again(&who.actor(), &id, &body.0.model, language).await?;
        Ok(Accepted::Queued)
    }

    /// Get the alternative transcript
    ///
    /// Returns the alternative transcript and, when it is done, how it differs from the current one.
    #[oai(path = "/interactions/:id/transcript/alternative", method = "get", operation_id = "getAlternativeTranscript")]
    async fn get_alternative(
        &self,
        who: Allowed<EditTranscripts>,
        /// Id of the interaction.
        id: Path<String>,
    ) -> Result<Json<AlternativeOut>, ApiError> {
        let id = self.find(&who, &id).await?;
        let take = self.transcription.alternative(&id).await?;
        let take =
            take.ok_or_else(|| ApiError::not_found("alternative_not_found", "There is no alternative transcript."))?;
        if take.state == crate::transcription::State::Done {
            self.interactions.note_look(&who, "transcript.viewed", &id).await?;
        }
        Ok(Json(self.take_out(&id, take).await?))
    }

    /// Delete the alternative transcript
    ///
    /// Stops its transcription if it is not done.
    #[oai(
        path = "/interactions/:id/transcript/alternative",
        method = "delete",
        operation_id = "deleteAlternativeTranscript"
    )]
    async fn delete_take(
        &self,
        who: Allowed<EditTranscripts>,
        /// Id of the interaction.
        id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.drop_alternative(&who.actor(), &id).await?;
        Ok(NoContent::Done)
    }

    /// Select the alternative transcript
    ///
    /// The alternative transcript becomes the current one, and the current one the alternative. The same request with its `take`
    /// undoes the selection.
    #[oai(path = "/interactions/:id/transcript/choice", method = "put", operation_id = "selectTranscript")]
    async fn put_choice(
        &self,
        who: Allowed<EditTranscripts>,
        /// Id of the interaction.
        id: Path<String>,
        body: JsonBody<ChoiceBody>,
    ) -> Result<NoContent, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.choose(&who.actor(), &id, &body.0.alternative).await?;
        Ok(NoContent::Done)
    }

    /// Set the speakers of a recording's channels
    ///
    /// Changes the speakers in the transcript, its measures, the search and the clips without transcribing again; swapping twice
    /// undoes the change. From then on every channel is masked like the customer's. If two channels had the same speaker, the
    /// recording is transcribed again and an alternative transcript is deleted; clips keep their words until the new transcript
    /// is done. 409 if every channel of several is the agent's.
    #[oai(path = "/interactions/:id/recording/channels", method = "put", operation_id = "setRecordingChannels")]
    async fn put_channels(
        &self,
        who: Allowed<EditTranscripts>,
        /// Id of the interaction.
        id: Path<String>,
        body: JsonBody<ChannelsBody>,
    ) -> Result<NoContent, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.set_speakers(&who.actor(), &id, &body.0.channels).await?;
        Ok(NoContent::Done)
    }

    /// Stop a transcription
    ///
    /// Stops a queued or running transcription. The recording is kept; `restartTranscription` starts again.
    #[oai(path = "/interactions/:id/transcript/work", method = "delete", operation_id = "stopTranscription")]
    async fn stop(
        &self,
        who: Allowed<EditTranscripts>,
        /// Id of the interaction.
        id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.stop(&who.actor(), &id).await?;
        Ok(NoContent::Done)
    }

    /// Restart a transcription
    ///
    /// Queues a transcription that was stopped or has failed.
    #[oai(path = "/interactions/:id/transcript/work", method = "put", operation_id = "restartTranscription")]
    async fn restart(
        &self,
        who: Allowed<EditTranscripts>,
        /// Id of the interaction.
        id: Path<String>,
    ) -> Result<Accepted, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.restart(&who.actor(), &id).await?;
        Ok(Accepted::Queued)
    }

    /// Get the transcription queue
    ///
    /// Returns the running and queued recordings, the speed, and the estimated time until the queue is empty.
    #[oai(path = "/transcription/queue", method = "get", operation_id = "getTranscriptionQueue")]
    async fn get_queue(&self, who: Allowed<Administer>) -> Result<Json<QueueOut>, ApiError> {
        let _ = who;
        Ok(Json(self.transcription.queue().await?.into()))
    }
}
