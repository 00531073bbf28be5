//! Calls and chats: intake from outside, and their recordings.
//!
//! Intake is an upsert by (source, external id): unknown is null, a known value is never overwritten by null, the phase
//! never goes backwards, and call end and recording may come separately, in any order, repeatedly.

pub mod api;
mod deletion;
mod figures;
mod finalising;
mod for_survey;
mod intake;
mod kinds;
mod names;
mod outcomes;
pub mod pages;
mod recordings;
mod settings;
mod store;
mod tombstones;
mod warnings;

pub use deletion::{Old, Reached, forget_customers, remove, remove_messages};
pub use figures::{Figures, Measured, Notable, Notice, Sort, set_figures};
pub use for_survey::{Customer, ForSurvey, skip_survey};
pub use intake::{Checked, CustomerIn, Intake, IntakeError, MessageIn, Upserted};
pub use kinds::{
    Channel, Direction, Outcome, Phase, RecordingState, Sender, SurveyState, TOO_OLD, UNKNOWN_OUTCOME,
    WAITING_FOR_ADDRESS,
};
pub use outcomes::{MAX_MAPPINGS, MEANINGS, OutcomeError, OutcomeMapping, OutcomeWord};
pub use recordings::{
    BodyError, FolderError, MAIN_PART, MAX_PART_NAME_CHARS, MAX_PARTS, Part, PartAddress, PartDetails, Recording,
    RecordingError, Reserved, Upload,
};
pub use settings::Settings;
pub use warnings::{Warning, WarningCode, WarningCount, Warnings};

use crate::access::principal::{Principal, Visible};
use crate::audit;
use crate::clock::{SharedClock, Timestamp};
use crate::database::{Batcher, Conn, Db, DbError};
use crate::effects::Effects;
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::jobs;
use crate::masking::Span;
use crate::paging::{Cursor, Page};
use crate::staff::Directory;
use crate::vault::Vault;
use std::collections::HashSet;
use std::sync::Arc;

/// Job: decides the survey of an interaction. Key: interaction id. Queued when an interaction has become final, run
/// after the settling time.
pub const DECIDE_SURVEY: &str = "survey.decide";
/// Job: transcribes a recording. Key: interaction id. Queued when a recording has been stored.
pub const TRANSCRIBE: &str = "transcription";
/// Job: reads a recording for its length and its waveform. Key: interaction id.
pub const INSPECT: &str = "recording.inspect";
/// Job: assembles a recording from its parts. Key: interaction id. Queued when a part was added, replaced or removed.
pub const ASSEMBLE: &str = "recording.assemble";
/// Job: removes the transcript of an interaction that has no recording any more. Key: interaction id. Queued when the
/// sender has removed a part of the recording.
pub const RECORDING_REMOVED: &str = "transcription.recording_removed";
/// Job: masks texts again after the customer's name has come. Key: interaction id.
pub const NAME_CAME: &str = "transcription.name_came";
/// Job: measures speaking times, messages and silences. Key: interaction id.
pub const MEASURE: &str = "measure";
/// Job: updates the search index. Key: interaction id.
pub const INDEX: &str = "search.index";
/// Job: remakes the clips of a recording that were made with other speakers. Key: interaction id. Queued when the
/// speakers have changed, and when the transcript is finished.
pub const SPEAKERS_CHANGED: &str = "clip.speakers";
/// Job: sets the speakers named by the sender of a recording. Key: interaction id. Queued when the same sound was
/// received again with other speakers.
pub const SPEAKERS_SENT: &str = "transcription.speakers_sent";
/// Job: makes interactions final whose source has been silent. Recurring.
const FINALISE: &str = "interactions.finalise";
/// Job: removes a file of a recording that no row names. Key: its name in the store.
const DISCARD: &str = "recording.discard";

/// Sorts behind every id.
const LAST_ID: &str = "~";

