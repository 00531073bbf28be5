//! `/admin/mail`: queued, held and failed mails.

use crate::access::rights::Administer;
use crate::desk::Desk;
use crate::desk::words::When;
use crate::invitations::INVITATION;
use crate::mail::{Entry, State, Stopped};
use crate::paging::Cursor;
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

const SIZE: usize = 25;

const DONE: &[(&str, &str)] = &[
    ("released", "The held mail is being sent."),
    ("held", "No mail server is set up yet: nothing was sent, nothing is lost."),
    ("retried", "It will be retried in a moment."),
    ("going", "It is tried now. The result appears here in a moment."),
    ("gone", "This mail is no longer among the failed ones."),
];

/// Query of a link or a redirect.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutboxQuery {
    state: String,
    cursor: String,
    did: String,
}

struct Tab {
    href: String,
    words: &'static str,
    mails: i64,
    current: bool,
}

struct OutboxRow {
    id: String,
    kind: &'static str,
    to: String,
    word: &'static str,
    class: &'static str,
    trouble: Option<String>,
    attempts: i64,
    when: When,
    failed: bool,
    waits: bool,
}

/// Returns a state in a word, and the class of its badge.
fn say(state: State) -> (&'static str, &'static str) {
    match state {
        State::Queued => ("on its way", "info"),
        State::Held => ("held", "warn"),
        State::Sent => ("sent", "ok"),
        State::Failed => ("given up", "bad"),
        State::Cancelled => ("not wanted any more", ""),
    }
}

impl From<Entry> for OutboxRow {
    fn from(entry: Entry) -> Self {
        let state = State::from(entry.state);
        let (word, class) = say(state);
        Self {
            id: entry.id.to_string(),
            kind: if entry.kind == INVITATION { "Survey" } else { "Mail" },
            to: entry.hint,
            word,
            class,
            trouble: entry.last_error.filter(|_| state != State::Sent),
            attempts: entry.attempts,
            when: entry.updated_at.into(),
            failed: state == State::Failed,
            waits: matches!(state, State::Queued | State::Held),
        }
    }
}

/// Reason that no mail is sent.
struct StoppedView {
    reason: String,
    since: When,
}

impl From<Stopped> for StoppedView {
    fn from(stopped: Stopped) -> Self {
        Self { reason: stopped.reason, since: stopped.since.into() }
    }
}

#[derive(Template)]
#[template(path = "admin/mail.html")]
struct MailPage {
    page: Shell,
    tabs: Vec<Tab>,
    rows: Vec<OutboxRow>,
    no_way_out: bool,
    stopped: Option<StoppedView>,
    held: i64,
    newest: Option<String>,
    older: Option<String>,
}

fn link(state: &str, cursor: Option<&Cursor>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if !state.is_empty() {
        query.append_pair("state", state);
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", &cursor.to_string());
    }
    format!("/admin/mail?{}", query.finish())
}

#[handler]
pub(super) async fn show_outbox(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<OutboxQuery>,
) -> Result<Response, PageError> {
    let state = State::ALL.into_iter().find(|state| state.code() == asked.state);
    let code = state.map_or("", State::code);
    let after: Option<Cursor> = asked.cursor.parse().ok();
    let counts = desk.mail.counts().await?;
    let mails = |code: &str| counts.iter().filter(|c| code.is_empty() || c.state == code).map(|c| c.mails).sum();
    let tab =
        |code: &str, words| Tab { href: link(code, None), words, mails: mails(code), current: code == asked.state };
    let found = desk.mail.list(state, after.as_ref().unwrap_or(&Cursor::start()), SIZE).await?;
    Ok(html(&MailPage {
        page: Shell::new(&who, site, "/admin").with_flash(Some(&asked.did), DONE),
        tabs: std::iter::once(("", "All"))
            .chain(State::ALL.map(|s| (s.code(), say(s).0)))
            .map(|(c, w)| tab(c, w))
            .collect(),
        rows: found.items.into_iter().map(OutboxRow::from).collect(),
        no_way_out: desk.mail.is_held(),
        stopped: desk.mail.stopped().await?.map(StoppedView::from),
        held: mails(State::Held.code()),
        newest: after.is_some().then(|| link(code, None)),
        older: found.next.as_ref().map(|next| link(code, Some(next))),
    }))
}

#[handler]
pub(super) async fn release_held(
    _who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let sent = desk.mail.release_held().await?;
    Ok(redirect(if sent > 0 || !desk.mail.is_held() { "/admin/mail?did=released" } else { "/admin/mail?did=held" }))
}

#[handler]
pub(super) async fn go_on(
    _who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    desk.mail.go_on().await?;
    Ok(redirect("/admin/mail?did=going"))
}

#[handler]
pub(super) async fn retry_mail(
    _who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let id = id.parse().map_err(|_| PageError::NotFound)?;
    let again = desk.mail.retry(&id).await?;
    Ok(redirect(if again { "/admin/mail?did=retried" } else { "/admin/mail?did=gone" }))
}

#[derive(Template)]
#[template(path = "admin/mail_preview.html")]
struct PreviewPage {
    page: Shell,
    subject: String,
    text: String,
}

#[handler]
pub(super) async fn preview_mail(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id = id.parse().map_err(|_| PageError::NotFound)?;
    let preview = desk.mail.preview(&id).await?.ok_or(PageError::NotFound)?;
    Ok(html(&PreviewPage { page: Shell::new(&who, site, "/admin"), subject: preview.subject, text: preview.text }))
}
