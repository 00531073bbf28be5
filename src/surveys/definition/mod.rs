//! What a survey is: its questions, when each is shown, its texts in every language, its look. A version is such a
//! definition, kept for good: an answer always knows the wording that it answered.
//!
//! Stored as JSON in `survey_versions`. Numbers of questions and options are never used for anything else within a survey,
//! so that figures of several versions may be summed.

mod check;
mod question;
mod standard;

pub use check::{DefinitionError, LARGEST_OPTION, MAX_OPTIONS, MAX_QUESTIONS};
pub use question::{Kind, Question};
pub use standard::{STANDARD, STANDARD_SURVEY};

use super::wording::{Language, contrast};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A survey's questions, texts and look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// In the order of the page; 1 to [`MAX_QUESTIONS`].
    pub questions: Vec<Item>,
    /// The texts of each language; the default language's are complete.
    pub texts: BTreeMap<Language, Texts>,
    /// What somebody gets whose language there is not.
    pub default_language: Language,
    /// Logo and colour.
    #[serde(default)]
    pub look: Look,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its number within the survey, 1 to 999; never used for another question, whatever the version.
    pub number: u16,
    /// What it feeds beside the survey's own results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What is asked for.
    pub kind: Kind,
    /// Must it be answered (where it is shown)?
    #[serde(default)]
    pub required: bool,
    /// Only shown when this holds; always where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_if: Option<Condition>,
    /// One of, many of: the options' numbers (0 to 62, never used again for another), in the order of the page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<u8>,
}

/// What an answer feeds beside the survey's own results. A survey has each role once at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The rating of agents and teams; a CSAT question.
    Score,
    /// Was it resolved? A yes/no question.
    Resolved,
    /// The comment that supervisors read beside the recording; a text question.
    Comment,
}

/// When a follow-up question is shown: by the answer to one that stands before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The other question's number.
    pub question: u16,
    /// Shown when its answer is one of these (CSAT 1-5, NPS 0-10, CES 1-7, yes/no 1 and 0, options by number; many of: when one of them
    /// is chosen).
    pub one_of: Vec<i64>,
}

/// Logo and colour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Buttons and links in light mode, `#rrggbb`; at least 4.5:1 on the page's paper. Absent: ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// The same in dark mode, on slate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent_dark: Option<String>,
    /// The logo's file (SHA-256 of it, hex), served at `/logos/{sha256}`; absent: the company's name stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

/// A survey's texts in one language.
///
/// Texts may hold `{agent}` (first name), `{topic}`, `{company}`, `{day}`. A part in square brackets is left out where what it names is
/// not known: `How was your call[ with {agent}]?`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// The heading after a call.
    pub title_call: String,
    /// The heading after a chat.
    pub title_chat: String,
    /// Below the heading; may be empty.
    #[serde(default)]
    pub intro: String,
    /// The heading after answering.
    #[serde(default)]
    pub thanks: String,
    /// By the questions' numbers.
    #[serde(default)]
    pub questions: BTreeMap<u16, QuestionTexts>,
    /// The page's own words (`send`, `choice_linked`, …) where they differ from the built-in ones, or where the language is not built in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phrases: BTreeMap<String, String>,
}

/// A question's texts in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionTexts {
    /// The question.
    pub label: String,
    /// The words of each number or option, by number: CSAT all five, NPS and CES the two ends, yes/no 1 and 0, options each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<i64, String>,
}

impl Definition {
    /// The question that every answer answers: the first that is required and always shown. [`Definition::check`] makes sure that there is
    /// one.
    pub fn anchor(&self) -> Option<&Item> {
        self.questions.iter().find(|item| item.is_anchor())
    }

    /// The question with this number.
    pub fn item(&self, number: u16) -> Option<&Item> {
        self.questions.iter().find(|item| item.number == number)
    }

    /// The question with this role.
    pub fn with_role(&self, role: Role) -> Option<&Item> {
        self.questions.iter().find(|item| item.role == Some(role))
    }

    /// The texts of a language, else those of the default one.
    pub fn texts_in(&self, language: &Language) -> Option<&Texts> {
        self.texts.get(language).or_else(|| self.texts.get(&self.default_language))
    }
}

impl Item {
    /// How answers to it are known in pools, releases and figures. `survey`: the survey's id.
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

    /// The numbers that an answer can have; a many-of answer is a set of them. Nothing for texts.
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

    /// The numbers that need words: all, but of NPS and CES the ends.
    pub fn worded(&self) -> Vec<i64> {
        match self.kind {
            Kind::Nps => vec![0, 10],
            Kind::Ces => vec![1, 7],
            _ => self.values(),
        }
    }
}

impl Look {
    /// Each colour with the ground it stands on.
    pub fn colours(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let light = self.accent.as_deref().map(|colour| (colour, contrast::PAPER));
        let dark = self.accent_dark.as_deref().map(|colour| (colour, contrast::SLATE));
        light.into_iter().chain(dark)
    }
}
