//! Responses: the survey page, linked and apart answers, and the mix for apart ones.
//!
//! - `answers`: linked answers are stored with their interaction; apart ones are sealed records that can't be joined to
//!   it. `answers::external`: answers from a kiosk or a phone keypad.
//! - `mix_pass`: periodic work on answers that are not counted yet. `purge`: deletes marks of links that have closed.
//! - `offer`: the choices of a form, signed. `suspects`: answers of suspected programs, held for review.
//! - `token_ids`: ids that only the token of a link leads to.
//! - `quotes`: comments that may be quoted. `callback_requests`: requests to be contacted, separate from every answer.
//! - `ripe_answers`: answers for releases.
//! - `linked_responses`: linked answers for supervisors. `handoff`: passes linked answers on, once.
//!
//! The rules are those of `docs/anonymity.md`; the ratings feature makes releases.

mod answers;
pub mod api;
mod callback_requests;
mod handoff;
mod linked_responses;
mod mix_pass;
mod offer;
pub mod pages;
mod purge;
mod quotes;
mod ripe_answers;
mod suspects;
mod token_ids;

pub use answers::{
    Answer, AnswerError, ExternalAnswer, ExternalAnswerError, GivenAnswer, LinkState, Linked, Origin, SealedAnswer,
    StoredAnswer, Subject, Written, lock_answers, open_sealed,
};
pub use callback_requests::{
    CallbackError, CallbackRequest, CallbackState, DueCallback, deleted_callbacks, erase_callbacks, forget_callbacks,
};
pub use handoff::{Ripe, Unread, UnreadComment, without_answer};
pub use mix_pass::RELEASE;
pub use offer::Offer;
pub use quotes::{NewQuote, Quote};
pub use ripe_answers::{
    LinkedAnswer, RipeExtra, RipeLinked, RipeSealed, linked_answers, mark_released, remove_released, ripe_extras,
    ripe_linked, ripe_sealed, sealed_answers,
};
pub use suspects::{Suspect, Suspicion};

use crate::clock::{SharedClock, Timestamp};
use crate::database::{Batcher, Db};
use crate::interactions::Interactions;
use crate::invitations::Invitations;
use crate::jobs;
use crate::surveys::{Settings, Surveys};
use crate::vault::Vault;
use std::sync::Arc;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Responses {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: SharedClock,
    vault: Vault,
    surveys: Surveys,
    invitations: Invitations,
    interactions: Interactions,
    lookups: answers::Lookups,
    linked: Batcher<answers::LinkedWrite, answers::WriteResult>,
    apart: Batcher<answers::ApartWrite, answers::WriteResult>,
    hits: suspects::Hits,
}

impl std::fmt::Debug for Responses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Responses")
    }
}

impl Responses {
    /// Creates the service and starts the writers of answers; must be called inside the runtime.
    pub fn new(
        db: Db,
        clock: SharedClock,
        vault: Vault,
        surveys: Surveys,
        invitations: Invitations,
        interactions: Interactions,
    ) -> Self {
        let ripe_at = mix_pass::ripe_at(surveys.settings().edit_for);
        let (linked_db, apart_db, writer_clock) = (db.clone(), db.clone(), Arc::clone(&clock));
        let linked = Batcher::writing(answers::MAX_BATCH, move |items| {
            let (db, now) = (linked_db.clone(), writer_clock.now());
            async move { answers::write_linked(&db, items, ripe_at, now).await }
        });
        let apart = Batcher::writing(answers::MAX_BATCH, move |items| {
            let db = apart_db.clone();
            async move { answers::write_apart(&db, items, ripe_at).await }
        });
        let (lookups, hits) = (answers::start_lookups(db.clone()), suspects::Hits::default());
        Self {
            inner: Arc::new(Inner {
                db,
                clock,
                vault,
                surveys,
                invitations,
                interactions,
                lookups,
                linked,
                apart,
                hits,
            }),
        }
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns the settings of surveys.
    pub fn settings(&self) -> &Settings {
        self.inner.surveys.settings()
    }

    /// Returns the number of mix passes after which an answer is counted.
    pub fn ripe_at(&self) -> i64 {
        mix_pass::ripe_at(self.settings().edit_for)
    }

    /// Returns the kinds of job of this feature.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        vec![mix_pass::job(self), purge::job(self)]
    }
}
