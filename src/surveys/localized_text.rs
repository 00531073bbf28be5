//! Texts of a page: of its survey, in the language of the conversation or the chosen one.

use crate::clock::Timestamp;
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
}

impl<'a> LocalizedText<'a> {
    /// Texts in one of a version's languages.
    pub fn about(settings: &Settings, version: &'a Version, language: &'a Language, about: &About<'_>) -> Self {
        let words = version.phrases(language);
        let facts = basic(settings)
            .with_some("agent", about.agent.and_then(first_word))
            .with_some("topic", about.topic)
            .with_some("day", about.occurred_at.map(|at| wording::day(words, at)));
        Self { language: Cow::Borrowed(language), words, facts }
    }

    /// Texts if only the browser's preference (`Accept-Language`) is known.
    pub fn unknown(settings: &Settings, accepted: Option<&str>) -> Self {
        let built_in: Vec<Language> = Language::built_in().collect();
        let wanted = accepted.unwrap_or_default().split(',').filter_map(|part| part.split(';').next());
        let found = wanted.filter_map(|tag| Language::choose(tag, built_in.iter())).next().cloned().unwrap_or_default();
        let words = wording::built_in(&found).unwrap_or_else(english);
        Self { language: Cow::Owned(found), words, facts: basic(settings) }
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
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// Name of the agent; only its first word is used.
    pub agent: Option<&'a str>,
    /// Topic of the conversation.
    pub topic: Option<&'a str>,
    /// Time of the conversation.
    pub occurred_at: Option<Timestamp>,
    /// Whether it was a chat rather than a call.
    pub chat: bool,
}

fn basic(settings: &Settings) -> Facts {
    Facts::default()
        .with("company", &settings.company)
        .with("k", settings.k)
        .with("others", settings.k.saturating_sub(1))
}

/// Returns the first word of a name.
fn first_word(name: &str) -> Option<&str> {
    name.split_whitespace().next()
}
