//! Questions as identified in pools, releases and figures.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// Kind of answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 1 to 5; the figure is the share of 4 and 5.
    Csat,
    /// 0 to 10; the figure is the share of 9 and 10 less the share of 0 to 6.
    Nps,
    /// 1 to 7: ease, 7 the easiest.
    Ces,
    /// 1 for yes, 0 for no.
    YesNo,
    /// One of the options.
    OneOf,
    /// Any of the options.
    ManyOf,
    /// Text in the customer's words.
    Text,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] = [Self::Csat, Self::Nps, Self::Ces, Self::YesNo, Self::OneOf, Self::ManyOf, Self::Text];

    /// Returns the code for tables and forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::Csat => "csat",
            Self::Nps => "nps",
            Self::Ces => "ces",
            Self::YesNo => "yes_no",
            Self::OneOf => "one_of",
            Self::ManyOf => "many_of",
            Self::Text => "text",
        }
    }

    /// Returns a number as forms and links write it: `yes` and `no`, or the number.
    pub fn word(self, value: i64) -> String {
        match (self, value) {
            (Self::YesNo, 0) => "no".into(),
            (Self::YesNo, _) => "yes".into(),
            (_, value) => value.to_string(),
        }
    }

    /// Returns the kind with this code.
    pub fn known(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A question whose answers are pooled and released together, separate from other questions.
///
/// Three feed the ratings, whatever the survey; further ones belong to a survey. The code of a further question is
/// `{kind}.{survey}.{number}`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// Rating of the conversation, 1 to 5.
    Score,
    /// Whether the matter was resolved: 1 or 0.
    Resolved,
    /// Comment as free text.
    Comment,
    /// A survey's own question.
    Further(Arc<str>),
}

impl Question {
    /// The three questions that feed the ratings.
    pub const RATED: [Self; 3] = [Self::Score, Self::Resolved, Self::Comment];

    /// Returns a survey's own question.
    pub fn further(kind: Kind, survey: &str, number: u16) -> Self {
        Self::Further(format!("{}.{survey}.{number}", kind.code()).into())
    }

    /// Returns the code for tables.
    pub fn code(&self) -> &str {
        match self {
            Self::Score => "score",
            Self::Resolved => "resolved",
            Self::Comment => "comment",
            Self::Further(code) => code,
        }
    }

    /// Returns the question with this code; `None` if the code is unknown.
    pub fn known(code: &str) -> Option<Self> {
        match code {
            "score" => Some(Self::Score),
            "resolved" => Some(Self::Resolved),
            "comment" => Some(Self::Comment),
            further => {
                let mut parts = further.split('.');
                let is_code = parts.next().and_then(Kind::known).is_some() && parts.count() == 2;
                is_code.then(|| Self::Further(further.into()))
            }
        }
    }

    /// Returns the kind of answer.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Score => Kind::Csat,
            Self::Resolved => Kind::YesNo,
            Self::Comment => Kind::Text,
            Self::Further(code) => code.split('.').next().and_then(Kind::known).unwrap_or(Kind::Text),
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Question {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Question {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::known(&code).ok_or_else(|| serde::de::Error::custom("no question's code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_leads_back_to_its_question() {
        for question in
            [Question::RATED.to_vec(), Kind::ALL.map(|kind| Question::further(kind, "8f3a", 4)).to_vec()].concat()
        {
            assert_eq!(Question::known(question.code()), Some(question.clone()));
        }
        assert_eq!(Question::further(Kind::Nps, "8f3a", 4).code(), "nps.8f3a.4");
        assert_eq!(Question::further(Kind::Nps, "8f3a", 4).kind(), Kind::Nps);
        for wrong in ["", "nps", "nps.1", "stars.8f3a.4", "nps.8f3a.4.5"] {
            assert_eq!(Question::known(wrong), None, "{wrong}");
        }
    }
}
