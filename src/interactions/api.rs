//! Endpoints of interactions and recordings, and what they look like on the wire.

mod bodies;
mod payloads;

use super::{
    Channel, Filter, FolderError, Interactions, Measured, RecordingError, RecordingState, Sort, SurveyState, Upserted,
};
use crate::access::rights::{Ingest, SeeInteractions};
use crate::ids::InteractionId;
use crate::web::problem::ApiError;
use crate::web::ranges::{Served, serve_file};
use crate::web::sound::{Peaks, Sound};
use crate::web::unmasked::Words;
use crate::web::{Allowed, page_size, request_cursor};
pub use bodies::InteractionBody;
use bodies::{InteractionOut, InteractionPage, UpsertReply};
use payloads::{Kept, Rendered, Upload};
use poem::http::{HeaderMap, StatusCode, header};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Calls and chats, and their recordings.
    Interactions,
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub interactions: Interactions,
}

impl From<super::IntakeError> for ApiError {
    fn from(error: super::IntakeError) -> Self {
        use super::IntakeError as E;
        match &error {
            E::Invalid { code, .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string()),
            E::Stopping => Self::from(crate::database::BatchError),
            E::Database(inner) => (&**inner).into(),
        }
    }
}

impl From<FolderError> for ApiError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Database(inner) => inner.into(),
            FolderError::Io { source, .. }
                if matches!(source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) =>
            {
                RecordingError::DiskFull.into()
            }
            other => no_store(&other),
        }
    }
}

/// 503; what is wrong with the folder is for the log, not for whoever sends.
fn no_store(error: &dyn std::fmt::Display) -> ApiError {
    tracing::error!(%error, "the store of recordings can't be used");
    let text = "The store of recordings can't be used at the moment; nothing was stored. Try again later.";
    ApiError::unavailable("store_unavailable", text)
}

impl From<RecordingError> for ApiError {
    fn from(error: RecordingError) -> Self {
        use crate::audio::AudioError as A;
        use RecordingError as E;
        let text = error.to_string();
        match error {
            E::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "recording_too_large", text),
            E::BrokeOff { .. } => Self::bad_request("upload_broke_off", text),
            E::Audio(A::Io { source, .. }) => RecordingError::from(source).into(),
            // Only where the client has left.
            E::Audio(A::Cancelled) => Self::bad_request("cancelled", text),
            E::Audio(audio @ (A::NotAudio | A::Unsupported { .. } | A::NeedsFfmpeg { .. })) => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, audio.code(), text)
            }
            E::Audio(audio) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, audio.code(), text),
            E::Channels(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "channels_do_not_fit", text),
            E::Erased => Self::conflict("interaction_erased", text),
            E::FileMissing => Self::not_found("recording_file_missing", text),
            E::Folder(inner) => inner.into(),
            E::DiskFull => {
                tracing::error!("a recording was refused: the disk is full");
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", text)
            }
            E::Io(inner) => no_store(&inner),
            E::Intake(inner) => inner.into(),
            E::Database(inner) => inner.into(),
        }
    }
}

fn not_found() -> ApiError {
    ApiError::not_found("interaction_not_found", "There is no such interaction, or it is not for you.")
}

fn example_source() -> String {
    "phone".into()
}

fn example_external_id() -> String {
    "4711".into()
}

fn example_channels() -> Option<String> {
    Some("agent,customer".into())
}

/// An id in a path; what is none names nothing.
fn interaction_id(text: &str) -> Result<InteractionId, ApiError> {
    text.parse().map_err(|_| not_found())
}

