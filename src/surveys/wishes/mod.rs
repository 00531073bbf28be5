//! A customer's wish to be contacted: name, telephone or address, and what it is about; nothing else, unless they join it
//! to their linked answer.
//!
//! It lies sealed under a keyed hash of the token, as an apart answer does, but under a purpose of its own: nothing joins
//! it to an invitation or an answer. It is asked for on a page of its own, so that it comes in a request and a transaction
//! of its own. Supervisors get the wishes of a day together, in an order that tells nothing, with no time.

mod erased;
mod store;

pub use erased::forget_wishes;
pub use store::STATEMENTS;

use super::{Invited, Standing, Surveys, Token, looked};
use crate::config::Choice;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::vault::{Vault, VaultError};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The most characters of a name, of a way to reach somebody, and of what it is about.
pub const MOST_NAME: usize = 120;
/// See [`MOST_NAME`].
pub const MOST_REACH: usize = 200;
/// See [`MOST_NAME`].
pub const MOST_ABOUT: usize = 1000;

/// The vault's purpose.
const SEAL: &str = "wish";
/// Records are padded to this many bytes, so that their length tells nothing. Holds the longest wish.
const SIZE: usize = 8192;
/// In front of the record: its true length.
const PREFIX: usize = 4;

/// What the customer leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Name.
    pub name: String,
    /// Telephone number or e-mail address.
    pub reach: String,
    /// What it is about, in their words.
    pub about: Option<String>,
}

/// A wish as it is sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    wish: Wish,
    #[serde(rename = "t")]
    team: Option<TeamId>,
    /// Set where the customer joins the wish to their linked answer.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    joined: Option<InteractionId>,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    agent: Option<AgentId>,
}

impl Sealed {
    fn seal(&self, vault: &Vault) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let mut padded = Vec::with_capacity(SIZE);
        padded.extend(u32::try_from(json.len()).unwrap_or(0).to_be_bytes());
        padded.extend(json);
        padded.resize(SIZE.max(padded.len()), 0);
        vault.seal(SEAL, &padded)
    }

    fn open(vault: &Vault, sealed: &str) -> Result<Self, VaultError> {
        let padded = vault.open(SEAL, sealed)?;
        let (prefix, rest) = padded.split_first_chunk::<PREFIX>().ok_or(VaultError::DoesNotOpen)?;
        let length = usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX);
        let json = rest.get(..length).ok_or(VaultError::DoesNotOpen)?;
        serde_json::from_slice(json).map_err(|_| VaultError::DoesNotOpen)
    }
}

/// Where one stands with a wish, by the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WishStanding {
    /// The wish that is there.
    pub wish: Option<Wish>,
    /// Is it joined to the answer?
    pub joined: bool,
    /// Has the team got it? Then it can be taken back, not changed.
    pub handed: bool,
    /// Is there a linked answer that it can be joined to?
    pub joinable: bool,
}

/// A wish that goes to the supervisors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedWish {
    /// Its id, for [`Surveys::open_wish`].
    pub id: String,
    /// Whom it is for; every supervisor where no team is known.
    pub team: Option<TeamId>,
    /// The interaction, where the customer joined it and the linked answer still stands there.
    pub joined: Option<InteractionId>,
    /// Who handled that.
    pub agent: Option<AgentId>,
}

