//! Endpoints of interactions and recordings, and what they look like on the wire.

mod answers;
mod bodies;
mod form;
mod lenient;
mod outcomes;
mod payloads;
mod recordings;

use super::{
    Channel, Filter, FolderError, IntakeError, Interaction, Interactions, Measured, Phase, RecordingError, Sort,
    SurveyState,
};
use crate::access::rights::{Ingest, SeeInteractions};
use crate::clock::Timestamp;
use crate::ids::InteractionId;
use crate::web::problem::ApiError;
use crate::web::ranges::{Served, serve_file};
use crate::web::sound::{Peaks, Sound};
use crate::web::unmasked::Words;
use crate::web::{Allowed, page_size, request_cursor};
use answers::{InteractionOut, InteractionPage, UpsertReply};
pub use bodies::InteractionBody;
use lenient::Read;
pub use outcomes::OutcomesApi;
use payloads::{Delivery, Rendered};
use poem::http::{HeaderMap, StatusCode};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{OpenApi, Tags};
pub use recordings::RecordingApi;

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
            E::Erased => Self::conflict("interaction_erased", error.to_string()),
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

/// 503; what is wrong with the folder is logged and not sent to the client.
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
            E::Part(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_part", text),
            E::TooManyParts => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_parts", text),
            E::Form(_) => Self::bad_request("malformed_form", text),
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

/// Returns a name of a source to filter by; `None`: there can be no such source.
fn fitting_source(name: String) -> Option<String> {
    Some(name).filter(|name| !name.trim().is_empty() && name.chars().count() <= 200)
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

impl Api {
    /// Returns the interaction with its messages; the access is recorded in the audit log.
    async fn with_messages(
        &self,
        who: &Allowed<SeeInteractions>,
        found: Interaction,
        original: bool,
    ) -> Result<Json<InteractionOut>, ApiError> {
        let messages = match original {
            true => self.interactions.original_messages(&found.id).await?,
            false => self.interactions.messages(&found.id).await?,
        };
        if !messages.is_empty() {
            self.interactions.note_look(&who.principal, Words::look(original), &found.id).await?;
        }
        let warnings = self.interactions.warnings(&found.id).await?;
        Ok(Json(InteractionOut::new(found, Some(messages)).with_warnings(&warnings)))
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Interactions")]
impl Api {
    /// Create or update an interaction
    ///
    /// Idempotent: requests may be repeated and may arrive in any order. A missing field or null means unknown and never
    /// overwrites a known value; a value with a newer `as_of` replaces an older one; the phase never goes backwards. Optional
    /// data never refuse the interaction: a value that can't be used is repaired or dropped and listed in `warnings`; an
    /// unknown field is kept in the raw record only. Refused are a body that is no JSON object, and a name that is too long.
    /// After the phase becomes `final` and `survey.settle` has passed, Afterword decides whether to send a survey. The answer
    /// is sent once the interaction is on disk. An interaction that was erased here is not stored again: the answer is 202.
    #[oai(path = "/interactions/:source/:external_id", method = "put", operation_id = "putInteraction")]
    async fn put_interaction(
        &self,
        who: Allowed<Ingest>,
        /// Name of the system that the interaction comes from: `phone`, `helpdesk`, …
        #[oai(example = "example_source")]
        source: Path<String>,
        /// Id of the interaction in that system.
        #[oai(example = "example_external_id")]
        external_id: Path<String>,
        /// `true` stores nothing and answers what would be answered.
        dry_run: Query<Option<bool>>,
        body: Delivery,
    ) -> Result<UpsertReply, ApiError> {
        who.check_source(&source)?;
        let Read { body, raw, warnings } = body.0;
        let intake = body.into_intake(&source, &external_id, &raw, warnings);
        let stored = match dry_run.0 {
            Some(true) => self.interactions.rehearse(intake).await,
            _ => self.interactions.upsert(intake).await,
        };
        if matches!(stored, Err(IntakeError::Erased)) {
            return Ok(UpsertReply::erased());
        }
        let (done, warnings) = stored?;
        Ok(UpsertReply::new(done, &warnings))
    }

    /// List interactions
    ///
    /// Returns the interactions that the caller may see, newest first. An interaction whose value is unknown matches no filter
    /// on that value.
    #[oai(path = "/interactions", method = "get", operation_id = "listInteractions")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn list_interactions(
        &self,
        who: Allowed<SeeInteractions>,
        /// Only interactions of the agent with this id.
        agent: Query<Option<String>>,
        /// Only interactions of the team with this id.
        team: Query<Option<String>>,
        /// Only interactions of this channel.
        channel: Query<Option<String>>,
        /// Only interactions whose survey is in this state.
        survey: Query<Option<String>>,
        /// Only interactions of this source.
        source: Query<Option<String>>,
        /// Only interactions in this phase.
        phase: Query<Option<String>>,
        /// Only interactions that began at this time or later, RFC 3339 with an offset.
        from: Query<Option<String>>,
        /// Only interactions that began before this time, RFC 3339 with an offset.
        to: Query<Option<String>>,
        /// Only calls whose longest silence exceeds this, ms.
        silence_over_ms: Query<Option<i64>>,
        /// Only calls with at least this number of interruptions.
        interruptions_from: Query<Option<i64>>,
        /// Only calls in which the agent has more than this share of the speaking time, 0 to 1.
        agent_share_over: Query<Option<f64>>,
        /// Only calls in which the agent has less than this share of the speaking time, 0 to 1.
        agent_share_under: Query<Option<f64>>,
        /// Only chats whose first reply took longer than this, ms.
        first_reply_over_ms: Query<Option<i64>>,
        /// Only chats in which the customer waited longer than this for a reply, ms.
        unanswered_over_ms: Query<Option<i64>>,
        /// Only chats with at least this number of pressure messages ("Are you still there?").
        nags_from: Query<Option<i64>>,
        /// Order: `newest` (default), or a measure, largest first. Interactions without that measure are left out.
        sort: Query<Option<String>>,
        /// `next` of the previous page, requested with the same filters and order.
        cursor: Query<Option<String>>,
        /// Maximum number of items on the page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<InteractionPage>, ApiError> {
        let bad = |what: &str| ApiError::bad_request("bad_filter", format!("{what} is not one of those in /docs"));
        let filter = Filter {
            agent: agent.0.map(|id| id.parse()).transpose().map_err(|_| bad("agent"))?,
            team: team.0.map(|id| id.parse()).transpose().map_err(|_| bad("team"))?,
            channel: channel.0.map(|c| Channel::known(&c).ok_or_else(|| bad("channel"))).transpose()?,
            survey: survey.0.map(|s| SurveyState::known(&s).ok_or_else(|| bad("survey"))).transpose()?,
            source: source.0.map(|name| fitting_source(name).ok_or_else(|| bad("source"))).transpose()?,
            phase: phase.0.map(|p| Phase::known(&p).ok_or_else(|| bad("phase"))).transpose()?,
            from: from.0.map(|at| Timestamp::parse(&at).ok_or_else(|| bad("from"))).transpose()?,
            to: to.0.map(|at| Timestamp::parse(&at).ok_or_else(|| bad("to"))).transpose()?,
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

    /// Get an interaction by its id in its source
    ///
    /// Returns the last occurrence, or the one that is named. An id that is also the last part of another path of this API
    /// (`recording`, `recordings`, `peaks`, `transcript`, `measures`, `response`) can't be read here; list it by `source` instead.
    #[oai(path = "/interactions/:source/:external_id", method = "get", operation_id = "getInteractionBySource")]
    async fn get_interaction_by_source(
        &self,
        who: Allowed<SeeInteractions>,
        /// Name of the system that the interaction comes from.
        #[oai(example = "example_source")]
        source: Path<String>,
        /// Id of the interaction in that system.
        #[oai(example = "example_external_id")]
        external_id: Path<String>,
        /// Number of the occurrence; by default the last one.
        occurrence: Query<Option<i64>>,
        /// `original` returns the messages without masking, as in `getInteraction`.
        words: Query<Option<Words>>,
    ) -> Result<Json<InteractionOut>, ApiError> {
        let original = Words::original(words.0, &who)?;
        let found = self.interactions.find_by_source(&who.visible(), &source, &external_id, occurrence.0).await?;
        self.with_messages(&who, found.ok_or_else(not_found)?, original).await
    }

    /// Get an interaction
    ///
    /// Returns a chat with its messages. Personal data in them is masked: `[card number]`, `[e-mail]`, `[phone]`, `[IBAN]`,
    /// `[date of birth]`, `[address]`, `[name]` and the like replace it. The answer never identifies the customer.
    #[oai(path = "/interactions/:id", method = "get", operation_id = "getInteraction")]
    async fn get_interaction(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
        /// `original` returns the messages without masking. Only for administrators, supervisors of the team and API keys
        /// with the scope `admin`; recorded in the audit log.
        words: Query<Option<Words>>,
    ) -> Result<Json<InteractionOut>, ApiError> {
        let original = Words::original(words.0, &who)?;
        let id = interaction_id(&id)?;
        let found = self.interactions.find(&who.visible(), &id).await?.ok_or_else(not_found)?;
        self.with_messages(&who, found, original).await
    }

    /// Download a recording
    ///
    /// Returns the file as it was uploaded, or with `as=wav` converted to 16-bit WAV for players that lack the format. Range
    /// requests are supported. Each request is recorded in the audit log. 503 while too many recordings are being converted.
    #[oai(path = "/interactions/:id/recording", method = "get", operation_id = "getRecording")]
    async fn get_recording(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
        /// `wav` converts the recording to WAV.
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
                Err(self.interactions.note_missing_file(&id, &recording.object_key).await.into())
            }
            Err(error) => Err(no_store(&error)),
        }
    }

    /// Get the waveform of a recording
    ///
    /// Returns the peak amplitudes of each channel. 404 until the recording has been analysed.
    #[oai(path = "/interactions/:id/peaks", method = "get", operation_id = "getRecordingPeaks")]
    async fn get_peaks(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
    ) -> Result<Json<Peaks>, ApiError> {
        let id = interaction_id(&id)?;
        self.interactions.find(&who.visible(), &id).await?.ok_or_else(not_found)?;
        let absent = || ApiError::not_found("peaks_not_found", "There is no recording, or it is still being read.");
        let peaks = self.interactions.recording(&id).await?.and_then(|r| r.peaks).ok_or_else(absent)?;
        Peaks::parse(&peaks).map(Json).ok_or_else(absent)
    }
}