/// A part of a whole, as figures have it.
fn thousandths(part: Option<f64>) -> Result<Option<i64>, ()> {
    match part {
        Some(part) if !(0.0..=1.0).contains(&part) => Err(()),
        part => Ok(part.map(|part| (part * 1000.0).round() as i64)),
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Interactions")]
impl Api {
    /// Send an interaction in, or what is new about it
    ///
    /// Idempotent: send it as often as you like, in any order. What is missing is unknown, not zero; a known value is never
    /// overwritten by null; the phase never goes backwards. Unknown fields are ignored and kept in the raw record. When it is
    /// `final` and has settled, a survey is decided. The answer comes when it is on disk.
    #[oai(path = "/interactions/:source/:external_id", method = "put", operation_id = "putInteraction")]
    async fn put_interaction(
        &self,
        who: Allowed<Ingest>,
        /// Which system it comes from: `phone`, `helpdesk`, …
        #[oai(example = "example_source")]
        source: Path<String>,
        /// Its id there.
        #[oai(example = "example_external_id")]
        external_id: Path<String>,
        body: Kept<InteractionBody>,
    ) -> Result<UpsertReply, ApiError> {
        let _ = who;
        let intake = body.value.into_intake(&source, &external_id, &body.raw)?;
        let done = self.interactions.upsert(intake).await?;
        Ok(UpsertReply::new(done))
    }

    /// Send the recording of an interaction in
    ///
    /// The raw sound as the body, streamed. Its type is found from its content: WAV (PCM, float, mu-law, A-law, ADPCM, GSM
    /// 6.10), MP3, FLAC, Ogg (Opus, Vorbis), WebM, M4A and AAC, AIFF, raw GSM; through ffmpeg, where it is installed, AMR,
    /// G.722, G.729, Speex and Windows Media. What has no head of its own is told by `Content-Type`: `audio/gsm`,
    /// `audio/pcmu`, `audio/pcma`, `audio/g722`, `audio/g729`. 1 to 8 channels, up to 6 hours; anything else is refused by
    /// name. The interaction need not be known yet. Sending another recording replaces the
    /// first; sending the same one again changes nothing.
    #[oai(path = "/interactions/:source/:external_id/recording", method = "put", operation_id = "putRecording")]
    async fn put_recording(
        &self,
        who: Allowed<Ingest>,
        /// Which system the interaction comes from.
        #[oai(example = "example_source")]
        source: Path<String>,
        /// Its id there.
        #[oai(example = "example_external_id")]
        external_id: Path<String>,
        /// Speakers of the channels, in their order: `agent,customer`. Without it `recordings.channels` or
        /// `recordings.channels_by_source` applies; else the speakers are channel 1 and channel 2 until somebody sets them. Other
        /// speakers than before of the same sound attribute its transcript anew.
        #[oai(example = "example_channels")]
        channels: Query<Option<String>>,
        headers: &HeaderMap,
        body: Upload,
    ) -> Result<UpsertReply, ApiError> {
        let _ = who;
        let stream = Box::pin(body.0.into_bytes_stream());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let upload =
            self.interactions.store_recording(&source, &external_id, channels.as_deref(), kind, stream).await?;
        let found = self
            .interactions
            .find(&crate::access::principal::Visible::All, &upload.interaction)
            .await?
            .ok_or(RecordingError::Erased)?;
        Ok(UpsertReply::new(Upserted {
            id: found.id,
            created: !upload.unchanged,
            phase: found.phase,
            survey_state: found.survey_state,
            survey_reason: found.survey_reason,
            finalised: false,
            recording_state: RecordingState::Stored,
        }))
    }

    /// List interactions
    ///
    /// Newest first, those that whoever asks may see. What is not known fits no filter.
    #[oai(path = "/interactions", method = "get", operation_id = "listInteractions")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn list_interactions(
        &self,
        who: Allowed<SeeInteractions>,
        /// Only of this agent.
        agent: Query<Option<String>>,
        /// Only of this team.
        team: Query<Option<String>>,
        /// Only `call` or `chat`.
        channel: Query<Option<String>>,
        /// Only those whose survey is in this state.
        survey: Query<Option<String>>,
        /// Only calls with a silence longer than this, ms.
        silence_over_ms: Query<Option<i64>>,
        /// Only calls with at least so many interruptions.
        interruptions_from: Query<Option<i64>>,
        /// Only calls in which the agent has more than this part of the speaking time, 0 to 1.
        agent_share_over: Query<Option<f64>>,
        /// Only calls in which the agent has less than this part of the speaking time, 0 to 1.
        agent_share_under: Query<Option<f64>>,
        /// Only chats whose first reply took longer than this, ms.
        first_reply_over_ms: Query<Option<i64>>,
        /// Only chats in which the customer waited longer than this for a reply, ms.
        unanswered_over_ms: Query<Option<i64>>,
        /// Only chats with at least so many canned nags.
        nags_from: Query<Option<i64>>,
        /// `newest` (as it is unless said), or by a measure, the largest first: `silence`, `interruptions`, `agent_share`,
        /// `first_reply`, `unanswered`; those without that measure are left out then.
        sort: Query<Option<String>>,
        /// `next` of the page before, asked for with the same filters and sort.
        cursor: Query<Option<String>>,
        /// Number of items on a page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<InteractionPage>, ApiError> {
        let bad = |what: &str| ApiError::bad_request("bad_filter", format!("{what} is not one of those in /docs"));
        let filter = Filter {
            agent: agent.0.map(|id| id.parse()).transpose().map_err(|_| bad("agent"))?,
            team: team.0.map(|id| id.parse()).transpose().map_err(|_| bad("team"))?,
            channel: channel.0.map(|c| Channel::known(&c).ok_or_else(|| bad("channel"))).transpose()?,
            survey: survey.0.map(|s| SurveyState::known(&s).ok_or_else(|| bad("survey"))).transpose()?,
            measured: Measured {
                silence_over_ms: silence_over_ms.0,
                interruptions_from: interruptions_from.0,
                agent_share_over: thousandths(agent_share_over.0).map_err(|()| bad("agent_share_over"))?,
                agent_share_under: thousandths(agent_share_under.0).map_err(|()| bad("agent_share_under"))?,
                first_reply_over_ms: first_reply_over_ms.0,
                unanswered_over_ms: unanswered_over_ms.0,
                nags_from: nags_from.0,
            },
            sort: sort.0.map(|s| Sort::known(&s).ok_or_else(|| bad("sort"))).transpose()?.unwrap_or_default(),
        };
        let (cursor, size) = (request_cursor(cursor.as_deref())?, page_size(limit.0, 50, 200)?);
        let page = self.interactions.list(&who.visible(), &filter, &cursor, size).await?;
        Ok(Json(InteractionPage::from(page)))
    }

    /// One interaction
    ///
    /// Chats bring their messages, masked: `[card number]`, `[e-mail]`, `[phone]`, `[IBAN]`, `[date of birth]`, `[address]`,
    /// `[name]` and the like stand where personal data was. Nothing tells who the customer is.
    #[oai(path = "/interactions/:id", method = "get", operation_id = "getInteraction")]
    async fn get_interaction(
        &self,
        who: Allowed<SeeInteractions>,
        /// Its id here.
        id: Path<String>,
        /// `original` for the messages as they were written: administrators, supervisors of the team, keys with the scope
        /// admin; noted in the audit log.
        words: Query<Option<Words>>,
    ) -> Result<Json<InteractionOut>, ApiError> {
        let original = Words::original(words.0, &who)?;
        let id = interaction_id(&id)?;
        let found = self.interactions.find(&who.visible(), &id).await?.ok_or_else(not_found)?;
        let messages = match original {
            true => self.interactions.original_messages(&id).await?,
            false => self.interactions.messages(&id).await?,
        };
        if !messages.is_empty() {
            self.interactions.note_look(&who.principal, Words::look(original), &id).await?;
        }
        Ok(Json(InteractionOut::new(found, Some(messages))))
    }

    /// The recording's sound
    ///
    /// As it came in; with `as=wav` as 16-bit WAV, whatever it is stored as, for players that don't know its format. Ranges
    /// are served. Each listening is noted in the audit log. 503 while too many are being made into WAV.
    #[oai(path = "/interactions/:id/recording", method = "get", operation_id = "getRecording")]
    async fn get_recording(
        &self,
        who: Allowed<SeeInteractions>,
        /// The interaction's id.
        id: Path<String>,
        /// `wav` for a rendition that every player knows.
        #[oai(name = "as")]
        wanted: Query<Option<Rendered>>,
        headers: &HeaderMap,
    ) -> Result<Sound, ApiError> {
        let id = interaction_id(&id)?;
        self.interactions.find(&who.visible(), &id).await?.ok_or_else(not_found)?;
        let absent = || ApiError::not_found("recording_not_found", "This interaction has no recording.");
        let recording = self.interactions.recording(&id).await?.ok_or_else(absent)?;
        self.interactions.note_look(&who.principal, "recording.played", &id).await?;
        if wanted.is_some() {
            return Ok(Sound(payloads::as_wav(&self.interactions, &recording, headers).await?));
        }
        let served = Served { media_type: &recording.media_type, etag: &recording.sha256 };
        match serve_file(&self.interactions.recording_path(&recording), served, headers).await {
            Ok(response) => Ok(Sound(response)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(self.interactions.note_missing_file(&recording).await.into())
            }
            Err(error) => Err(no_store(&error)),
        }
    }

    /// The recording's waveform
    ///
    /// Per channel the loudest amplitude of equal stretches, 0 to 255; 404 until the recording has been read through.
    #[oai(path = "/interactions/:id/peaks", method = "get", operation_id = "getPeaks")]
    async fn get_peaks(
        &self,
        who: Allowed<SeeInteractions>,
        /// The interaction's id.
        id: Path<String>,
    ) -> Result<Json<Peaks>, ApiError> {
        let id = interaction_id(&id)?;
        self.interactions.find(&who.visible(), &id).await?.ok_or_else(not_found)?;
        let absent = || ApiError::not_found("peaks_not_found", "There is no recording, or it is still being read.");
        let peaks = self.interactions.recording(&id).await?.and_then(|r| r.peaks).ok_or_else(absent)?;
        Peaks::parse(&peaks).map(Json).ok_or_else(absent)
    }
}