/// An interaction and its subject.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct InteractionRef {
    /// Id.
    pub id: InteractionId,
    /// Agent who handled it.
    #[sqlx(rename = "agent_id")]
    pub agent: Option<AgentId>,
    /// The team.
    #[sqlx(rename = "team_id")]
    pub team: Option<TeamId>,
    /// Code of the channel.
    pub channel: String,
    /// Time of the interaction.
    pub occurred_at: Timestamp,
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
    directory: Directory,
    settings: Settings,
    folder: recordings::Folder,
    renditions: recordings::Renditions,
    intake: Batcher<Checked, Result<Option<Upserted>, Arc<DbError>>>,
}

impl std::fmt::Debug for Interactions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interactions")
    }
}

/// A call or chat, as shown to staff. Nothing here identifies the customer.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Interaction {
    /// Id of the interaction.
    pub id: InteractionId,
    /// Source of the interaction.
    pub source: String,
    /// Id in the source.
    pub external_id: String,
    /// Number of the occurrence, from 1.
    pub occurrence: i64,
    /// Call or chat.
    #[sqlx(try_from = "String")]
    pub channel: Channel,
    /// Direction; `None`: unknown.
    pub direction: Option<String>,
    /// Outcome; `None`: unknown.
    pub outcome: Option<String>,
    /// Outcome word as received, where it is no code.
    pub outcome_raw: Option<String>,
    /// Phase of the interaction.
    #[sqlx(try_from = "i64")]
    pub phase: Phase,
    /// Time of ringing or of the first message.
    pub started_at: Option<Timestamp>,
    /// Time at which an agent answered.
    pub answered_at: Option<Timestamp>,
    /// Time of the end.
    pub ended_at: Option<Timestamp>,
    /// Time for sorting: start, else end, else receipt.
    pub occurred_at: Timestamp,
    /// Waiting time of the customer, in ms.
    pub wait_ms: Option<i64>,
    /// Talk time, in ms.
    pub talk_ms: Option<i64>,
    /// Time on hold, in ms.
    pub hold_ms: Option<i64>,
    /// Rated agent, as the source names them.
    pub agent_id: Option<AgentId>,
    /// Person that the agent is.
    pub person_id: Option<AgentId>,
    /// Name of the agent.
    pub agent_name: Option<String>,
    /// The team.
    pub team_id: Option<TeamId>,
    /// Name of the team.
    pub team_name: Option<String>,
    /// The queue.
    pub queue: Option<String>,
    /// Tags, as a JSON array; see [`Interaction::tags`].
    tags: Option<String>,
    /// Topic in words for customers; `None`: none sent.
    pub topic: Option<String>,
    /// Offset from UTC that was sent with its time, in minutes east; `None`: none sent.
    pub utc_offset: Option<i64>,
    /// Language of the customer.
    pub customer_locale: Option<String>,
    /// State of its survey.
    #[sqlx(try_from = "String")]
    pub survey_state: SurveyState,
    /// Reason, if the survey was skipped or failed.
    pub survey_reason: Option<String>,
    /// State of its recording.
    #[sqlx(try_from = "String")]
    pub recording_state: RecordingState,
}

impl Interaction {
    /// Tags.
    pub fn tags(&self) -> Vec<String> {
        self.tags.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    /// Whether a recording was received; its file may be missing.
    pub fn has_recording(&self) -> bool {
        self.recording_state != RecordingState::Absent
    }

    /// Returns the time from start to end in ms, if both are known.
    pub fn length_ms(&self) -> Option<i64> {
        let begin = self.answered_at.or(self.started_at)?;
        Some(self.ended_at?.ms_since(begin).max(0))
    }
}

/// A message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Message {
    /// Position, from 0.
    pub seq: i64,
    /// Time of sending.
    pub at: Option<Timestamp>,
    /// Sender of the message.
    #[sqlx(try_from = "String")]
    pub sender: Sender,
    /// Whether it is a note among staff: not shown to customers, not clipped, not measured.
    pub private: bool,
    /// Text: masked, except from [`Interactions::original_messages`].
    pub text: String,
    /// Spans to mask in the text; empty if it is already masked.
    #[sqlx(skip)]
    pub masks: Vec<Span>,
}

