//! Notices of changes that give a user a supervisor's view. Customers are informed that the supervisors of a team see
//! linked responses; administrators decide who that is. So every action of an administrator (or an API key) by which a
//! person comes to see linked responses is announced to the existing supervisors and to the other administrators: by
//! mail, and on their home page.

use super::{Staff, store};
use crate::access::Role;
use crate::clock::{Timestamp, Zone};
use crate::database::{Conn, Db, DbError};
use crate::effects::Actor;
use crate::ids::StaffId;
use crate::mail::{Address, Compose, ComposeError, Composed, DeliveryStatus, ManyUnwanted, NewMail, Preview, hint};
use askama::Template;
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use std::time::Duration;

/// Kind of mail.
pub(super) const MAIL: &str = "supervisor_notice";
/// Code of the reason why a notice is no longer sent when its turn comes.
const OUTDATED: &str = "outdated";
/// Time for which a notice is shown.
const SHOWN_FOR: Duration = Duration::from_secs(14 * 86_400);
/// Retention of notices: a mail may be held for some time.
pub(super) const KEPT_FOR: Duration = Duration::from_secs(90 * 86_400);
/// Maximum number of notices that are shown.
const MAX_SHOWN: i64 = 20;

/// Kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoticeKind {
    /// A supervisor's account was created.
    Appointed,
    /// A supervisor's account was enabled again.
    Enabled,
    /// A one-time link was created that sets a supervisor's password; its creator sees it.
    Link,
}

impl NoticeKind {
    const ALL: [Self; 3] = [Self::Appointed, Self::Enabled, Self::Link];

    fn code(self) -> &'static str {
        match self {
            Self::Appointed => "appointed",
            Self::Enabled => "enabled",
            Self::Link => "link",
        }
    }

    fn known(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Returns the change as a sentence.
    fn sentence(self, actor: &str, name: &str, teams: &str) -> String {
        match self {
            Self::Appointed => format!("{actor} made {name} a supervisor of {teams}."),
            Self::Enabled => format!("{actor} enabled the account of {name}, supervisor of {teams}."),
            Self::Link => {
                format!("{actor} made a one-time link that sets the password of {name}, supervisor of {teams}.")
            }
        }
    }
}

/// A notice, as shown to its recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Text: the change, its author, and the teams.
    pub text: String,
    /// Time.
    pub at: Timestamp,
}

impl Staff {
    /// Announces a change of a supervisor's account, in the caller's transaction. Does nothing where the account is not
    /// a supervisor's or has no team, or where Afterword itself made the change (the command line, the demo).
    pub(super) async fn announce(
        &self,
        mut conn: Conn<'_>,
        kind: NoticeKind,
        about: &store::StaffRow,
        by: &Actor,
    ) -> Result<(), DbError> {
        let actor = match by {
            Actor::Staff(id, _) => id.as_str(),
            Actor::Key(..) => "",
            Actor::System => return Ok(()),
        };
        if about.role() != Role::Supervisor || store::teams_of(conn.reborrow(), &about.id).await?.is_empty() {
            return Ok(());
        }
        let owner_too = kind != NoticeKind::Appointed;
        let recipients = store::notice_recipients(conn.reborrow(), &about.id, actor, owner_too).await?;
        let (id, now) = (uuid::Uuid::new_v4().to_string(), self.now());
        store::add_notice(conn.reborrow(), (id.as_str(), kind.code()), &about.id, by.name(), now, &recipients).await?;
        for (recipient, email) in &recipients {
            let mail = NewMail { kind: MAIL, reference: format!("{id}:{recipient}"), hint: hint(email) };
            self.mail.enqueue(conn.reborrow(), &mail, now).await?;
        }
        Ok(())
    }

    /// Returns the notices of the last two weeks for a recipient, the newest first.
    pub async fn notices(&self, recipient: &StaffId) -> Result<Vec<Notice>, DbError> {
        let mut reader = self.db.read().await?;
        let since = self.now().minus(SHOWN_FOR);
        let mut notices = Vec::new();
        for row in store::notices_for(reader.conn(), recipient, since, MAX_SHOWN).await? {
            let teams = store::team_names(reader.conn(), &row.staff_id).await?.join(", ");
            let Some(kind) = NoticeKind::known(&row.kind) else { continue };
            notices.push(Notice { text: kind.sentence(&row.actor_name, &row.name, &teams), at: row.at });
        }
        Ok(notices)
    }
}

/// Composes the mails.
pub(super) struct Composer {
    db: Db,
    public_url: String,
    zone: Zone,
}

/// Text of a mail.
struct Texts {
    sentence: String,
    email: String,
    at: String,
    public_url: String,
}

#[derive(Template)]
#[template(path = "mail/supervisor_notice.html")]
struct HtmlPart<'a> {
    m: &'a Texts,
}

#[derive(Template)]
#[template(path = "mail/supervisor_notice.txt")]
struct TextPart<'a> {
    m: &'a Texts,
}

impl Composer {
    pub(super) fn new(db: Db, public_url: String, zone: Zone) -> Self {
        Self { db, public_url, zone }
    }

    /// Returns the recipient and the text of a mail; `None` where the recipient is disabled or the notice is deleted.
    async fn about(&self, reference: &str) -> Result<Option<(store::StaffRow, Texts)>, DbError> {
        let mut parts = reference.split(':');
        let (Some(notice), Some(Ok(recipient))) = (parts.next(), parts.next().map(str::parse::<StaffId>)) else {
            return Ok(None);
        };
        let mut reader = self.db.read().await?;
        let Some(row) = store::notice(reader.conn(), notice).await? else { return Ok(None) };
        let Some(recipient) = store::by_id(reader.conn(), &recipient).await? else { return Ok(None) };
        let Some(kind) = NoticeKind::known(&row.kind).filter(|_| recipient.disabled_at.is_none()) else {
            return Ok(None);
        };
        let teams = store::team_names(reader.conn(), &row.staff_id).await?.join(", ");
        let sentence = kind.sentence(&row.actor_name, &row.name, &teams);
        let texts =
            Texts { sentence, email: row.email, at: self.zone.day(row.at), public_url: self.public_url.clone() };
        Ok(Some((recipient, texts)))
    }

    async fn write(&self, reference: &str) -> Result<Composed, ComposeError> {
        let Some((recipient, texts)) = self.about(reference).await? else {
            return Err(ComposeError::Cancelled(OUTDATED));
        };
        // Staff may have addresses at localhost.
        let address = Address::parse(&recipient.email).map(|address| address.for_mail());
        let address = address.or_else(|| recipient.email.parse().ok());
        let address = address.ok_or_else(|| ComposeError::Impossible("the address is none".into()))?;
        let rendered = |part: Result<String, askama::Error>| part.map_err(|e| ComposeError::Impossible(e.to_string()));
        Ok(Composed {
            to: Mailbox::new(Some(recipient.name), address),
            subject: texts.sentence.trim_end_matches('.').to_owned(),
            text: rendered(TextPart { m: &texts }.render())?,
            html: rendered(HtmlPart { m: &texts }.render())?,
            headers: Vec::new(),
        })
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
                unwanted.push(self.about(reference).await?.is_none().then_some(OUTDATED));
            }
            Ok(unwanted)
        })
    }

    fn preview<'a>(&'a self, reference: &'a str, _now: Timestamp) -> BoxFuture<'a, Result<Option<Preview>, DbError>> {
        Box::pin(async move {
            let texts = self.about(reference).await?.map(|(_, texts)| texts);
            Ok(texts.map(|texts| Preview { subject: texts.sentence.clone(), text: texts.sentence }))
        })
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
