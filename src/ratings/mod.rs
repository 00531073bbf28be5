//! Ratings: what agents, supervisors and HR may know of the answers. Only whole releases are ever read (anonymity.md,
//! rule 4): every figure is a sum over rows of `releases`, so any two figures that anybody can get differ by nothing or
//! by a whole batch. Pages read these sums by the month (`release_totals`), as each release's transaction leaves them.

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
pub use comments::{Released, STATEMENTS as COMMENT_STATEMENTS, Waiting};
pub use exclusions::{Exclusion, MAX_NOTE_CHARS, Reason};
pub use export::{Table, to_csv};
pub use figures::{Comparison, Counts, ResponseRate, Share};
pub use months::{MAX_MONTHS, Month, Period, PeriodError};
pub use nps::Nps;
pub use reports::{AgentLine, Comment, Overview, Report, TeamLine};
pub use results::{Count, Figure, QuestionResult, RESULTS_FORMULA, Results, results_to_csv};
pub use wilson::{Interval, wilson95};

use crate::audit;
use crate::clock::{SharedClock, Timestamp};
use crate::database::{Db, DbError};
use crate::ids::{AgentId, TeamId};
use crate::interactions::Interactions;
use crate::staff::Directory;
use crate::surveys::Surveys;
use crate::web::principal::{Principal, Role, Visible};

/// How CSAT is made; said wherever it is shown.
pub const FORMULA: &str = "CSAT = answers of 4 or 5 ÷ all answers. NPS = percent of 9 and 10 − percent of 0 to 6. CES = answers of 5, 6 or 7 ÷ all answers. \
The interval of a share is the 95 % Wilson score interval, that of NPS the adjusted Wald interval.";

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum RatingsError {
    /// Not there, or hidden from whoever asks.
    #[error("there is no such agent or team, or it is not for you to see")]
    NotFound,
    /// The months make no period.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// Too many words.
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
    /// The service; `k` is the smallest batch that is released (`anonymity.k`), said on the pages.
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

    /// The smallest batch that is released.
    pub fn k(&self) -> u32 {
        self.k
    }

    /// Id and name of each survey, for links to its results.
    pub async fn survey_names(&self) -> Result<Vec<(String, String)>, DbError> {
        Ok(self.surveys.all().await?.into_iter().map(|survey| (survey.id, survey.name)).collect())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Notes that `who` looked; call it before showing.
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

    /// From what somebody typed (`2026-08`, or nothing): the last twelve months where nothing is said.
    pub fn period(&self, from: &str, to: &str) -> Result<Period, RatingsError> {
        Ok(Period::asked(from, to, self.now())?)
    }
}

/// Whose ratings somebody may see: HR and administrators all, supervisors their teams', agents their own.
fn sight(who: &Principal) -> Visible {
    if who.role() == Some(Role::Hr) { Visible::All } else { who.visible() }
}

/// Who reads released comments: the agent whom they are about, and supervisors of the team.
fn reads_comments(who: &Principal) -> bool {
    matches!(who.role(), Some(Role::Agent | Role::Supervisor))
}

/// A share as people read it: `82 %`, with a space that does not break.
pub fn percent(share: f64) -> String {
    format!("{:.0}\u{a0}%", share * 100.0)
}

/// Names the subject of an audit line.
fn agent_subject(id: &AgentId) -> String {
    format!("agent:{id}")
}

/// Names the subject of an audit line.
fn team_subject(id: &TeamId) -> String {
    format!("team:{id}")
}

/// Every statement of this feature, for the test that prepares them on both databases.
pub fn statements() -> Vec<(&'static str, crate::database::Sql)> {
    [store::STATEMENTS, store::exclusions::STATEMENTS, results::STATEMENTS]
        .concat()
        .into_iter()
        .chain(release::statements())
        .collect()
}
