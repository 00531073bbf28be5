//! Calls and chats: what comes in from outside, and the recordings that belong to them.
//!
//! Intake is an upsert by (source, external id): unknown is null, a known value is never overwritten by null, the phase
//! never goes backwards, and call end and recording may come apart, in any order, more than once.

pub mod api;
mod deletion;
mod figures;
mod intake;
mod kinds;
mod names;
mod recordings;
mod store;

pub use deletion::{Old, Reached, forget_customers, remove, remove_messages};
pub use figures::{Figures, Measured, Notable, Notice, Sort, set_figures};
pub use intake::{Checked, CustomerIn, Intake, IntakeError, MessageIn, Upserted};
pub use kinds::{Channel, Direction, Outcome, Phase, RecordingState, Sender, SurveyState};
pub use recordings::{FolderError, Recording, RecordingError, Reserved, Upload};
pub use store::STATEMENTS;
pub use store::deletion::STATEMENTS as GONE_STATEMENTS;
pub use store::files::STATEMENTS as FILE_STATEMENTS;
pub use store::measured::STATEMENTS as FIGURE_STATEMENTS;

use crate::audit;
use crate::clock::{SharedClock, Timestamp};
use crate::config;
use crate::database::{Batcher, Conn, Db, DbError};
use crate::effects::Effects;
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::jobs;
use crate::masking::Span;
use crate::vault::Vault;
use crate::web::principal::{Principal, Visible};
use crate::web::{Cursor, Page};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Job: is a survey due? Key: interaction id. Queued when an interaction has become final, run after the settling time.
pub const DECIDE_SURVEY: &str = "survey.decide";
/// Job: make the transcript. Key: interaction id. Queued when a recording has been stored.
pub const TRANSCRIBE: &str = "transcription";
/// Job: read a recording through for its length and its waveform. Key: interaction id.
pub const INSPECT: &str = "recording.inspect";
/// Job: the customer's name has come after the words were masked. Key: interaction id.
pub const NAME_CAME: &str = "transcription.name_came";
/// Job: measure who spoke or wrote how much, and where it was quiet. Key: interaction id.
pub const MEASURE: &str = "measure";
/// Job: make what was said or written findable. Key: interaction id.
pub const INDEX: &str = "search.index";
/// Job: remake the clips of a recording that were made with other speakers. Key: interaction id. Queued when the speakers have
/// changed, and when the transcript is finished.
pub const SPEAKERS_CHANGED: &str = "clip.speakers";
/// Job: set the speakers that the sender of a recording has named. Key: interaction id. Queued when the same sound came again
/// with other speakers.
pub const SPEAKERS_SENT: &str = "transcription.speakers_sent";
/// Job: remove a recording that another has replaced. Key: its name in the store.
const DISCARD: &str = "recording.discard";

/// What is configured for interactions.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long an interaction must have been final before its survey is decided.
    pub settle: std::time::Duration,
    /// Where recordings are kept.
    pub recordings: PathBuf,
    /// The largest recording taken, in bytes.
    pub max_bytes: u64,
    /// Recordings that are made into WAV at the same time.
    pub max_renditions: usize,
    /// Speakers of the channels where the sender names none, such as `agent,customer`; empty: not known.
    pub channels: String,
    /// The same for single sources.
    pub channels_by_source: BTreeMap<String, String>,
}

impl Settings {
    /// From the sections that tell.
    pub fn new(survey: &config::Survey, recordings: &config::Recordings) -> Self {
        let config::RecordingsUrl::File(folder) = &recordings.url;
        Self {
            settle: survey.settle.0,
            recordings: folder.clone(),
            max_bytes: recordings.max_bytes,
            max_renditions: recordings.max_renditions,
            channels: recordings.channels.clone(),
            channels_by_source: recordings.channels_by_source.clone(),
        }
    }
}

/// The service.
#[derive(Clone)]
pub struct Interactions {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: SharedClock,
    vault: Vault,
    settings: Settings,
    folder: recordings::Folder,
    renditions: recordings::Renditions,
    intake: Batcher<Checked, Result<Upserted, Arc<DbError>>>,
}

impl std::fmt::Debug for Interactions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interactions")
    }
}

