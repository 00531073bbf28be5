//! Surveys: decision, invitation, answers, and the mix for apart answers.
//!
//! - `definition`, `wording`, `versions`: questions and texts; the version of an answer is always known.
//! - `decide`: surveys a settled interaction, or records the reason for skipping it.
//! - `invitation`: writes the mail when it is sent, with a token of which only the hash is stored.
//! - `answers`: linked answers are stored with their interaction; apart ones are sealed records that can't be joined to
//!   it.
//! - `mix_pass`, `closing`: periodic work.
//! - `suspects`: answers of suspected programs, held for review. `offer`: the choices of a form, signed.
//! - `suppressions`: addresses that are never surveyed; `returned`: bounced mail.
//! - `skipped`: interactions that were not surveyed, by agent.
//! - `callback_requests`: requests to be contacted, separate from every answer. `handoff`: passes linked answers on,
//!   once.
//!
//! The rules are those of `docs/anonymity.md`; the ratings feature makes releases.

mod address;
mod answers;
pub mod api;
mod callback_requests;
mod closing;
mod decide;
pub mod definition;
mod editor;
mod erasure;
mod handoff;
mod invitation;
mod letter;
mod linked_ratings;
mod localized_text;
mod mix_pass;
mod offer;
pub mod pages;
mod quotes;
mod reasons;
mod reminder;
mod returned;
mod rules;
mod skipped;
mod store;
mod suppressions;
mod suspects;
mod token;
mod versions;
pub mod wording;

pub use answers::{
    Answer, AnswerError, ExternalAnswer, ExternalAnswerError, GivenAnswer, Invited, LinkState, Linked,
    MAX_COMMENT_CHARS, Origin, SealedAnswer, StoredAnswer, Subject, Value, Written, lock_answers, open_sealed,
};
pub use definition::{
    Item as QuestionItem, Kind as QuestionKind, LARGEST_OPTION, MAX_OPTIONS, MAX_QUESTIONS, Question,
};

pub use callback_requests::{
    CallbackError, CallbackRequest, CallbackState, DueCallback, deleted_callbacks, erase_callbacks, forget_callbacks,
};
pub use decide::Decision;
pub use editor::{Draft, EditError, Listed, Published, PublishedVersion, kind_in_words};
pub use erasure::{ErasureSubject, Traces, erase_address, forget_mails};
pub use handoff::{Ripe, Unread, UnreadComment, without_answer};
pub use invitation::INVITATION;
pub use localized_text::About;
pub use mix_pass::RELEASE;
pub use offer::Offer;
pub use quotes::{NewQuote, Quote};
pub use reasons::SkipReason;
pub use reminder::REMINDER;
pub use rules::{About as Conversation, Names, Rule, RuleError, Rules, Spans, Verdict, in_words as rule_in_words};
pub use skipped::{AgentSkips, ForReason as SkippedFor, IN_HAND, SkipReport, Span as SkipSpan, to_csv as skips_to_csv};
pub use suppressions::{Suppression, SuppressionError};
pub use suspects::{Suspect, Suspicion};
pub use token::Token;
pub use versions::{Further, Version};
pub use wording::Language;

use crate::access::Principal;
use crate::access::principal::Visible;
use crate::access::rights::{Right, SeeResponses};
use crate::audit;
use crate::clock::{SharedClock, Timestamp};
use crate::config::{self, Choice, Choices, Preset};
use crate::database::{Batcher, Db, DbError};
use crate::ids::InteractionId;
use crate::interactions::{Filter, Interaction, Interactions};
use crate::jobs;
use crate::mail::Mail;
use crate::paging::{Cursor, Page};
use crate::vault::Vault;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use versions::Versions;

/// Settings of surveys.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Company name, as customers know it.
    pub company: String,
    /// Scheme, host and port of every link; without a trailing slash.
    pub public_url: String,
    /// Time after a survey in which the customer is not surveyed again.
    pub quiet_period: Duration,
    /// Time for which a link can be answered.
    pub expires_after: Duration,
    /// Time for which an answer can be changed.
    pub edit_for: Duration,
    /// Minimum time between mail and answer: a faster answer is taken for a program's.
    pub too_fast: Duration,
    /// Minimum talk time: answered calls with less are not surveyed.
    pub min_talk: Duration,
    /// Time after which customers with an open survey are reminded; `None`: no reminders.
    pub remind_after: Option<Duration>,
    /// Choices that the page offers.
    pub choices: Choices,
    /// Preselected choice, if the page offers both and the deployment configures one.
    pub preset: Option<Choice>,
    /// Minimum batch size of a release.
    pub k: u32,
}

