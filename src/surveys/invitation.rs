//! The customer's mail, written when it is sent. The token is made here; the database gets its hash before the mail leaves,
//! and nobody, staff included, can make the link again.

use super::address::Recipient;
use super::store::{self, ToWrite};
use super::{Settings, SkipReason, Token};
use crate::clock::Timestamp;
use crate::database::{Conn, Db, DbError};
use crate::interactions::{self, SurveyState};
use crate::mail::{Compose, ComposeError, Composed, Fate, Preview};
use crate::vault::Vault;
use askama::Template;
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;

/// The kind of mail.
pub const INVITATION: &str = "invitation";
/// Why a mail is not wanted any more when its turn comes.
const EXPIRED: &str = "expired";

/// Writes invitations.
pub(super) struct Composer {
    db: Db,
    vault: Vault,
    settings: Settings,
}

#[derive(Template)]
#[template(path = "mail/invitation.html")]
struct HtmlPart<'a> {
    lang: &'a str,
    dir: &'a str,
    company: &'a str,
    customer: Option<&'a str>,
    chat: bool,
    topic: Option<&'a str>,
    agent: Option<&'a str>,
    happened: Option<&'a str>,
    survey: &'a str,
    unsubscribe: &'a str,
    open_until: &'a str,
    quiet_days: u64,
}

#[derive(Template)]
#[template(path = "mail/invitation.txt")]
struct TextPart<'a> {
    company: &'a str,
    customer: Option<&'a str>,
    chat: bool,
    topic: Option<&'a str>,
    agent: Option<&'a str>,
    happened: Option<&'a str>,
    survey: &'a str,
    unsubscribe: &'a str,
    open_until: &'a str,
    quiet_days: u64,
}

/// Subject and both parts.
struct Texts {
    subject: String,
    text: String,
    html: String,
}

/// The day as people say it: `20 November`.
pub(super) fn day(at: Timestamp) -> String {
    at.to_jiff().strftime("%-d %B").to_string()
}

/// The first word of a name.
pub(super) fn first_name(name: Option<&str>) -> Option<&str> {
    name.and_then(|name| name.split_whitespace().next())
}

impl Composer {
    pub(super) fn new(db: Db, vault: Vault, settings: Settings) -> Self {
        Self { db, vault, settings }
    }

    fn texts(
        &self,
        about: &ToWrite,
        customer: Option<&str>,
        survey: &str,
        unsubscribe: &str,
        expires_at: Timestamp,
    ) -> Result<Texts, askama::Error> {
        let chat = about.channel == "chat";
        let (happened, open_until) = (day(about.occurred_at), day(expires_at));
        let company = self.settings.company.as_str();
        let customer: Option<String> =
            customer.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|n| !n.is_empty());
        let (agent, topic, happened) =
            (first_name(about.agent_name.as_deref()), about.topic.as_deref(), Some(happened.as_str()));
        let quiet_days = self.settings.quiet_period.as_secs() / 86_400;
        let (customer, open_until) = (customer.as_deref(), open_until.as_str());
        let text =
            TextPart { company, customer, chat, topic, agent, happened, survey, unsubscribe, open_until, quiet_days }
                .render()?;
        let (lang, dir) = ("en", "ltr");
        let html = HtmlPart {
            lang,
            dir,
            company,
            customer,
            chat,
            topic,
            agent,
            happened,
            survey,
            unsubscribe,
            open_until,
            quiet_days,
        }
        .render()?;
        let subject = format!("How was your {} with {company}?", if chat { "chat" } else { "call" });
        Ok(Texts { subject, text, html })
    }

    async fn write(&self, reference: &str, now: Timestamp) -> Result<Composed, ComposeError> {
        let mut reader = self.db.read().await?;
        let Some(about) = store::to_write(reader.conn(), reference).await? else {
            return Err(ComposeError::Cancelled(EXPIRED));
        };
        if let Some(reason) = store::suppressed(reader.conn(), &about.address_hash).await? {
            return Err(ComposeError::Cancelled(SkipReason::of_suppression(&reason).code()));
        }
        drop(reader);
        let Some(sealed) =
            about.address_sealed.as_deref().filter(|_| about.state != "closed" && about.expires_at > now)
        else {
            return Err(ComposeError::Cancelled(EXPIRED));
        };
        let recipient = Recipient::open(&self.vault, sealed).map_err(|e| ComposeError::Impossible(e.to_string()))?;
        let address = recipient.email.parse().map_err(|_| ComposeError::Impossible("the address is none".into()))?;
        let token = Token::random();
        let expires_at = now.plus(self.settings.expires_after);
        let survey = format!("{}/s/{}", self.settings.public_url, token.secret());
        let unsubscribe = format!("{}/u/{}", self.settings.public_url, token.secret());
        let texts = self
            .texts(&about, recipient.name.as_deref(), &survey, &unsubscribe, expires_at)
            .map_err(|e| ComposeError::Impossible(e.to_string()))?;
        let mut tx = self.db.begin().await?;
        // It replaces the token of an earlier try, whose mail did not leave.
        if !store::set_token(tx.conn(), &about.id, &token.hash(), expires_at).await? {
            return Err(ComposeError::Cancelled(EXPIRED));
        }
        tx.commit().await?;
        let headers = vec![
            ("List-Unsubscribe", format!("<{unsubscribe}>")),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ];
        Ok(Composed {
            to: Mailbox::new(recipient.name, address),
            subject: texts.subject,
            text: texts.text,
            html: texts.html,
            headers,
        })
    }

    async fn look(&self, reference: &str) -> Result<Option<Preview>, DbError> {
        let Some(about) = store::to_write(self.db.read().await?.conn(), reference).await? else { return Ok(None) };
        let link = "[the link is made when the mail leaves]";
        let texts = self.texts(&about, None, link, link, about.expires_at).ok();
        Ok(texts.map(|texts| Preview { subject: texts.subject, text: texts.text }))
    }

    async fn take_note(&self, mut conn: Conn<'_>, reference: &str, fate: &Fate, now: Timestamp) -> Result<(), DbError> {
        let (own, state, reason) = match fate {
            Fate::Queued => ("scheduled", SurveyState::Scheduled, None),
            Fate::Held => ("scheduled", SurveyState::Held, None),
            Fate::Sent => ("sent", SurveyState::Sent, None),
            Fate::Failed(why) => ("failed", SurveyState::Failed, Some(why.as_str())),
            Fate::Cancelled(EXPIRED) => ("closed", SurveyState::Closed, None),
            Fate::Cancelled(code) => ("closed", SurveyState::Skipped, Some(*code)),
        };
        match store::set_state(conn.again(), reference, own).await? {
            Some(interaction) => interactions::set_survey(conn, &interaction, state, reason, true, now).await,
            None => Ok(()),
        }
    }
}

impl Compose for Composer {
    fn compose<'a>(&'a self, reference: &'a str, now: Timestamp) -> BoxFuture<'a, Result<Composed, ComposeError>> {
        Box::pin(self.write(reference, now))
    }

    fn preview<'a>(&'a self, reference: &'a str, _now: Timestamp) -> BoxFuture<'a, Result<Option<Preview>, DbError>> {
        Box::pin(self.look(reference))
    }

    fn note<'a>(
        &'a self,
        conn: Conn<'a>,
        reference: &'a str,
        fate: &'a Fate,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(self.take_note(conn, reference, fate, now))
    }
}
