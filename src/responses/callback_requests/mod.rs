//! Callback requests of customers: name, telephone or address, and the subject; nothing else, unless the customer joins
//! the request to their linked answer.
//!
//! A request is sealed under a keyed hash of the token, as an apart answer is, but with a purpose of its own: nothing
//! joins it to an invitation or an answer. It has a page of its own, so that it comes in a separate request and
//! transaction. Supervisors get the requests of a day together, in random order and without times.

mod erasure;
mod store;

pub use erasure::forget_callbacks;

use super::{LinkState, Responses, handoff};
use crate::config::Choice;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::invitations::{Invited, Token};
use crate::vault::{Envelope, Vault, VaultError};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Maximum number of characters of a name.
pub const MAX_NAME_CHARS: usize = 120;
/// Maximum number of characters of a telephone number or address.
pub const MAX_CONTACT_CHARS: usize = 200;
/// Maximum number of characters of a request.
pub const MAX_ABOUT_CHARS: usize = 1000;

/// All records have one length, which holds the longest request.
const ENVELOPE: Envelope = Envelope::new("callback request", &[8192]);

/// A callback request, as the customer enters it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackRequest {
    /// Name of the customer.
    pub name: String,
    /// Telephone number or e-mail address.
    pub reach: String,
    /// Subject of the request, in the customer's words.
    pub about: Option<String>,
}

/// A callback request, as it is sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    callback: CallbackRequest,
    #[serde(rename = "t")]
    team: Option<TeamId>,
    /// Interaction, if the customer joined the request to their linked answer.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    joined: Option<InteractionId>,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    agent: Option<AgentId>,
}

impl Sealed {
    fn seal(&self, vault: &Vault) -> String {
        ENVELOPE.seal(vault, self)
    }

    fn open(vault: &Vault, sealed: &str) -> Result<Self, VaultError> {
        ENVELOPE.open(vault, sealed)
    }
}

/// State of the callback request of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackState {
    /// Recorded request.
    pub callback: Option<CallbackRequest>,
    /// Whether it is joined to the answer.
    pub joined: bool,
    /// Whether it was handed over to the team. It can then be retracted, not changed.
    pub handed: bool,
    /// Whether there is a linked answer to join it to.
    pub joinable: bool,
}

/// A callback request that is handed over to supervisors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCallback {
    /// Id for [`Responses::open_callback`].
    pub id: String,
    /// Team of the request; all supervisors if unknown.
    pub team: Option<TeamId>,
    /// Interaction, if the customer joined it and its linked answer still exists.
    pub joined: Option<InteractionId>,
    /// Agent of that interaction.
    pub agent: Option<AgentId>,
}

