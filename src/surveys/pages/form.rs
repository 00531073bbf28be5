//! The form as it was sent: read without refusing anything, so that a page that complains still shows what was entered.

use crate::config::Choice;
use crate::surveys::answers::{Answer, MOST_COMMENT};
use url::form_urlencoded;

/// What was filled in.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    pub score: Option<u8>,
    pub resolved: Option<bool>,
    pub comment: String,
    pub choice: Choice,
    /// The button that deletes the answer.
    pub withdraw: bool,
    /// The field that people don't see was filled in.
    pub trap: bool,
    /// Some field held something that the page does not send.
    pub odd: bool,
}

/// What is wrong with a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    NoScore,
    LongComment(usize),
    Trapped,
    Odd,
    NoWayBack,
}

impl Problem {
    /// Above the form.
    pub fn sentence(self) -> String {
        let what = match self {
            Self::NoScore => "Please choose a rating first.".to_owned(),
            Self::LongComment(length) => {
                format!("The comment is too long: it has {length} characters, and {MOST_COMMENT} fit.")
            }
            Self::Trapped => {
                "This looked like a program's answer, not a person's. If you are one, please just press Send."
                    .to_owned()
            }
            Self::Odd => "A part of the form could not be read. Please look it over.".to_owned(),
            Self::NoWayBack => {
                "An answer that was kept apart stays apart, so that nobody can find out whose it is.".to_owned()
            }
        };
        format!("{what} Nothing was recorded, and nothing you wrote is lost.")
    }

    /// At the rating.
    pub fn at_score(self) -> Option<&'static str> {
        (self == Self::NoScore).then_some("Choose a number from 1 to 5.")
    }

    /// At the comment.
    pub fn at_comment(self) -> Option<&'static str> {
        matches!(self, Self::LongComment(_)).then_some("Please shorten it.")
    }
}

/// The score in a link, if it is one.
pub(super) fn preselected(query: Option<&str>) -> Option<u8> {
    let mut pairs = form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(name, _)| name == "score").and_then(|(_, value)| score(&value))
}

fn score(text: &str) -> Option<u8> {
    text.parse().ok().filter(|score| (1..=5).contains(score))
}

impl Filled {
    pub fn empty(choice: Choice) -> Self {
        Self { score: None, resolved: None, comment: String::new(), choice, withdraw: false, trap: false, odd: false }
    }

    pub fn read(bytes: &[u8], preset: Choice) -> Self {
        let mut filled = Self::empty(preset);
        for (name, value) in form_urlencoded::parse(bytes) {
            let value = value.as_ref();
            match name.as_ref() {
                "score" => {
                    filled.score = score(value);
                    filled.odd |= filled.score.is_none();
                }
                "resolved" => match value {
                    "yes" => filled.resolved = Some(true),
                    "no" => filled.resolved = Some(false),
                    "" => {}
                    _ => filled.odd = true,
                },
                "comment" => filled.comment = cleaned(value),
                "choice" => match value {
                    "linked" => filled.choice = Choice::Linked,
                    "apart" => filled.choice = Choice::Apart,
                    _ => filled.odd = true,
                },
                "do" => filled.withdraw = value == "withdraw",
                "website" => filled.trap = !value.is_empty(),
                _ => {}
            }
        }
        filled
    }

    /// The answer, if it is one.
    pub fn check(&self) -> Result<Answer, Problem> {
        let length = self.comment.chars().count();
        if self.trap {
            return Err(Problem::Trapped);
        }
        let Some(score) = self.score else { return Err(Problem::NoScore) };
        if self.odd {
            return Err(Problem::Odd);
        }
        if length > MOST_COMMENT {
            return Err(Problem::LongComment(length));
        }
        let comment = Some(self.comment.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Answer { score, resolved: self.resolved, comment, choice: self.choice })
    }
}

impl From<&Answer> for Filled {
    fn from(answer: &Answer) -> Self {
        let comment = answer.comment.clone().unwrap_or_default();
        Self { score: Some(answer.score), resolved: answer.resolved, comment, ..Self::empty(answer.choice) }
    }
}

/// Line ends as one character (browsers count them so), and no control characters, which PostgreSQL would not store.
fn cleaned(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<Answer, Problem> {
        Filled::read(form.as_bytes(), Choice::Linked).check()
    }

    #[test]
    fn a_form_is_an_answer_or_says_why_not() {
        let full = read("score=4&resolved=no&comment=+Thank+you%0D%0A%00&choice=apart").ok();
        let comment = Some("Thank you".into());
        assert_eq!(full, Some(Answer { score: 4, resolved: Some(false), comment, choice: Choice::Apart }));
        assert_eq!(
            read("score=5").ok(),
            Some(Answer { score: 5, resolved: None, comment: None, choice: Choice::Linked })
        );
        for (form, problem) in [
            ("", Problem::NoScore),
            ("score=", Problem::NoScore),
            ("score=0&choice=linked", Problem::NoScore),
            ("score=6", Problem::NoScore),
            ("score=4.5", Problem::NoScore),
            ("score=4&resolved=maybe", Problem::Odd),
            ("score=4&choice=public", Problem::Odd),
            ("score=4&website=http://spam.example", Problem::Trapped),
            (&format!("score=4&comment={}", "%F0%9F%99%82".repeat(5001)), Problem::LongComment(5001)),
        ] {
            assert_eq!(read(form), Err(problem), "{form}");
        }
        assert!(read(&format!("score=4&comment={}", "%F0%9F%99%82".repeat(5000))).is_ok());
    }

    #[test]
    fn a_link_preselects_scores_and_nothing_else() {
        assert_eq!(preselected(Some("score=4")), Some(4));
        assert_eq!(preselected(Some("utm=x&score=1")), Some(1));
        for query in [None, Some(""), Some("score=9"), Some("score=%3Cb%3E"), Some("core=4")] {
            assert_eq!(preselected(query), None);
        }
    }
}