/// Why a wish was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum WishError {
    /// There is no such link, or its time is over.
    #[error("the link is not open")]
    Closed,
    /// The team has it already.
    #[error("the team has got it already")]
    Handed,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Surveys {
    /// Where one stands; `None` where the link is not open.
    pub async fn wish_standing(&self, token: &Token) -> Result<Option<(Invited, WishStanding)>, DbError> {
        let (invited, joinable) = match self.standing(token).await? {
            Standing::Unknown | Standing::Expired(_) => return Ok(None),
            Standing::Given(invited, given) => (invited, given.answer.choice == Choice::Linked),
            Standing::Open(invited) | Standing::Counted { invited, .. } => (invited, false),
        };
        let vault = &self.inner.vault;
        let found = store::find(self.inner.db.read().await?.conn(), &token.wish_id(vault)).await?;
        let nothing = WishStanding { wish: None, joined: false, handed: false, joinable };
        let Some((sealed, handed)) = found else { return Ok(Some((invited, nothing))) };
        let standing = match Sealed::open(vault, &sealed) {
            Ok(opened) => WishStanding { wish: Some(opened.wish), joined: opened.joined.is_some(), handed, joinable },
            Err(_) => WishStanding { handed, ..nothing },
        };
        Ok(Some((invited, standing)))
    }

    /// Records a wish, or changes the one that is there. `join` counts only beside a linked answer.
    pub async fn wish(&self, token: &Token, wish: Wish, join: bool) -> Result<(), WishError> {
        let (invited, linked) = match self.standing(token).await? {
            Standing::Unknown | Standing::Expired(_) => return Err(WishError::Closed),
            Standing::Given(invited, given) => (invited, given.answer.choice == Choice::Linked),
            Standing::Open(invited) | Standing::Counted { invited, .. } => (invited, false),
        };
        let joined = (join && linked).then(|| invited.interaction.clone());
        let agent = invited.agent.clone().filter(|_| joined.is_some());
        let sealed = Sealed { wish, team: invited.team, joined, agent }.seal(&self.inner.vault);
        let mut tx = self.inner.db.begin().await?;
        if !store::put(tx.conn(), &token.wish_id(&self.inner.vault), &sealed).await? {
            return Err(WishError::Handed);
        }
        Ok(tx.commit().await?)
    }

    /// Takes a wish back, also one that the team has got, while the link is open; false where there is none.
    pub async fn withdraw_wish(&self, token: &Token) -> Result<bool, WishError> {
        if matches!(self.standing(token).await?, Standing::Unknown | Standing::Expired(_)) {
            return Err(WishError::Closed);
        }
        let mut tx = self.inner.db.begin().await?;
        let removed = store::remove(tx.conn(), &token.wish_id(&self.inner.vault)).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// Once a day: all that were wished since the last time are gathered, in an order that has nothing to do with that of arrival,
    /// to be handed over when [`Surveys::gathered_for`] is over. Nothing finer than that day is known of a wish. In the caller's
    /// transaction.
    pub async fn gather_wishes(&self, conn: Conn<'_>) -> Result<(), DbError> {
        store::gather(conn).await
    }

    /// So long after they were gathered the team gets wishes: the last of them had its time for changes.
    pub fn gathered_for(&self) -> Duration {
        self.inner.settings.edit_for
    }

    /// Marks what was gathered as handed over on that day; shuffled. In the caller's transaction.
    pub async fn hand_over_wishes(&self, mut conn: Conn<'_>, day: &str) -> Result<Vec<HandedWish>, DbError> {
        let rows = store::hand_over(conn.again(), day).await?;
        let mut wishes = Vec::new();
        for (id, sealed) in rows {
            let Ok(opened) = Sealed::open(&self.inner.vault, &sealed) else {
                tracing::error!("a customer's wish does not open");
                continue;
            };
            wishes.push(HandedWish { id, team: opened.team, joined: opened.joined, agent: opened.agent });
        }
        // An answer that was taken back or put apart meanwhile takes the joint along.
        let joined: Vec<InteractionId> = wishes.iter().filter_map(|wish| wish.joined.clone()).collect();
        let gone = looked::without_answer(conn, &joined).await?;
        for wish in &mut wishes {
            if wish.joined.as_ref().is_some_and(|id| gone.contains(id)) {
                (wish.joined, wish.agent) = (None, None);
            }
        }
        wishes.shuffle(&mut rand::rng());
        Ok(wishes)
    }

    /// Opens a wish that was handed over. Whoever calls this writes down who looked.
    pub async fn open_wish(&self, id: &str) -> Result<Option<Wish>, DbError> {
        let found = store::find(self.inner.db.read().await?.conn(), id).await?;
        let handed = found.filter(|(_, handed)| *handed);
        Ok(handed.and_then(|(sealed, _)| Sealed::open(&self.inner.vault, &sealed).ok()).map(|opened| opened.wish))
    }

    /// Sets the day on which it is erased; `None`: not yet.
    pub async fn erase_wish_on(&self, conn: Conn<'_>, id: &str, day: Option<&str>) -> Result<(), DbError> {
        store::erase_on(conn, id, day).await
    }
}

/// Those of these wishes that are not there (any more).
pub async fn wishes_gone(conn: Conn<'_>, ids: &[String]) -> Result<Vec<String>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let there = store::there(conn, ids).await?;
    Ok(ids.iter().filter(|id| !there.contains(id)).cloned().collect())
}

/// Erases what is due by that day; their ids.
pub async fn erase_wishes(conn: Conn<'_>, day: &str) -> Result<Vec<String>, DbError> {
    store::erase(conn, day).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wish_is_as_long_as_the_shortest_and_opens_again() {
        let vault = Vault::ephemeral();
        let wish = |n: usize| Wish {
            name: "🙂".repeat(MOST_NAME.min(n)),
            reach: "é".repeat(MOST_REACH.min(n)),
            about: Some("\"".repeat(MOST_ABOUT.min(n))),
        };
        let sealed = |wish: Wish| {
            let (joined, agent) = (Some(InteractionId::random()), Some(AgentId::random()));
            Sealed { wish, team: Some(TeamId::random()), joined, agent }.seal(&vault)
        };
        let (short, long) = (sealed(wish(1)), sealed(wish(5000)));
        assert_eq!(short.len(), long.len());
        assert_eq!(Sealed::open(&vault, &long).ok().map(|opened| opened.wish), Some(wish(5000)));
        assert!(Sealed::open(&Vault::ephemeral(), &long).is_err());
    }
}
