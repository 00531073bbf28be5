//! The submitted form: read without rejecting anything, so that a page with problems still shows the entered values.

use crate::config::Choice;
use crate::responses::Answer;
use crate::surveys::{
    MAX_COMMENT_CHARS, Missing, QuestionItem as Item, QuestionKind as Kind, Role, Value, Version, chosen, cleaned_text,
};
use std::collections::BTreeMap;
use url::form_urlencoded;

/// Values of the form.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    /// Entered values, by question number.
    entered: BTreeMap<u16, Entered>,
    /// Choice; `None` if none is made yet.
    pub choice: Option<Choice>,
    /// Signed offer of the form.
    pub offer: Option<String>,
    /// Whether the comment may be quoted.
    pub quote: bool,
    /// Whether the delete button was pressed.
    pub withdraw: bool,
    /// Whether the hidden field was filled in.
    pub trap: bool,
    /// Value carried by a form that is shown again.
    pub seen: Option<String>,
    /// Pressed language button: the form is shown in that language with its values, and nothing is recorded.
    pub show: Option<String>,
    /// Whether any field held a value that the page does not send.
    pub odd: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entered {
    Numbers(Vec<i64>),
    Text(String),
}

/// Problems of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// The question with this number is required.
    Missing(u16),
    /// The text of this question is too long.
    Long(u16),
    /// No choice was made.
    NoChoice,
    /// The choice is no longer offered.
    NotOffered,
    Trapped,
    Odd,
    NoWayBack,
}

impl From<Missing> for Problem {
    fn from(missing: Missing) -> Self {
        if missing.odd { Self::Odd } else { Self::Missing(missing.number) }
    }
}

/// Returns the form field of a question: those that feed the ratings have fixed names that others rely on.
pub(super) fn field(item: &Item) -> String {
    match item.role {
        Some(Role::Score) => "score".into(),
        Some(Role::Resolved) => "resolved".into(),
        Some(Role::Comment) => "comment".into(),
        None => format!("q{}", item.number),
    }
}

/// Returns the number for the form's value, if the question has it.
fn number(item: &Item, text: &str) -> Option<i64> {
    item.values().into_iter().find(|value| item.kind.word(*value) == text)
}

impl Filled {
    /// Returns an empty form. `choice`: the preselected choice.
    pub fn empty(choice: Option<Choice>) -> Self {
        Self {
            entered: BTreeMap::new(),
            choice,
            offer: None,
            quote: false,
            withdraw: false,
            trap: false,
            seen: None,
            show: None,
            odd: false,
        }
    }

