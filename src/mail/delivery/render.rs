//! Stage 2: a mail's content, composed by its feature, and the bytes that are sent.

use super::claim::Batch;
use crate::clock::{SharedClock, Timestamp};
use crate::database::DbError;
use crate::ids::MailId;
use crate::mail::compose::{Compose, ComposeError, Composed};
use crate::mail::dkim::Signer;
use crate::mail::message::{Frame, build};
use crate::mail::outcome::SendError;
use crate::mail::returned::ReturnPath;
use crate::mail::store::queue;
use crate::mail::transport::Outgoing;
use crate::mail::{DeliveryStatus, Mail, scrubbed};
use lettre::message::Mailbox;
use std::collections::{BTreeMap, HashMap};

/// A mail with its content.
pub(in crate::mail) struct RenderedMail {
    pub id: MailId,
    /// Domain of the recipient, for limits.
    pub domain: String,
    pub words: Words,
}

/// Source of the content.
pub(in crate::mail) enum Words {
    /// Composed by its feature.
    Written { composed: Box<Composed>, message_id: String, created: Timestamp },
    /// The bytes of an earlier attempt that may have succeeded.
    Kept(Outgoing),
}

/// Renders mails: sender, signature.
pub(in crate::mail) struct Renderer {
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
        build(composed, frame, signer).map_err(|why| SendError::Impossible(scrubbed(&why)))
    }
}

impl Mail {
    /// Composes each mail, or decides its status instead.
    pub(super) async fn compose_batch(&self, batch: &Batch) -> Result<ComposedBatch, DbError> {
        let mut kinds: BTreeMap<&str, Vec<&queue::Due>> = BTreeMap::new();
        for mail in &batch.mails {
            kinds.entry(&mail.kind).or_default().push(mail);
        }
        let mut composed = ComposedBatch::default();
        let now = self.inner.clock.now();
        for (kind, mails) in kinds {
            let Some(composer) = self.composer(kind) else {
                let why = format!("this version sends no mail of the kind {kind}");
                composed
                    .unwritten
                    .extend(mails.iter().map(|mail| (mail.id.clone(), DeliveryStatus::Failed(why.clone()))));
                continue;
            };
            let (mut again, mut new) = (Vec::new(), Vec::new());
            for mail in mails {
                match self.inner.unsure.get(&mail.id) {
                    Some(kept) => again.push((mail, kept)),
                    None => new.push(mail),
                }
            }
            if !again.is_empty() {
                composed.keep_uncertain(&*composer, again, now).await?;
            }
            if !new.is_empty() {
                composed.compose(&*composer, &new, now).await?;
            }
        }
        // In the order in which they were due.
        let places: HashMap<_, _> = batch.mails.iter().enumerate().map(|(place, mail)| (&mail.id, place)).collect();
        composed.letters.sort_by_key(|letter| places.get(&letter.id).copied());
        Ok(composed)
    }
}

/// Mails to be sent, and the statuses of the others.
#[derive(Default)]
pub(super) struct ComposedBatch {
    pub letters: Vec<RenderedMail>,
    pub unwritten: Vec<(MailId, DeliveryStatus)>,
}

impl ComposedBatch {
    async fn compose(&mut self, composer: &dyn Compose, mails: &[&queue::Due], now: Timestamp) -> Result<(), DbError> {
        let references: Vec<_> = mails.iter().map(|mail| mail.reference.as_str()).collect();
        let composed = composer.compose_many(&references, now).await?;
        for (mail, composed) in mails.iter().zip(composed) {
            match composed {
                Ok(composed) => self.letters.push(letter(mail, words(mail, composed))),
                Err(ComposeError::Cancelled(code)) => {
                    self.unwritten.push((mail.id.clone(), DeliveryStatus::Cancelled(code)))
                }
                Err(ComposeError::Impossible(why)) => {
                    self.unwritten.push((mail.id.clone(), DeliveryStatus::Failed(why)))
                }
                // It stays in the batch, and is given back with it.
                Err(ComposeError::Database(error)) => tracing::error!(%error, "a mail could not be written"),
            }
        }
        Ok(())
    }

    /// Resends mails that may have left: unchanged, where they are still wanted. Days can lie between two attempts.
    async fn keep_uncertain(
        &mut self,
        composer: &dyn Compose,
        mails: Vec<(&queue::Due, Outgoing)>,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let references: Vec<_> = mails.iter().map(|(mail, _)| mail.reference.as_str()).collect();
        let unwanted = composer.still_wanted(&references, now).await?;
        for ((mail, kept), unwanted) in mails.into_iter().zip(unwanted) {
            match unwanted {
                None => self.letters.push(letter(mail, Words::Kept(kept))),
                Some(code) => self.unwritten.push((mail.id.clone(), DeliveryStatus::Cancelled(code))),
            }
        }
        Ok(())
    }
}

fn letter(mail: &queue::Due, words: Words) -> RenderedMail {
    RenderedMail { id: mail.id.clone(), domain: mail.domain.clone(), words }
}

fn words(mail: &queue::Due, composed: Composed) -> Words {
    Words::Written { composed: Box::new(composed), message_id: mail.message_id.clone(), created: mail.created_at }
}
