//! Test mail: bypasses the outbox and is sent at once, so that the administrator sees the server's reply.

use super::compose::Composed;
use super::delivery::{RenderedMail, SendQueue, Words};
use super::message::message_id;
use super::outcome::SendError;
use super::{Address, Mail};
use crate::ids::MailId;
use lettre::message::Mailbox;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Reason why a test mail did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestMailError {
    /// The recipient is not a mail address.
    #[error("this is not an e-mail address")]
    NotAnAddress,
    /// Mail is held.
    #[error("no mail server is set up: set mail.url")]
    NoWayOut,
    /// Rejected or not answered; the server's reply, without addresses.
    #[error("{0}")]
    Refused(String),
}

impl Mail {
    /// Sends a test mail by the configured transport; completes when the server has accepted it. Nothing of it is
    /// stored.
    pub async fn send_test_mail(&self, to: &str, company: &str) -> Result<(), TestMailError> {
        let email = Address::repair(to).ok_or(TestMailError::NotAnAddress)?;
        if self.is_held() {
            return Err(TestMailError::NoWayOut);
        }
        let (id, now) = (MailId::random(), self.inner.clock.now());
        let text = format!(
            "This is a test of the surveys of {company}.\n\nIf you can read it, mail leaves and arrives. There is nothing else to do.\n"
        );
        let shown = company.replace('&', "&amp;").replace('<', "&lt;");
        let html = format!(
            "<p>This is a test of the surveys of {shown}.</p><p>If you can read it, mail leaves and arrives. There is nothing else to do.</p>"
        );
        let composed = Composed {
            to: Mailbox::new(None, email.for_mail()),
            subject: format!("A test mail from {company}"),
            html,
            text,
            headers: vec![],
        };
        let domain = email.host().to_owned();
        let message_id = message_id(&self.inner.renderer.from);
        let words = Words::Written { composed: Box::new(composed), message_id, created: now };
        self.send_alone(RenderedMail { id, domain, words }).await
    }

    /// Sends one mail by itself, by the configured transport.
    async fn send_alone(&self, letter: RenderedMail) -> Result<(), TestMailError> {
        let refused = |why: String| TestMailError::Refused(why);
        let unwritable = |error: std::io::Error| refused(format!("mail.journal can't be written: {error}"));
        let journal = Arc::new(self.inner.journal.begin(&letter.id.to_string()).map_err(unwritable)?);
        let (renderer, limits) = (Arc::clone(&self.inner.renderer), self.inner.limits.clone());
        let feed =
            Arc::new(SendQueue::new(vec![letter], renderer, Arc::clone(&journal), limits, CancellationToken::new()));
        self.inner.transport.send_all(&feed).await;
        journal.forget();
        let end = feed.end();
        match end.ended.into_iter().next() {
            Some((_, Ok(()), _)) => Ok(()),
            Some((_, Err(SendError::Refused(refusal) | SendError::Policy(refusal)), _)) => Err(refused(refusal.why)),
            Some((
                _,
                Err(
                    SendError::NotNow(why)
                    | SendError::UncertainDelivery(why)
                    | SendError::Impossible(why)
                    | SendError::Stopped(why),
                ),
                _,
            )) => Err(refused(why)),
            None => Err(refused(end.stopped.unwrap_or_else(|| "the mail did not leave".into()))),
        }
    }
}
