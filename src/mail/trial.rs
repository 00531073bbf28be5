//! A test mail: past the outbox, at once, so that whoever sets mail up sees what the server says.

use super::Mail;
use super::compose::Composed;
use super::feed::Feed;
use super::message::message_id;
use super::outcome::SendError;
use super::press::{Letter, Words};
use crate::ids::MailId;
use lettre::Address;
use lettre::message::Mailbox;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Why a test mail did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
    /// It was to go to something that is no address.
    #[error("this is not an e-mail address")]
    NotAnAddress,
    /// Mail is held.
    #[error("there is no way out for mail: set mail.url")]
    NoWayOut,
    /// The server said no, or nothing; its words, without addresses.
    #[error("{0}")]
    Refused(String),
}

impl Mail {
    /// Sends a test mail the way all mail leaves; done when the server has taken it. Nothing of it is kept.
    pub async fn send_trial(&self, to: &str, company: &str) -> Result<(), TrialError> {
        let email: Address = to.parse().map_err(|_| TrialError::NotAnAddress)?;
        if self.is_held() {
            return Err(TrialError::NoWayOut);
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
            to: Mailbox::new(None, email),
            subject: format!("A test mail from {company}"),
            html,
            text,
            headers: vec![],
        };
        let domain = composed.to.email.domain().to_lowercase();
        let message_id = message_id(&self.inner.press.from);
        let words = Words::Written { composed: Box::new(composed), message_id, created: now };
        self.send_alone(Letter { id, domain, words }).await
    }

    /// One letter by itself, the way all letters leave.
    async fn send_alone(&self, letter: Letter) -> Result<(), TrialError> {
        let refused = |why: String| TrialError::Refused(why);
        let unwritable = |error: std::io::Error| refused(format!("mail.journal can't be written: {error}"));
        let journal = Arc::new(self.inner.journal.begin(&letter.id.to_string()).map_err(unwritable)?);
        let (press, limits) = (Arc::clone(&self.inner.press), self.inner.limits.clone());
        let feed = Arc::new(Feed::new(vec![letter], press, Arc::clone(&journal), limits, CancellationToken::new()));
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
                    | SendError::Unsure(why)
                    | SendError::Impossible(why)
                    | SendError::Stopped(why),
                ),
                _,
            )) => Err(refused(why)),
            None => Err(refused(end.stopped.unwrap_or_else(|| "the mail did not leave".into()))),
        }
    }
}
