//! External answers, from a kiosk or a phone keypad. The same rules and the same mix apply; they have releases of their
//! own, since the sender knows the answers.
//!
//! A linked answer names its interaction. An apart answer names an agent or a team and no interaction, so that it can't
//! be joined to one. The mark of a spent token, made from the caller's own random key, makes retries idempotent; no
//! table records which request an apart answer came with.

mod given;

pub use given::GivenAnswer;

use super::sealed::Promise;
use super::{Answer, ApartWrite, Origin, Written};
use crate::clock::{Timestamp, Zone};
use crate::config::{Choice, Choices};
use crate::database::{BatchError, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::interactions;
use crate::invitations::{self, Invited, Token};
use crate::responses::Responses;
use crate::staff;
use crate::surveys::Version;
use std::sync::Arc;

/// Subject of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// Linked: source of the interaction and its id there.
    pub interaction: Option<(String, String)>,
    /// Apart: source of the agent and its id there.
    pub agent: Option<(String, String)>,
    /// Apart: name of the team; the agent's team if absent.
    pub team: Option<String>,
}

/// An external answer.
#[derive(Debug, Clone)]
pub struct ExternalAnswer {
    /// The survey's id.
    pub survey: String,
    /// Version that was asked; the current one if absent.
    pub version: Option<i64>,
    /// Subject of the answer.
    pub subject: Subject,
    /// Answers to the questions.
    pub answers: Vec<GivenAnswer>,
    /// Choice of the customer: linked or apart.
    pub choice: Choice,
    /// Idempotency key: a random UUID. Retries with the same key are one answer.
    pub key: Option<String>,
}

/// Errors of recording an external answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ExternalAnswerError {
    /// There is no such survey, or it was never published.
    #[error("there is no such survey, or no such version of it")]
    NoSurvey,
    /// All problems of the request.
    #[error("{}", .0.join(" "))]
    Wrong(Vec<String>),
    /// The customer was asked by mail, or has answered before.
    #[error("the customer was asked about this conversation already; nothing was recorded")]
    Asked,
    /// The answer is already counted.
    #[error("this answer is recorded and can't be changed any more")]
    Counted,
    /// The process is stopping; nothing was recorded.
    #[error(transparent)]
    Stopping(#[from] BatchError),
    /// The database failed.
    #[error(transparent)]
    Database(Arc<DbError>),
}

impl From<DbError> for ExternalAnswerError {
    fn from(error: DbError) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// Whether the key is a random UUID: a key made from a conversation's id would lead from the mix to that conversation.
fn is_random_uuid(key: &str) -> bool {
    uuid::Uuid::parse_str(key).is_ok_and(|uuid| uuid.get_version() == Some(uuid::Version::Random))
}

/// Returns the end of the next month.
fn end_of_next_month(zone: &Zone, now: Timestamp) -> Timestamp {
    let later = now.plus(std::time::Duration::from_secs(62 * 86_400));
    zone.begin(zone.date(later).first_of_month())
}

impl Responses {
    /// Records an external answer. It is on disk when this returns.
    ///
    /// # Errors
    /// [`ExternalAnswerError::Wrong`] names all problems at once.
    pub async fn record_external(&self, sent: ExternalAnswer) -> Result<(), ExternalAnswerError> {
        let version = self.asked_version(&sent).await?;
        let mut wrong = self.wrong_about(&sent);
        let read = given::read(&version, &sent.answers);
        let values = match read {
            Ok(values) => values,
            Err(faults) => {
                wrong.extend(faults);
                return Err(ExternalAnswerError::Wrong(wrong));
            }
        };
        if !wrong.is_empty() {
            return Err(ExternalAnswerError::Wrong(wrong));
        }
        let answer = Answer { values, choice: sent.choice, quote: false };
        match sent.choice {
            Choice::Linked => self.linked_external(&sent.subject, version, &answer).await,
            Choice::Apart => self.apart_external(&sent, version, &answer).await,
        }
    }

    async fn asked_version(&self, sent: &ExternalAnswer) -> Result<Arc<Version>, ExternalAnswerError> {
        let versions = self.inner.surveys.versions(&sent.survey).await?;
        let found = match sent.version {
            None => versions.into_iter().next(),
            Some(number) => versions.into_iter().find(|version| version.published.number == number),
        };
        let id = found.ok_or(ExternalAnswerError::NoSurvey)?.id;
        Ok(self.inner.surveys.version(&id).await?)
    }

    /// Returns the problems with the subject and the choice.
    fn wrong_about(&self, sent: &ExternalAnswer) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut say = |when: bool, what: &str| {
            if when {
                wrong.push(what.to_owned());
            }
        };
        let (subject, linked) = (&sent.subject, sent.choice == Choice::Linked);
        say(linked && subject.interaction.is_none(), "A linked answer names its interaction.");
        say(
            linked && (subject.agent.is_some() || subject.team.is_some()),
            "A linked answer names no agent and no team: its interaction knows them.",
        );
        say(
            !linked && subject.interaction.is_some(),
            "An apart answer names no interaction: nothing may join it to one. Name the agent or the team.",
        );
        let offered = self.settings().choices;
        say(linked && offered == Choices::Apart, "Here all answers are kept apart (survey.choices).");
        say(!linked && offered == Choices::Linked, "Here all answers are linked (survey.choices).");
        let key = sent.key.as_deref();
        say(
            key.is_some_and(|key| !is_random_uuid(key)),
            "Idempotency-Key is a random UUID (version 4), never made from anything else.",
        );
        wrong
    }

