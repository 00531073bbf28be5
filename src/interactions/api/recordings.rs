//! Endpoints of recordings and their parts.

use super::answers::UpsertReply;
use super::form::Upload;
use super::{example_channels, example_external_id, example_source, interaction_id, no_store, not_found};
use crate::access::principal::Visible;
use crate::access::rights::{Ingest, SeeInteractions};
use crate::ids::InteractionId;
use crate::interactions::{
    Interactions, MAIN_PART, Part, PartAddress, PartDetails, RecordingError, RecordingState, Upserted, Warnings,
};
use crate::web::Allowed;
use crate::web::problem::ApiError;
use crate::web::ranges::{Served, serve_file};
use crate::web::sound::Sound;
use poem::http::HeaderMap;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// The endpoints.
#[derive(Debug, Clone)]
pub struct RecordingApi {
    /// The service.
    pub interactions: Interactions,
}

/// A part of a recording.
#[derive(Debug, Clone, Object)]
struct RecordingPart {
    /// Name, as its sender gave it; `main` for a recording that was sent without a name.
    part: String,
    /// Speakers of its channels: `agent`, `customer`, `unknown` or, of several channels, `channel-1`, …
    channels: Vec<String>,
    /// Start within the recording, ms, as its sender gave it.
    offset_ms: Option<i64>,
    /// Length, ms.
    duration_ms: i64,
    /// Format: `wav`, `mp3`, `flac`, …
    format: String,
    /// Media type of the file.
    media_type: String,
    /// Size of the file in bytes.
    bytes: i64,
}

impl From<Part> for RecordingPart {
    fn from(part: Part) -> Self {
        Self {
            channels: part.speakers(),
            part: part.name,
            offset_ms: part.offset_ms,
            duration_ms: part.duration_ms,
            format: part.format,
            media_type: part.media_type,
            bytes: part.bytes,
        }
    }
}

/// All parts of a recording.
#[derive(Debug, Clone, Object)]
struct RecordingPartList {
    /// Parts in the order in which they were first received.
    items: Vec<RecordingPart>,
    /// Always null: the list is one page.
    next: Option<String>,
}

/// 204.
#[derive(ApiResponse)]
enum Deletion {
    /// The part is deleted.
    #[oai(status = 204)]
    Done,
}

fn example_part() -> String {
    "leg-1".into()
}

impl RecordingApi {
    async fn store(
        &self,
        address: PartAddress<'_>,
        parameters: PartDetails,
        upload: Upload,
    ) -> Result<UpsertReply, ApiError> {
        let file = upload.open().await?;
        let details = file.details(parameters);
        let upload = self.interactions.store_part(address, file.declared, file.body, details).await?;
        let found = self.interactions.find(&Visible::All, &upload.interaction).await?.ok_or(RecordingError::Erased)?;
        let done = Upserted {
            id: found.id,
            created: !upload.unchanged,
            phase: found.phase,
            survey_state: found.survey_state,
            survey_reason: found.survey_reason,
            finalised: false,
            occurrence: found.occurrence,
            recording_state: RecordingState::Stored,
        };
        Ok(UpsertReply::new(done, &Warnings::default()))
    }

    async fn visible_part(&self, visible: &Visible, id: &InteractionId, name: &str) -> Result<Part, ApiError> {
        self.interactions.find(visible, id).await?.ok_or_else(not_found)?;
        self.interactions.part(id, name).await?.ok_or_else(no_part)
    }
}

fn no_part() -> ApiError {
    ApiError::not_found("recording_part_not_found", "The recording of this interaction has no such part.")
}

#[OpenApi(prefix_path = "/api/v1", tag = "super::Tag::Interactions")]
impl RecordingApi {
    /// Upload the recording of an interaction
    ///
    /// The body is the audio file itself, streamed, or a form with one file. The format is detected from the content: WAV (PCM,
    /// float, mu-law, A-law, ADPCM, GSM 6.10), MP3, FLAC, Ogg (Opus, Vorbis), WebM, M4A, AAC, AIFF and raw GSM; AMR, G.722,
    /// G.729, Speex and Windows Media where ffmpeg is installed. Files that were joined end to end are one recording. Formats
    /// without a header are named by `Content-Type`: `audio/gsm`, `audio/pcmu`, `audio/pcma`, `audio/g722`, `audio/g729`,
    /// `audio/mpeg`. A recording has 1 to 8 channels and at most 6 hours; other files are refused with a `code` that names the
    /// reason. The recording may arrive before the interaction. Another recording replaces the first one; the same recording
    /// again changes nothing.
    ///
    /// Of a recording of several files this is the part `main`.
    #[oai(path = "/interactions/:source/:external_id/recording", method = "put", operation_id = "putRecording")]
    async fn put_recording(
        &self,
        who: Allowed<Ingest>,
        /// Name of the system that the interaction comes from.
        #[oai(example = "example_source")]
        source: Path<String>,
        /// Id of the interaction in that system.
        #[oai(example = "example_external_id")]
        external_id: Path<String>,
        /// Speakers of the channels in their order: `agent,customer`. By default `recordings.channels_by_source` or
        /// `recordings.channels` applies; without these the speakers are unknown until a person sets them. Other speakers for the
        /// same recording change the speakers of its transcript.
        #[oai(example = "example_channels")]
        channels: Query<Option<String>>,
        upload: Upload,
    ) -> Result<UpsertReply, ApiError> {
        who.check_source(&source)?;
        let address = PartAddress { source: &source, external_id: &external_id, part: MAIN_PART };
        self.store(address, PartDetails { channels: channels.0, offset_ms: None }, upload).await
    }

