//! Rows of answers: as they are read, and as they are written.

use super::super::{Answer, Shelved};
use crate::clock::Timestamp;
use crate::config::Choice;
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::invitations::Invited;
use crate::masking::customer_text;
use crate::surveys::{Question, Value, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An invitation by its token, with the linked answer beside it.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::responses) struct ByToken {
    pub(in crate::responses) token_hash: String,
    /// 1 if the mix holds, or held, records for the token.
    pub(in crate::responses) spent: i64,
    pub(in crate::responses) interaction_id: InteractionId,
    agent_id: Option<AgentId>,
    team_id: Option<TeamId>,
    pub(in crate::responses) survey: String,
    topic: Option<String>,
    channel: String,
    locale: Option<String>,
    pub(in crate::responses) state: String,
    pub(in crate::responses) expires_at: Timestamp,
    sent_at: Option<Timestamp>,
    occurred_at: Timestamp,
    utc_offset: Option<i64>,
    agent_name: Option<String>,
    agent_display_name: Option<String>,
    score: Option<i64>,
    resolved: Option<String>,
    comment: Option<String>,
    mix_passes: Option<i64>,
    score_release: Option<String>,
    resolved_release: Option<String>,
    comment_release: Option<String>,
    quote_id: Option<String>,
}

impl ByToken {
    /// Returns the facts that the page shows.
    pub(in crate::responses) fn invited(self, version: Arc<Version>) -> Invited {
        Invited {
            interaction: self.interaction_id,
            agent: self.agent_id,
            agent_name: customer_text::agent_name(self.agent_display_name.as_deref(), self.agent_name.as_deref()),
            team: self.team_id,
            version,
            locale: self.locale,
            topic: self.topic,
            channel: self.channel,
            occurred_at: self.occurred_at,
            utc_offset: self.utc_offset,
            sent_at: self.sent_at,
        }
    }

    /// Returns the linked answer, without answers to further questions.
    pub(in crate::responses) fn linked(&self) -> Option<(Answer, Shelved)> {
        let ripeness = self.mix_passes?;
        let mut values = BTreeMap::new();
        values.extend(self.score.map(|score| (Question::Score, Value::Number(score))));
        values
            .extend(self.resolved.as_deref().map(|said| (Question::Resolved, Value::Number(i64::from(said == "yes")))));
        values.extend(self.comment.clone().map(|text| (Question::Comment, Value::Text(text))));
        let releases = [&self.score_release, &self.resolved_release, &self.comment_release];
        let counted = releases.into_iter().flatten().any(|release| release != "-");
        Some((Answer { values, choice: Choice::Linked, quote: self.quote_id.is_some() }, Shelved { ripeness, counted }))
    }
}

/// Linked answer to a further question.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::responses) struct Extra {
    question: String,
    value: Option<i64>,
    text: Option<String>,
    pub release: Option<String>,
}

impl Extra {
    /// Returns the question and its answer; `None` if the question's code is unknown.
    pub fn value(self) -> Option<(Question, Value)> {
        let value = self.value.map(Value::Number).or(self.text.map(Value::Text))?;
        Some((Question::known(&self.question)?, value))
    }
}

/// A linked answer, as shown to the supervisors of its team.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Linked {
    /// Version that was answered.
    pub survey: String,
    /// 1 to 5.
    pub score: Option<i64>,
    /// `yes`, `no`, or not answered.
    pub resolved: Option<String>,
    /// Comment in the customer's words.
    pub comment: Option<String>,
    /// Month of the answer, such as `2026-11`; nothing more precise is stored.
    pub month: String,
}

/// A linked answer to write.
#[derive(Debug, Clone, Serialize)]
pub(in crate::responses) struct LinkedRow {
    pub interaction: InteractionId,
    pub agent: Option<AgentId>,
    pub team: Option<TeamId>,
    pub survey: String,
    pub score: Option<i64>,
    pub resolved: Option<&'static str>,
    pub comment: Option<String>,
    pub month: String,
    /// Id of the comment's quote.
    pub quote_id: Option<String>,
    /// Mark that an apart answer would have left.
    pub spent: String,
    /// Id of a suspected answer of the same link.
    #[serde(skip)]
    pub suspect: String,
    /// The mark of a person.
    #[serde(skip)]
    pub person: String,
    /// Minimum batch size that was promised.
    pub min_batch_size: u32,
    /// 1 if from a kiosk or a phone keypad.
    pub external: i64,
    /// Whether its survey has further questions.
    #[serde(skip)]
    pub asks_further: bool,
    /// Answers to further questions; as JSON: whether there are any.
    #[serde(rename = "extras", serialize_with = "are_there_any")]
    pub further: Vec<(Question, Value)>,
}

fn are_there_any<S: serde::Serializer>(further: &[(Question, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(!further.is_empty())
}

/// A sealed record to write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::responses) struct SealedRow {
    pub id: String,
    pub sealed: String,
}

/// A stored sealed record.
#[derive(Debug)]
pub(in crate::responses) struct SealedFound {
    pub sealed: String,
    pub ripeness: i64,
}

/// Tables that hold answers.
#[derive(Debug, Clone, Copy)]
pub(in crate::responses) enum AnswerSource {
    Sealed,
    Linked,
}
