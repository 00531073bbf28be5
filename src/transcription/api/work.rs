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
use poem_openapi::{ApiResponse, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// What is done to transcripts: corrected, stopped, made once more.
    #[oai(rename = "Work on transcripts")]
    Work,
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct WorkApi {
    /// Who may see what.
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

/// A correction.
#[derive(Debug, Object)]
struct CorrectionBody {
    /// The words as they were said, 1 to 5000 characters.
    text: String,
    /// How often the segment had been corrected when it was looked at (`corrected.times`, or 0): refused where somebody
    /// else was quicker. Without it, whatever stands there is replaced.
    seen: Option<i64>,
}

/// A step in the history of a segment.
#[derive(Debug, Object)]
#[oai(rename = "CorrectionStep")]
struct StepOut {
    /// The segment's place in the transcript, from 0.
    segment: i64,
    /// 1 for its first correction.
    number: i64,
    /// The words from then on; null: the model's own again.
    text: Option<String>,
    /// Name of whoever did it.
    by: String,
    /// When, RFC 3339.
    at: String,
}

impl From<Step> for StepOut {
    fn from(s: Step) -> Self {
        Self { segment: s.seq, number: s.number, text: s.text, by: s.author, at: s.at.to_rfc3339() }
    }
}

/// Which model is to hear it.
#[derive(Debug, Object)]
struct AlternativeBody {
    /// A model that is installed.
    model: String,
    /// The language that is spoken; found out where it is not given.
    language: Option<String>,
}

/// Figures of a transcript, compared.
#[derive(Debug, Object)]
#[oai(rename = "ComparedTranscript")]
struct ComparedOut {
    /// How many words it has.
    words: u64,
    /// How many of them are not in the other.
    differing: u64,
    /// Words of which the model was not sure.
    unsure: u64,
    /// 0 to 1: the mean of the model's own estimates.
    confidence: f32,
}

impl From<Compared> for ComparedOut {
    fn from(c: Compared) -> Self {
        let Compared { words, differing, unsure, confidence } = c;
        Self { words: words as u64, differing: differing as u64, unsure: unsure as u64, confidence }
    }
}

/// A second transcript of the same recording.
#[derive(Debug, Object)]
#[oai(rename = "SecondTake")]
struct AlternativeOut {
    /// Which one it is: send it to choose it.
    take: String,
    /// `waiting`, `running`, `done` or `failed`.
    state: String,
    /// 0 to 1.
    progress: f32,
    /// Why it waits or failed.
    reason: Option<String>,
    /// The model.
    model: String,
    /// The language.
    language: Option<String>,
    /// How long it took, ms.
    took_ms: Option<i64>,
    /// Name of whoever asked for it.
    asked_by: String,
    /// In order of time; empty until it is done.
    segments: Vec<SegmentOut>,
    /// The transcript that is shown, against this one.
    shown: Option<ComparedOut>,
    /// This one, against what is shown.
    second: Option<ComparedOut>,
}

/// Speakers of a recording's channels.
#[derive(Debug, Object)]
#[oai(rename = "RecordingChannels")]
struct ChannelsBody {
    /// One for each channel, in their order: `agent`, `customer` or `unknown`.
    channels: Vec<String>,
}

/// Which second transcript is meant.
#[derive(Debug, Object)]
struct ChoiceBody {
    /// `take` of the second transcript.
    take: String,
}

/// A recording that waits for its turn or is being transcribed.
#[derive(Debug, Object)]
#[oai(rename = "WaitingRecording")]
struct WaitingOut {
    /// The interaction.
    interaction: String,
    /// How long the recording is, ms, where that is known.
    duration_ms: Option<i64>,
    /// Does somebody wait for it?
    urgent: bool,
    /// 0 to 1.
    progress: f64,
    /// What it waits for, beside its turn.
    reason: Option<String>,
    /// The team.
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

/// How transcription goes.
#[derive(Debug, Object)]
#[oai(rename = "TranscriptionQueue")]
struct QueueOut {
    /// Being transcribed now, on all nodes.
    running: Vec<WaitingOut>,
    /// The next 25.
    next: Vec<WaitingOut>,
    /// How many wait.
    waiting: i64,
    /// How much sound waits, ms.
    waiting_ms: i64,
    /// Since when the first of them has been due, RFC 3339.
    oldest: Option<String>,
    /// Seconds of sound that are transcribed in a second, by what was done last.
    speed: Option<f64>,
    /// How long the rest will take at that speed, ms.
    left_ms: Option<u64>,
    /// Recordings up to this length have a place of their own and don't wait for longer ones, ms; absent: none has.
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
    /// It is queued
    #[oai(status = 202)]
    Queued,
}

/// Something that was done.
#[derive(ApiResponse)]
enum NoContent {
    /// Done
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
            take: take.take,
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

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Work")]
impl WorkApi {
    /// Correct a segment
    ///
    /// The model's words are kept; who corrected it is, too. Searches, measures and masks follow.
    #[oai(path = "/interactions/:id/transcript/segments/:seq", method = "put", operation_id = "putCorrection")]
    async fn put_correction(
        &self,
        who: Allowed<EditTranscripts>,
        /// The interaction's id.
        id: Path<String>,
        /// The segment's place in the transcript, from 0.
        seq: Path<usize>,
        body: JsonBody<CorrectionBody>,
    ) -> Result<Json<SegmentOut>, ApiError> {
        let new = NewCorrection { seq: seq.0, seen: body.0.seen, text: Some(body.0.text) };
        self.correct(&who, &id, new).await
    }

    /// Take the corrections of a segment back
    ///
    /// The model's words are shown again; the history stays.
    #[oai(path = "/interactions/:id/transcript/segments/:seq", method = "delete", operation_id = "deleteCorrection")]
    async fn delete_correction(
        &self,
        who: Allowed<EditTranscripts>,
        /// The interaction's id.
        id: Path<String>,
        /// The segment's place in the transcript, from 0.
        seq: Path<usize>,
    ) -> Result<Json<SegmentOut>, ApiError> {
        self.correct(&who, &id, NewCorrection { seq: seq.0, seen: None, text: None }).await
    }

    /// Every correction of a transcript, oldest first
    #[oai(path = "/interactions/:id/transcript/corrections", method = "get", operation_id = "listCorrections")]
    async fn list_corrections(
        &self,
        who: Allowed<SeeInteractions>,
        /// The interaction's id.
        id: Path<String>,
    ) -> Result<Json<Vec<StepOut>>, ApiError> {
        let id = self.find(&who, &id).await?;
        Ok(Json(self.transcription.history(&id).await?.into_iter().map(StepOut::from).collect()))
    }

    /// Have a recording transcribed once more, by another model
    ///
    /// The transcript that is shown stays until the second one is chosen. Another second one that there was is gone.
    #[oai(path = "/interactions/:id/transcript/take", method = "put", operation_id = "putSecondTake")]
    async fn put_alternative(
        &self,
        who: Allowed<EditTranscripts>,
        /// The interaction's id.
        id: Path<String>,
        body: JsonBody<AlternativeBody>,
    ) -> Result<Accepted, ApiError> {
        let id = self.find(&who, &id).await?;
        let language = body.0.language.as_deref();
        self.transcription.ask_again(&who.actor(), &id, &body.0.model, language).await?;
        Ok(Accepted::Queued)
    }

    /// The second transcript, and how it differs
    #[oai(path = "/interactions/:id/transcript/take", method = "get", operation_id = "getSecondTake")]
    async fn get_alternative(
        &self,
        who: Allowed<EditTranscripts>,
        /// The interaction's id.
        id: Path<String>,
    ) -> Result<Json<AlternativeOut>, ApiError> {
        let id = self.find(&who, &id).await?;
        let take = self.transcription.alternative(&id).await?;
        let take = take.ok_or_else(|| ApiError::not_found("take_not_found", "There is no second transcript."))?;
        if take.state == crate::transcription::State::Done {
            self.interactions.note_look(&who, "transcript.viewed", &id).await?;
        }
        Ok(Json(self.take_out(&id, take).await?))
    }

    /// Drop the second transcript, or stop it
    #[oai(path = "/interactions/:id/transcript/take", method = "delete", operation_id = "deleteSecondTake")]
    async fn delete_take(
        &self,
        who: Allowed<EditTranscripts>,
        /// The interaction's id.
        id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.drop_alternative(&who.actor(), &id).await?;
        Ok(NoContent::Done)
    }

    /// Show the second transcript from now on
    ///
    /// What was shown becomes the second one: the same call with its `take` undoes it.
    #[oai(path = "/interactions/:id/transcript/choice", method = "put", operation_id = "putTranscriptChoice")]
    async fn put_choice(
        &self,
        who: Allowed<EditTranscripts>,
        /// The interaction's id.
        id: Path<String>,
        body: JsonBody<ChoiceBody>,
    ) -> Result<NoContent, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.choose(&who.actor(), &id, &body.0.take).await?;
        Ok(NoContent::Done)
    }

    /// Set the speakers of a recording's channels
    ///
    /// The transcript is attributed anew without transcribing again, with its measures, its place in the search and the clips of
    /// the library. Swapping twice undoes it. From then on each channel is masked as if it were the customer's. Where two channels
    /// had the same name, the recording is transcribed again, and a second transcript is dropped; clips keep their words until the
    /// new ones are there. Refused where all of several channels are the agent's.
    #[oai(path = "/interactions/:id/recording/channels", method = "put", operation_id = "putRecordingChannels")]
    async fn put_channels(
        &self,
        who: Allowed<EditTranscripts>,
        /// The interaction's id.
        id: Path<String>,
        body: JsonBody<ChannelsBody>,
    ) -> Result<NoContent, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.set_speakers(&who.actor(), &id, &body.0.channels).await?;
        Ok(NoContent::Done)
    }

    /// Stop a transcription that waits or runs
    ///
    /// The recording stays. PUT at the same address begins anew.
    #[oai(path = "/interactions/:id/transcript/work", method = "delete", operation_id = "stopTranscription")]
    async fn stop(
        &self,
        who: Allowed<EditTranscripts>,
        /// The interaction's id.
        id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.stop(&who.actor(), &id).await?;
        Ok(NoContent::Done)
    }

    /// Transcribe after all what was stopped or has failed
    #[oai(path = "/interactions/:id/transcript/work", method = "put", operation_id = "restartTranscription")]
    async fn restart(
        &self,
        who: Allowed<EditTranscripts>,
        /// The interaction's id.
        id: Path<String>,
    ) -> Result<Accepted, ApiError> {
        let id = self.find(&who, &id).await?;
        self.transcription.restart(&who.actor(), &id).await?;
        Ok(Accepted::Queued)
    }

    /// How transcription goes: what runs, what waits, how fast, and until when
    #[oai(path = "/transcription/queue", method = "get", operation_id = "getTranscriptionQueue")]
    async fn get_queue(&self, who: Allowed<Administer>) -> Result<Json<QueueOut>, ApiError> {
        let _ = who;
        Ok(Json(self.transcription.queue().await?.into()))
    }
}