    /// Reads preselected values from a link: `score=4` answers the anchor question, `q7=2` another one.
    pub fn preselected(version: &Version, query: Option<&str>, choice: Option<Choice>) -> Self {
        let mut filled = Self::empty(choice);
        let anchor = version.definition.anchor();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let named = |item: &&Item| item.kind != Kind::Text && (field(item) == name);
            let item = version.definition.questions.iter().find(named).or(anchor.filter(|_| name == "score"));
            if let Some((item, number)) = item.and_then(|item| Some((item, number(item, &value)?))) {
                filled.entered.entry(item.number).or_insert_with(|| Entered::Numbers(vec![number]));
            }
        }
        filled
    }

    /// Reads a submitted form. A missing choice stays missing: the configuration does not replace it.
    pub fn read(bytes: &[u8], version: &Version) -> Self {
        let mut filled = Self::empty(None);
        for (name, value) in form_urlencoded::parse(bytes) {
            let value = value.as_ref();
            match name.as_ref() {
                "choice" => match value {
                    "linked" => filled.choice = Some(Choice::Linked),
                    "apart" => filled.choice = Some(Choice::Apart),
                    _ => filled.odd = true,
                },
                "offer" => filled.offer = Some(value.to_owned()),
                "quote" => filled.quote = value == "yes",
                "do" => filled.withdraw = value == "withdraw",
                "seen" => filled.seen = Some(value.to_owned()),
                "show" => filled.show = Some(value.to_owned()),
                "website" => filled.trap = !value.is_empty(),
                name => {
                    if let Some(item) = version.definition.questions.iter().find(|item| field(item) == name) {
                        filled.enter(item, value);
                    }
                }
            }
        }
        filled
    }

    fn enter(&mut self, item: &Item, value: &str) {
        if item.kind == Kind::Text {
            self.entered.insert(item.number, Entered::Text(cleaned_text(value)));
        } else if let Some(number) = number(item, value) {
            let several = item.kind == Kind::ManyOf;
            match self.entered.get_mut(&item.number) {
                Some(Entered::Numbers(numbers)) if several => numbers.push(number),
                _ => drop(self.entered.insert(item.number, Entered::Numbers(vec![number]))),
            }
        } else if !value.is_empty() {
            self.odd = true;
        }
    }

    /// Whether this number is chosen.
    pub fn has(&self, question: u16, number: i64) -> bool {
        matches!(self.entered.get(&question), Some(Entered::Numbers(numbers)) if numbers.contains(&number))
    }

    /// Returns the entered text.
    pub fn text(&self, question: u16) -> &str {
        match self.entered.get(&question) {
            Some(Entered::Text(text)) => text,
            _ => "",
        }
    }

    /// Returns the answer, if the values are valid; required questions are checked when it is recorded.
    pub fn check(&self, version: &Version) -> Result<Answer, Problem> {
        if self.trap {
            return Err(Problem::Trapped);
        }
        if let Some(anchor) = version.definition.anchor().filter(|anchor| !self.entered.contains_key(&anchor.number)) {
            return Err(Problem::Missing(anchor.number));
        }
        if self.odd {
            return Err(Problem::Odd);
        }
        let mut values = BTreeMap::new();
        for (item, question) in version.questions() {
            let value = match self.entered.get(&item.number) {
                None => continue,
                Some(Entered::Text(text)) if text.trim().is_empty() => continue,
                Some(Entered::Text(text)) if text.chars().count() > MAX_COMMENT_CHARS => {
                    return Err(Problem::Long(item.number));
                }
                Some(Entered::Text(text)) => Value::Text(text.trim().to_owned()),
                Some(Entered::Numbers(numbers)) if item.kind == Kind::ManyOf => {
                    Value::Number(numbers.iter().fold(0, |set, number| set | 1 << number))
                }
                Some(Entered::Numbers(numbers)) => Value::Number(numbers.first().copied().unwrap_or_default()),
            };
            values.insert(question, value);
        }
        let choice = self.choice.ok_or(Problem::NoChoice)?;
        Ok(Answer { values, choice, quote: self.quote })
    }

    /// Returns the form, to be shown again.
    pub fn once_more(self, seen: String) -> Self {
        Self { trap: false, seen: Some(seen), ..self }
    }

    /// Returns the form with another choice.
    pub fn choosing(self, choice: Option<Choice>) -> Self {
        Self { choice, ..self }
    }

    /// Returns the form filled in with this answer.
    pub fn from_answer(version: &Version, answer: &Answer) -> Self {
        let mut filled = Self { quote: answer.quote, ..Self::empty(Some(answer.choice)) };
        for (item, question) in version.questions() {
            let entered = match answer.values.get(&question) {
                None => continue,
                Some(Value::Text(text)) => Entered::Text(text.clone()),
                Some(Value::Number(number)) => Entered::Numbers(chosen(item.kind, *number)),
            };
            filled.entered.insert(item.number, entered);
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::Definition;
    use crate::surveys::Question;

    fn version() -> Version {
        let mut definition = Definition::standard();
        let further = |number, kind, options: &[u8]| Item {
            number,
            role: None,
            kind,
            required: false,
            shown_if: None,
            options: options.to_vec(),
        };
        definition.questions.push(further(7, Kind::ManyOf, &[1, 5, 62]));
        definition.questions.push(further(8, Kind::Nps, &[]));
        Version::new("v".into(), "s".into(), 1, definition)
    }

    fn read(form: &str) -> Result<Answer, Problem> {
        Filled::read(form.as_bytes(), &version()).check(&version())
    }

    #[test]
    fn a_form_is_an_answer_or_says_why_not() {
        let full = read("score=4&resolved=no&comment=+Thank+you%0D%0A%00&choice=apart").ok();
        assert_eq!(full, Some(Answer::rated(4, Some(false), Some("Thank you".into()), Choice::Apart)));
        assert_eq!(
            read("score=5&comment=+&resolved=&choice=linked").ok(),
            Some(Answer::rated(5, None, None, Choice::Linked))
        );
        for (form, problem) in [
            ("", Problem::Missing(1)),
            ("score=", Problem::Missing(1)),
            ("score=0&choice=linked", Problem::Missing(1)),
            ("score=6", Problem::Missing(1)),
            ("score=4.5", Problem::Missing(1)),
            ("score=4&resolved=maybe", Problem::Odd),
            ("score=4&choice=public", Problem::Odd),
            ("score=4&q7=2", Problem::Odd),
            ("score=4&q8=11", Problem::Odd),
            ("score=4&resolved=yes", Problem::NoChoice),
            ("score=4&website=http://spam.example", Problem::Trapped),
            (&format!("score=4&comment={}", "%F0%9F%99%82".repeat(5001)), Problem::Long(3)),
        ] {
            assert_eq!(read(form), Err(problem), "{form}");
        }
        assert!(read(&format!("score=4&choice=apart&comment={}", "%F0%9F%99%82".repeat(5000))).is_ok());
    }

    #[test]
    fn further_questions_are_read_and_written_back() -> Result<(), Problem> {
        let answer = read("score=4&q7=62&q7=1&q8=0&q9=1&choice=linked")?;
        assert_eq!(answer.number(&Question::further(Kind::ManyOf, "s", 7)), Some(1 << 62 | 1 << 1));
        assert_eq!(answer.number(&Question::further(Kind::Nps, "s", 8)), Some(0));
        let filled = Filled::from_answer(&version(), &answer);
        assert!(filled.has(7, 62) && filled.has(7, 1) && !filled.has(7, 5) && filled.has(8, 0));
        assert_eq!(filled.check(&version()), Ok(answer));
        Ok(())
    }

    #[test]
    fn a_link_preselects_answers_and_nothing_else() {
        let chosen = |query| {
            let filled = Filled::preselected(&version(), query, None);
            (1..=5).filter(|score| filled.has(1, *score)).collect::<Vec<_>>()
        };
        assert_eq!(chosen(Some("score=4")), [4]);
        assert_eq!(chosen(Some("utm=x&score=1&comment=hello")), [1]);
        for query in [None, Some(""), Some("score=9"), Some("score=%3Cb%3E"), Some("core=4")] {
            assert_eq!(chosen(query), Vec::<i64>::new());
        }
        assert!(Filled::preselected(&version(), Some("q8=10"), None).has(8, 10));
    }
}
