//! Content of a sealed record: the answer to one question and its subject, padded so that its length reveals nothing.

use super::Answer;
use super::store::SealedFound;
use crate::config::Choice;
use crate::ids::{AgentId, TeamId};
use crate::invitations::Invited;
use crate::surveys::{Question, Value, Version};
use crate::vault::{Envelope, Vault, VaultError};
use serde::{Deserialize, Serialize};

/// Lengths in bytes to which records are padded. The last one holds the longest comment.
const SIZES: [usize; 4] = [384, 1024, 4096, 24_576];
const ENVELOPE: Envelope = Envelope::new("mix", &SIZES);

/// Answer to one question, separate from everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedAnswer {
    /// Question that was answered.
    #[serde(rename = "q")]
    pub question: Question,
    /// Rated agent.
    #[serde(rename = "a")]
    pub agent: Option<AgentId>,
    /// The team.
    #[serde(rename = "t")]
    pub team: Option<TeamId>,
    /// Number that was answered; see [`Value::Number`].
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// Text that was answered.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Id of the comment's quote; `None` if it may not be quoted.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// With the anchor question: numbers of all answered questions, to know whether all records still exist. The
    /// version is not included: it would reveal more about the customer.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    all: Vec<u16>,
    /// Minimum batch size that was promised to the customer.
    #[serde(rename = "k", default)]
    pub promised: u32,
    /// Origin of the answer.
    #[serde(rename = "o", default)]
    pub origin: Origin,
}

/// Origin of an answer. Answers of one origin are counted together and with no others: a sender of external answers
/// knows them, and must not fill with them the batch of a customer who answered a mail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Origin {
    /// A survey page, by the link in a mail.
    #[default]
    #[serde(rename = "m")]
    Mail,
    /// A kiosk or a phone keypad.
    #[serde(rename = "e")]
    External,
}

/// Facts that hold for all parts of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promise {
    /// Minimum batch size.
    pub k: u32,
    /// Origin of the answer.
    pub origin: Origin,
}

impl SealedAnswer {
    pub(in crate::responses) fn seal(&self, vault: &Vault) -> String {
        ENVELOPE.seal(vault, self)
    }
}

/// Opens a sealed record: for the release, and for the holder of the token.
pub fn open_sealed(vault: &Vault, sealed: &str) -> Result<SealedAnswer, VaultError> {
    ENVELOPE.open(vault, sealed)
}

/// Returns the records of an answer, one per answered question. `quote`: id of the comment's quote.
pub(super) fn parts(invited: &Invited, answer: &Answer, quote: &str, promise: Promise) -> Vec<SealedAnswer> {
    let anchor = invited.version.anchor().map(|(_, question)| question);
    let answered = |question: &Question| answer.values.contains_key(question);
    let all: Vec<u16> =
        invited.version.questions().filter(|(_, question)| answered(question)).map(|(item, _)| item.number).collect();
    let part = |(question, value): (&Question, &Value)| SealedAnswer {
        question: question.clone(),
        agent: invited.agent.clone(),
        team: invited.team.clone(),
        value: value.number(),
        comment: value.text().map(str::to_owned),
        quote: (answer.quote && *question == Question::Comment).then(|| quote.to_owned()),
        all: if anchor.as_ref() == Some(question) { all.clone() } else { Vec::new() },
        promised: promise.k,
        origin: promise.origin,
    };
    answer.values.iter().map(part).collect()
}

/// A record that is still in the mix.
pub(in crate::responses) struct Opened {
    pub part: SealedAnswer,
    pub ripeness: i64,
}

impl Opened {
    /// Returns `None` if the record can't be opened: sealed with another key.
    pub(super) fn open(vault: &Vault, row: SealedFound) -> Option<Self> {
        let part = open_sealed(vault, &row.sealed)
            .inspect_err(|error| tracing::error!(%error, "a sealed answer does not open"))
            .ok()?;
        Some(Self { part, ripeness: row.ripeness })
    }

    /// Whether this is the anchor question's record.
    pub fn is_anchor(&self) -> bool {
        !self.part.all.is_empty()
    }
}

/// Returns the answer made of these records; `None` if the anchor question's record is no longer among them.
pub(super) fn answer(parts: &[Opened]) -> Option<Answer> {
    parts.iter().find(|part| part.is_anchor())?;
    let value = |part: &SealedAnswer| part.value.map(Value::Number).or_else(|| part.comment.clone().map(Value::Text));
    let values = parts.iter().filter_map(|opened| Some((opened.part.question.clone(), value(&opened.part)?))).collect();
    let quote = parts.iter().any(|opened| opened.part.quote.is_some());
    Some(Answer { values, choice: Choice::Apart, quote })
}

/// Returns the questions that have records if nothing of the answer was counted; empty if the anchor's was.
pub(super) fn expected(version: &Version, parts: &[Opened]) -> Vec<Question> {
    let all = parts.iter().find(|part| part.is_anchor()).map(|anchor| anchor.part.all.as_slice()).unwrap_or_default();
    version.questions().filter(|(item, _)| all.contains(&item.number)).map(|(_, question)| question).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::QuestionKind as Kind;

    fn comment(text: &str) -> SealedAnswer {
        let (agent, team) = (Some(AgentId::random()), Some(TeamId::random()));
        SealedAnswer {
            question: Question::Comment,
            agent,
            team,
            value: None,
            comment: Some(text.into()),
            quote: None,
            all: Vec::new(),
            promised: 5,
            origin: Origin::Mail,
        }
    }

    #[test]
    fn a_record_opens_again_and_with_no_other_key() {
        let vault = Vault::ephemeral();
        for text in ["", "thank you", &"🙂".repeat(5000), &"\"".repeat(5000), "\u{202e}שלום"] {
            let part = comment(text);
            assert_eq!(open_sealed(&vault, &part.seal(&vault)).ok(), Some(part.clone()));
            assert!(open_sealed(&Vault::ephemeral(), &part.seal(&vault)).is_err());
        }
    }

    #[test]
    fn its_length_tells_nothing() {
        let vault = Vault::ephemeral();
        let mut score = comment("");
        (score.question, score.value, score.comment) = (Question::Score, Some(5), None);
        score.all = (900..912).collect();
        score.question = Question::further(Kind::ManyOf, &"f".repeat(36), 999);
        let lengths = |parts: &[SealedAnswer]| parts.iter().map(|part| part.seal(&vault).len()).collect::<Vec<_>>();
        let short = lengths(&[score, comment("ok"), comment(&"x".repeat(90))]);
        assert_eq!(short, [short[0]; 3]);
        let mut all: Vec<_> = (0..=5000).step_by(50).map(|n| comment(&"é".repeat(n)).seal(&vault).len()).collect();
        all.sort_unstable();
        all.dedup();
        assert!(all.len() <= SIZES.len(), "{all:?}");
        assert_eq!(comment(&"🙂".repeat(5000)).seal(&vault).len(), all[all.len() - 1]);
    }
}
