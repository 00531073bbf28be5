//! Definition of a survey: its questions, their conditions, its texts in every language, its look. A version is such a
//! definition, kept permanently, so that the wording of an answered question is always known.
//!
//! Stored as JSON in `survey_versions`. Numbers of questions and options are never reused within a survey, so that
//! figures of several versions can be summed.

mod check;
mod question;
mod standard;
mod value;

pub use check::{DefinitionError, LARGEST_OPTION, MAX_OPTIONS, MAX_QUESTIONS};
pub use question::{Kind, Question};
pub use standard::{STANDARD, STANDARD_SURVEY};
pub use value::{MAX_COMMENT_CHARS, Missing, Value, accepted_values, chosen, cleaned_text};

use super::wording::{Language, contrast};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Questions, texts and look of a survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// In the order of the page; 1 to [`MAX_QUESTIONS`].
    pub questions: Vec<Item>,
    /// Texts by language; those of the default language are complete.
    pub texts: BTreeMap<Language, Texts>,
    /// Language for customers whose language the survey lacks.
    pub default_language: Language,
    /// Logo and colours.
    #[serde(default)]
    pub look: Look,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Number within the survey, 1 to 999; never reused for another question in any version.
    pub number: u16,
    /// Figures that the answers feed beside the survey's own results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Kind of answer.
    pub kind: Kind,
    /// Whether it must be answered when it is shown.
    #[serde(default)]
    pub required: bool,
    /// Condition for being shown; always shown if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_if: Option<Condition>,
    /// One of, many of: numbers of the options (0 to 62, never reused), in the order of the page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<u8>,
}

/// Figures that an answer feeds beside the survey's own results. A survey has each role at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Rating of agents and teams; a CSAT question.
    Score,
    /// Resolution; a yes/no question.
    Resolved,
    /// Comment that supervisors read beside the recording; a text question.
    Comment,
}

/// Condition for showing a question: the answer to a preceding one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Number of the other question.
    pub question: u16,
    /// Answers that show the question (CSAT 1-5, NPS 0-10, CES 1-7, yes/no 1 and 0, options by number; many of: if one
    /// of them is chosen).
    pub one_of: Vec<i64>,
}

/// Logo and colours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Colour of buttons and links in light mode, `#rrggbb`; contrast of at least 4.5:1 on the page's background. The
    /// built-in colour if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// Colour of buttons and links in dark mode, on the dark background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent_dark: Option<String>,
    /// SHA-256 of the logo's file in hex, served at `/logos/{sha256}`; the company's name is shown if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

/// Texts of a survey in one language.
///
/// Texts may hold `{agent}` (first name), `{topic}`, `{company}`, `{day}`. A part in square brackets is left out if its
/// placeholder has no value: `How was your call[ with {agent}]?`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// Heading after a call.
    pub title_call: String,
    /// Heading after a chat.
    pub title_chat: String,
    /// Text below the heading; may be empty.
    #[serde(default)]
    pub intro: String,
    /// Heading after answering.
    #[serde(default)]
    pub thanks: String,
    /// Texts of the questions, by question number.
    #[serde(default)]
    pub questions: BTreeMap<u16, QuestionTexts>,
    /// Phrases of the page (`send`, `choice_linked`, …) that differ from the built-in ones, or whose language is not
    /// built in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phrases: BTreeMap<String, String>,
}

/// Texts of a question in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionTexts {
    /// Text of the question.
    pub label: String,
    /// Labels by number or option: CSAT all five, NPS and CES the two ends, yes/no 1 and 0, every option.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<i64, String>,
}

impl Definition {
    /// Returns the anchor question: the first one that is required and always shown. [`Definition::check`] ensures that
    /// there is one.
    pub fn anchor(&self) -> Option<&Item> {
        self.questions.iter().find(|item| item.is_anchor())
    }

    /// Returns the question with this number.
    pub fn item(&self, number: u16) -> Option<&Item> {
        self.questions.iter().find(|item| item.number == number)
    }

    /// Returns the question with this role.
    pub fn with_role(&self, role: Role) -> Option<&Item> {
        self.questions.iter().find(|item| item.role == Some(role))
    }

    /// Returns the texts of a language, or those of the default language.
    pub fn texts_in(&self, language: &Language) -> Option<&Texts> {
        self.texts.get(language).or_else(|| self.texts.get(&self.default_language))
    }
}

impl Item {
    /// Returns the question's identity in pools, releases and figures. `survey`: id of the survey.
    pub fn question(&self, survey: &str) -> Question {
        match self.role {
            Some(Role::Score) => Question::Score,
            Some(Role::Resolved) => Question::Resolved,
            Some(Role::Comment) => Question::Comment,
            None => Question::further(self.kind, survey, self.number),
        }
    }

    fn is_anchor(&self) -> bool {
        self.required && self.shown_if.is_none() && self.kind != Kind::Text
    }

    /// Returns the numbers that an answer can have; a many-of answer is a set of them. Empty for texts.
    pub fn values(&self) -> Vec<i64> {
        match self.kind {
            Kind::Csat => (1..=5).collect(),
            Kind::Nps => (0..=10).collect(),
            Kind::Ces => (1..=7).collect(),
            Kind::YesNo => vec![1, 0],
            Kind::OneOf | Kind::ManyOf => self.options.iter().copied().map(i64::from).collect(),
            Kind::Text => Vec::new(),
        }
    }

    /// Returns the numbers that need labels: all, but only the ends for NPS and CES.
    pub fn worded(&self) -> Vec<i64> {
        match self.kind {
            Kind::Nps => vec![0, 10],
            Kind::Ces => vec![1, 7],
            _ => self.values(),
        }
    }
}

impl Look {
    /// Returns each colour with its background.
    pub fn colours(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let light = self.accent.as_deref().map(|colour| (colour, contrast::PAPER));
        let dark = self.accent_dark.as_deref().map(|colour| (colour, contrast::SLATE));
        light.into_iter().chain(dark)
    }
}
