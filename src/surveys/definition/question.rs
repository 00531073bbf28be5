//! Questions as pools, releases and figures know them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 1 to 5; the share of 4 and 5 is the figure.
    Csat,
    /// 0 to 10; the share of 9 and 10 less the share of 0 to 6 is the figure.
    Nps,
    /// 1 to 7: how easy it was.
    Ces,
    /// 1 yes, 0 no.
    YesNo,
    /// One of the options.
    OneOf,
    /// Any of the options.
    ManyOf,
    /// In the customer's words.
    Text,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Csat, Self::Nps, Self::Ces, Self::YesNo, Self::OneOf, Self::ManyOf, Self::Text];

    /// As it stands in tables and forms.
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

    /// A number as forms and links say it: `yes` and `no`, else the number.
    pub fn word(self, value: i64) -> String {
        match (self, value) {
            (Self::YesNo, 0) => "no".into(),
            (Self::YesNo, _) => "yes".into(),
            (_, value) => value.to_string(),
        }
    }

    /// The kind with this code.
    pub fn known(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A question whose answers are pooled and released together; each by itself.
///
/// Three feed the ratings, whatever the survey; further ones belong to a survey. A further one's code is `{kind}.{survey}.{number}`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// How was it, 1 to 5?
    Score,
    /// Was it resolved? 1 or 0.
    Resolved,
    /// Anything to add?
    Comment,
    /// One of a survey's own.
    Further(Arc<str>),
}

impl Question {
    /// The three that feed the ratings.
    pub const RATED: [Self; 3] = [Self::Score, Self::Resolved, Self::Comment];

    /// A survey's own question.
    pub fn further(kind: Kind, survey: &str, number: u16) -> Self {
        Self::Further(format!("{}.{survey}.{number}", kind.code()).into())
    }

    /// As it stands in tables.
    pub fn code(&self) -> &str {
        match self {
            Self::Score => "score",
            Self::Resolved => "resolved",
            Self::Comment => "comment",
            Self::Further(code) => code,
        }
    }

    /// The question of a code; none where it is no code.
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

    /// What is asked for.
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