/// A call or chat, as those who may see it see it. Nothing here tells who the customer is.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Interaction {
    /// Its id here.
    pub id: InteractionId,
    /// Where it came from.
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// Call or chat.
    #[sqlx(try_from = "String")]
    pub channel: Channel,
    /// Who began; null: unknown.
    pub direction: Option<String>,
    /// What became of it; null: unknown.
    pub outcome: Option<String>,
    /// How far it is.
    #[sqlx(try_from = "i64")]
    pub phase: Phase,
    /// Ringing or the first message.
    pub started_at: Option<Timestamp>,
    /// An agent took it.
    pub answered_at: Option<Timestamp>,
    /// It was over.
    pub ended_at: Option<Timestamp>,
    /// What lists are sorted by: started, else ended, else received.
    pub occurred_at: Timestamp,
    /// The customer waited so long, ms.
    pub wait_ms: Option<i64>,
    /// They talked so long, ms.
    pub talk_ms: Option<i64>,
    /// The customer was on hold so long, ms.
    pub hold_ms: Option<i64>,
    /// Who is rated.
    pub agent_id: Option<AgentId>,
    /// Name of that agent.
    pub agent_name: Option<String>,
    /// The team.
    pub team_id: Option<TeamId>,
    /// Its name.
    pub team_name: Option<String>,
    /// The queue.
    pub queue: Option<String>,
    /// Tags, as a JSON array; see [`Interaction::tags`].
    tags: Option<String>,
    /// The customer's language.
    pub customer_locale: Option<String>,
    /// What became of its survey.
    #[sqlx(try_from = "String")]
    pub survey_state: SurveyState,
    /// Why, where it was skipped or failed.
    pub survey_reason: Option<String>,
    /// Its recording.
    #[sqlx(try_from = "String")]
    pub recording_state: RecordingState,
}

impl Interaction {
    /// Tags.
    pub fn tags(&self) -> Vec<String> {
        self.tags.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    /// Whether a recording has come in; its file may be missing.
    pub fn has_recording(&self) -> bool {
        self.recording_state != RecordingState::Absent
    }

    /// From begin to end in ms, where both are known.
    pub fn length_ms(&self) -> Option<i64> {
        let begin = self.answered_at.or(self.started_at)?;
        Some(self.ended_at?.ms_since(begin).max(0))
    }
}

/// A message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Message {
    /// Its place, from 0.
    pub seq: i64,
    /// When it was sent.
    pub at: Option<Timestamp>,
    /// Who sent it.
    #[sqlx(try_from = "String")]
    pub sender: Sender,
    /// What it says: masked, unless [`Interactions::original_messages`] gave it.
    pub text: String,
    /// What is to be taken out of the text; empty where it is taken out already.
    #[sqlx(skip)]
    pub masks: Vec<Span>,
}

/// What the decision about a survey needs to know.
#[derive(Debug, Clone)]
pub struct ForSurvey {
    /// The interaction.
    pub id: InteractionId,
    /// Call or chat.
    pub channel: Channel,
    /// Who began.
    pub direction: Option<Direction>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// How far it is.
    pub phase: Phase,
    /// Who is rated.
    pub agent_id: Option<AgentId>,
    /// The team.
    pub team_id: Option<TeamId>,
    /// The queue.
    pub queue: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The customer's language.
    pub locale: Option<String>,
    /// They talked so long, ms.
    pub talk_ms: Option<i64>,
    /// What the source says about surveys.
    pub survey_eligible: Option<bool>,
    /// What has become of its survey until now.
    pub survey_state: SurveyState,
    /// The customer, where known and not erased yet.
    pub customer: Option<Customer>,
}

/// The customer, opened for the decision about the survey.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Address as it was sent.
    pub email: String,
    /// Name.
    pub name: Option<String>,
}

/// Which interactions a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// Of this team.
    pub team: Option<TeamId>,
    /// Of this channel.
    pub channel: Option<Channel>,
    /// Whose survey is in this state.
    pub survey: Option<SurveyState>,
    /// Whose figures are like that.
    pub measured: Measured,
    /// What it is sorted by.
    pub sort: Sort,
}

