//! Decides whether a survey is due, once an interaction is final and has settled: it is surveyed, or the reason for
//! skipping is recorded. All effects of the decision are written in one transaction.

use super::address::{self, Recipient};
use super::{Invitations, SkipReason, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::{InteractionId, InvitationId};
use crate::interactions::{
    self, Channel, Customer, DECIDE_SURVEY, Direction, ForSurvey, Outcome as Ended, SurveyState,
};
use crate::jobs::{Kind, Outcome, Running};
use crate::mail::{self, Address, DeliveryStatus, NewMail};
use crate::masking::customer_text;
use crate::surveys::{Chosen, NotChosen};
use std::borrow::Cow;
use std::time::Duration;

/// Time for which a customer stays stored until the outcome word is mapped, without survey.max_age.
const MAPPING_WAIT: Duration = Duration::from_secs(30 * 86_400);

pub(super) fn job(invitations: &Invitations) -> Kind {
    let invitations = invitations.clone();
    Kind::new(DECIDE_SURVEY, move |running: Running| {
        let invitations = invitations.clone();
        async move {
            let Ok(id) = running.key.parse() else { return Outcome::Done };
            match invitations.decide(&id).await {
                Ok(Decision::Postponed { until, .. }) => Outcome::At(until),
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
    /// Not surveyed for now, with the reason: to be decided again then, or when the awaited fact comes.
    Postponed {
        /// Reason.
        reason: SkipReason,
        /// Time of the next decision.
        until: Timestamp,
    },
    /// Not surveyed, with the reason.
    Skipped(SkipReason),
    /// Surveyed.
    Asked,
}

/// An interaction that passed every rule that needs no database.
struct Due<'a> {
    about: &'a ForSurvey,
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
        let about = self.inner.interactions.for_survey(id).await?;
        let Some(about) = about.filter(ForSurvey::is_undecided) else { return Ok(Decision::Nothing) };
        let now = self.now();
        let latest = self.settings().max_age.map(|age| about.over_at.plus(age));
        let reason = if latest.is_some_and(|latest| latest < now) {
            // Its word was not mapped in time: that is the reason that people can act on.
            match about.survey_state {
                SurveyState::Skipped => SkipReason::UnknownOutcome,
                _ => SkipReason::TooOld,
            }
        } else if let Some(reason) = self.rule_out(&about) {
            let without_limit = || about.finalised_at.unwrap_or(now).plus(MAPPING_WAIT);
            let until = latest.map_or_else(without_limit, |latest| latest.plus_ms(1));
            if reason == SkipReason::UnknownOutcome && about.has_contact() && now < until {
                return self.postpone(&about, SurveyState::Skipped, reason, until).await;
            }
            reason
        } else {
            match self.ask_customer(&about, now).await? {
                Asking::Asked => return Ok(Decision::Asked),
                Asking::Not(SkipReason::NoAddress) => {
                    let until = about.finalised_at.unwrap_or(now).plus(self.settings().address_wait);
                    let until = latest.map_or(until, |latest| until.min(latest));
                    if now < until {
                        return self.postpone(&about, SurveyState::Waiting, SkipReason::WaitingForAddress, until).await;
                    }
                    SkipReason::NoAddress
                }
                Asking::Not(reason) => reason,
            }
        };
        let mut tx = self.inner.db.begin().await?;
        let skipped = interactions::skip_survey(tx.conn(), &about, reason.code(), true, now).await?;
        tx.commit().await?;
        // If an address came meanwhile, the delivery that brought it has queued the decision again.
        Ok(if skipped { Decision::Skipped(reason) } else { Decision::Nothing })
    }

    /// Records why the decision is postponed, and keeps the customer.
    async fn postpone(
        &self,
        about: &ForSurvey,
        state: SurveyState,
        reason: SkipReason,
        until: Timestamp,
    ) -> Result<Decision, DbError> {
        if about.survey_reason.as_deref() != Some(reason.code()) {
            let mut tx = self.inner.db.begin().await?;
            interactions::set_survey(tx.conn(), &about.id, state, Some(reason.code()), false, self.now()).await?;
            tx.commit().await?;
        }
        Ok(Decision::Postponed { reason, until })
    }

    /// Applies the rules that need only the interaction. Unknown values exclude nothing, except an outcome whose word has
    /// no meaning.
    fn rule_out(&self, about: &ForSurvey) -> Option<SkipReason> {
        let min_talk = i64::try_from(self.settings().min_talk.as_millis()).unwrap_or(i64::MAX);
        if about.survey_eligible == Some(false) {
            return Some(SkipReason::ExcludedBySource);
        }
        if about.direction == Some(Direction::Internal) {
            return Some(SkipReason::Internal);
        }
        match about.outcome {
            Some(Ended::Missed | Ended::Abandoned | Ended::Voicemail) => Some(SkipReason::NotAnswered),
            Some(Ended::NotSurveyed) => Some(SkipReason::OutcomeNotSurveyed),
            Some(Ended::Other) => Some(SkipReason::UnknownOutcome),
            Some(Ended::Answered) | None => {
                let is_short = about.channel == Channel::Call && about.talk_ms.is_some_and(|talk| talk < min_talk);
                is_short.then_some(SkipReason::TooShort)
            }
        }
    }

    /// Returns the customer, by the telephone number if there is no address, and the interaction with their language.
    async fn customer_of<'a>(&self, about: &'a ForSurvey) -> Result<Option<(Cow<'a, ForSurvey>, Customer)>, DbError> {
        if let Some(customer) = &about.customer {
            return Ok(Some((Cow::Borrowed(about), customer.clone())));
        }
        let Some(phone_hash) = &about.phone_hash else { return Ok(None) };
        let found = self.inner.contacts.find(phone_hash).await?;
        Ok(found.map(|contact| {
            let customer = Customer { email: contact.email, name: about.customer_name.clone().or(contact.name) };
            let mut about = about.clone();
            about.locale = about.locale.or(contact.locale);
            (Cow::Owned(about), customer)
        }))
    }

    /// Asks the customer of an interaction that no rule excludes, unless the address or a survey rule stands against it.
    async fn ask_customer(&self, about: &ForSurvey, now: Timestamp) -> Result<Asking, DbError> {
        let Some((about, customer)) = self.customer_of(about).await? else {
            return Ok(Asking::Not(SkipReason::NoAddress));
        };
        let Some(address) = Address::repair(&customer.email) else { return Ok(Asking::Not(SkipReason::BadAddress)) };
        let recipient = Recipient::new(&address, customer.name.as_deref());
        if self.is_own_address(&address).await? {
            return Ok(Asking::Not(SkipReason::OwnDomain));
        }
        match self.inner.surveys.choose(&about).await? {
            Err(reason) => Ok(Asking::Not(reason.into())),
            Ok(chosen) => {
                let address_hash = address::hash(&self.inner.vault, &recipient.email);
                self.ask(&Due { about: &about, recipient, address_hash, chosen }, now).await
            }
        }
    }

    /// Writes invitation, mail and quiet-period mark, all or none. The mark decides which is first if two interactions
    /// of one customer are decided at the same time.
    async fn ask(&self, due: &Due<'_>, now: Timestamp) -> Result<Asking, DbError> {
        let mut tx = self.inner.db.begin().await?;
        if let Some(reason) = store::suppressed(tx.conn(), &due.address_hash).await? {
            return Ok(Asking::Not(SkipReason::of_suppression(&reason)));
        }
        let id = InvitationId::random();
        if !store::add_invitation(tx.conn(), &self.invitation(&id, due, now)).await? {
            // A decision writes both in one transaction, so the existing invitation belongs to an external answer. A
            // reason of its own would reveal that there is a linked answer.
            return Ok(Asking::Not(SkipReason::AskedRecently));
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

    fn invitation(&self, id: &InvitationId, due: &Due<'_>, now: Timestamp) -> store::NewInvitation {
        let about = due.about;
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
    Not(SkipReason),
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