/// Number of interactions of an agent, as the source names them.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentCounts {
    /// Agent.
    #[sqlx(rename = "agent_id")]
    pub agent: AgentId,
    /// Number of interactions.
    pub interactions: i64,
    /// Number of those that were surveyed.
    pub surveyed: i64,
}

/// Filter and order of a list of interactions.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Agent to filter by.
    pub agent: Option<AgentId>,
    /// Team to filter by.
    pub team: Option<TeamId>,
    /// Channel to filter by.
    pub channel: Option<Channel>,
    /// State of the survey to filter by.
    pub survey: Option<SurveyState>,
    /// Source to filter by.
    pub source: Option<String>,
    /// Phase to filter by.
    pub phase: Option<Phase>,
    /// Earliest time of the interaction.
    pub from: Option<Timestamp>,
    /// Time that the interaction lies before.
    pub to: Option<Timestamp>,
    /// Figures to filter by.
    pub measured: Measured,
    /// Order of the list.
    pub sort: Sort,
}

impl Interactions {
    /// Creates the service and starts the writer of intake; must be called inside the runtime.
    pub fn new(db: Db, clock: SharedClock, vault: Vault, directory: Directory, settings: Settings) -> Self {
        let writer = (db.clone(), Arc::clone(&clock), directory.clone(), settings.timing());
        let intake = Batcher::writing(intake::MAX_BATCH, move |items| {
            let (db, clock, directory, timing) = writer.clone();
            async move { intake::write(&db, &directory, &items, clock.now(), timing).await }
        });
        let folder = recordings::Folder::new(settings.recordings.clone(), db.clone());
        let renditions = recordings::Renditions::new(settings.max_renditions);
        Self { inner: Arc::new(Inner { db, clock, vault, directory, settings, folder, renditions, intake }) }
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Stores an interaction or an update of it; durable when this returns.
    pub async fn upsert(&self, intake: Intake) -> Result<(Upserted, Warnings), IntakeError> {
        let checked = self.check(intake)?;
        let warnings = checked.intake.warnings.clone();
        let result = self.inner.intake.submit(checked).await.map_err(|_| IntakeError::Stopping)?;
        let done = result.map_err(IntakeError::Database)?.ok_or(IntakeError::Erased)?;
        Ok((done, warnings))
    }

    /// Returns what [`Interactions::upsert`] would return, and stores nothing.
    pub async fn rehearse(&self, intake: Intake) -> Result<(Upserted, Warnings), IntakeError> {
        let (now, timing) = (self.now(), self.inner.settings.timing());
        let checked = self.check(intake)?;
        let warnings = checked.intake.warnings.clone();
        let done = intake::rehearse(&self.inner.db, &self.inner.directory, checked, now, timing).await;
        let done = done.map_err(|error| IntakeError::Database(Arc::new(error)))?.ok_or(IntakeError::Erased)?;
        Ok((done, warnings))
    }

    fn check(&self, intake: Intake) -> Result<Checked, IntakeError> {
        intake.check(&self.inner.vault, &self.inner.settings.country_code, self.now())
    }

    /// Returns one interaction, if this viewer may see it.
    pub async fn find(&self, visible: &Visible, id: &InteractionId) -> Result<Option<Interaction>, DbError> {
        store::find(self.inner.db.read().await?.conn(), visible, id).await
    }

    /// Returns an occurrence of the interaction with this id in its source, the last one by default, if this viewer may
    /// see it.
    pub async fn find_by_source(
        &self,
        visible: &Visible,
        source: &str,
        external_id: &str,
        occurrence: Option<i64>,
    ) -> Result<Option<Interaction>, DbError> {
        store::find_by_source(self.inner.db.read().await?.conn(), visible, (source, external_id), occurrence).await
    }

    /// Returns all occurrences of an interaction that this viewer may see, in order.
    pub async fn occurrences(&self, visible: &Visible, of: &Interaction) -> Result<Vec<Interaction>, DbError> {
        store::occurrences(self.inner.db.read().await?.conn(), visible, (&of.source, &of.external_id)).await
    }

    /// Returns a page, newest first or sorted by a figure: the same sort and filter must be used with the cursor.
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
        // The order is by time, so a list that ends earlier begins there.
        let end = filter.to.filter(|to| *to < from.at).map(|to| Cursor { at: to, id: LAST_ID.to_owned() });
        let from = end.as_ref().unwrap_or(from);
        let mut reader = self.inner.db.read().await?;
        let items = if filter.measured.is_empty() {
            store::list(reader.conn(), visible, filter, from, size + 1).await?
        } else {
            store::measured::list(reader.conn(), visible, filter, from, size + 1).await?
        };
        Ok(Page::from_surplus(items, size, |last| Cursor { at: last.occurred_at, id: last.id.to_string() }))
    }

