//! Suspected bot responses: mail scanners open every link, and some send every form they find.
//!
//! Such an answer is held, sealed, and not counted; it never spends the survey. The sender is shown the form again, and
//! is accepted when they send it after a moment of reading.
//!
//! The sealed answer names no conversation, whatever the choice was, and does not change when a person answers by the
//! same link: it stays until the administrator drops it or its month is over. An answer that the administrator admits
//! goes into the mix with the next pass, as an apart answer, unless the marks of its link show by then that a person
//! has used it. Nobody sees which of the two happened.

mod confirm;
mod hits;
pub(super) mod store;

pub use hits::Hits;

use super::answers::{self, KeptAnswer, lock_answers};
use super::{Answer, Offer, Responses};
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::invitations::{Invited, Token};
use crate::surveys::accepted_values;
use crate::vault::Envelope;

/// Three lengths reveal little of the answer.
const ENVELOPE: Envelope = Envelope::new("suspect", &[8192, 65_536, 262_144]);

/// Reason that an answer is taken for a program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// It came too soon after its mail was sent for anyone to have read it.
    TooFast,
    /// Many links of the mail were opened within the seconds before.
    Burst,
    /// The hidden field was filled in.
    Trap,
}

impl Suspicion {
    const ALL: [Self; 3] = [Self::TooFast, Self::Burst, Self::Trap];

    /// Returns the code for the table.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooFast => "too_fast",
            Self::Burst => "burst",
            Self::Trap => "trap",
        }
    }

    /// Returns the reason with this code.
    pub fn known(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// A held answer, as the administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Keyed hash that leads nowhere without the link.
    pub id: String,
    /// Reason of the suspicion.
    pub reason: Suspicion,
    /// Whether it was admitted, and waits for the next pass.
    pub admitted: bool,
}

impl Responses {
    /// Records that a link of a mail was opened, in memory, for a minute. Requires an existing invitation, so that
    /// invented links fill nothing.
    pub fn note_hit(&self, token: &Token, _known: &Invited, link: &str) {
        self.inner.hits.note(token, link, self.now());
    }

    /// Returns the reason if an answer looks like a program's. `confirmed`: confirmation value sent by the page, if
    /// any.
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
        let too_fast = i64::try_from(self.settings().too_fast.as_millis()).unwrap_or(i64::MAX);
        if invited.sent_at.is_some_and(|sent| now.ms_since(sent) < too_fast) {
            return Some(Suspicion::TooFast);
        }
        self.inner.hits.is_burst(token, now).then_some(Suspicion::Burst)
    }

    /// Returns the confirmation value for a form that is shown again.
    pub fn confirmation(&self, token: &Token) -> String {
        confirm::stamp(&self.inner.vault, token, self.now())
    }

    /// Holds an answer that may not be a person's; changes nothing if a person has answered, or if it could not be
    /// recorded as an answer.
    pub async fn keep_aside(
        &self,
        token: &Token,
        invited: &Invited,
        answer: &Answer,
        offer: Offer,
        why: Suspicion,
    ) -> Result<(), DbError> {
        let vault = &self.inner.vault;
        let Ok(values) = accepted_values(&invited.version, answer.values.clone()) else { return Ok(()) };
        if !offer.has(answer.choice) {
            return Ok(());
        }
        let answer = Answer { values, ..answer.clone() };
        let (kept, purge_month) = self.kept_answer(token, invited, &answer, offer.k).await?;
        let new = store::NewSuspect {
            id: token.suspect_id(vault),
            sealed: ENVELOPE.seal(vault, &kept),
            reason: why.code(),
            purge_month,
        };
        let marks = [token.spent_id(vault), token.person_id(vault)];
        let mut tx = self.inner.db.begin().await?;
        lock_answers(tx.conn()).await?;
        store::keep(tx.conn(), &new, &invited.interaction, &marks).await?;
        tx.commit().await
    }

    /// Returns the answers held before the last pass, in random order.
    pub async fn suspects(&self) -> Result<Vec<Suspect>, DbError> {
        let rows = store::list(self.inner.db.read().await?.conn()).await?;
        let known = |(id, reason, admitted): (String, String, i64)| {
            Some(Suspect { id, reason: Suspicion::known(&reason)?, admitted: admitted == 1 })
        };
        Ok(rows.into_iter().filter_map(known).collect())
    }

    /// Admits an answer with the next pass, unless a person has answered by then; returns false if it does not exist,
    /// or was admitted before.
    pub async fn admit(&self, id: &str, actor: &Actor) -> Result<bool, DbError> {
        let mut tx = self.inner.db.begin().await?;
        let there = store::admit(tx.conn(), id).await?;
        if there {
            // No id: an admitted answer must not be found through its audit entry.
            Effects::new().audit(actor, "suspect.admitted", "suspects", None).save(tx.conn(), self.now()).await?;
        }
        tx.commit().await?;
        Ok(there)
    }

    /// Drops a held answer; returns false if it does not exist.
    pub async fn drop_suspect(&self, id: &str, actor: &Actor) -> Result<bool, DbError> {
        let mut tx = self.inner.db.begin().await?;
        let there = store::forget(tx.conn(), &[id]).await? > 0;
        if there {
            Effects::new().audit(actor, "suspect.dropped", "suspects", None).save(tx.conn(), self.now()).await?;
        }
        tx.commit().await?;
        Ok(there)
    }

    /// Runs a pass: admitted answers go into the mix unless a person has used the link, and are removed here either
    /// way; new ones are rewritten, so that their place reveals no order, and are shown from now on.
    pub(super) async fn pass_suspects(&self) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        lock_answers(tx.conn()).await?;
        let rows = store::admitted(tx.conn()).await?;
        if !rows.is_empty() {
            let opened = rows.iter().filter_map(|(_, sealed)| {
                ENVELOPE
                    .open::<KeptAnswer>(&self.inner.vault, sealed)
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
