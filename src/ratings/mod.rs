//! Ratings: figures for agents, supervisors and HR. Only whole releases are ever read (anonymity.md, rule 4): every
//! figure is a sum over rows of `releases`, so any two figures that anybody can get differ by nothing or by a whole
//! batch. Pages read these sums by month (`release_totals`), written in each release's transaction.

pub mod api;
mod chart;
mod comments;
mod exclusions;
mod export;
mod figures;
mod months;
mod nps;
pub mod pages;
pub mod release;
mod reports;
mod results;
mod store;
mod wilson;

pub use chart::{Chart, Point};
pub use comments::{Released, Waiting};
pub use exclusions::{Exclusion, MAX_NOTE_CHARS, Reason};
pub use export::{Table, to_csv};
pub use figures::{Comparison, Counts, ResponseRate, Share};
pub use months::{MAX_MONTHS, Month, Period, PeriodError};
pub use nps::Nps;
pub use reports::{AgentLine, Comment, Overview, Part, Report, TeamLine};
pub use results::{Count, Figure, QuestionResult, RESULTS_FORMULA, Results, results_to_csv};
pub use wilson::{Interval, wilson95};

use crate::access::principal::{Principal, Role, Visible};
use crate::audit;
use crate::clock::{SharedClock, Timestamp};
use crate::database::{Db, DbError};
use crate::ids::{AgentId, TeamId};
use crate::interactions::Interactions;
use crate::staff::Directory;
use crate::surveys::Surveys;

/// Formulas of the figures; shown wherever the figures are.
pub const FORMULA: &str = "CSAT = answers of 4 or 5 ÷ all answers. NPS = percent of 9 and 10 − percent of 0 to 6. CES = answers of 5, 6 or 7 ÷ all answers. \
The interval of a share is the 95 % Wilson score interval, that of NPS the adjusted Wald interval.";

/// Errors of reports.
#[derive(Debug, thiserror::Error)]
pub enum RatingsError {
    /// Does not exist, or is not visible to the viewer.
    #[error("there is no such agent or team, or it is not for you to see")]
    NotFound,
    /// The months are not a valid period.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// The note is too long.
    #[error("a note has at most {MAX_NOTE_CHARS} characters")]
    Note,
    /// The file could not be written.
    #[error("the file could not be made: {0}")]
    Export(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Ratings {
    db: Db,
    clock: SharedClock,
    directory: Directory,
    interactions: Interactions,
    surveys: Surveys,
    k: u32,
}

impl std::fmt::Debug for Ratings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ratings")
    }
}

impl Ratings {
    /// Creates the service; `k` is the minimum batch size of a release (`anonymity.k`), shown on the pages.
    pub fn new(
        db: Db,
        clock: SharedClock,
        directory: Directory,
        interactions: Interactions,
        surveys: Surveys,
        k: u32,
    ) -> Self {
        Self { db, clock, directory, interactions, surveys, k }
    }

    /// Returns the minimum batch size of a release.
    pub fn k(&self) -> u32 {
        self.k
    }

    /// Returns id and name of each survey, for links to its results.
    pub async fn survey_names(&self) -> Result<Vec<(String, String)>, DbError> {
        Ok(self.surveys.all().await?.into_iter().map(|survey| (survey.id, survey.name)).collect())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Records the access of `who` in the audit log; must be called before showing.
    pub async fn note_look(
        &self,
        who: &Principal,
        action: &'static str,
        subject: &str,
        period: Period,
    ) -> Result<(), RatingsError> {
        let detail = serde_json::json!({ "from": period.from().to_string(), "to": period.to().to_string() });
        Ok(audit::look_with(&self.db, who, action, subject, Some(detail), self.now()).await?)
    }

    /// Parses an entered period (`2026-08`, or empty): the last twelve months by default.
    pub fn period(&self, from: &str, to: &str) -> Result<Period, RatingsError> {
        Ok(Period::asked(from, to, Month::of(&self.clock.zone(), self.now()))?)
    }
}

/// Returns the ratings that a viewer may see: HR and administrators all, supervisors their teams', agents their own.
fn sight(who: &Principal) -> Visible {
    if who.role() == Some(Role::Hr) { Visible::All } else { who.visible() }
}

/// Whether the viewer may read released comments: the agent concerned, and supervisors of the team.
fn reads_comments(who: &Principal) -> bool {
    matches!(who.role(), Some(Role::Agent | Role::Supervisor))
}

/// Returns a share for display: `82 %`, with a no-break space.
pub fn percent(share: f64) -> String {
    format!("{:.0}\u{a0}%", share * 100.0)
}

/// Returns the subject of an audit entry.
fn agent_subject(id: &AgentId) -> String {
    format!("agent:{id}")
}

/// Returns the subject of an audit entry.
fn team_subject(id: &TeamId) -> String {
    format!("team:{id}")
}
