//! `/admin/retention`: the retention times, the forecast, and the log.

use super::{length, say, whole_days};
use crate::access::rights::Administer;
use crate::privacy::{Due, Privacy, RetainedData};
use crate::web::format::When;
use crate::web::{PageError, Shell, SiteInfo, Viewer, html};
use askama::Template;
use poem::web::Data;
use poem::{Response, handler};

struct RetentionRow {
    what: &'static str,
    note: &'static str,
    key: String,
    span: Option<String>,
    goes: String,
}

impl From<Due> for RetentionRow {
    fn from(due: Due) -> Self {
        let (what, note) = match due.rule.what {
            RetainedData::Recordings => {
                ("Recordings", "The sound of calls. Clips of the library stay, masked, by their own rule.")
            }
            RetainedData::Transcripts => ("Words", "Transcripts and chat messages, also in search. Measures are kept."),
            RetainedData::Interactions => {
                ("Calls and chats", "With their linked answers and the texts of follow-ups and kudos. Totals are kept.")
            }
            RetainedData::Audit => ("Audit log", "Its oldest lines."),
        };
        Self {
            what,
            note,
            key: format!("retention.{}", due.rule.what.code()),
            span: due.rule.span.map(length),
            goes: if due.within_a_week == 0 { "nothing".into() } else { say(due.rule.what.code(), due.within_a_week) },
        }
    }
}

#[derive(Template)]
#[template(path = "privacy/retention.html")]
struct RetentionPage {
    page: Shell,
    rows: Vec<RetentionRow>,
    log: Vec<(String, String)>,
    last: Option<When>,
    address: String,
    quiet: String,
    hashes: String,
    tombstones: Option<String>,
}

/// `GET /admin/retention`.
#[handler]
pub(super) async fn show(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(privacy): Data<&Privacy>,
    Data(invitations): Data<&crate::invitations::Invitations>,
) -> Result<Response, PageError> {
    let (log, last) = privacy.retention_log().await?;
    let spans = invitations.spans().await?;
    Ok(html(&RetentionPage {
        page: Shell::new(&who, site, "/admin"),
        rows: privacy.forecast().await?.into_iter().map(RetentionRow::from).collect(),
        log: log.into_iter().map(|line| (line.day, say(&line.what, line.n))).collect(),
        last: last.map(When::from),
        address: length(whole_days(spans.open)),
        quiet: length(spans.quiet),
        hashes: length(privacy.hashes_kept().await?),
        tombstones: Some(privacy.settings().tombstones).filter(|kept| !kept.is_zero()).map(length),
    }))
}
