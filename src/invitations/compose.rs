//! The invitation mail, written when it is sent. The token is made here; the database gets its hash before the mail is
//! sent, and nobody, staff included, can make the link again.

mod many;

use super::address::Recipient;
use super::letter::{self, Letter, Texts};
use super::store::{self, ToWrite};
use super::{SkipReason, Token};
use crate::clock::Timestamp;
use crate::database::{Conn, Db, DbError};
use crate::ids::InvitationId;
use crate::interactions::{self, SurveyState};
use crate::mail::{
    CameBack, Compose, ComposeError, Composed, Consequence, DeliveryStatus, ManyComposed, ManyUnwanted, Preview,
};
use crate::surveys::{LocalizedText, Surveys, Version};
use crate::vault::Vault;
use futures_util::future::BoxFuture;

/// Kind of mail.
pub const INVITATION: &str = "invitation";
/// Reason code of a mail that is no longer wanted when its turn comes.
const EXPIRED: &str = "expired";

/// Returns the reason code if no mail about this is wanted. `until`: no mail is sent at or after this time. Whether the
/// survey was answered is not checked, as with the reminder: a withdrawn mail would reveal the answer in the outbox.
pub(super) fn unwanted(about: &ToWrite, until: Timestamp, now: Timestamp) -> Option<&'static str> {
    if let Some(reason) = &about.suppressed {
        return Some(SkipReason::of_suppression(reason).code());
    }
    let is_open = about.state != "closed" && about.address_sealed.is_some() && now < until;
    (!is_open).then_some(EXPIRED)
}

/// A mail, and the data to store before it is sent.
struct Written {
    composed: Composed,
    id: InvitationId,
    token_hash: String,
    expires_at: Timestamp,
}

/// Composer of invitations.
pub(super) struct Composer {
    pub(super) db: Db,
    pub(super) vault: Vault,
    surveys: Surveys,
}

impl Composer {
    pub(super) fn new(db: Db, vault: Vault, surveys: Surveys) -> Self {
        Self { db, vault, surveys }
    }

    fn texts(&self, about: &ToWrite, version: &Version, letter: Letter<'_>) -> Result<Texts, askama::Error> {
        let conversation = about.conversation();
        let language = version.language(about.locale.as_deref());
        let text = LocalizedText::about(self.surveys.settings(), version, language, &conversation);
        letter::write(self.surveys.settings(), version, &text, (conversation.chat, about.reason(text.words)), letter)
    }

    /// Writes the mail of an invitation, with a new token that is not stored yet.
    async fn write(&self, about: &ToWrite, now: Timestamp) -> Result<Written, ComposeError> {
        // Attempts end when the link of a mail sent at once would have expired.
        if let Some(code) = unwanted(about, about.expires_at(about.created_at, self.surveys.settings()), now) {
            return Err(ComposeError::Cancelled(code));
        }
        let sealed = about.address_sealed.as_deref().ok_or(ComposeError::Cancelled(EXPIRED))?;
        let recipient = Recipient::open(&self.vault, sealed).map_err(|e| ComposeError::Impossible(e.to_string()))?;
        let to = recipient.mailbox()?;
        let token = Token::random();
        let expires_at = about.expires_at(now, self.surveys.settings());
        let survey = format!("{}/s/{}", self.surveys.settings().public_url, token.secret());
        let unsubscribe = format!("{}/u/{}", self.surveys.settings().public_url, token.secret());
        let version = self.surveys.version(&about.survey).await?;
        let letter =
            Letter { customer: recipient.name.as_deref(), survey: &survey, unsubscribe: &unsubscribe, expires_at };
        let texts = self.texts(about, &version, letter).map_err(|e| ComposeError::Impossible(e.to_string()))?;
        let headers = vec![
            ("List-Unsubscribe", format!("<{unsubscribe}>")),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ];
        let composed = Composed { to, subject: texts.subject, text: texts.text, html: texts.html, headers };
        Ok(Written { composed, id: about.id.clone(), token_hash: token.hash(), expires_at })
    }

    async fn look(&self, reference: &str) -> Result<Option<Preview>, DbError> {
        let found = store::to_write(self.db.read().await?.conn(), &[reference]).await?;
        let Some(about) = found.into_iter().next() else { return Ok(None) };
        let link = "[the link is made when the mail leaves]";
        let version = self.surveys.version(&about.survey).await?;
        let letter = Letter { customer: None, survey: link, unsubscribe: link, expires_at: about.expires_at };
        let texts = self.texts(&about, &version, letter).ok();
        Ok(texts.map(|texts| Preview { subject: texts.subject, text: texts.text }))
    }

    async fn take_note(
        &self,
        mut conn: Conn<'_>,
        reference: &str,
        status: &DeliveryStatus,
        now: Timestamp,
    ) -> Result<(), DbError> {
        if matches!(status, DeliveryStatus::Refused(refusal) if refusal.is_no_mailbox) {
            store::suppress_invited(conn.reborrow(), reference, "bounced", now).await?;
        }
        let (own, state, reason) = match status {
            DeliveryStatus::Queued => ("scheduled", SurveyState::Scheduled, None),
            DeliveryStatus::Held => ("scheduled", SurveyState::Held, None),
            DeliveryStatus::Sent => ("sent", SurveyState::Sent, None),
            DeliveryStatus::Failed(why) => ("failed", SurveyState::Failed, Some(why.as_str())),
            DeliveryStatus::Refused(refusal) => ("failed", SurveyState::Failed, Some(refusal.why.as_str())),
            DeliveryStatus::Cancelled(EXPIRED) => ("closed", SurveyState::Closed, None),
            DeliveryStatus::Cancelled(code) => ("closed", SurveyState::Skipped, Some(*code)),
        };
        match store::set_state(conn.reborrow(), reference, own).await? {
            Some(interaction) => interactions::set_survey(conn, &interaction, state, reason, true, now).await,
            None => Ok(()),
        }
    }
}

impl Compose for Composer {
    fn compose<'a>(&'a self, reference: &'a str, now: Timestamp) -> BoxFuture<'a, Result<Composed, ComposeError>> {
        Box::pin(async move {
            let nothing = Err(ComposeError::Cancelled(EXPIRED));
            self.write_many(&[reference], now).await?.into_iter().next().unwrap_or(nothing)
        })
    }

    fn compose_many<'a>(&'a self, references: &'a [&'a str], now: Timestamp) -> BoxFuture<'a, ManyComposed> {
        Box::pin(self.write_many(references, now))
    }

    fn still_wanted<'a>(&'a self, references: &'a [&'a str], now: Timestamp) -> BoxFuture<'a, ManyUnwanted> {
        Box::pin(self.wanted_again(references, now))
    }

    fn preview<'a>(&'a self, reference: &'a str, _now: Timestamp) -> BoxFuture<'a, Result<Option<Preview>, DbError>> {
        Box::pin(self.look(reference))
    }

    fn note<'a>(
        &'a self,
        conn: Conn<'a>,
        reference: &'a str,
        status: &'a DeliveryStatus,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(self.take_note(conn, reference, status, now))
    }

    fn recognise<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<String>, DbError>> {
        Box::pin(self.of_token(token))
    }

    fn came_back<'a>(
        &'a self,
        conn: Conn<'a>,
        about: CameBack<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Consequence>, DbError>> {
        Box::pin(self.take_back(conn, about, now))
    }

    fn note_many<'a>(
        &'a self,
        conn: Conn<'a>,
        notes: &'a [(&'a str, &'a DeliveryStatus)],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(self.take_notes(conn, notes, now))
    }
}
