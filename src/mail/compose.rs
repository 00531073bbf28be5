//! Composers: the feature that owns a kind of mail writes the mail at the moment of sending.

use super::{CameBack, Consequence, DeliveryStatus};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;

/// A composed mail.
#[derive(Debug, Clone)]
pub struct Composed {
    /// Recipient.
    pub to: Mailbox,
    /// Subject.
    pub subject: String,
    /// Plain-text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// Further headers: name and value, ASCII.
    pub headers: Vec<(&'static str, String)>,
}

/// Preview of a mail for the administrator: without links and without the whole address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Reason why a mail is not composed.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// No longer wanted; the reason as a code.
    #[error("not wanted any more: {0}")]
    Cancelled(&'static str),
    /// Cannot be composed, now or later; the reason without addresses.
    #[error("it can't be written: {0}")]
    Impossible(String),
    /// The database did not answer; a later attempt may succeed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// One result for each mail. Errors: the database did not answer for any of them.
pub type ManyComposed = Result<Vec<Result<Composed, ComposeError>>, DbError>;

/// For each mail `None`, or the code of the reason why it is no longer wanted. Errors: the database did not answer.
pub type ManyUnwanted = Result<Vec<Option<&'static str>>, DbError>;

/// Composes the mails of one kind.
pub trait Compose: Send + Sync + 'static {
    /// Composes the mail. New data for it (a token) is stored before this returns, as the mail leaves next.
    fn compose<'a>(&'a self, reference: &'a str, now: Timestamp) -> BoxFuture<'a, Result<Composed, ComposeError>>;

    /// Composes many mails, one result for each, in order. To be implemented where this takes fewer statements than one
    /// by one.
    fn compose_many<'a>(&'a self, references: &'a [&'a str], now: Timestamp) -> BoxFuture<'a, ManyComposed> {
        Box::pin(async move {
            let mut written = Vec::with_capacity(references.len());
            for reference in references {
                written.push(self.compose(reference, now).await);
            }
            Ok(written)
        })
    }

    /// Whether mails that were composed before, and may have arrived, are to be sent again unchanged: one result for
    /// each, in order. Writes and stores nothing; applies the conditions that [`Compose::compose`] checks before it
    /// writes.
    fn still_wanted<'a>(&'a self, references: &'a [&'a str], now: Timestamp) -> BoxFuture<'a, ManyUnwanted>;

    /// Returns a preview of the mail, without links; changes nothing.
    fn preview<'a>(&'a self, reference: &'a str, now: Timestamp) -> BoxFuture<'a, Result<Option<Preview>, DbError>>;

    /// Records the delivery status of the mail, in the transaction that stores it in the outbox.
    fn note<'a>(
        &'a self,
        conn: Conn<'a>,
        reference: &'a str,
        status: &'a DeliveryStatus,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbError>>;

    /// Returns the reference of the mail that carried the link with this token; `None` where no mail of this kind did.
    fn recognise<'a>(&'a self, _token: &'a str) -> BoxFuture<'a, Result<Option<String>, DbError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Records a returned mail, in the transaction that stores it. Idempotent. `None` where the mail's reference is
    /// unknown.
    fn came_back<'a>(
        &'a self,
        _conn: Conn<'a>,
        _about: CameBack<'a>,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Consequence>, DbError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Records the delivery status of many mails, in the transaction that stores it in the outbox.
    fn note_many<'a>(
        &'a self,
        mut conn: Conn<'a>,
        notes: &'a [(&'a str, &'a DeliveryStatus)],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async move {
            for (reference, status) in notes {
                self.note(conn.reborrow(), reference, status, now).await?;
            }
            Ok(())
        })
    }
}
