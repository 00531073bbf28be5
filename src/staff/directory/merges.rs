//! Merges and splits of agents. They change only which agents are one person. What was recorded for an agent (its
//! interactions, invitations, answers, commendations, and the figures released for it) stays with this agent and is
//! shown for the person, so that a split or an undone merge restores exactly what was before.

use super::{AgentMerge, AgentSummary, Directory, store};
use crate::clock::Timestamp;
use crate::database::Conn;
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::ids::{AgentId, AgentMergeId};
use crate::staff::StaffError;

/// A merge to be made.
pub(super) struct NewMerge<'a> {
    /// Person that remains.
    pub person: &'a AgentId,
    /// Person that becomes a part of it.
    pub merged: &'a AgentId,
    /// Author of the merge.
    pub by: &'a Actor,
}

/// Merges two persons, in the caller's transaction, which holds the lock. The facts must be settled afterwards.
pub(super) async fn join(mut conn: Conn<'_>, new: &NewMerge<'_>, now: Timestamp) -> Result<AgentMerge, DbError> {
    let moved = store::move_person(conn.reborrow(), new.person, new.merged).await?;
    let merge = AgentMerge {
        id: AgentMergeId::random(),
        person: new.person.clone(),
        merged: new.merged.clone(),
        agents: serde_json::json!(moved).to_string(),
        actor_name: new.by.name().to_owned(),
        at: now,
    };
    store::add_merge(conn.reborrow(), &merge).await?;
    let detail = serde_json::json!({ "merged": new.merged, "merge": merge.id });
    audit(conn, new.by, "agent.merged", new.person, detail, now).await?;
    Ok(merge)
}

async fn audit(
    conn: Conn<'_>,
    by: &Actor,
    action: &'static str,
    person: &AgentId,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), DbError> {
    Effects::new().audit(by, action, format!("agent:{person}"), Some(detail)).save(conn, now).await
}

/// Returns the person that an agent is.
async fn person(conn: Conn<'_>, id: &AgentId) -> Result<AgentSummary, StaffError> {
    store::agent(conn, id).await?.ok_or(StaffError::NotThere("agent"))
}

impl Directory {
    /// Returns the merges in force, the last one first.
    pub async fn merges(&self) -> Result<Vec<AgentMerge>, DbError> {
        store::merges(self.db.read().await?.conn()).await
    }

    /// Makes the person `merged` a part of the person `into`.
    ///
    /// Errors: [`StaffError::NotThere`], [`StaffError::SameAgent`].
    pub async fn merge(
        &self,
        into: &AgentId,
        merged: &AgentId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AgentMerge, StaffError> {
        let mut tx = self.db.begin().await?;
        store::lock(tx.conn()).await?;
        let (into, merged) = (person(tx.conn(), into).await?.id, person(tx.conn(), merged).await?.id);
        if into == merged {
            return Err(StaffError::SameAgent);
        }
        let merge = join(tx.conn(), &NewMerge { person: &into, merged: &merged, by }, now).await?;
        store::settle_facts(tx.conn(), &[into]).await?;
        tx.commit().await?;
        Ok(merge)
    }

    /// Undoes a merge of a person. The agents are not merged again by an address in common.
    ///
    /// Errors: [`StaffError::NotThere`] if there is no such merge of this person, or it is undone.
    pub async fn undo_merge(
        &self,
        id: &AgentId,
        merge: &AgentMergeId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), StaffError> {
        let mut tx = self.db.begin().await?;
        store::lock(tx.conn()).await?;
        let person = person(tx.conn(), id).await?.id;
        let all = store::merges(tx.conn()).await?;
        let is_own = |one: &AgentMerge| one.person == person && one.id == *merge;
        let merge = all.into_iter().find(is_own).ok_or(StaffError::NotThere("merge"))?;
        if !store::undo_merge(tx.conn(), &merge.id, now).await? {
            return Err(StaffError::NotThere("merge"));
        }
        // The person that was merged may have been split off, and merged with another one, since.
        let merged = self::person(tx.conn(), &merge.merged).await?.id;
        let separated = if merged == person { merge.merged } else { merged };
        store::move_back(tx.conn(), &separated, &person, &merge.agents).await?;
        let detail = serde_json::json!({ "separated": separated, "merge": merge.id });
        store::settle_facts(tx.conn(), &[person.clone(), separated]).await?;
        audit(tx.conn(), by, "agent.merge_undone", &person, detail, now).await?;
        Ok(tx.commit().await?)
    }

    /// Makes one identity of a person an agent of its own. An address in common does not merge it again.
    ///
    /// Errors: [`StaffError::NotThere`] if the person has no such identity; [`StaffError::FirstIdentity`] for the one
    /// under which the person is listed.
    pub async fn split(
        &self,
        id: &AgentId,
        identity: &AgentId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AgentSummary, StaffError> {
        let mut tx = self.db.begin().await?;
        store::lock(tx.conn()).await?;
        let person = person(tx.conn(), id).await?.id;
        if person == *identity {
            return Err(StaffError::FirstIdentity);
        }
        if !store::split(tx.conn(), &person, identity).await? {
            return Err(StaffError::NotThere("identity of this agent"));
        }
        store::settle_facts(tx.conn(), &[person.clone(), identity.clone()]).await?;
        audit(tx.conn(), by, "agent.split", &person, serde_json::json!({ "identity": identity }), now).await?;
        tx.commit().await?;
        self.agent(identity).await?.ok_or(StaffError::NotThere("agent"))
    }
}
