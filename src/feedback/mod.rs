//! Comments of customers and their read state; commendations by supervisors; quotes.
//!
//! A customer's praise reaches the agent as a comment of a release and in no other way; a supervisor may mark such a
//! comment as praise, so that the agent sees it first. A supervisor's own commendation reaches the agent at once.

pub mod pages;
mod store;

use crate::access::Principal;
use crate::access::principal::{Role, Visible};
use crate::clock::{SharedClock, Timestamp};
use crate::database::{Conn, Db, DbError};
use crate::effects::Effects;
use crate::ids::{AgentId, InteractionId, KudosId, StaffId, TeamId};
use crate::interactions::Interactions;
use crate::jobs::{Kind, Outcome};
use crate::ratings::{Ratings, Released};
use crate::responses::{Responses, UnreadComment};
use crate::staff::Directory;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of characters of a commendation.
pub const MAX_COMMENDATION_CHARS: usize = 1000;
/// Time after which an unread comment is shown to the manager.
pub const MAX_UNREAD_TIME: Duration = Duration::from_secs(7 * 86_400);
/// Maximum number of comments of each kind on a page.
const MAX_COMMENTS: i64 = 100;

/// Dependencies of the feature.
pub struct Parts {
    /// Database.
    pub db: Db,
    /// Clock.
    pub clock: SharedClock,
    /// Responses.
    pub responses: Responses,
    /// Released comments.
    pub ratings: Ratings,
    /// Access to interactions.
    pub interactions: Interactions,
    /// Names of teams.
    pub directory: Directory,
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Feedback {
    parts: Arc<Parts>,
}

impl std::fmt::Debug for Feedback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Feedback")
    }
}

/// A supervisor's commendation of an agent.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Kudos {
    /// Its id.
    pub id: KudosId,
    /// Text in the supervisor's words.
    pub text: String,
    /// Name of the supervisor.
    pub name: String,
    /// Time of the commendation.
    pub at: Timestamp,
    /// Conversation, if it is not deleted.
    pub interaction_id: Option<InteractionId>,
}

/// A commendation to insert.
#[derive(Debug)]
struct NewKudos {
    id: KudosId,
    agent: AgentId,
    interaction: InteractionId,
    text: String,
    by: StaffId,
    name: String,
    at: Timestamp,
}

/// Unread comments.
#[derive(Debug, Clone, Default)]
pub struct ToRead {
    /// Linked comments.
    pub linked: Vec<UnreadComment>,
    /// Released comments.
    pub released: Vec<Released>,
}

/// Number of overdue unread comments of a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// Name of the team; `None`: of no team.
    pub team: Option<String>,
    /// Number of comments.
    pub n: HowMany,
}

/// Number of unread comments. Viewers other than supervisors of the team see linked answers only in sums of at least k,
/// so not their exact number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowMany {
    /// Exact number.
    Exactly(i64),
    /// At least one, but fewer than this.
    Fewer(i64),
    /// At least this many: the next smaller multiple of k.
    AtLeast(i64),
}

impl HowMany {
    fn rounded(n: i64, k: u32) -> Self {
        let k = i64::from(k.max(1));
        if n < k { Self::Fewer(k) } else { Self::AtLeast(n / k * k) }
    }

    /// Returns the exact number, if it may be shown.
    pub fn exactly(self) -> Option<i64> {
        match self {
            Self::Exactly(n) => Some(n),
            Self::Fewer(_) | Self::AtLeast(_) => None,
        }
    }
}

impl std::fmt::Display for HowMany {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(n) => write!(f, "{n}"),
            Self::Fewer(k) => write!(f, "fewer than {k}"),
            Self::AtLeast(n) => write!(f, "{n} or more"),
        }
    }
}

/// Errors of feedback.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// Does not exist, is not accessible, or is already done.
    #[error("there is no such comment, or it has been dealt with already")]
    NotFound,
    /// The conversation has no agent to commend.
    #[error("the agent of this conversation is not known")]
    NoAgent,
    /// The text is empty or too long.
    #[error("write what was good, in 1000 characters at most")]
    BadWords,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

fn done(it_was: bool) -> Result<(), FeedbackError> {
    if it_was { Ok(()) } else { Err(FeedbackError::NotFound) }
}

impl Feedback {
    /// Creates the service.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Returns the kinds of job of this feature.
    pub fn jobs(&self) -> Vec<Kind> {
        let feedback = self.clone();
        let tidy = move |_| {
            let feedback = feedback.clone();
            async move { feedback.tidy().await.map_or_else(|e| Outcome::Retry(e.to_string()), |()| Outcome::Done) }
        };
        vec![Kind::new("feedback.tidy", tidy).every(Duration::from_secs(3600))]
    }

    /// Records the days on which comments were released, and tidies the quotes.
    pub async fn tidy(&self) -> Result<(), DbError> {
        self.parts.ratings.date_comments().await?;
        self.parts.responses.tidy_quotes().await
    }