impl Settings {
    /// Reads the settings from their sections of the configuration.
    pub fn new(survey: &config::Survey, anonymity: &config::Anonymity, public_url: String) -> Self {
        let preset = match survey.preset {
            Preset::Linked if survey.choices == Choices::Both => Some(Choice::Linked),
            Preset::Apart if survey.choices == Choices::Both => Some(Choice::Apart),
            _ => None,
        };
        Self {
            company: survey.company.clone(),
            public_url,
            quiet_period: survey.quiet_period.0,
            expires_after: survey.expires_after.0,
            edit_for: survey.edit_for.0,
            too_fast: survey.too_fast.0,
            remind_after: Some(survey.reminder_after.0).filter(|after| !after.is_zero()),
            min_talk: survey.min_talk.0,
            choices: survey.choices,
            preset,
            // The configuration refuses less than three; so do the settings.
            k: anonymity.k.max(3),
        }
    }
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Surveys {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: SharedClock,
    vault: Vault,
    settings: Settings,
    interactions: Interactions,
    mail: Mail,
    versions: Versions,
    lookups: answers::Lookups,
    linked: Batcher<answers::LinkedWrite, answers::WriteResult>,
    apart: Batcher<answers::ApartWrite, answers::WriteResult>,
    hits: suspects::Hits,
    longest: rules::Longest,
}

impl std::fmt::Debug for Surveys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Surveys")
    }
}

impl Surveys {
    /// Creates the service and starts the writers of answers; must be called inside the runtime. Registers the composer
    /// of invitations with `mail`.
    pub fn new(
        db: Db,
        clock: SharedClock,
        vault: Vault,
        settings: Settings,
        interactions: Interactions,
        mail: Mail,
    ) -> Self {
        let versions = Versions::default();
        let first = invitation::Composer::new(db.clone(), vault.clone(), settings.clone(), versions.clone());
        let first = Arc::new(first);
        mail.register(INVITATION, Arc::<invitation::Composer>::clone(&first));
        let (own_db, own_vault) = (db.clone(), vault.clone());
        let reminders = reminder::Composer::new(own_db, own_vault, settings.clone(), versions.clone(), first);
        mail.register(REMINDER, Arc::new(reminders));
        let ripe_at = mix_pass::ripe_at(settings.edit_for);
        let (linked_db, apart_db, writer_clock) = (db.clone(), db.clone(), Arc::clone(&clock));
        let linked = Batcher::start(answers::MAX_BATCH, move |items| {
            let (db, now) = (linked_db.clone(), writer_clock.now());
            async move { answers::write_linked(&db, items, ripe_at, now).await }
        });
        let apart = Batcher::start(answers::MAX_BATCH, move |items| {
            let db = apart_db.clone();
            async move { answers::write_apart(&db, items, ripe_at).await }
        });
        let lookups = answers::start_lookups(db.clone());
        Self {
            inner: Arc::new(Inner {
                db,
                clock,
                vault,
                settings,
                interactions,
                mail,
                versions,
                lookups,
                linked,
                apart,
                hits: suspects::Hits::default(),
                longest: rules::Longest::default(),
            }),
        }
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Returns the number of mix passes after which an answer is counted.
    pub fn ripe_at(&self) -> i64 {
        mix_pass::ripe_at(self.inner.settings.edit_for)
    }

    /// Returns the kinds of job of this feature.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        vec![decide::job(self), mix_pass::job(self), closing::job(self), reminder::job(self)]
    }

    /// Returns the linked answer of an interaction if `who` may see it: only supervisors of its team.
    pub async fn linked_response(&self, who: &Principal, id: &InteractionId) -> Result<Option<Linked>, DbError> {
        if !SeeResponses::has(who) || self.inner.interactions.find(&who.visible(), id).await?.is_none() {
            return Ok(None);
        }
        answers::linked(self.inner.db.read().await?.conn(), id).await
    }

    /// Returns the answers to further questions, in the wording of their version; for a caller that was shown the
    /// answer.
    pub async fn further_answers(&self, id: &InteractionId, linked: &Linked) -> Result<Vec<Further>, DbError> {
        let extras = answers::extras(self.inner.db.read().await?.conn(), id).await?;
        if extras.is_empty() {
            return Ok(Vec::new());
        }
        let version = self.version(&linked.survey).await?;
        let values: HashMap<Question, Value> = extras.into_iter().filter_map(answers::Extra::value).collect();
        Ok(version.in_words(&values, &self.inner.settings.company))
    }

    /// Records in the audit log that someone who may see a linked answer looked for one: whether or not there is one,
    /// since the entry would otherwise reveal its existence.
    pub async fn note_look(&self, who: &Principal, id: &InteractionId) -> Result<(), DbError> {
        if !SeeResponses::has(who) || self.inner.interactions.find(&who.visible(), id).await?.is_none() {
            return Ok(());
        }
        audit::look(&self.inner.db, who, "response.viewed", &format!("interaction:{id}"), self.now()).await
    }

    /// Returns the survey states of these interactions, newest first. Never whether they were answered.
    pub async fn invitations(
        &self,
        visible: &Visible,
        filter: &Filter,
        from: &Cursor,
        size: usize,
    ) -> Result<Page<Interaction>, DbError> {
        self.inner.interactions.list(visible, filter, from, size).await
    }
}

/// Returns the chosen values of an answered number: the options in the set for a many-of question, otherwise the number
/// itself.
pub fn chosen(kind: QuestionKind, number: i64) -> Vec<i64> {
    answers::chosen(kind, number)
}
