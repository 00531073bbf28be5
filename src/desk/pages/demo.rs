//! The demo's own pages: suggestions, the mailbox of the fictional customers, and every component on one page. They
//! exist in the demo only.

use super::unreadable;
use crate::access::rights::SignedIn;
use crate::desk::{Captured, Desk, Opened};
use crate::interactions::{Channel, Filter};
use crate::paging::Cursor;
use crate::staff::DEMO_ACCOUNTS;
use crate::transcription::TEST_MODEL;
use crate::web::{PageError, Shell, SiteInfo, Viewer, html};
use askama::Template;
use poem::http::header;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};

/// Content security policy of a mail's HTML: its own styles, and links in new pages. No scripts, nothing from other
/// origins.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; \
    sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

fn only_in_the_demo(site: &SiteInfo) -> Result<(), PageError> {
    if site.demo { Ok(()) } else { Err(PageError::NotFound) }
}

#[derive(Template)]
#[template(path = "desk/demo.html")]
struct StepsPage<'a> {
    here: &'static str,
    company: &'a str,
    accounts: &'static [(&'static str, &'static str, &'static str)],
    /// Speech model that transcribes the calls.
    model: String,
    /// Whether it is the test model.
    test_model: bool,
}

#[handler]
pub(super) async fn show_steps(Data(site): Data<&SiteInfo>, Data(desk): Data<&Desk>) -> Result<Response, PageError> {
    only_in_the_demo(site)?;
    let model = desk.transcription.engine().model_name().to_owned();
    let test_model = model == TEST_MODEL;
    Ok(html(&StepsPage { here: "steps", company: &site.company, accounts: DEMO_ACCOUNTS, model, test_model }))
}

#[derive(Template)]
#[template(path = "desk/mailbox.html")]
struct MailPage {
    here: &'static str,
    mails: Vec<Captured>,
    open: Option<Opened>,
    as_text: bool,
}

/// Query for the form in which a mail is shown.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct MailViewQuery {
    view: String,
}

async fn mails(desk: &Desk) -> Result<Vec<Captured>, PageError> {
    match desk.mailbox() {
        Some(mailbox) => mailbox.list().await.map_err(unreadable),
        None => Ok(Vec::new()),
    }
}

async fn mail(desk: &Desk, id: &str) -> Result<Opened, PageError> {
    let mailbox = desk.mailbox().ok_or(PageError::NotFound)?;
    mailbox.open(id).await.map_err(unreadable)?.ok_or(PageError::NotFound)
}

#[handler]
pub(super) async fn show_mailbox(Data(site): Data<&SiteInfo>, Data(desk): Data<&Desk>) -> Result<Response, PageError> {
    only_in_the_demo(site)?;
    Ok(html(&MailPage { here: "mail", mails: mails(desk).await?, open: None, as_text: false }))
}

#[handler]
pub(super) async fn read_mail(
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
    Query(shown): Query<MailViewQuery>,
) -> Result<Response, PageError> {
    only_in_the_demo(site)?;
    let open = mail(desk, &id).await?;
    let as_text = shown.view == "text" || open.html.is_none();
    Ok(html(&MailPage { here: "mail", mails: mails(desk).await?, open: Some(open), as_text }))
}

/// Makes links of a mail open in a new page, as in a mail program: inside the frame the survey's form would be blocked.
fn opening_links_outside(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    let head = html.to_ascii_lowercase().find("<head>").map(|at| at + "<head>".len());
    let at = head.unwrap_or(0);
    format!("{}{BASE}{}", &html[..at], &html[at..])
}

#[handler]
pub(super) async fn show_html(
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    only_in_the_demo(site)?;
    let html = mail(desk, &id).await?.html.ok_or(PageError::NotFound)?;
    Ok(Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header("content-security-policy", MAIL_POLICY)
        .header("referrer-policy", "no-referrer")
        .body(opening_links_outside(&html)))
}

#[derive(Template)]
#[template(path = "gallery.html")]
struct Gallery {
    page: Shell,
    audio: String,
    peaks: String,
}

#[handler]
pub(super) async fn show_components(
    who: Viewer<SignedIn>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
) -> Result<Response, PageError> {
    only_in_the_demo(site)?;
    let calls = Filter { channel: Some(Channel::Call), ..Filter::default() };
    let found = desk.interactions.list(&who.visible(), &calls, &Cursor::start(), 200).await?;
    let base = found
        .items
        .iter()
        .find(|i| i.has_recording())
        .map(|i| format!("/api/v1/interactions/{}", i.id))
        .unwrap_or_default();
    Ok(html(&Gallery {
        page: Shell::new(&who, site, "/demo"),
        audio: format!("{base}/recording"),
        peaks: format!("{base}/peaks"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_a_mail_leave_its_frame() {
        assert_eq!(opening_links_outside("<html><HEAD><title>x"), "<html><HEAD><base target=\"_blank\"><title>x");
        assert_eq!(opening_links_outside("<p>ü"), "<base target=\"_blank\"><p>ü");
    }
}
