//! Answer to one question, and whether a survey accepts it.

use super::{Item, Kind, Question};
use crate::surveys::Version;
use std::collections::BTreeMap;

/// Maximum number of characters of a comment.
pub const MAX_COMMENT_CHARS: usize = 5000;

/// Answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Value {
    /// CSAT 1-5, NPS 0-10, CES 1-7, yes/no 1 and 0, one of: the option's number; many of: a set of options, option n as bit n.
    Number(i64),
    /// Text in the customer's words; never empty.
    Text(String),
}

impl Value {
    /// Returns the number, if it is one.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }

    /// Returns the text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Number(_) => None,
            Self::Text(text) => Some(text),
        }
    }
}

/// Returns a customer's text with each line end as one character (as browsers count) and without control characters:
/// PostgreSQL does not store NUL, and escaped in JSON they would make a record longer than any text.
pub fn cleaned_text(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// Returns the options of a many-of answer, or the single number of another kind.
pub fn chosen(kind: Kind, number: i64) -> Vec<i64> {
    match kind {
        Kind::ManyOf => (0..63).filter(|bit| number >> bit & 1 == 1).collect(),
        _ => vec![number],
    }
}

/// A question that is not answered as required.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("question {number} {}", if *odd { "has an answer that it does not have" } else { "must be answered" })]
pub struct Missing {
    /// Number of the question in the survey.
    pub number: u16,
    /// Whether it was answered, but with an invalid value.
    pub odd: bool,
}

/// Returns the values to keep: answers to questions that are shown. Values of a question that another answer has hidden
/// since are left out.
pub fn accepted_values(
    version: &Version,
    mut given: BTreeMap<Question, Value>,
) -> Result<BTreeMap<Question, Value>, Missing> {
    let mut kept: BTreeMap<Question, Value> = BTreeMap::new();
    let mut shown: BTreeMap<u16, Vec<i64>> = BTreeMap::new();
    for (item, question) in version.questions() {
        if !is_shown(item, &shown) {
            continue;
        }
        match given.remove(&question) {
            None if item.required => return Err(Missing { number: item.number, odd: false }),
            None => {}
            Some(value) if !fits(item, &value) => return Err(Missing { number: item.number, odd: true }),
            Some(value) => {
                shown.insert(item.number, value.number().map(|number| chosen(item.kind, number)).unwrap_or_default());
                kept.insert(question, value);
            }
        }
    }
    Ok(kept)
}

fn is_shown(item: &Item, answered: &BTreeMap<u16, Vec<i64>>) -> bool {
    item.shown_if.as_ref().is_none_or(|condition| {
        answered
            .get(&condition.question)
            .is_some_and(|values| values.iter().any(|value| condition.one_of.contains(value)))
    })
}

fn fits(item: &Item, value: &Value) -> bool {
    match value {
        Value::Text(text) => item.kind == Kind::Text && !text.is_empty() && text.chars().count() <= MAX_COMMENT_CHARS,
        Value::Number(number) => {
            let (values, chosen) = (item.values(), chosen(item.kind, *number));
            *number >= 0 && !chosen.is_empty() && chosen.iter().all(|value| values.contains(value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::definition::{Condition, Definition};

    fn version() -> Version {
        let mut definition = Definition::standard();
        let further = |number, kind, options: &[u8], one_of: Option<(u16, &[i64])>| Item {
            number,
            role: None,
            kind,
            required: true,
            shown_if: one_of.map(|(question, values)| Condition { question, one_of: values.to_vec() }),
            options: options.to_vec(),
        };
        definition.questions.push(further(4, Kind::ManyOf, &[1, 5, 62], Some((1, &[1, 2]))));
        definition.questions.push(further(5, Kind::Text, &[], Some((4, &[62]))));
        Version::new("v".into(), "s".into(), 1, definition)
    }

    fn answer(score: i64, many: Option<i64>, why: Option<&str>) -> Result<usize, Missing> {
        let mut values = BTreeMap::from([(Question::Score, Value::Number(score))]);
        values.extend(many.map(|set| (Question::further(Kind::ManyOf, "s", 4), Value::Number(set))));
        values.extend(why.map(|text| (Question::further(Kind::Text, "s", 5), Value::Text(text.into()))));
        accepted_values(&version(), values).map(|kept| kept.len())
    }

    #[test]
    fn follow_ups_count_where_they_are_shown() {
        let (set, other) = (1 << 62 | 1 << 5, 1 << 1);
        assert_eq!(answer(5, Some(set), Some("hidden")), Ok(1));
        assert_eq!(answer(2, Some(other), Some("hidden")), Ok(2));
        assert_eq!(answer(2, Some(set), Some("slow")), Ok(3));
        for (score, many, why, number, odd) in [
            (2, None, None, 4, false),
            (2, Some(0), None, 4, true),
            (2, Some(1 << 3), None, 4, true),
            (2, Some(-1), None, 4, true),
            (2, Some(set), None, 5, false),
            (6, None, None, 1, true),
            (0, None, None, 1, true),
        ] {
            assert_eq!(answer(score, many, why), Err(Missing { number, odd }), "{score} {many:?}");
        }
        assert_eq!(accepted_values(&version(), BTreeMap::new()), Err(Missing { number: 1, odd: false }));
    }
}
