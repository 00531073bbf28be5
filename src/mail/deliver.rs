//! The job that sends one mail.

use super::compose::ComposeError;
use super::message::{Frame, build};
use super::store::{self, Entry};
use super::transport::{Outgoing, SendError};
use super::{DELIVER, Fate, Mail, State};
use crate::database::DbError;
use crate::ids::MailId;
use crate::jobs::{Kind, Outcome, Running};
use std::sync::PoisonError;

/// Pauses grow to an hour: a bit more than a day in all.
const MOST_TRIES: u32 = 36;
/// Mails kept in memory because nobody knows whether they left; others are written anew.
const MOST_UNSURE: usize = 1000;

impl Mail {
    /// The kinds of job that this feature does.
    pub fn jobs(&self) -> Vec<Kind> {
        let mail = self.clone();
        let deliver = move |running: Running| {
            let mail = mail.clone();
            async move { mail.deliver(&running).await.unwrap_or_else(|e| Outcome::Retry(e.to_string())) }
        };
        // The last try is ours, so that the outbox says why; the queue's own limit lies behind it.
        vec![Kind::new(DELIVER, deliver).at_once(self.inner.transport.lanes()).most_tries(MOST_TRIES + 1)]
    }

    async fn deliver(&self, running: &Running) -> Result<Outcome, DbError> {
        let Ok(id) = running.key.parse::<MailId>() else { return Ok(Outcome::Done) };
        let found = store::find(self.inner.db.read().await?.conn(), &id).await?;
        let Some(mail) = found.filter(|mail| State::from(mail.state.clone()) == State::Queued) else {
            return Ok(Outcome::Done);
        };
        if self.is_held() {
            self.settle(&mail, &Fate::Held).await?;
            return Ok(Outcome::Done);
        }
        let outgoing = match self.write(&mail).await? {
            Ok(outgoing) => outgoing,
            Err(fate) => {
                self.settle(&mail, &fate).await?;
                return Ok(Outcome::Done);
            }
        };
        if running.cancelled.is_cancelled() {
            return Ok(Outcome::Retry("the process stopped before the mail left".into()));
        }
        match self.inner.transport.send(&id, &outgoing).await {
            Ok(()) => self.settle(&mail, &Fate::Sent).await?,
            Err(SendError::Refused(why)) => self.settle(&mail, &Fate::Failed(why)).await?,
            Err(SendError::NotNow(why)) => return self.later(&mail, running.attempt, why).await,
            Err(SendError::Unsure(why)) => {
                self.keep(&id, outgoing);
                return self.later(&mail, running.attempt, why).await;
            }
        }
        Ok(Outcome::Done)
    }

    /// The mail's bytes, or what becomes of it instead.
    async fn write(&self, mail: &Entry) -> Result<Result<Outgoing, Fate>, DbError> {
        let kept = self.inner.unsure.lock().unwrap_or_else(PoisonError::into_inner).get(&mail.id).cloned();
        if let Some(kept) = kept {
            return Ok(Ok(kept));
        }
        let Some(composer) = self.composer(&mail.kind) else {
            return Ok(Err(Fate::Failed(format!("this version sends no mail of the kind {}", mail.kind))));
        };
        let now = self.inner.clock.now();
        match composer.compose(&mail.reference, now).await {
            Ok(composed) => {
                let frame = Frame {
                    from: &self.inner.from,
                    sender: self.inner.return_path.sender(&mail.id),
                    message_id: &mail.message_id,
                    created: mail.created_at,
                    now,
                };
                let built = build(composed, frame);
                Ok(built.map_err(|why| Fate::Failed(super::scrubbed(&why))))
            }
            Err(ComposeError::Cancelled(code)) => Ok(Err(Fate::Cancelled(code))),
            Err(ComposeError::Impossible(why)) => Ok(Err(Fate::Failed(why))),
            Err(ComposeError::Database(error)) => Err(error),
        }
    }

    fn keep(&self, id: &MailId, outgoing: Outgoing) {
        let mut unsure = self.inner.unsure.lock().unwrap_or_else(PoisonError::into_inner);
        if unsure.len() < MOST_UNSURE {
            unsure.insert(id.clone(), outgoing);
        }
    }

    /// Says in the outbox what became of the mail, and tells the feature that it belongs to.
    async fn settle(&self, mail: &Entry, fate: &Fate) -> Result<(), DbError> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.db.begin().await?;
        store::tagged(tx.conn(), &mail.id, &self.inner.return_path.hash_of(&mail.id)).await?;
        let changed = store::settle(tx.conn(), &mail.id, fate.state(), fate.reason(), now).await?;
        if let Some(composer) = self.composer(&mail.kind).filter(|_| changed) {
            composer.note(tx.conn(), &mail.reference, fate, now).await?;
        }
        tx.commit().await?;
        self.inner.unsure.lock().unwrap_or_else(PoisonError::into_inner).remove(&mail.id);
        if let Fate::Failed(why) = fate {
            tracing::warn!(mail = %mail.id, why, "a mail was given up");
        }
        Ok(())
    }

    /// Another try, or the end of patience.
    async fn later(&self, mail: &Entry, attempt: u32, why: String) -> Result<Outcome, DbError> {
        if attempt >= MOST_TRIES {
            self.settle(mail, &Fate::Failed(why)).await?;
            return Ok(Outcome::Done);
        }
        let mut tx = self.inner.db.begin().await?;
        store::tried(tx.conn(), &mail.id, attempt, &why, self.inner.clock.now()).await?;
        tx.commit().await?;
        Ok(Outcome::Retry(why))
    }
}