    /// Upload a part of the recording of an interaction
    ///
    /// For systems that send several files for one call: legs, directions, a voicemail. Each part has a name and is stored as it
    /// came; the recording that is played and transcribed is assembled from all parts in the background, again after each
    /// change. Two parts of one channel each, one with `channels=agent` and one with `channels=customer`, are the two directions
    /// of one call. All others are legs: one with `offset_ms` begins there; the others follow in the order of their first
    /// receipt. Channels of the same speaker become one channel. The same part again changes nothing; other speakers or another
    /// offset for it take effect. A recording has at most 16 parts; the size limit applies to their sum.
    #[oai(
        path = "/interactions/:source/:external_id/recordings/:part",
        method = "put",
        operation_id = "putRecordingPart"
    )]
    async fn put_recording_part(
        &self,
        who: Allowed<Ingest>,
        /// Name of the system that the interaction comes from.
        #[oai(example = "example_source")]
        source: Path<String>,
        /// Id of the interaction in that system.
        #[oai(example = "example_external_id")]
        external_id: Path<String>,
        /// Name of the part: 1 to 64 of the characters `A-Z a-z 0-9 . _ -`.
        #[oai(example = "example_part")]
        part: Path<String>,
        /// Speakers of the channels in their order, as for the recording: `agent,customer`, `agent`, `customer`.
        #[oai(example = "example_channels")]
        channels: Query<Option<String>>,
        /// Start of the part within the recording, ms.
        offset_ms: Query<Option<i64>>,
        upload: Upload,
    ) -> Result<UpsertReply, ApiError> {
        who.check_source(&source)?;
        let address = PartAddress { source: &source, external_id: &external_id, part: &part };
        self.store(address, PartDetails { channels: channels.0, offset_ms: offset_ms.0 }, upload).await
    }

    /// Delete a part of a recording
    ///
    /// The recording is assembled again without it. With the last part the recording and its transcript are deleted; clips in
    /// the library stay.
    #[oai(
        path = "/interactions/:source/:external_id/recordings/:part",
        method = "delete",
        operation_id = "deleteRecordingPart"
    )]
    async fn delete_recording_part(
        &self,
        who: Allowed<Ingest>,
        /// Name of the system that the interaction comes from.
        #[oai(example = "example_source")]
        source: Path<String>,
        /// Id of the interaction in that system.
        #[oai(example = "example_external_id")]
        external_id: Path<String>,
        /// Name of the part.
        #[oai(example = "example_part")]
        part: Path<String>,
    ) -> Result<Deletion, ApiError> {
        who.check_source(&source)?;
        match self.interactions.remove_part(&who.actor(), (&source, &external_id), &part).await? {
            true => Ok(Deletion::Done),
            false => Err(no_part()),
        }
    }

    /// List the parts of a recording
    #[oai(path = "/interactions/:id/recordings", method = "get", operation_id = "listRecordingParts")]
    async fn list_recording_parts(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
    ) -> Result<Json<RecordingPartList>, ApiError> {
        let id = interaction_id(&id)?;
        self.interactions.find(&who.visible(), &id).await?.ok_or_else(not_found)?;
        let items = self.interactions.parts(&id).await?.into_iter().map(RecordingPart::from).collect();
        Ok(Json(RecordingPartList { items, next: None }))
    }

    /// Download a part of a recording
    ///
    /// Returns the file as it was uploaded. Range requests are supported. Each request is recorded in the audit log.
    #[oai(path = "/interactions/:id/recordings/:part", method = "get", operation_id = "getRecordingPart")]
    async fn get_recording_part(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
        /// Name of the part.
        #[oai(example = "example_part")]
        part: Path<String>,
        headers: &HeaderMap,
    ) -> Result<Sound, ApiError> {
        let id = interaction_id(&id)?;
        let part = self.visible_part(&who.visible(), &id, &part).await?;
        self.interactions.note_look(&who.principal, "recording.played", &id).await?;
        let served = Served { media_type: &part.media_type, etag: &part.sha256 };
        match serve_file(&self.interactions.part_path(&part), served, headers).await {
            Ok(response) => Ok(Sound(response)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(self.interactions.note_missing_file(&id, &part.object_key).await.into())
            }
            Err(error) => Err(no_store(&error)),
        }
    }
}
