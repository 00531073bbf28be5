//! Answers that look like a program's: mail scanners open every link, and some send every form they find.
//!
//! Such an answer is kept aside, sealed, and not counted; it never spends the survey. Whoever sent it is shown the form once
//! more, and is believed when they send it after a moment of reading. The administrator sees a reason and a day, nothing that
//! leads to a conversation, and may let an answer in, once, if no person has answered meanwhile. What was kept aside goes by
//! itself, at the latest when any survey that was open on its day has closed.

mod confirm;
mod hits;
pub(super) mod store;

pub use hits::Hits;

use super::answers::{ApartWrite, LinkedKept, Origin, Written, accepted, lock_answers, write_apart, write_linked};
use super::{Answer, Invited, Surveys, Token};
use crate::config::Choice;
use crate::database::{Conn, DbError};
use crate::effects::{Actor, Effects};
use crate::ids::InteractionId;
use crate::vault::{Vault, VaultError};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The vault's purpose.
const SEAL: &str = "suspect";
/// Records are padded to one of these lengths, in bytes, so that they don't tell which choice was made.
const SIZES: [usize; 3] = [8192, 65_536, 262_144];
/// The ripeness below which an answer is changed by one that is let in: none.
pub(super) const CHANGES_NOTHING: i64 = i64::MIN;

/// Why an answer is taken for a program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// It came sooner after its mail left than anybody reads.
    TooFast,
    /// Many links of the mail were opened within seconds before.
    Burst,
    /// The field that people don't see was filled in.
    Trap,
}

impl Suspicion {
    const ALL: [Self; 3] = [Self::TooFast, Self::Burst, Self::Trap];

    /// As it stands in the table.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooFast => "too_fast",
            Self::Burst => "burst",
            Self::Trap => "trap",
        }
    }

    /// The one of this code.
    pub fn known(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// An answer that was kept aside, as the administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// A keyed hash that leads nowhere without the link.
    pub id: String,
    /// Why.
    pub reason: Suspicion,
    /// `2026-11-20`; nothing finer is known.
    pub day: String,
}

/// What became of letting one in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// It is an answer like others now.
    Yes,
    /// A person has answered meanwhile, or the survey has closed; it was dropped.
    TooLate,
    /// It is not there.
    Unknown,
}

/// What would have been written.
#[derive(Debug, Serialize, Deserialize)]
enum Kept {
    Linked(LinkedKept),
    Apart(ApartWrite),
}

fn seal(vault: &Vault, kept: &Kept) -> String {
    let json = serde_json::to_vec(kept).unwrap_or_default();
    let size = SIZES.into_iter().find(|size| *size >= json.len()).unwrap_or(json.len());
    let mut padded = json;
    // JSON ends where it ends; what follows are blanks.
    padded.resize(size, b' ');
    vault.seal(SEAL, &padded)
}

fn open(vault: &Vault, sealed: &str) -> Result<Kept, VaultError> {
    serde_json::from_slice(&vault.open(SEAL, sealed)?).map_err(|_| VaultError::DoesNotOpen)
}

/// Those of these that are still kept aside, in the transaction that lets them in: a person's answer by the same link drops them in
/// its own, so that nobody is answered for who has answered at the same moment.
pub(super) async fn still_kept(mut conn: Conn<'_>, ids: &[&str]) -> Result<HashSet<String>, DbError> {
    let mut kept = HashSet::new();
    for id in ids {
        if store::find(conn.again(), id).await?.is_some() {
            kept.insert((*id).to_owned());
        }
    }
    Ok(kept)
}

impl Surveys {
    /// Notes that a link of a mail was opened, in memory, for a minute. Only of one that leads to an invitation: whoever makes
    /// links up fills nothing.
    pub fn note_hit(&self, token: &Token, _known: &Invited, link: &str) {
        self.inner.hits.note(token, link, self.now());
    }

    /// Does an answer look like a program's? `confirmed`: what the page said that was sent with it, if anything.
    pub fn suspicion(
        &self,
        token: &Token,
        invited: &Invited,
        trap: bool,
        confirmed: Option<&str>,
    ) -> Option<Suspicion> {
        let now = self.now();
        if trap {
            return Some(Suspicion::Trap);
        }
        if confirmed.is_some_and(|text| confirm::is_read(&self.inner.vault, token, text, now)) {
            return None;
        }
        let too_fast = i64::try_from(self.inner.settings.too_fast.as_millis()).unwrap_or(i64::MAX);
        if invited.sent_at.is_some_and(|sent| now.ms_since(sent) < too_fast) {
            return Some(Suspicion::TooFast);
        }
        self.inner.hits.is_burst(token, now).then_some(Suspicion::Burst)
    }

