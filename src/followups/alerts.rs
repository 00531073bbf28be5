//! Alerts: a mail to supervisors who subscribed, written when it is sent. It contains the number of waiting follow-ups
//! and a link; nothing about customers, ratings or conversations.

use super::{FollowUps, Reason, store};
use crate::access::{Principal, Role};
use crate::clock::Timestamp;
use crate::database::{Conn, Db, DbError};
use crate::ids::{StaffId, TeamId};
use crate::mail::{Compose, ComposeError, Composed, DeliveryStatus, ManyUnwanted, NewMail, Preview, hint};
use crate::staff::{Account, Staff, StaffError};
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use std::collections::BTreeSet;

/// Kind of mail.
pub const ALERT: &str = "alert";
/// Reason code of an alert that is no longer wanted when its turn comes.
const SEEN_TO: &str = "seen_to";

/// Kind of alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert {
    /// A low linked rating, once it can't be changed any more.
    Score,
    /// Callback requests, once a day.
    CallbackRequest,
}

impl Alert {
    /// All alerts.
    pub const ALL: [Self; 2] = [Self::Score, Self::CallbackRequest];

    /// Returns the code for tables and forms: that of the [`Reason`].
    pub fn code(self) -> &'static str {
        match self {
            Self::Score => Reason::Score.code(),
            Self::CallbackRequest => Reason::CallbackRequest.code(),
        }
    }

    fn known(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alert| alert.code() == code)
    }
}

impl FollowUps {
    /// Returns the alerts that `who` has subscribed to.
    pub async fn subscriptions(&self, who: &Principal) -> Result<Vec<Alert>, DbError> {
        let Some(id) = who.staff_id() else { return Ok(Vec::new()) };
        let codes = store::subscriptions(self.parts.db.read().await?.conn(), id).await?;
        Ok(codes.iter().filter_map(|code| Alert::known(code)).collect())
    }

    /// Sets the subscriptions.
    pub async fn subscribe(&self, who: &Principal, alerts: &[Alert]) -> Result<(), DbError> {
        let Some(id) = who.staff_id() else { return Ok(()) };
        let codes: Vec<&str> = alerts.iter().map(|alert| alert.code()).collect();
        let mut tx = self.parts.db.begin().await?;
        store::subscribe(tx.conn(), id, &codes).await?;
        tx.commit().await
    }

    /// Returns the mails to supervisors of these teams who have subscribed.
    pub(super) async fn mails(
        &self,
        conn: Conn<'_>,
        alert: Alert,
        teams: &BTreeSet<Option<TeamId>>,
    ) -> Result<Vec<NewMail>, DbError> {
        let wanted = store::subscribers(conn, alert.code()).await?;
        let mut mails = Vec::new();
        for id in wanted {
            let account = self.parts.staff.account(&id).await.map_err(database)?.filter(may_be_written_to);
            let Some(account) = account else { continue };
            let concerned = teams.iter().any(|team| team.as_ref().is_none_or(|team| account.teams.contains(team)));
            if concerned {
                let reference = format!("{}:{id}:{}", alert.code(), uuid::Uuid::new_v4());
                mails.push(NewMail { kind: ALERT, reference, hint: hint(&account.email) });
            }
        }
        Ok(mails)
    }
}

fn may_be_written_to(account: &Account) -> bool {
    account.role == Role::Supervisor && !account.disabled
}

/// Converts an error of reading accounts, which fails only in the database.
fn database(error: StaffError) -> DbError {
    match error {
        StaffError::Database(inner) => inner,
        _ => DbError::Missing,
    }
}

/// Composer of alerts.
pub(super) struct Composer {
    db: Db,
    staff: Staff,
    public_url: String,
}

/// Subject and both parts.
struct Texts {
    subject: String,
    text: String,
    html: String,
}

impl Composer {
    pub(super) fn new(followups: &FollowUps) -> Self {
        Self {
            db: followups.parts.db.clone(),
            staff: followups.parts.staff.clone(),
            public_url: followups.parts.settings.public_url.clone(),
        }
    }