    async fn linked_external(
        &self,
        subject: &Subject,
        version: Arc<Version>,
        answer: &Answer,
    ) -> Result<(), ExternalAnswerError> {
        let unknown = || ExternalAnswerError::Wrong(vec!["There is no such interaction; send it first.".into()]);
        let (source, external_id) = subject.interaction.as_ref().ok_or_else(unknown)?;
        let mut tx = self.inner.db.begin().await?;
        let about = interactions::by_source(tx.conn(), source, external_id).await?.ok_or_else(unknown)?;
        let until = end_of_next_month(&self.inner.clock.zone(), self.now());
        if !invitations::open_external(tx.conn(), &about, &version.id, until).await? {
            return Err(ExternalAnswerError::Asked);
        }
        tx.commit().await?;
        let invited = invited(about.id, about.agent, about.team, version, about.occurred_at);
        // No customer has a link, so nothing was marked or held under one.
        let put = self.linked_write(&Token::random(), &invited, answer, Origin::External, self.settings().k);
        written(self.inner.linked.submit(put).await?)
    }

    async fn apart_external(
        &self,
        sent: &ExternalAnswer,
        version: Arc<Version>,
        answer: &Answer,
    ) -> Result<(), ExternalAnswerError> {
        let (agent, team) = self.whom(&sent.subject).await?;
        let token = match &sent.key {
            Some(key) => Token::of_key(&self.inner.vault, &sent.survey, key),
            None => Token::random(),
        };
        let purge_month = self.purge_month().await?;
        let invited = invited(InteractionId::random(), agent, team, version, self.now());
        let promise = Promise { k: self.settings().k, origin: Origin::External };
        let put = ApartWrite::put(&self.inner.vault, &token, &invited, answer, purge_month, promise);
        match written(self.inner.apart.submit(put).await?) {
            // The mark exists: the answer was recorded before and has ripened since.
            Err(ExternalAnswerError::Counted) => Ok(()),
            other => other,
        }
    }

    async fn whom(&self, subject: &Subject) -> Result<(Option<AgentId>, Option<TeamId>), ExternalAnswerError> {
        let mut reader = self.inner.db.read().await?;
        let mut wrong = Vec::new();
        let agent = match &subject.agent {
            None => None,
            Some((source, external_id)) => staff::agent_by_source(reader.conn(), source, external_id).await?,
        };
        if subject.agent.is_some() && agent.is_none() {
            wrong.push("There is no such agent.".to_owned());
        }
        let team = match &subject.team {
            None => None,
            Some(name) => staff::team_by_name(reader.conn(), name).await?,
        };
        if subject.team.is_some() && team.is_none() {
            wrong.push("There is no such team.".to_owned());
        }
        if !wrong.is_empty() {
            return Err(ExternalAnswerError::Wrong(wrong));
        }
        let (agent, own_team) = agent.map_or((None, None), |(agent, team)| (Some(agent), team));
        Ok((agent, team.or(own_team)))
    }
}

fn invited(
    interaction: InteractionId,
    agent: Option<AgentId>,
    team: Option<TeamId>,
    version: Arc<Version>,
    at: Timestamp,
) -> Invited {
    Invited {
        interaction,
        agent,
        agent_name: None,
        team,
        version,
        locale: None,
        topic: None,
        channel: String::new(),
        occurred_at: at,
        utc_offset: None,
        sent_at: None,
    }
}

fn written(result: super::WriteResult) -> Result<(), ExternalAnswerError> {
    match result {
        Ok(Written::Stored) => Ok(()),
        Ok(Written::Refused) => Err(ExternalAnswerError::Counted),
        Err(error) => Err(ExternalAnswerError::Database(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_random_or_none() {
        assert!(is_random_uuid(&uuid::Uuid::new_v4().to_string()));
        for derived in [
            "",
            "call-4711",
            "00000000-0000-0000-0000-000000000000",
            "886313e1-3b8a-5372-9b90-0c9aee199e5d",
            "not-a-uuid",
        ] {
            assert!(!is_random_uuid(derived), "{derived}");
        }
    }

    #[test]
    fn an_invitation_without_mail_ends_with_a_month() {
        for (now, end) in
            [("2026-11-20T12:00:00Z", "2027-01-01T00:00:00Z"), ("2026-01-31T23:59:59Z", "2026-04-01T00:00:00Z")]
        {
            let end_found = Timestamp::parse(now).map(|now| end_of_next_month(&Zone::default(), now));
            assert_eq!(end_found, Timestamp::parse(end), "{now}");
        }
    }
}