/// Errors of recording a callback request.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// There is no such link, or it has expired.
    #[error("the link is not open")]
    Closed,
    /// The request was already handed over.
    #[error("the team has received it already")]
    Handed,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Responses {
    /// Returns the state; `None` if the link is not open.
    pub async fn callback_state(&self, token: &Token) -> Result<Option<(Invited, CallbackState)>, DbError> {
        let (invited, joinable) = match self.standing(token).await? {
            LinkState::Unknown | LinkState::Expired(_) => return Ok(None),
            LinkState::StoredAnswer(invited, given) => (invited, given.answer.choice == Choice::Linked),
            LinkState::Open(invited) | LinkState::Counted { invited, .. } => (invited, false),
        };
        let vault = &self.inner.vault;
        let found = store::find(self.inner.db.read().await?.conn(), &token.callback_id(vault)).await?;
        let nothing = CallbackState { callback: None, joined: false, handed: false, joinable };
        let Some((sealed, handed)) = found else { return Ok(Some((invited, nothing))) };
        let standing = match Sealed::open(vault, &sealed) {
            Ok(opened) => {
                CallbackState { callback: Some(opened.callback), joined: opened.joined.is_some(), handed, joinable }
            }
            Err(_) => CallbackState { handed, ..nothing },
        };
        Ok(Some((invited, standing)))
    }

    /// Records a callback request, or changes the recorded one. `join` has an effect only if there is a linked answer.
    pub async fn callback(&self, token: &Token, callback: CallbackRequest, join: bool) -> Result<(), CallbackError> {
        let (invited, linked) = match self.standing(token).await? {
            LinkState::Unknown | LinkState::Expired(_) => return Err(CallbackError::Closed),
            LinkState::StoredAnswer(invited, given) => (invited, given.answer.choice == Choice::Linked),
            LinkState::Open(invited) | LinkState::Counted { invited, .. } => (invited, false),
        };
        let joined = (join && linked).then(|| invited.interaction.clone());
        let agent = invited.agent.clone().filter(|_| joined.is_some());
        let sealed = Sealed { callback, team: invited.team, joined, agent }.seal(&self.inner.vault);
        let mut tx = self.inner.db.begin().await?;
        if !store::put(tx.conn(), &token.callback_id(&self.inner.vault), &sealed).await? {
            return Err(CallbackError::Handed);
        }
        Ok(tx.commit().await?)
    }

    /// Retracts a request, also after it was handed over, while the link is open; returns false if there is none.
    pub async fn withdraw_callback(&self, token: &Token) -> Result<bool, CallbackError> {
        if matches!(self.standing(token).await?, LinkState::Unknown | LinkState::Expired(_)) {
            return Err(CallbackError::Closed);
        }
        let mut tx = self.inner.db.begin().await?;
        let removed = store::remove(tx.conn(), &token.callback_id(&self.inner.vault)).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// Gathers, once a day, all requests made since the last time in random order, to be handed over
    /// [`Responses::gathered_for`] later. Nothing more precise than that day is stored about a request. Runs in the
    /// caller's transaction.
    pub async fn gather_callbacks(&self, conn: Conn<'_>) -> Result<(), DbError> {
        store::gather(conn).await
    }

    /// Returns the time between gathering and handing over: the last request has had its time for changes by then.
    pub fn gathered_for(&self) -> Duration {
        self.settings().edit_for
    }

    /// Marks the gathered requests as handed over on that day and returns them shuffled. Runs in the caller's
    /// transaction.
    pub async fn hand_over_callbacks(&self, mut conn: Conn<'_>, day: &str) -> Result<Vec<DueCallback>, DbError> {
        let rows = store::hand_over(conn.reborrow(), day).await?;
        let mut callbacks = Vec::new();
        for (id, sealed) in rows {
            let Ok(opened) = Sealed::open(&self.inner.vault, &sealed) else {
                tracing::error!("a callback request cannot be decrypted");
                continue;
            };
            callbacks.push(DueCallback { id, team: opened.team, joined: opened.joined, agent: opened.agent });
        }
        // An answer that was retracted or changed to apart meanwhile removes the join.
        let joined: Vec<InteractionId> = callbacks.iter().filter_map(|callback| callback.joined.clone()).collect();
        let gone = handoff::without_answer(conn, &joined).await?;
        for callback in &mut callbacks {
            if callback.joined.as_ref().is_some_and(|id| gone.contains(id)) {
                (callback.joined, callback.agent) = (None, None);
            }
        }
        callbacks.shuffle(&mut rand::rng());
        Ok(callbacks)
    }

    /// Opens a request that was handed over. The caller records the access in the audit log.
    pub async fn open_callback(&self, id: &str) -> Result<Option<CallbackRequest>, DbError> {
        let found = store::find(self.inner.db.read().await?.conn(), id).await?;
        let handed = found.filter(|(_, handed)| *handed);
        Ok(handed.and_then(|(sealed, _)| Sealed::open(&self.inner.vault, &sealed).ok()).map(|opened| opened.callback))
    }

    /// Sets the day of its erasure; `None`: not scheduled.
    pub async fn erase_callback_on(&self, conn: Conn<'_>, id: &str, day: Option<&str>) -> Result<(), DbError> {
        store::erase_on(conn, id, day).await
    }
}

/// Returns those of these requests that do not exist (any more).
pub async fn deleted_callbacks(conn: Conn<'_>, ids: &[String]) -> Result<Vec<String>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let there = store::there(conn, ids).await?;
    Ok(ids.iter().filter(|id| !there.contains(id)).cloned().collect())
}

/// Erases the requests due by that day; returns their ids.
pub async fn erase_callbacks(conn: Conn<'_>, day: &str) -> Result<Vec<String>, DbError> {
    store::erase(conn, day).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_and_shortest_requests_seal_to_the_same_length() {
        let vault = Vault::ephemeral();
        let callback = |n: usize| CallbackRequest {
            name: "🙂".repeat(MAX_NAME_CHARS.min(n)),
            reach: "é".repeat(MAX_CONTACT_CHARS.min(n)),
            about: Some("\"".repeat(MAX_ABOUT_CHARS.min(n))),
        };
        let sealed = |callback: CallbackRequest| {
            let (joined, agent) = (Some(InteractionId::random()), Some(AgentId::random()));
            Sealed { callback, team: Some(TeamId::random()), joined, agent }.seal(&vault)
        };
        let (short, long) = (sealed(callback(1)), sealed(callback(5000)));
        assert_eq!(short.len(), long.len());
        assert_eq!(Sealed::open(&vault, &long).ok().map(|opened| opened.callback), Some(callback(5000)));
        assert!(Sealed::open(&Vault::ephemeral(), &long).is_err());
    }
}
