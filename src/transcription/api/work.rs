//! Endpoints of what is done to transcripts: corrected, stopped, made once more, chosen between.

mod errors;
mod wire;

use super::{SegmentOut, segments};
use crate::access::Principal;
use crate::access::rights::{Administer, EditTranscripts, SeeInteractions};
use crate::ids::InteractionId;
use crate::interactions::Interactions;
use crate::transcription::{AlternativeTranscript, Comparison, CorrectionError, NewCorrection, Transcription};
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use wire::{
    AlternativeBody, AlternativeOut, ChannelsBody, ChoiceBody, CorrectionBody, CorrectionList, QueueOut, StepOut,
};

/// The endpoints.
#[derive(Debug, Clone)]
pub struct WorkApi {
    /// Interactions, and who may see them.
    pub interactions: Interactions,
    /// The service.
    pub transcription: Transcription,
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