impl Interactions {
    /// The service; starts the writer of intake, so call it inside the runtime.
    pub fn new(db: Db, clock: SharedClock, vault: Vault, settings: Settings) -> Self {
        let writer = (db.clone(), Arc::clone(&clock), settings.settle);
        let intake = Batcher::start(intake::MAX_BATCH, move |items| {
            let (db, clock, settle) = writer.clone();
            async move { intake::write(&db, items, clock.now(), settle).await }
        });
        let folder = recordings::Folder::new(settings.recordings.clone(), db.clone());
        let renditions = recordings::Renditions::new(settings.max_renditions);
        Self { inner: Arc::new(Inner { db, clock, vault, settings, folder, renditions, intake }) }
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Takes an interaction in, or what is new about it; durable when this returns.
    pub async fn upsert(&self, intake: Intake) -> Result<Upserted, IntakeError> {
        let checked = intake.check(&self.inner.vault)?;
        let result = self.inner.intake.submit(checked).await.map_err(|_| IntakeError::Stopping)?;
        result.map_err(IntakeError::Database)
    }

    /// One interaction, where this viewer may see it.
    pub async fn find(&self, visible: &Visible, id: &InteractionId) -> Result<Option<Interaction>, DbError> {
        store::find(self.inner.db.read().await?.conn(), visible, id).await
    }

    /// Newest first, or sorted by a figure: the same sort and filter have to come with the cursor again.
    pub async fn list(
        &self,
        visible: &Visible,
        filter: &Filter,
        from: &Cursor,
        size: usize,
    ) -> Result<Page<Interaction>, DbError> {
        if filter.sort != Sort::Newest {
            return self.sorted(visible, filter, from, size).await;
        }
        let mut reader = self.inner.db.read().await?;
        let items = if filter.measured.is_empty() {
            store::list(reader.conn(), visible, filter, from, size + 1).await?
        } else {
            store::measured::list(reader.conn(), visible, filter, from, size + 1).await?
        };
        Ok(Page::from_surplus(items, size, |last| Cursor { at: last.occurred_at, id: last.id.to_string() }))
    }

    /// Those of these ids that this viewer may see, newest first.
    pub async fn among(&self, visible: &Visible, ids: &[InteractionId]) -> Result<Vec<Interaction>, DbError> {
        store::among(self.inner.db.read().await?.conn(), visible, ids).await
    }

    /// Notes in the audit log that somebody looked at or listened to an interaction.
    pub async fn note_look(&self, who: &Principal, action: &'static str, id: &InteractionId) -> Result<(), DbError> {
        audit::look(&self.inner.db, who, action, &format!("interaction:{id}"), self.now()).await
    }

    /// Has any interaction ever come in?
    pub async fn any(&self) -> Result<bool, DbError> {
        store::any(self.inner.db.read().await?.conn()).await
    }

    /// What the decision about a survey needs to know.
    pub async fn for_survey(&self, id: &InteractionId) -> Result<Option<ForSurvey>, DbError> {
        let row = store::for_survey(self.inner.db.read().await?.conn(), id).await?;
        Ok(row.map(|row| row.open(&self.inner.vault)))
    }

    /// The kinds of job that this feature does.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        recordings::kinds(self)
    }
}

/// What is to be done again when the words of an interaction have changed: a transcript was finished, replaced, edited or
/// lost, or messages have come. Save it in the transaction of that change.
pub fn words_changed(id: &InteractionId, now: Timestamp) -> [jobs::NewJob; 2] {
    [MEASURE, INDEX].map(|kind| jobs::NewJob::new(kind, id.as_str(), now))
}

/// Sets the speakers of a recording's channels, unless they, or the recording, have changed since it was read; false then.
/// `by_staff`: they do not come from the sender.
pub async fn set_speakers(
    conn: Conn<'_>,
    recording: &Recording,
    speakers: &[String],
    by_staff: bool,
) -> Result<bool, DbError> {
    store::set_speakers(conn, recording, &serde_json::json!(speakers).to_string(), by_staff).await
}

/// Holds a recording and its speakers as they were read until the transaction ends. Returns false where they have changed since.
pub async fn hold_version(conn: Conn<'_>, recording: &Recording) -> Result<bool, DbError> {
    store::hold_version(conn, recording).await
}

/// Notes what has become of an interaction's survey, in the caller's transaction. `erase_customer`: nothing waits for
/// the address any more.
pub async fn set_survey(
    conn: Conn<'_>,
    id: &InteractionId,
    state: SurveyState,
    reason: Option<&str>,
    erase_customer: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    store::set_survey(conn, id, state, reason, erase_customer, now).await
}

/// Notes the same of many, in the caller's transaction. Nothing waits for the addresses any more.
pub async fn set_surveys(
    conn: Conn<'_>,
    ids: &[InteractionId],
    state: SurveyState,
    now: Timestamp,
) -> Result<(), DbError> {
    store::set_surveys(conn, ids, state, now).await
}

/// Deletes one conversation, as [`remove`] does.
pub async fn delete(conn: Conn<'_>, id: &InteractionId, now: Timestamp) -> Result<Effects, DbError> {
    remove(conn, std::slice::from_ref(id), now).await
}
