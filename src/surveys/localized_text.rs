//! Texts of a page: of its survey, in the language of the conversation or the chosen one.

use crate::clock::{Timestamp, Zone};
use crate::surveys::definition::Texts;
use crate::surveys::wording::{self, Facts, Language, Phrases, english, fill};
use crate::surveys::{Settings, Version};
use std::borrow::Cow;

/// Texts of a page, with the values of their placeholders.
pub struct LocalizedText<'a> {
    /// Language of the texts.
    pub language: Cow<'a, Language>,
    /// Built-in phrases in this language.
    pub words: &'a Phrases,
    facts: Facts,
    zone: Zone,
}

impl<'a> LocalizedText<'a> {
    /// Texts in one of a version's languages.
    pub fn about(settings: &Settings, version: &'a Version, language: &'a Language, about: &About<'_>) -> Self {
        let words = version.phrases(language);
        let zone = about.utc_offset.map_or_else(|| settings.zone.clone(), Zone::with_offset);
        let facts = basic(settings)
            .with_some("agent", about.agent.as_deref())
            .with_some("topic", about.topic)
            .with_some("day", about.occurred_at.map(|at| wording::day(words, &zone, at)));
        Self { language: Cow::Borrowed(language), words, facts, zone }
    }

    /// Texts if only the browser's preference (`Accept-Language`) is known.
    pub fn unknown(settings: &Settings, accepted: Option<&str>) -> Self {
        let built_in: Vec<Language> = Language::built_in().collect();
        let found = Language::choose(accepted.unwrap_or_default(), built_in.iter()).cloned().unwrap_or_default();
        let words = wording::built_in(&found).unwrap_or_else(english);
        Self { language: Cow::Owned(found), words, facts: basic(settings), zone: settings.zone.clone() }
    }

    /// Returns a day in this language, in the customer's time zone as far as it is known.
    pub fn day(&self, at: Timestamp) -> String {
        wording::day(self.words, &self.zone, at)
    }

    /// Returns a pattern with its placeholders filled in.
    pub fn say(&self, pattern: &str) -> String {
        fill(pattern, &self.facts)
    }

    /// Returns the values of the placeholders.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Returns the survey's own texts in this language.
    pub fn texts(&self, version: &'a Version) -> Option<&'a Texts> {
        version.definition.texts_in(&self.language)
    }
}

/// Facts of a conversation.
#[derive(Debug, Clone, Default)]
pub struct About<'a> {
    /// Name of the agent for customers, as [`crate::masking::customer_text::agent_name`] returns it.
    pub agent: Option<String>,
    /// Topic of the conversation.
    pub topic: Option<&'a str>,
    /// Time of the conversation.
    pub occurred_at: Option<Timestamp>,
    /// Offset from UTC that was sent with its time, in minutes east; `None`: that of the company's zone.
    pub utc_offset: Option<i64>,
    /// Whether it was a chat rather than a call.
    pub chat: bool,
}

fn basic(settings: &Settings) -> Facts {
    Facts::default()
        .with("company", &settings.company)
        .with("k", settings.k)
        .with("others", settings.k.saturating_sub(1))
}
