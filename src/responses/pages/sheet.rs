//! Questions of a survey, as its page shows them.

use super::form::{Filled, Problem, field};
use crate::surveys::{
    Facts, MAX_COMMENT_CHARS, Phrases, QuestionItem as Item, QuestionKind as Kind, QuestionTexts, Texts, Version, fill,
};

/// A question.
pub(super) struct QuestionView {
    /// Id of its HTML elements.
    pub id: String,
    pub field: String,
    pub kind: &'static str,
    pub label: String,
    /// Whether it is required and always shown: the browser may enforce it.
    pub required: bool,
    pub optional: bool,
    /// Class that shows it, if it depends on a preceding answer.
    pub slot: Option<usize>,
    pub options: Vec<OptionView>,
    /// Labels of the ends of a scale whose numbers have no labels.
    pub ends: Option<(String, String)>,
    pub text: String,
    pub longest: usize,
    pub error: Option<String>,
}

/// An answer option.
pub(super) struct OptionView {
    pub value: String,
    /// Number on a scale.
    pub number: i64,
    pub word: String,
    pub checked: bool,
    /// Classes of the follow-up questions that it shows.
    pub opens: String,
}

/// Returns the questions of a version, with the entered values.
pub(super) fn questions(
    version: &Version,
    texts: &Texts,
    phrases: &Phrases,
    facts: &Facts,
    filled: &Filled,
    problem: Option<&Problem>,
) -> Vec<QuestionView> {
    let empty = QuestionTexts::default();
    let view = |item: &Item| {
        let words = texts.questions.get(&item.number).unwrap_or(&empty);
        let said = |value: i64| words.values.get(&value).map(|text| fill(text, facts)).unwrap_or_default();
        let scale = matches!(item.kind, Kind::Nps | Kind::Ces);
        let option = |value: i64| OptionView {
            value: item.kind.word(value),
            number: value,
            word: if scale { String::new() } else { said(value) },
            checked: filled.has(item.number, value),
            opens: opens(version, item, value),
        };
        let values = item.values();
        QuestionView {
            id: format!("f{}", item.number),
            field: field(item),
            kind: item.kind.code(),
            label: fill(&words.label, facts),
            required: item.required && item.shown_if.is_none(),
            optional: !item.required && item.kind == Kind::Text,
            slot: item.shown_if.as_ref().and_then(|_| slot(version, item.number)),
            ends: scale.then(|| (said(item.worded()[0]), said(item.worded()[1]))),
            options: values.into_iter().map(option).collect(),
            text: filled.text(item.number).to_owned(),
            longest: MAX_COMMENT_CHARS,
            error: match problem {
                Some(Problem::Missing(number)) if *number == item.number => Some(phrases.answer_this.clone()),
                Some(Problem::Long(number)) if *number == item.number => {
                    Some(fill(&phrases.shorten, &Facts::default().with("n", MAX_COMMENT_CHARS)))
                }
                _ => None,
            },
        }
    };
    version.definition.questions.iter().map(view).collect()
}

/// Returns the class that shows a follow-up question: its place on the page, 1 to 12 (see `survey.css`).
fn slot(version: &Version, number: u16) -> Option<usize> {
    version.definition.questions.iter().position(|item| item.number == number).map(|place| place + 1)
}

fn opens(version: &Version, item: &Item, value: i64) -> String {
    let mut classes = Vec::new();
    for (place, other) in version.definition.questions.iter().enumerate() {
        if other.shown_if.as_ref().is_some_and(|when| when.question == item.number && when.one_of.contains(&value)) {
            classes.push(format!("o{}", place + 1));
        }
    }
    classes.join(" ")
}
