//! The reminder: a single mail that holds no link to the survey.
//!
//! The database holds only a token's hash, so nobody, this program included, can send the first link again; and a
//! second link would allow a customer to be counted twice, as an apart answer by the first one can't be detected
//! (docs/anonymity.md, "The reminder"). So the reminder replies to the first mail, which mail programs show right above
//! it, and says where the link is.
//!
//! It goes to all customers whose survey is still open, answered or not: a customer left out would be known to have
//! answered. Its link for unsubscribing has a token of its own that has no other use.

mod letter;
mod store;

use super::address::Recipient;
use super::compose::{self, INVITATION};
use super::store as invitations;
use super::{Invitations, Token};
use crate::clock::Timestamp;
use crate::database::{Conn, Db, DbError};
use crate::jobs::{Kind, Outcome};
use crate::mail::{
    self, CameBack, Compose, ComposeError, Composed, Consequence, DeliveryStatus, ManyUnwanted, NewMail, Preview,
};
use crate::surveys::{LocalizedText, Surveys};
use crate::vault::Vault;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// Kind of mail.
pub const REMINDER: &str = "reminder";
/// Reason code of a reminder that is no longer wanted when its turn comes.
const EXPIRED: &str = "expired";
/// Maximum number of reminders queued in one transaction.
const MAX_BATCH: i64 = 200;
const RUN_INTERVAL: Duration = Duration::from_secs(600);

pub(super) fn job(invitations: &Invitations) -> Kind {
    let invitations = invitations.clone();
    let remind = move |_| {
        let invitations = invitations.clone();
        async move { invitations.remind().await.map_or_else(|e| Outcome::Retry(e.to_string()), |_| Outcome::Done) }
    };
    Kind::new("invitations.remind", remind).every(RUN_INTERVAL)
}

impl Invitations {
    /// Queues the reminders that are due and returns their number. Each invitation has at most one: it is marked as
    /// reminded in the transaction that puts the mail into the outbox.
    pub async fn remind(&self) -> Result<usize, DbError> {
        let now = self.now();
        let mut all = 0;
        loop {
            let mut tx = self.inner.db.begin().await?;
            let due = store::take_due(tx.conn(), now, MAX_BATCH).await?;
            for (id, sealed) in &due {
                let opened = sealed.as_deref().map(|sealed| Recipient::open(&self.inner.vault, sealed));
                let Some(Ok(recipient)) = opened else { continue };
                let new = NewMail { kind: REMINDER, reference: id.clone(), hint: mail::hint(&recipient.email) };
                self.inner.mail.enqueue(tx.conn(), &new, now).await?;
            }
            tx.commit().await?;
            all += due.len();
            if i64::try_from(due.len()).unwrap_or(0) < MAX_BATCH {
                return Ok(all);
            }
        }
    }
}

/// Composer of reminders.
pub(super) struct Composer {
    db: Db,
    vault: Vault,
    surveys: Surveys,
    /// A bounced reminder has the same effects as a bounced invitation; both are wanted equally long.
    first: Arc<compose::Composer>,
}

impl Composer {
    pub(super) fn new(db: Db, vault: Vault, surveys: Surveys, first: Arc<compose::Composer>) -> Self {
        Self { db, vault, surveys, first }
    }

    async fn write(&self, reference: &str, now: Timestamp) -> Result<Composed, ComposeError> {
        let mut reader = self.db.read().await?;
        let expired = || ComposeError::Cancelled(EXPIRED);
        let about = invitations::to_write(reader.conn(), &[reference]).await?.pop().ok_or_else(expired)?;
        if let Some(code) = compose::unwanted(&about, about.expires_at, now) {
            return Err(ComposeError::Cancelled(code));
        }
        let first = mail::message_id_of(reader.conn(), INVITATION, reference).await?.ok_or_else(expired)?;
        drop(reader);
        let sealed = about.address_sealed.as_deref().ok_or_else(expired)?;
        let recipient = Recipient::open(&self.vault, sealed).map_err(|e| ComposeError::Impossible(e.to_string()))?;
        let to = recipient.mailbox()?;
        let token = Token::random();
        let unsubscribe = format!("{}/u/{}", self.surveys.settings().public_url, token.secret());
        let words = self.words(&about, recipient.name.as_deref(), &unsubscribe).await?;
        let mut tx = self.db.begin().await?;
        if !store::set_unsubscribe(tx.conn(), reference, &token.hash()).await? {
            return Err(expired());
        }
        tx.commit().await?;
        let headers = vec![
            ("In-Reply-To", first.clone()),
            ("References", first),
            ("List-Unsubscribe", format!("<{unsubscribe}>")),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ];
        let letter::Words { subject, text, html } = words;
        Ok(Composed { to, subject, text, html, headers })
    }

    async fn words(
        &self,
        about: &invitations::ToWrite,
        customer: Option<&str>,
        unsubscribe: &str,
    ) -> Result<letter::Words, ComposeError> {
        let version = self.surveys.version(&about.survey).await?;
        let conversation = about.conversation();
        let language = version.language(about.locale.as_deref());
        let text = LocalizedText::about(self.surveys.settings(), &version, language, &conversation);
        letter::write(
            &self.surveys.settings().company,
            &text,
            conversation.chat,
            (customer, about.reason(text.words)),
            unsubscribe,
            about.expires_at,
        )
        .map_err(|e| ComposeError::Impossible(e.to_string()))
    }

    async fn look(&self, reference: &str) -> Result<Option<Preview>, DbError> {
        let about = invitations::to_write(self.db.read().await?.conn(), &[reference]).await?.pop();
        let Some(about) = about else { return Ok(None) };
        let words = self.words(&about, None, "[the link is made when the mail leaves]").await;
        match words {
            Ok(words) => Ok(Some(Preview { subject: words.subject, text: words.text })),
            Err(ComposeError::Database(error)) => Err(error),
            Err(ComposeError::Cancelled(_) | ComposeError::Impossible(_)) => Ok(None),
        }
    }
}

impl Compose for Composer {
    fn compose<'a>(&'a self, reference: &'a str, now: Timestamp) -> BoxFuture<'a, Result<Composed, ComposeError>> {
        Box::pin(self.write(reference, now))
    }

    fn still_wanted<'a>(&'a self, references: &'a [&'a str], now: Timestamp) -> BoxFuture<'a, ManyUnwanted> {
        self.first.still_wanted(references, now)
    }

    fn preview<'a>(&'a self, reference: &'a str, _now: Timestamp) -> BoxFuture<'a, Result<Option<Preview>, DbError>> {
        Box::pin(self.look(reference))
    }

    /// The reminder's delivery status changes nothing about the survey: the first mail was delivered.
    fn note<'a>(
        &'a self,
        _: Conn<'a>,
        _: &'a str,
        _: &'a DeliveryStatus,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async { Ok(()) })
    }

    fn recognise<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<String>, DbError>> {
        Box::pin(async move {
            let Some(token) = Token::parse(token) else { return Ok(None) };
            store::of_unsubscribe(self.db.read().await?.conn(), &token.hash()).await
        })
    }

    fn came_back<'a>(
        &'a self,
        conn: Conn<'a>,
        about: CameBack<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Consequence>, DbError>> {
        self.first.came_back(conn, about, now)
    }
}
