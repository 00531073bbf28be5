//! Decides whether a survey is due, once an interaction is final and has settled: it is surveyed, or the reason for
//! skipping is recorded. All effects of the decision are written in one transaction.

use super::address::{self, Recipient};
use super::{Invitations, SkipReason, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::{InteractionId, InvitationId};
use crate::interactions::{
    self, Channel, Customer, DECIDE_SURVEY, Direction, ForSurvey, Outcome as Ended, Phase, SurveyState,
};
use crate::jobs::{Kind, Outcome, Running};
use crate::mail::{self, Address, DeliveryStatus, NewMail};
use crate::masking::customer_text;
use crate::surveys::{Chosen, NotChosen};
use std::time::Duration;

pub(super) fn job(invitations: &Invitations) -> Kind {
    let invitations = invitations.clone();
    Kind::new(DECIDE_SURVEY, move |running: Running| {
        let invitations = invitations.clone();
        async move {
            let Ok(id) = running.key.parse() else { return Outcome::Done };
            match invitations.decide(&id).await {
                Ok(_) => Outcome::Done,
                Err(error) => Outcome::Retry(error.to_string()),
            }
        }
    })
}

/// Outcome of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing to decide: unknown, not over yet, or decided before.
    Nothing,
    /// Not surveyed, with the reason.
    Skipped(SkipReason),
    /// Surveyed.
    Asked,
}

/// An interaction that passed every rule that needs no database.
struct Due {
    about: ForSurvey,
    recipient: Recipient,
    address_hash: String,
    chosen: Chosen,
}

impl From<NotChosen> for SkipReason {
    fn from(reason: NotChosen) -> Self {
        match reason {
            NotChosen::Rule => Self::Rule,
            NotChosen::Share => Self::Share,
            NotChosen::NoRule => Self::NoRule,
        }
    }
}

impl Invitations {
    /// Decides about one interaction; a repeated decision changes nothing.
    pub async fn decide(&self, id: &InteractionId) -> Result<Decision, DbError> {
        let Some(mut about) = self.inner.interactions.for_survey(id).await? else { return Ok(Decision::Nothing) };
        if about.survey_state != SurveyState::Waiting || about.phase != Phase::Final {
            return Ok(Decision::Nothing);
        }
        let now = self.now();
        let reason = match self.rule_out(&about) {
            Some(reason) => reason,
            None => match about.customer.take() {
                None => SkipReason::NoAddress,
                Some(Customer { email, name }) => {
                    match (Address::repair(&email), self.inner.surveys.choose(&about).await?) {
                        (None, _) => SkipReason::BadAddress,
                        (_, Err(reason)) => reason.into(),
                        (Some(address), Ok(chosen)) => {
                            let recipient = Recipient::new(&address, name.as_deref());
                            let address_hash = address::hash(&self.inner.vault, &recipient.email);
                            match self.ask(&Due { about, recipient, address_hash, chosen }, now).await? {
                                Asking::Asked => return Ok(Decision::Asked),
                                // A decision writes both in one transaction, so the existing invitation belongs to an
                                // external answer. A reason of its own would reveal that there is a linked answer.
                                Asking::There => SkipReason::AskedRecently,
                                Asking::Not(reason) => reason,
                            }
                        }
                    }
                }
            },
        };
        let mut tx = self.inner.db.begin().await?;
        interactions::set_survey(tx.conn(), id, SurveyState::Skipped, Some(reason.code()), true, now).await?;
        tx.commit().await?;
        Ok(Decision::Skipped(reason))
    }

    /// Applies the rules that need only the interaction. Unknown values exclude nothing.
    fn rule_out(&self, about: &ForSurvey) -> Option<SkipReason> {
        let min_talk = i64::try_from(self.settings().min_talk.as_millis()).unwrap_or(i64::MAX);
        if about.survey_eligible == Some(false) {
            Some(SkipReason::ExcludedBySource)
        } else if about.direction == Some(Direction::Internal) {
            Some(SkipReason::Internal)
        } else if about.outcome.is_some_and(|outcome| !matches!(outcome, Ended::Answered | Ended::Other)) {
            Some(SkipReason::NotAnswered)
        } else if about.channel == Channel::Call && about.talk_ms.is_some_and(|talk| talk < min_talk) {
            Some(SkipReason::TooShort)
        } else {
            None
        }
    }

    /// Writes invitation, mail and quiet-period mark, all or none. The mark decides which is first if two interactions
    /// of one customer are decided at the same time.
    async fn ask(&self, due: &Due, now: Timestamp) -> Result<Asking, DbError> {
        let mut tx = self.inner.db.begin().await?;
        if let Some(reason) = store::suppressed(tx.conn(), &due.address_hash).await? {
            return Ok(Asking::Not(SkipReason::of_suppression(&reason)));
        }
        let id = InvitationId::random();
        if !store::add_invitation(tx.conn(), &self.invitation(&id, due, now)).await? {
            return Ok(Asking::There);
        }
        if !store::mark_asked(tx.conn(), &due.address_hash, now, due.chosen.quiet_period).await? {
            // Dropping the transaction discards the invitation.
            return Ok(Asking::Not(SkipReason::AskedRecently));
        }
        let mail =
            NewMail { kind: super::INVITATION, reference: id.to_string(), hint: mail::hint(&due.recipient.email) };
        let state = match self.inner.mail.enqueue(tx.conn(), &mail, now).await? {
            DeliveryStatus::Held => SurveyState::Held,
            _ => SurveyState::Scheduled,
        };
        interactions::set_survey(tx.conn(), &due.about.id, state, None, true, now).await?;
        tx.commit().await?;
        Ok(Asking::Asked)
    }

    /// Returns the topic that customers may read: the one that was sent for them, else a tag that the configuration lists.
    fn topic(&self, about: &ForSurvey) -> Option<String> {
        let sent = about.topic.as_deref().and_then(customer_text::topic);
        sent.or_else(|| self.settings().customer_tag(&about.tags).and_then(customer_text::topic))
    }

    fn invitation(&self, id: &InvitationId, due: &Due, now: Timestamp) -> store::NewInvitation {
        let about = &due.about;
        store::NewInvitation {
            id: id.clone(),
            interaction_id: about.id.clone(),
            agent_id: about.agent_id.clone(),
            team_id: about.team_id.clone(),
            survey: due.chosen.version.clone(),
            topic: self.topic(about),
            channel: about.channel.code(),
            locale: about.locale.clone(),
            address_sealed: due.recipient.seal(&self.inner.vault),
            address_hash: due.address_hash.clone(),
            created_at: now,
            expires_at: now.plus(due.chosen.expires_after),
            expires_after_ms: millis(due.chosen.expires_after),
            remind_after_ms: due.chosen.remind_after.map(millis),
        }
    }
}

/// Outcome of asking.
enum Asking {
    Asked,
    /// An invitation already exists.
    There,
    Not(SkipReason),
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
