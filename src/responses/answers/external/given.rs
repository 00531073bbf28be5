//! Reads external answers by question number, and reports all problems at once.

use crate::surveys::{
    MAX_COMMENT_CHARS, Question, QuestionItem as Item, QuestionKind as Kind, Value, Version, accepted_values, chosen,
    cleaned_text,
};
use std::collections::{BTreeMap, HashMap};

/// Answer to one question; exactly one of the three values is present.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenAnswer {
    /// Number of the question in the survey.
    pub question: u16,
    /// CSAT 1-5, NPS 0-10, CES 1-7, yes/no 1 and 0, one of: the number of the option.
    pub value: Option<i64>,
    /// Many of: the numbers of the options.
    pub values: Option<Vec<i64>>,
    /// Text.
    pub text: Option<String>,
}

/// Returns the values. Errors: all problems, one sentence each.
pub(super) fn read(version: &Version, given: &[GivenAnswer]) -> Result<BTreeMap<Question, Value>, Vec<String>> {
    let items: HashMap<u16, (&Item, Question)> =
        version.questions().map(|(item, question)| (item.number, (item, question))).collect();
    let (mut values, mut wrong) = (BTreeMap::new(), Vec::new());
    for one in given {
        let Some((item, question)) = items.get(&one.question) else {
            wrong.push(format!("The survey has no question {}.", one.question));
            continue;
        };
        match value_of(item, one) {
            Err(what) => wrong.push(format!("Question {} {what}.", one.question)),
            Ok(value) => {
                if values.insert(question.clone(), value).is_some() {
                    wrong.push(format!("Question {} is answered twice.", one.question));
                }
            }
        }
    }
    let named = |number: u16| given.iter().any(|one| one.question == number);
    for (item, _) in
        version.questions().filter(|(item, _)| item.required && !named(item.number) && is_shown(item, &items, &values))
    {
        wrong.push(format!("Question {} must be answered.", item.number));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    accepted_values(version, values).map_err(|missing| vec![format!("{missing}.").replacen("question", "Question", 1)])
}

fn is_shown(item: &Item, items: &HashMap<u16, (&Item, Question)>, values: &BTreeMap<Question, Value>) -> bool {
    let Some(condition) = &item.shown_if else { return true };
    let answered = items.get(&condition.question).and_then(|(other, question)| {
        let number = values.get(question)?.number()?;
        Some(chosen(other.kind, number))
    });
    answered.is_some_and(|numbers| numbers.iter().any(|number| condition.one_of.contains(number)))
}

fn value_of(item: &Item, given: &GivenAnswer) -> Result<Value, String> {
    let known = item.values();
    match (item.kind, given.value, &given.values, &given.text) {
        (Kind::Text, None, None, Some(text)) => match cleaned_text(text).trim() {
            "" => Err("has an empty text: leave it out".into()),
            text if text.chars().count() > MAX_COMMENT_CHARS => {
                Err(format!("has more than {MAX_COMMENT_CHARS} characters"))
            }
            text => Ok(Value::Text(text.to_owned())),
        },
        (Kind::Text, ..) => Err("takes `text`".into()),
        (Kind::ManyOf, None, Some(numbers), None) => {
            let mut set = 0_i64;
            for number in numbers {
                if !known.contains(number) {
                    return Err(format!("has no option {number}"));
                }
                set |= 1 << number;
            }
            if set == 0 { Err("has no option chosen: leave it out".into()) } else { Ok(Value::Number(set)) }
        }
        (Kind::ManyOf, ..) => Err("takes `values`, a list of options".into()),
        (_, Some(number), None, None) if known.contains(&number) => Ok(Value::Number(number)),
        (_, Some(number), None, None) => Err(format!("has no answer {number}")),
        _ => Err("takes `value`, one number".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::{Condition, Definition};

    fn version() -> Version {
        let mut definition = Definition::standard();
        definition.questions.push(Item {
            number: 4,
            role: None,
            kind: Kind::ManyOf,
            required: true,
            shown_if: Some(Condition { question: 1, one_of: vec![1, 2] }),
            options: vec![1, 62],
        });
        Version::new("v".into(), "s".into(), 1, definition)
    }

    fn number(question: u16, value: i64) -> GivenAnswer {
        GivenAnswer { question, value: Some(value), ..GivenAnswer::default() }
    }

    fn many(values: &[i64]) -> GivenAnswer {
        GivenAnswer { question: 4, values: Some(values.to_vec()), ..GivenAnswer::default() }
    }

    fn text(question: u16, text: &str) -> GivenAnswer {
        GivenAnswer { question, text: Some(text.into()), ..GivenAnswer::default() }
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let version = version();
        assert_eq!(read(&version, &[number(1, 5), text(3, " Thanks ")]).map(|values| values.len()), Ok(2));
        assert_eq!(read(&version, &[number(1, 1), many(&[62, 1, 1])]).map(|values| values.len()), Ok(2));
        for (given, wrong) in [
            (vec![], vec!["Question 1 must be answered."]),
            (
                vec![number(1, 6), number(9, 1), text(2, "x")],
                vec![
                    "Question 1 has no answer 6.",
                    "The survey has no question 9.",
                    "Question 2 takes `value`, one number.",
                ],
            ),
            (vec![number(1, 2), number(1, 3)], vec!["Question 1 is answered twice."]),
            (vec![number(1, 2)], vec!["Question 4 must be answered."]),
            (vec![number(1, 2), many(&[])], vec!["Question 4 has no option chosen: leave it out."]),
            (vec![number(1, 2), many(&[2])], vec!["Question 4 has no option 2."]),
            (vec![number(1, 2), many(&[-1])], vec!["Question 4 has no option -1."]),
            (vec![number(1, 2), number(4, 1)], vec!["Question 4 takes `values`, a list of options."]),
            (vec![number(1, 5), text(3, " ")], vec!["Question 3 has an empty text: leave it out."]),
            (
                vec![number(1, 5), GivenAnswer { question: 3, ..GivenAnswer::default() }],
                vec!["Question 3 takes `text`."],
            ),
        ] {
            assert_eq!(read(&version, &given), Err(wrong.iter().map(ToString::to_string).collect()), "{given:?}");
        }
        let odd = read(&version, &[number(1, 5), text(3, "Late,\r\n\u{1}\u{7f}\0twice\u{1}")]).unwrap();
        assert_eq!(odd.get(&Question::Comment), Some(&Value::Text("Late,\ntwice".into())), "no control characters");
        let long = text(3, &"x".repeat(MAX_COMMENT_CHARS + 1));
        assert!(read(&version, &[number(1, 5), long]).is_err());
    }
}
