//! `/privacy`: what customers may know, in plain words, with the facts of this deployment.

use super::length;
use crate::config::Choices;
use crate::privacy::{Kept, Privacy};
use crate::surveys::Surveys;
use crate::web::page::html;
use askama::Template;
use poem::web::Data;
use poem::{Response, handler};

#[derive(Template)]
#[template(path = "privacy/notice.html")]
struct NoticePage<'a> {
    lang: &'a str,
    dir: &'a str,
    company: &'a str,
    contact: &'a str,
    linked: bool,
    apart: bool,
    k: u32,
    open_for: String,
    change_for: Option<String>,
    quiet: Option<String>,
    recordings: Option<String>,
    words: Option<String>,
    conversations: Option<String>,
}

/// `GET /privacy`
#[handler]
pub(super) async fn show(Data(privacy): Data<&Privacy>, Data(surveys): Data<&Surveys>) -> Response {
    let settings = surveys.settings();
    let kept = |what| privacy.rules().into_iter().find(|rule| rule.what == what).and_then(|rule| rule.span).map(length);
    let some = |span: std::time::Duration| (!span.is_zero()).then(|| length(span));
    html(&NoticePage {
        lang: "en",
        dir: "ltr",
        company: &settings.company,
        contact: privacy.settings().contact.trim(),
        linked: settings.choices != Choices::Apart,
        apart: settings.choices != Choices::Linked,
        k: settings.k,
        open_for: length(settings.expires_after),
        change_for: some(settings.edit_for),
        quiet: some(settings.quiet_period),
        recordings: kept(Kept::Recordings),
        words: kept(Kept::Transcripts),
        conversations: kept(Kept::Interactions),
    })
}