    /// What the form carries that is shown once more.
    pub fn confirmation(&self, token: &Token) -> String {
        confirm::stamp(&self.inner.vault, token, self.now())
    }

    /// Keeps an answer aside that nobody may have given; changes nothing where somebody has answered.
    pub async fn keep_aside(
        &self,
        token: &Token,
        invited: &Invited,
        answer: &Answer,
        why: Suspicion,
    ) -> Result<(), DbError> {
        let (vault, now) = (&self.inner.vault, self.now());
        // What would not be taken as an answer is not worth keeping.
        let Ok(values) = accepted(&invited.version, answer.values.clone()) else { return Ok(()) };
        let answer = Answer { values, choice: self.offered(answer.choice), quote: answer.quote };
        let kept = match answer.choice {
            Choice::Linked => self.linked_write(token, invited, &answer, Origin::Mail).kept().map(Kept::Linked),
            Choice::Apart => Some(Kept::Apart(self.apart_write(token, invited, &answer).await?)),
        };
        let Some(kept) = kept else { return Ok(()) };
        let (_, longest) = self.longest().await?;
        let new = store::NewSuspect {
            id: token.suspect_id(vault),
            sealed: seal(vault, &kept),
            reason: why.code(),
            day: now.day(),
            goes: now.plus(longest).day(),
        };
        let mut tx = self.inner.db.begin().await?;
        lock_answers(tx.conn()).await?;
        store::keep(tx.conn(), &new, &invited.interaction, &token.spent_id(vault)).await?;
        tx.commit().await
    }

    /// What was kept aside, the last day first.
    pub async fn suspects(&self) -> Result<Vec<Suspect>, DbError> {
        let rows = store::list(self.inner.db.read().await?.conn()).await?;
        let known =
            |(id, reason, day): (String, String, String)| Some(Suspect { id, reason: Suspicion::known(&reason)?, day });
        Ok(rows.into_iter().filter_map(known).collect())
    }

    /// Lets one in, if no person has answered meanwhile; gone from here either way.
    pub async fn admit(&self, id: &str, actor: &Actor) -> Result<Admitted, DbError> {
        let found = store::find(self.inner.db.read().await?.conn(), id).await?;
        let Some(sealed) = found else { return Ok(Admitted::Unknown) };
        let (db, now) = (&self.inner.db, self.now());
        let results = match open(&self.inner.vault, &sealed) {
            Ok(Kept::Linked(kept)) => write_linked(db, vec![kept.into()], CHANGES_NOTHING, now).await,
            Ok(Kept::Apart(write)) => write_apart(db, vec![write], CHANGES_NOTHING).await,
            Err(error) => {
                tracing::error!(%error, "an answer that was kept aside does not open");
                Vec::new()
            }
        };
        let written = match results.into_iter().next() {
            Some(written) => written.map_err(DbError::Shared)?,
            None => Written::Refused,
        };
        let mut tx = db.begin().await?;
        let admitted = if written == Written::Stored {
            // It was dropped with the write. No id: what was let in shall not be found by its line.
            Effects::new().audit(actor, "suspect.admitted", "suspects", None).save(tx.conn(), now).await?;
            Admitted::Yes
        } else {
            store::forget(tx.conn(), &[id]).await?;
            Admitted::TooLate
        };
        tx.commit().await?;
        Ok(admitted)
    }

    /// Drops one; false where it is not there.
    pub async fn drop_suspect(&self, id: &str, actor: &Actor) -> Result<bool, DbError> {
        let mut tx = self.inner.db.begin().await?;
        let there = store::forget(tx.conn(), &[id]).await? > 0;
        if there {
            Effects::new().audit(actor, "suspect.dropped", "suspects", None).save(tx.conn(), self.now()).await?;
        }
        tx.commit().await?;
        Ok(there)
    }

    /// Drops what was kept aside beside these conversations, in the caller's transaction; how many. Apart ones can't be found.
    pub async fn forget_suspects(&self, mut conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
        let all = store::all(conn.again()).await?;
        let about = |sealed: &str| match open(&self.inner.vault, sealed) {
            Ok(Kept::Linked(kept)) => ids.contains(&kept.interaction),
            _ => false,
        };
        let found: Vec<&str> = all.iter().filter(|(_, sealed)| about(sealed)).map(|(id, _)| id.as_str()).collect();
        store::forget(conn, &found).await
    }
}
