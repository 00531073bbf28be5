//! The company's second survey: after chats, with a recommendation and, where it is poor, a question for improvements.

use crate::app::App;
use crate::effects::Actor;
use crate::responses::Answer;
use crate::surveys::definition::{Condition, Definition, Item, Kind, QuestionTexts};
use crate::surveys::{EditError, Question, Rule, RuleError, Rules, Value, Version};

/// Numbers of its further questions.
const RECOMMEND: u16 = 4;
const BETTER: u16 = 5;

/// Questions in one language: number, label, option texts by value.
type Words = &'static [(u16, &'static str, &'static [(i64, &'static str)])];

/// Questions and options in two languages.
const WORDS: [(&str, Words); 2] = [
    (
        "en",
        &[
            (RECOMMEND, "How likely are you to recommend {company}?", &[(0, "Not at all"), (10, "Certainly")]),
            (
                BETTER,
                "What should we get better at?",
                &[(1, "Shorter waits"), (2, "Clearer answers"), (3, "More patience"), (4, "Something else")],
            ),
        ],
    ),
    (
        "de",
        &[
            (
                RECOMMEND,
                "Wie wahrscheinlich empfehlen Sie {company} weiter?",
                &[(0, "Auf keinen Fall"), (10, "Ganz sicher")],
            ),
            (
                BETTER,
                "Was sollten wir besser machen?",
                &[(1, "Kürzere Wartezeiten"), (2, "Klarere Antworten"), (3, "Mehr Geduld"), (4, "Etwas anderes")],
            ),
        ],
    ),
];

fn definition() -> Definition {
    let mut definition = Definition::standard();
    let further = |number, kind, shown_if, options: &[u8]| Item {
        number,
        role: None,
        kind,
        required: false,
        shown_if,
        options: options.to_vec(),
    };
    let poor = Condition { question: RECOMMEND, one_of: (0..=6).collect() };
    definition.questions.insert(2, further(RECOMMEND, Kind::Nps, None, &[]));
    definition.questions.insert(3, further(BETTER, Kind::OneOf, Some(poor), &[1, 2, 3, 4]));
    definition.texts.retain(|language, _| WORDS.iter().any(|(tag, _)| *tag == language.tag()));
    for (language, texts) in &mut definition.texts {
        let words = WORDS.iter().find(|(tag, _)| *tag == language.tag()).map_or(&[][..], |(_, words)| *words);
        for (number, label, values) in words {
            let values = values.iter().map(|(value, word)| (*value, (*word).to_owned())).collect();
            texts.questions.insert(*number, QuestionTexts { label: (*label).to_owned(), values });
        }
    }
    definition
}

/// Publishes it, and the rule that selects it after chats.
pub(super) async fn second_survey(app: &App) -> Result<(), super::DemoError> {
    let id = app.surveys.create("After chats", &definition(), &Actor::System).await?;
    app.surveys.publish(&id, 1, &Actor::System).await?;
    let chats = Rule {
        id: uuid::Uuid::new_v4().to_string(),
        channel: Some("chat".into()),
        direction: None,
        teams: Vec::new(),
        queues: Vec::new(),
        tags: Vec::new(),
        share: 100,
        rest_goes_on: false,
        ask: Some(id),
        quiet_days: None,
        expires_days: None,
        remind_days: None,
    };
    app.surveys.save_rules(0, &Rules { rules: vec![chats], ..Rules::default() }, &Actor::System).await?;
    Ok(())
}

/// Adds a customer's answers to the further questions, by the rating, where the survey has them.
pub(super) fn answer_further(answer: &mut Answer, version: &Version, which: usize) {
    let score = answer.number(&Question::Score).unwrap_or(3);
    let spread = i64::try_from(which % 2).unwrap_or(0);
    for (item, question) in version.questions() {
        let value = match (item.number, item.kind) {
            (RECOMMEND, Kind::Nps) => [1, 3, 6, 8, 9][usize::try_from(score - 1).unwrap_or(2).min(4)] + spread,
            (BETTER, Kind::OneOf) if score <= 2 => i64::try_from(which % 4).unwrap_or(0) + 1,
            _ => continue,
        };
        answer.values.insert(question, Value::Number(value));
    }
}

impl From<EditError> for super::DemoError {
    fn from(error: EditError) -> Self {
        Self::Survey(error.to_string())
    }
}

impl From<RuleError> for super::DemoError {
    fn from(error: RuleError) -> Self {
        Self::Survey(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_published() {
        assert_eq!(definition().check(), []);
    }
}