    /// Returns those of these interactions that this viewer may see, newest first.
    pub async fn among(&self, visible: &Visible, ids: &[InteractionId]) -> Result<Vec<Interaction>, DbError> {
        store::among(self.inner.db.read().await?.conn(), visible, ids).await
    }

    /// Records in the audit log that an interaction was viewed or listened to.
    pub async fn note_look(&self, who: &Principal, action: &'static str, id: &InteractionId) -> Result<(), DbError> {
        audit::look(&self.inner.db, who, action, &format!("interaction:{id}"), self.now()).await
    }

    /// Returns the persons who handled interactions of these teams in this time: from, inclusive, to until, exclusive.
    pub async fn agents_of_teams(
        &self,
        teams: &[TeamId],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<HashSet<AgentId>, DbError> {
        store::agents_of_teams(self.inner.db.read().await?.conn(), teams, from, until).await
    }

    /// Returns the numbers of interactions of these agents; agents without any are left out.
    pub async fn counts_of_agents(&self, agents: &[AgentId]) -> Result<Vec<AgentCounts>, DbError> {
        store::counts_of_agents(self.inner.db.read().await?.conn(), agents).await
    }

    /// Whether any interaction was ever received.
    pub async fn any(&self) -> Result<bool, DbError> {
        store::any(self.inner.db.read().await?.conn()).await
    }

    /// Returns the kinds of job of this feature.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        let mut kinds = recordings::kinds(self);
        kinds.push(finalising::job(self));
        kinds
    }
}

/// Returns the jobs after a change of an interaction's texts: a transcript was finished, replaced, edited or lost, or
/// messages have come. Must be saved in the transaction of that change.
pub fn words_changed(id: &InteractionId, now: Timestamp) -> [jobs::NewJob; 2] {
    [MEASURE, INDEX].map(|kind| jobs::NewJob::new(kind, id.as_str(), now))
}

/// Sets the speakers of a recording's channels; returns false if they, or the recording, have changed since it was
/// read. `by_staff`: they do not come from the sender.
pub async fn set_speakers(
    mut conn: Conn<'_>,
    recording: &Recording,
    speakers: &[String],
    by_staff: bool,
) -> Result<bool, DbError> {
    let names = serde_json::json!(speakers).to_string();
    if !store::set_speakers(conn.reborrow(), recording, &names, by_staff).await? {
        return Ok(false);
    }
    recordings::keep_speakers(conn, recording, speakers).await?;
    Ok(true)
}

/// Locks a recording and its speakers as they were read until the transaction ends. Returns false if they have changed
/// since.
pub async fn hold_version(conn: Conn<'_>, recording: &Recording) -> Result<bool, DbError> {
    store::hold_version(conn, recording).await
}

/// Returns the interaction with this id in its source, in the caller's transaction.
pub async fn by_source(conn: Conn<'_>, source: &str, external_id: &str) -> Result<Option<InteractionRef>, DbError> {
    store::by_source(conn, source, external_id).await
}

/// Stores the state of an interaction's survey, in the caller's transaction. `erase_customer`: the address is no longer
/// needed.
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

/// Stores the state of many surveys, in the caller's transaction. The addresses are no longer needed and are erased.
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
