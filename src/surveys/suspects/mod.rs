//! Suspected bot responses: mail scanners open every link, and some send every form they find.
//!
//! Such an answer is kept aside, sealed, and not counted; it never spends the survey. Whoever sent it is shown the form once
//! more, and is believed when they send it after a moment of reading.
//!
//! What is sealed names no conversation, whatever was chosen, and nothing of it changes when a person answers by the same link: it
//! stays until the administrator drops it or its month is over. An answer that the administrator admits goes into the mix with the
//! next pass, as one that was kept apart, unless the marks of its link say by then that a person has used it. Nobody sees which of
//! both it was.

mod confirm;
mod hits;
pub(super) mod store;

pub use hits::Hits;

use super::answers::{self, KeptAnswer, accepted, lock_answers};
use super::{Answer, Invited, Offer, Surveys, Token};
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::vault::{Vault, VaultError};

/// The vault's purpose.
const SEAL: &str = "suspect";
/// Records are padded to one of these lengths, in bytes, so that they tell little of what was answered.
const SIZES: [usize; 3] = [8192, 65_536, 262_144];

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
    /// Whether it was admitted, and waits for the next pass.
    pub admitted: bool,
}

fn seal(vault: &Vault, kept: &KeptAnswer) -> String {
    let json = serde_json::to_vec(kept).unwrap_or_default();
    let size = SIZES.into_iter().find(|size| *size >= json.len()).unwrap_or(json.len());
    let mut padded = json;
    // JSON ends where it ends; what follows are blanks.
    padded.resize(size, b' ');
    vault.seal(SEAL, &padded)
}

fn open(vault: &Vault, sealed: &str) -> Result<KeptAnswer, VaultError> {
    serde_json::from_slice(&vault.open(SEAL, sealed)?).map_err(|_| VaultError::DoesNotOpen)
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

    /// Keeps an answer aside that nobody may have given; changes nothing where somebody has answered, and nothing where it could
    /// not be recorded as an answer.
    pub async fn keep_aside(
        &self,
        token: &Token,
        invited: &Invited,
        answer: &Answer,
        offer: Offer,
        why: Suspicion,
    ) -> Result<(), DbError> {
        let vault = &self.inner.vault;
        let Ok(values) = accepted(&invited.version, answer.values.clone()) else { return Ok(()) };
        if !offer.has(answer.choice) {
            return Ok(());
        }
        let answer = Answer { values, ..answer.clone() };
        let (kept, purge_month) = self.kept_answer(token, invited, &answer, offer.k).await?;
        let new = store::NewSuspect {
            id: token.suspect_id(vault),
            sealed: seal(vault, &kept),
            reason: why.code(),
            purge_month,
        };
        let marks = [token.spent_id(vault), token.person_id(vault)];
        let mut tx = self.inner.db.begin().await?;
        lock_answers(tx.conn()).await?;
        store::keep(tx.conn(), &new, &invited.interaction, &marks).await?;
        tx.commit().await
    }

    /// What was kept aside before the last pass, in an order that tells nothing.
    pub async fn suspects(&self) -> Result<Vec<Suspect>, DbError> {
        let rows = store::list(self.inner.db.read().await?.conn()).await?;
        let known = |(id, reason, admitted): (String, String, i64)| {
            Some(Suspect { id, reason: Suspicion::known(&reason)?, admitted: admitted == 1 })
        };
        Ok(rows.into_iter().filter_map(known).collect())
    }

    /// Lets one in with the next pass, unless a person has answered by then; false where it is not there, or was admitted before.
    pub async fn admit(&self, id: &str, actor: &Actor) -> Result<bool, DbError> {
        let mut tx = self.inner.db.begin().await?;
        let there = store::admit(tx.conn(), id).await?;
        if there {
            // No id: what was let in shall not be found by its line.
            Effects::new().audit(actor, "suspect.admitted", "suspects", None).save(tx.conn(), self.now()).await?;
        }
        tx.commit().await?;
        Ok(there)
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

    /// A pass: what was admitted goes into the mix where no person has used the link, and goes from here either way; what is new is
    /// written anew, so that its place tells no order, and is shown from now on.
    pub(super) async fn pass_suspects(&self) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        lock_answers(tx.conn()).await?;
        let rows = store::admitted(tx.conn()).await?;
        if !rows.is_empty() {
            let opened = rows.iter().filter_map(|(_, sealed)| {
                open(&self.inner.vault, sealed)
                    .inspect_err(|error| tracing::error!(%error, "an answer that was kept aside does not open"))
                    .ok()
            });
            answers::admit(tx.conn(), opened.collect()).await?;
            let ids: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
            store::forget(tx.conn(), &ids).await?;
        }
        store::renew(tx.conn()).await?;
        tx.commit().await
    }
}