    /// Returns the unread comments of this supervisor's teams.
    pub async fn to_read(&self, who: &Principal) -> Result<ToRead, DbError> {
        Ok(ToRead {
            linked: self.parts.responses.unread_comments(who, MAX_COMMENTS).await?,
            released: self.parts.ratings.unread_comments(who, MAX_COMMENTS).await?,
        })
    }

    /// Marks a linked comment as read.
    pub async fn read_linked(&self, who: &Principal, id: &InteractionId) -> Result<(), FeedbackError> {
        done(self.parts.responses.mark_comment_read(who, id).await?)
    }

    /// Marks a released comment as read.
    pub async fn read_released(&self, who: &Principal, id: &str) -> Result<(), FeedbackError> {
        done(self.parts.ratings.mark_comment_read(who, id).await?)
    }

    /// Marks a released comment as praise, or removes the mark.
    pub async fn praise(&self, who: &Principal, id: &str, praise: bool) -> Result<(), FeedbackError> {
        done(self.parts.ratings.mark_kudos(who, id, praise).await?)
    }

    /// Returns the numbers of comments unread for longer than [`MAX_UNREAD_TIME`], by name of the team: a supervisor's
    /// own teams, all for an administrator, who gets no exact numbers.
    pub async fn overdue(&self, who: &Principal) -> Result<Vec<Overdue>, DbError> {
        let own = match (who.role(), who.visible()) {
            (Some(Role::Admin), _) => None,
            (Some(Role::Supervisor), Visible::Teams(teams)) => Some(teams),
            _ => return Ok(Vec::new()),
        };
        // Comments without a team are shown to everybody.
        let sees = |team: Option<&TeamId>| match (&own, team) {
            (Some(own), Some(team)) => own.contains(team),
            _ => true,
        };
        let k = self.parts.ratings.k();
        let many = |n| if own.is_some() { HowMany::Exactly(n) } else { HowMany::rounded(n, k) };
        let since = self.parts.clock.zone().day(self.now().minus(MAX_UNREAD_TIME));
        let mut by_team: HashMap<Option<TeamId>, i64> = HashMap::new();
        for waiting in self.parts.responses.comments_unread_since(&since).await? {
            *by_team.entry(waiting.team_id).or_default() += waiting.n;
        }
        for waiting in self.parts.ratings.comments_unread_since(&since).await? {
            *by_team.entry(waiting.team_id).or_default() += waiting.n;
        }
        let teams = self.parts.directory.teams().await?;
        let name = |id: &TeamId| teams.iter().find(|team| team.id == *id).map(|team| team.name.clone());
        let mut overdue: Vec<Overdue> = by_team
            .into_iter()
            .filter(|(team, _)| sees(team.as_ref()))
            .map(|(team, n)| Overdue { team: team.as_ref().and_then(name), n: many(n) })
            .collect();
        overdue.sort_by(|a, b| a.team.cmp(&b.team));
        Ok(overdue)
    }

    /// Commends the agent of a conversation; the agent sees it at once.
    pub async fn commend(&self, who: &Principal, id: &InteractionId, text: &str) -> Result<(), FeedbackError> {
        let Some(by) = who.staff_id().filter(|_| who.role() == Some(Role::Supervisor)) else {
            return Err(FeedbackError::NotFound);
        };
        let found = self.parts.interactions.find(&who.visible(), id).await?.ok_or(FeedbackError::NotFound)?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX_COMMENDATION_CHARS || text.contains('\0') {
            return Err(FeedbackError::BadWords);
        }
        let now = self.now();
        let new = NewKudos {
            id: KudosId::random(),
            agent: found.agent_id.ok_or(FeedbackError::NoAgent)?,
            interaction: id.clone(),
            text: text.to_owned(),
            by: by.clone(),
            name: who.name.clone(),
            at: now,
        };
        let mut tx = self.parts.db.begin().await?;
        store::add(tx.conn(), &new).await?;
        let effects = Effects::new().audit(&who.actor(), "kudos.given", format!("interaction:{id}"), None);
        effects.save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }

    /// Returns the commendations of an agent, newest first.
    pub async fn kudos(&self, agent: &AgentId, most: i64) -> Result<Vec<Kudos>, DbError> {
        store::of_agent(self.parts.db.read().await?.conn(), agent, most).await
    }

    /// Returns the number of commendations for these conversations.
    pub async fn kudos_about(&self, conn: Conn<'_>, ids: &[InteractionId]) -> Result<i64, DbError> {
        store::count_about(conn, ids).await
    }

    /// Erases the commendations for these conversations, in the caller's transaction: their texts may mention the
    /// customer.
    pub async fn erase_kudos(&self, conn: Conn<'_>, ids: &[InteractionId]) -> Result<i64, DbError> {
        Ok(i64::try_from(store::erase(conn, ids).await?).unwrap_or(i64::MAX))
    }

    /// Returns released comments about an agent, praise first.
    pub async fn released(&self, agent: &AgentId, most: i64) -> Result<Vec<Released>, DbError> {
        self.parts.ratings.own_comments(agent, most).await
    }
}
