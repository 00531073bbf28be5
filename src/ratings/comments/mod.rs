//! Released comments, one by one: who has read them, and which are praise that the agent is to see first. They are masked and
//! were shuffled when they came out; nothing stands beside them but the month, the team and the agent of their release.

mod store;

pub use store::STATEMENTS;

use super::Ratings;
use crate::database::DbError;
use crate::ids::{AgentId, TeamId};
use crate::web::Principal;
use crate::web::principal::{Role, Visible};

/// A released comment.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Released {
    /// Its id, random.
    pub id: String,
    /// What it says, masked.
    pub text: String,
    /// The month of its release.
    pub month: String,
    /// Whom it is about; null: a team, or everybody.
    pub agent_name: Option<String>,
    /// The team.
    pub team_name: Option<String>,
    /// The day it came out, where that is known.
    pub listed_on: Option<String>,
    /// Who has marked it as praise.
    pub kudos_name: Option<String>,
}

/// How many released comments wait for a reader.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    /// In this team.
    pub team_id: Option<TeamId>,
    /// So many.
    pub n: i64,
}

/// The teams of a supervisor; nothing for others, who mark nothing.
fn teams(who: &Principal) -> Option<Vec<TeamId>> {
    match (who.role(), who.visible()) {
        (Some(Role::Supervisor), Visible::Teams(teams)) => Some(teams),
        _ => None,
    }
}

impl Ratings {
    /// Notes the day on which comments came out; once a day is enough.
    pub async fn date_comments(&self) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        store::date(tx.conn(), &self.now().day()).await?;
        tx.commit().await
    }

    /// Comments of this supervisor's teams that nobody has read; the oldest first, within a day in no order.
    pub async fn unread_comments(&self, who: &Principal, most: i64) -> Result<Vec<Released>, DbError> {
        let Some(teams) = teams(who) else { return Ok(Vec::new()) };
        store::unread(self.db.read().await?.conn(), &teams, most).await
    }

    /// Marks one as read by whoever asks; false where it is not theirs to read, or was read already.
    pub async fn mark_comment_read(&self, who: &Principal, id: &str) -> Result<bool, DbError> {
        let Some(teams) = teams(who) else { return Ok(false) };
        let mut tx = self.db.begin().await?;
        let marked = store::mark_read(tx.conn(), &teams, id, &who.name, &self.now().day()).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// Marks one as praise (and as read), or takes that back; false where it is not theirs.
    pub async fn mark_kudos(&self, who: &Principal, id: &str, praise: bool) -> Result<bool, DbError> {
        let Some(teams) = teams(who) else { return Ok(false) };
        let (name, day) = (who.name.clone(), self.now().day());
        let mut tx = self.db.begin().await?;
        store::mark_read(tx.conn(), &teams, id, &name, &day).await?;
        let praised = praise.then_some((name.as_str(), day.as_str()));
        let marked = store::mark_kudos(tx.conn(), &teams, id, praised).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// What came out about an agent last: what is marked as praise first. Agents ask for themselves.
    pub async fn own_comments(&self, agent: &AgentId, most: i64) -> Result<Vec<Released>, DbError> {
        store::of_agent(self.db.read().await?.conn(), agent, most).await
    }

    /// How many have waited since that day or longer, by team.
    pub async fn comments_unread_since(&self, day: &str) -> Result<Vec<Waiting>, DbError> {
        store::unread_since(self.db.read().await?.conn(), day).await
    }
}
