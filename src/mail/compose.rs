//! Who writes a mail: the feature that its kind belongs to, at the moment of sending.

use super::{CameBack, Consequence, DeliveryStatus};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;

/// A mail, written.
#[derive(Debug, Clone)]
pub struct Composed {
    /// To whom.
    pub to: Mailbox,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// Further headers: name and value, ASCII.
    pub headers: Vec<(&'static str, String)>,
}

/// What a mail will say, for the administrator: no link, no whole address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
}

/// Why a mail is not written.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// It is not wanted any more; why, as a code.
    #[error("not wanted any more: {0}")]
    Cancelled(&'static str),
    /// It can't be written, now or later; why, without addresses.
    #[error("it can't be written: {0}")]
    Impossible(String),
    /// The database did not answer; another try may succeed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// One result for each mail; an error where the database did not answer for any of them.
pub type ManyComposed = Result<Vec<Result<Composed, ComposeError>>, DbError>;

/// For each mail nothing, or why nobody wants it any more, as a code; an error where the database did not answer.
pub type ManyUnwanted = Result<Vec<Option<&'static str>>, DbError>;

/// Writes the mails of one kind.
pub trait Compose: Send + Sync + 'static {
    /// Writes the mail. What it makes up for it (a token) is stored before this returns, as the mail leaves next.
    fn compose<'a>(&'a self, reference: &'a str, now: Timestamp) -> BoxFuture<'a, Result<Composed, ComposeError>>;

    /// Writes many at once, one result for each, in order: where that takes fewer statements than one by one.
    fn compose_many<'a>(&'a self, references: &'a [&'a str], now: Timestamp) -> BoxFuture<'a, ManyComposed> {
        Box::pin(async move {
            let mut written = Vec::with_capacity(references.len());
            for reference in references {
                written.push(self.compose(reference, now).await);
            }
            Ok(written)
        })
    }

    /// Whether mails that were written before, and may have arrived, are to go out again as they are: one result for each, in
    /// order. Nothing is written or stored; it is asked what [`Compose::compose`] asks before it writes.
    fn still_wanted<'a>(&'a self, references: &'a [&'a str], now: Timestamp) -> BoxFuture<'a, ManyUnwanted>;

    /// What the mail will say, without links; changes nothing.
    fn preview<'a>(&'a self, reference: &'a str, now: Timestamp) -> BoxFuture<'a, Result<Option<Preview>, DbError>>;

    /// Takes note of what became of the mail, in the transaction that says so in the outbox.
    fn note<'a>(
        &'a self,
        conn: Conn<'a>,
        reference: &'a str,
        status: &'a DeliveryStatus,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbError>>;

    /// Whose mail carried the link with this token; none where none of this kind did.
    fn recognise<'a>(&'a self, _token: &'a str) -> BoxFuture<'a, Result<Option<String>, DbError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Takes note of what came back, in the transaction that notes it: changes the same the second time as the first. None
    /// where nothing is known of whom it is about.
    fn came_back<'a>(
        &'a self,
        _conn: Conn<'a>,
        _about: CameBack<'a>,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Consequence>, DbError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Takes note of what became of many, in the transaction that says so in the outbox.
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
