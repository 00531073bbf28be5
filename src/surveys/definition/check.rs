//! Checks whether a definition can be published.

use super::{Definition, Item, Kind, Role, Texts};
use crate::surveys::wording::{self, Language, contrast};
use std::collections::HashSet;

/// Maximum number of questions of a survey: keeps the survey short and its page small.
pub const MAX_QUESTIONS: usize = 12;
/// Maximum number of options of a question.
pub const MAX_OPTIONS: usize = 12;
/// Largest number of an option: a set of options is stored in the bits of one number.
pub const LARGEST_OPTION: u8 = 62;
/// Maximum number of characters of a label, a heading or an option.
const MAX_LABEL_CHARS: usize = 200;
/// Maximum number of characters of an introduction or one of the page's phrases.
const MAX_PHRASE_CHARS: usize = 600;

/// Reasons that a definition can't be published; each names the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// No questions, or too many.
    #[error("a survey has 1 to {MAX_QUESTIONS} questions, this one has {0}")]
    HowMany(usize),
    /// No anchor question: none is required and always shown.
    #[error("one question that is always shown, and is no text, must be required: an answer is known by it")]
    NoAnchor,
    /// A number that is used twice.
    #[error("question {0} exists twice")]
    Twice(u16),
    /// A role that does not fit the kind, or is used twice.
    #[error("question {0} can't be {1}")]
    Role(u16, &'static str),
    /// Missing, too many or repeated options.
    #[error("question {0} needs 2 to {MAX_OPTIONS} different options")]
    Options(u16),
    /// A condition on a question that does not precede this one.
    #[error(
        "question {0} is shown by an answer to a question that does not stand before it, or by an answer that question does not have"
    )]
    Condition(u16),
    /// A text that is missing or too long.
    #[error("{language}: {what}")]
    Text {
        /// Language of the text.
        language: Language,
        /// Name of the text.
        what: String,
    },
    /// The default language has no texts.
    #[error("the default language {0} has no texts")]
    NoDefault(Language),
    /// A colour that is not `#rrggbb`, or has too little contrast.
    #[error("{0}")]
    Colour(String),
}

impl Definition {
    /// Returns all problems; empty if it can be published.
    pub fn check(&self) -> Vec<DefinitionError> {
        let mut wrong = Vec::new();
        if self.questions.is_empty() || self.questions.len() > MAX_QUESTIONS {
            wrong.push(DefinitionError::HowMany(self.questions.len()));
        }
        if self.anchor().is_none() {
            wrong.push(DefinitionError::NoAnchor);
        }
        let (mut numbers, mut roles) = (HashSet::new(), HashSet::new());
        for (place, item) in self.questions.iter().enumerate() {
            if !numbers.insert(item.number) {
                wrong.push(DefinitionError::Twice(item.number));
            }
            if let Some((role, what)) = item.role.map(|role| (role, role.in_words()))
                && (role.kind() != item.kind || !roles.insert(role))
            {
                wrong.push(DefinitionError::Role(item.number, what));
            }
            if !item.has_good_options() {
                wrong.push(DefinitionError::Options(item.number));
            }
            if !self.can_be_shown(item, place) {
                wrong.push(DefinitionError::Condition(item.number));
            }
        }
        if !self.texts.contains_key(&self.default_language) {
            wrong.push(DefinitionError::NoDefault(self.default_language.clone()));
        }
        for (language, texts) in &self.texts {
            let missing = self.lacking(language, texts);
            wrong.extend(missing.into_iter().map(|what| DefinitionError::Text { language: language.clone(), what }));
        }
        wrong.extend(
            self.look
                .colours()
                .filter_map(|(colour, ground)| contrast::objection(colour, ground))
                .map(DefinitionError::Colour),
        );
        wrong
    }

    fn can_be_shown(&self, item: &Item, place: usize) -> bool {
        let Some(condition) = &item.shown_if else { return true };
        let before = self.questions[..place].iter().find(|other| other.number == condition.question);
        before.is_some_and(|other| {
            let values = other.values();
            !condition.one_of.is_empty() && condition.one_of.iter().all(|value| values.contains(value))
        })
    }

    fn lacking(&self, language: &Language, texts: &Texts) -> Vec<String> {
        let mut lacking = Vec::new();
        let mut look = |what: &str, text: &str, most: usize, needed: bool| {
            if needed && text.trim().is_empty() {
                lacking.push(format!("{what} is missing"));
            } else if text.chars().count() > most {
                lacking.push(format!("{what} has more than {most} characters"));
            } else if let Err(why) = wording::check_pattern(text) {
                lacking.push(format!("{what}: {why}"));
            }
        };
        look("the heading after a call", &texts.title_call, MAX_LABEL_CHARS, true);
        look("the heading after a chat", &texts.title_chat, MAX_LABEL_CHARS, true);
        look("the introduction", &texts.intro, MAX_PHRASE_CHARS, false);
        look("the thanks", &texts.thanks, MAX_LABEL_CHARS, false);
        for (place, item) in self.questions.iter().enumerate() {
            let found = texts.questions.get(&item.number);
            look(&format!("question {}", place + 1), found.map_or("", |texts| &texts.label), MAX_LABEL_CHARS, true);
            for value in item.worded() {
                let text = found.and_then(|texts| texts.values.get(&value)).map_or("", String::as_str);
                look(&format!("question {}, the words for {value}", place + 1), text, MAX_LABEL_CHARS, true);
            }
        }
        for (name, text) in &texts.phrases {
            look(&format!("the phrase {name}"), text, MAX_PHRASE_CHARS, false);
        }
        lacking.extend(wording::unknown_phrases(&texts.phrases).map(|name| format!("there is no phrase {name}")));
        if !language.is_built_in() {
            let missing = wording::missing_phrases(&texts.phrases).count();
            if missing > 0 {
                lacking.push(format!(
                    "{missing} of the page's own phrases are missing, and this language is not built in"
                ));
            }
        }
        lacking
    }
}

impl Role {
    /// Returns the kind of question that can have this role.
    pub fn kind(self) -> Kind {
        match self {
            Self::Score => Kind::Csat,
            Self::Resolved => Kind::YesNo,
            Self::Comment => Kind::Text,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Score => "the rating: that is one question of the kind CSAT",
            Self::Resolved => "“was it resolved”: that is one yes/no question",
            Self::Comment => "the comment: that is one text question",
        }
    }
}

impl Item {
    fn has_good_options(&self) -> bool {
        let different: HashSet<_> = self.options.iter().collect();
        match self.kind {
            Kind::OneOf | Kind::ManyOf => {
                (2..=MAX_OPTIONS).contains(&self.options.len())
                    && different.len() == self.options.len()
                    && self.options.iter().all(|option| *option <= LARGEST_OPTION)
            }
            _ => self.options.is_empty(),
        }
    }
}