    /// Returns the recipient and the number of waiting follow-ups; `None` if no mail is wanted any more.
    async fn about(&self, reference: &str) -> Result<Option<(Alert, Account, i64)>, DbError> {
        let mut parts = reference.split(':');
        let alert = parts.next().and_then(Alert::known);
        let staff: Option<StaffId> = parts.next().and_then(|id| id.parse().ok());
        let (Some(alert), Some(staff)) = (alert, staff) else { return Ok(None) };
        let account = self.staff.account(&staff).await.map_err(database)?.filter(may_be_written_to);
        let Some(account) = account else { return Ok(None) };
        let mut reader = self.db.read().await?;
        if !store::subscriptions(reader.conn(), &staff).await?.iter().any(|code| code == alert.code()) {
            return Ok(None);
        }
        let waiting = store::waiting_for(reader.conn(), &account.teams, alert.code()).await?;
        Ok((waiting > 0).then_some((alert, account, waiting)))
    }

    fn texts(&self, alert: Alert, waiting: i64) -> Texts {
        let what = match (alert, waiting) {
            (Alert::Score, 1) => "One follow-up waits in your teams: a customer was not content.".to_owned(),
            (Alert::Score, n) => format!("{n} follow-ups wait in your teams: customers were not content."),
            (Alert::CallbackRequest, 1) => "One customer asks your teams to be contacted.".to_owned(),
            (Alert::CallbackRequest, n) => format!("{n} customers ask your teams to be contacted."),
        };
        let (url, account) = (format!("{}/follow-ups", self.public_url), format!("{}/account/alerts", self.public_url));
        Texts {
            subject: what.trim_end_matches('.').to_owned(),
            text: format!(
                "{what}\nNobody has taken this up yet.\n\n{url}\n\nWhich of these mails you get: {account}\n"
            ),
            html: format!(
                "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"><title>{what}</title></head>\
                 <body style=\"font:16px/1.5 system-ui,sans-serif;max-width:600px;margin:0 auto;padding:24px\"><p>{what} Nobody has taken this up yet.</p>\
                 <p><a href=\"{url}\">Open the follow-ups</a></p><p><small>Which of these mails you get: <a href=\"{account}\">My alerts</a></small></p></body></html>"
            ),
        }
    }

    async fn write(&self, reference: &str) -> Result<Composed, ComposeError> {
        let Some((alert, account, waiting)) = self.about(reference).await? else {
            return Err(ComposeError::Cancelled(SEEN_TO));
        };
        let address = account.email.parse().map_err(|_| ComposeError::Impossible("the address is none".into()))?;
        let Texts { subject, text, html } = self.texts(alert, waiting);
        Ok(Composed { to: Mailbox::new(Some(account.name), address), subject, text, html, headers: Vec::new() })
    }

    async fn look(&self, reference: &str) -> Result<Option<Preview>, DbError> {
        let texts = self.about(reference).await?.map(|(alert, _, waiting)| self.texts(alert, waiting));
        Ok(texts.map(|Texts { subject, text, .. }| Preview { subject, text }))
    }
}

impl Compose for Composer {
    fn compose<'a>(&'a self, reference: &'a str, _now: Timestamp) -> BoxFuture<'a, Result<Composed, ComposeError>> {
        Box::pin(self.write(reference))
    }

    fn still_wanted<'a>(&'a self, references: &'a [&'a str], _now: Timestamp) -> BoxFuture<'a, ManyUnwanted> {
        Box::pin(async move {
            let mut unwanted = Vec::with_capacity(references.len());
            for reference in references {
                unwanted.push(self.about(reference).await?.is_none().then_some(SEEN_TO));
            }
            Ok(unwanted)
        })
    }

    fn preview<'a>(&'a self, reference: &'a str, _now: Timestamp) -> BoxFuture<'a, Result<Option<Preview>, DbError>> {
        Box::pin(self.look(reference))
    }

    fn note<'a>(
        &'a self,
        _conn: Conn<'a>,
        _reference: &'a str,
        _fate: &'a DeliveryStatus,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async { Ok(()) })
    }
}
