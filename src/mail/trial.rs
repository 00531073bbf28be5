//! A test mail: past the outbox, at once, so that whoever sets mail up sees what the server says.

use super::Mail;
use super::compose::Composed;
use super::message::{Frame, build, message_id, scrubbed};
use super::transport::SendError;
use crate::ids::MailId;
use lettre::Address;
use lettre::message::Mailbox;

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
        let sender = self.inner.return_path.sender(&id);
        let message_id = message_id(&self.inner.from);
        let frame = Frame { from: &self.inner.from, sender, message_id: &message_id, created: now, now };
        let outgoing = build(composed, frame).map_err(|why| TrialError::Refused(scrubbed(&why)))?;
        match self.inner.transport.send(&id, &outgoing).await {
            Ok(()) => Ok(()),
            Err(SendError::Refused(why) | SendError::NotNow(why) | SendError::Unsure(why)) => {
                Err(TrialError::Refused(why))
            }
        }
    }
}
