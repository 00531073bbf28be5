//! Rendering: from a mail's content to the bytes that are sent.

use super::compose::Composed;
use super::dkim::Signer;
use super::message::{Frame, build};
use super::outcome::SendError;
use super::returned::ReturnPath;
use super::transport::Outgoing;
use crate::clock::{SharedClock, Timestamp};
use crate::ids::MailId;
use lettre::message::Mailbox;

/// A mail with its content.
pub(super) struct RenderedMail {
    pub id: MailId,
    /// Domain of the recipient, for limits.
    pub domain: String,
    pub words: Words,
}

/// Source of the content.
pub(super) enum Words {
    /// Composed by its feature.
    Written { composed: Box<Composed>, message_id: String, created: Timestamp },
    /// The bytes of an earlier attempt that may have succeeded.
    Kept(Outgoing),
}

/// Renders mails: sender, signature.
pub(super) struct Renderer {
    pub clock: SharedClock,
    pub from: Mailbox,
    pub return_path: ReturnPath,
    /// DKIM signer; an error is the reason why there is none though one is configured.
    pub signer: Option<Result<Signer, String>>,
}

impl Renderer {
    /// Returns the bytes of the mail. Errors: a signature is configured and cannot be made.
    pub fn render(&self, letter: &RenderedMail) -> Result<Outgoing, SendError> {
        let (composed, message_id, created) = match &letter.words {
            Words::Kept(outgoing) => return Ok(outgoing.clone()),
            Words::Written { composed, message_id, created } => (composed, message_id, *created),
        };
        let now = self.clock.now();
        let sender = self.return_path.sender(&letter.id);
        let frame = Frame { from: &self.from, sender, message_id, created, now };
        let signer = match &self.signer {
            None => None,
            Some(Ok(signer)) => Some(signer),
            Some(Err(why)) => return Err(SendError::Stopped(why.clone())),
        };
        build(composed, frame, signer).map_err(|why| SendError::Impossible(super::scrubbed(&why)))
    }
}
