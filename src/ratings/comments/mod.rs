//! Released comments, one by one: their read state, and praise that the agent sees first. They are masked and were
//! shuffled at their release; nothing is stored with them but the month, the team and the agent of the release.

mod store;

use super::Ratings;
use crate::access::Principal;
use crate::access::principal::{Role, Visible};
use crate::database::DbError;
use crate::ids::{AgentId, TeamId};

/// A released comment.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Released {
    /// Random id.
    pub id: String,
    /// Masked text.
    pub text: String,
    /// Month of its release.
    pub month: String,
    /// Name of the agent; `None` for a comment about a team, or about everybody.
    pub agent_name: Option<String>,
    /// Name of the team.
    pub team_name: Option<String>,
    /// Day of its release, if known.
    pub listed_on: Option<String>,
    /// Name of the person who marked it as praise.
    pub kudos_name: Option<String>,
}

/// Number of unread released comments of a team.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    /// Team of the comments.
    pub team_id: Option<TeamId>,
    /// Number of comments.
    pub n: i64,
}

/// Returns the teams of a supervisor; `None` for other roles, which mark nothing.
fn teams(who: &Principal) -> Option<Vec<TeamId>> {
    match (who.role(), who.visible()) {
        (Some(Role::Supervisor), Visible::Teams(teams)) => Some(teams),
        _ => None,
    }
}

impl Ratings {
    /// Records the day on which comments were released; once a day is enough.
    pub async fn date_comments(&self) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        store::date(tx.conn(), &self.clock.today()).await?;
        tx.commit().await
    }

    /// Returns unread comments of this supervisor's teams; oldest first, in random order within a day.
    pub async fn unread_comments(&self, who: &Principal, most: i64) -> Result<Vec<Released>, DbError> {
        let Some(teams) = teams(who) else { return Ok(Vec::new()) };
        store::unread(self.db.read().await?.conn(), &teams, most).await
    }

    /// Marks a comment as read by `who`; returns false if it is not accessible, or was already read.
    pub async fn mark_comment_read(&self, who: &Principal, id: &str) -> Result<bool, DbError> {
        let Some(teams) = teams(who) else { return Ok(false) };
        let mut tx = self.db.begin().await?;
        let marked = store::mark_read(tx.conn(), &teams, id, &who.name, &self.clock.today()).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// Marks a comment as praise (and as read), or removes the mark; returns false if it is not accessible.
    pub async fn mark_kudos(&self, who: &Principal, id: &str, praise: bool) -> Result<bool, DbError> {
        let Some(teams) = teams(who) else { return Ok(false) };
        let (name, day) = (who.name.clone(), self.clock.today());
        let mut tx = self.db.begin().await?;
        store::mark_read(tx.conn(), &teams, id, &name, &day).await?;
        let praised = praise.then_some((name.as_str(), day.as_str()));
        let marked = store::mark_kudos(tx.conn(), &teams, id, praised).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// Returns the last comments released about an agent, praise first. For the agent themselves.
    pub async fn own_comments(&self, agent: &AgentId, most: i64) -> Result<Vec<Released>, DbError> {
        store::of_agent(self.db.read().await?.conn(), agent, most).await
    }

    /// Returns the number of comments unread since that day or longer, by team.
    pub async fn comments_unread_since(&self, day: &str) -> Result<Vec<Waiting>, DbError> {
        store::unread_since(self.db.read().await?.conn(), day).await
    }
}
