//! Surveys: their questions and texts, their versions, the editor, and the rules that select one for a conversation.
//!
//! - `definition`, `wording`, `localized_text`: questions, texts in every language.
//! - `versions`: a published version never changes, so that the wording of every answer is known.
//! - `editor`: drafts and publication.
//! - `rules`: which survey a conversation gets, if any.
//!
//! Invitations are in [`crate::invitations`], responses in [`crate::responses`]; the rules of anonymity are in
//! `docs/anonymity.md`.

pub mod api;
pub mod definition;
mod editor;
mod localized_text;
pub mod pages;
mod rules;
mod store;
mod versions;
pub mod wording;

pub use definition::{
    Condition, Definition, Item as QuestionItem, Kind as QuestionKind, LARGEST_OPTION, Look, MAX_COMMENT_CHARS,
    MAX_OPTIONS, MAX_QUESTIONS, Missing, Question, QuestionTexts, Role, Texts, Value, accepted_values, chosen,
    cleaned_text,
};
pub use editor::{Draft, EditError, Listed, Published, PublishedVersion, kind_in_words};
pub use localized_text::{About, LocalizedText};
pub use rules::{
    About as Conversation, Chosen, Limits, Names, NotChosen, Rule, RuleError, Rules, Verdict, in_words as rule_in_words,
};
pub use versions::{Further, Version};
pub use wording::{Facts, Language, Phrases, contrast, english, fill};

use crate::clock::{SharedClock, Timestamp, Zone};
use crate::config::{self, Choice, Choices, Preset};
use crate::database::Db;
use crate::vault::Vault;
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
    /// Time after its end in which an interaction can still be surveyed; `None`: no limit.
    pub max_age: Option<Duration>,
    /// Maximum time that a final interaction without an address waits for one.
    pub address_wait: Duration,
    /// Time after which customers with an open survey are reminded; `None`: no reminders.
    pub remind_after: Option<Duration>,
    /// Choices that the page offers.
    pub choices: Choices,
    /// Preselected choice, if the page offers both and the deployment configures one.
    pub preset: Option<Choice>,
    /// Minimum batch size of a release.
    pub k: u32,
    /// Tags that customers may read as a topic.
    pub customer_tags: Vec<String>,
    /// Time zone of the company.
    pub zone: Zone,
}

impl Settings {
    /// Reads the settings from their sections of the configuration.
    pub fn new(
        survey: &config::Survey,
        anonymity: &config::Anonymity,
        company: &config::Company,
        public_url: String,
    ) -> Self {
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
            max_age: Some(survey.max_age.0).filter(|age| !age.is_zero()),
            address_wait: survey.address_wait.0,
            choices: survey.choices,
            preset,
            // The configuration refuses less than three; so do the settings.
            k: anonymity.k.max(3),
            customer_tags: survey.customer_tags.clone(),
            zone: company.time_zone.clone(),
        }
    }

    /// Returns the first of these tags that customers may read, as the configuration spells it.
    pub fn customer_tag<'s>(&'s self, tags: &[String]) -> Option<&'s str> {
        let is = |allowed: &str, tag: &str| allowed.to_lowercase() == tag.trim().to_lowercase();
        tags.iter().find_map(|tag| self.customer_tags.iter().find(|allowed| is(allowed, tag))).map(String::as_str)
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
    versions: Versions,
    limits: rules::LimitsCache,
}

impl std::fmt::Debug for Surveys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Surveys")
    }
}

impl Surveys {
    /// Creates the service.
    pub fn new(db: Db, clock: SharedClock, vault: Vault, settings: Settings) -> Self {
        let (versions, limits) = (Versions::default(), rules::LimitsCache::default());
        Self { inner: Arc::new(Inner { db, clock, vault, settings, versions, limits }) }
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }
}
