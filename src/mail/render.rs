//! From a mail's words to the bytes that leave.

use super::compose::Composed;
use super::dkim::Signer;
use super::message::{Frame, build};
use super::outcome::SendError;
use super::returned::ReturnPath;
use super::transport::Outgoing;
use crate::clock::{SharedClock, Timestamp};
use crate::ids::MailId;
use lettre::message::Mailbox;

/// A mail whose words are there.
pub(super) struct RenderedMail {
    pub id: MailId,
    /// The recipient's domain, for limits.
    pub domain: String,
    pub words: Words,
}

/// What a letter is made from.
pub(super) enum Words {
    /// As its feature wrote it.
    Written { composed: Box<Composed>, message_id: String, created: Timestamp },
    /// As it was sent before, perhaps.
    Kept(Outgoing),
}

/// Makes letters: the sender, the signature.
pub(super) struct Renderer {
    pub clock: SharedClock,
    pub from: Mailbox,
    pub return_path: ReturnPath,
    /// Why there is none though there should be.
    pub signer: Option<Result<Signer, String>>,
}

impl Renderer {
    /// The letter's bytes. Without the signature that there should be, none leaves.
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
