//! What a sealed record holds: one question's answer and whom it is about, padded so that its length tells nothing.

use super::store::SealedFound;
use super::{Answer, Invited};
use crate::config::Choice;
use crate::ids::{AgentId, TeamId};
use crate::vault::{Vault, VaultError};
use serde::{Deserialize, Serialize};

/// The vault's purpose.
const SEAL: &str = "mix";
/// Records are padded to one of these lengths, in bytes. The last holds the longest comment.
const SIZES: [usize; 4] = [256, 1024, 4096, 24_576];
/// In front of the record: its true length.
const PREFIX: usize = 4;

/// A question of the survey; each is released by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// How was it, 1 to 5?
    Score,
    /// Was it resolved?
    Resolved,
    /// Anything to add?
    Comment,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Score, Self::Resolved, Self::Comment];

    /// As it stands in tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Resolved => "resolved",
            Self::Comment => "comment",
        }
    }
}

/// One question's answer, apart from everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedAnswer {
    /// Which question.
    #[serde(rename = "q")]
    pub question: Question,
    /// Who is rated.
    #[serde(rename = "a")]
    pub agent: Option<AgentId>,
    /// The team.
    #[serde(rename = "t")]
    pub team: Option<TeamId>,
    /// Score: 1 to 5. Resolved: 0 no, 1 yes.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// The comment.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Beside a score: what else was answered, so that it is known whether everything is still here.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    with: Vec<Question>,
}

impl SealedAnswer {
    pub(super) fn seal(&self, vault: &Vault) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let needed = PREFIX + json.len();
        let size = SIZES.into_iter().find(|size| *size >= needed).unwrap_or(needed);
        let mut padded = Vec::with_capacity(size);
        padded.extend(u32::try_from(json.len()).unwrap_or(0).to_be_bytes());
        padded.extend(json);
        padded.resize(size, 0);
        vault.seal(SEAL, &padded)
    }
}

/// Opens a sealed record: for the release, and for whoever holds the token.
pub fn open_sealed(vault: &Vault, sealed: &str) -> Result<SealedAnswer, VaultError> {
    let padded = vault.open(SEAL, sealed)?;
    let (prefix, rest) = padded.split_first_chunk::<PREFIX>().ok_or(VaultError::DoesNotOpen)?;
    let length = usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX);
    let json = rest.get(..length).ok_or(VaultError::DoesNotOpen)?;
    serde_json::from_slice(json).map_err(|_| VaultError::DoesNotOpen)
}

/// An answer's records, one a question that was answered.
pub(super) fn parts(invited: &Invited, answer: &Answer) -> Vec<SealedAnswer> {
    let part = |question, value, comment| SealedAnswer {
        question,
        agent: invited.agent.clone(),
        team: invited.team.clone(),
        value,
        comment,
        with: Vec::new(),
    };
    let mut others = Vec::new();
    if let Some(yes) = answer.resolved {
        others.push(part(Question::Resolved, Some(i64::from(yes)), None));
    }
    if let Some(comment) = &answer.comment {
        others.push(part(Question::Comment, None, Some(comment.clone())));
    }
    let mut score = part(Question::Score, Some(i64::from(answer.score)), None);
    score.with = others.iter().map(|other| other.question).collect();
    others.insert(0, score);
    others
}

/// A record that is still in the mix.
pub(super) struct Opened {
    pub part: SealedAnswer,
    pub ripeness: i64,
}

impl Opened {
    /// None where it does not open: sealed with another key.
    pub fn open(vault: &Vault, row: SealedFound) -> Option<Self> {
        let part = open_sealed(vault, &row.sealed)
            .inspect_err(|error| tracing::error!(%error, "a sealed answer does not open"))
            .ok()?;
        Some(Self { part, ripeness: row.ripeness })
    }

    pub fn question(&self) -> Question {
        self.part.question
    }
}

/// The answer that these records are; none where the score is not among them any more.
pub(super) fn answer(parts: &[Opened]) -> Option<Answer> {
    let of = |question| parts.iter().find(|part| part.question() == question).map(|opened| &opened.part);
    let score = of(Question::Score)?.value?;
    Some(Answer {
        score: u8::try_from(score).ok()?,
        resolved: of(Question::Resolved).and_then(|part| part.value).map(|value| value == 1),
        comment: of(Question::Comment).and_then(|part| part.comment.clone()),
        choice: Choice::Apart,
    })
}

/// Which records there are if nothing of the answer was counted; empty where the score was.
pub(super) fn expected(parts: &[Opened]) -> Vec<Question> {
    let score = parts.iter().find(|part| part.question() == Question::Score);
    score.map(|score| [&[Question::Score][..], &score.part.with].concat()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(text: &str) -> SealedAnswer {
        let (agent, team) = (Some(AgentId::random()), Some(TeamId::random()));
        SealedAnswer {
            question: Question::Comment,
            agent,
            team,
            value: None,
            comment: Some(text.into()),
            with: Vec::new(),
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
        score.with = vec![Question::Resolved, Question::Comment];
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
