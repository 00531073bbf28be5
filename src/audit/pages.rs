//! `/admin/audit`.

use super::{AuditLine, AuditLog, Filter, Linked, linked, say};
use crate::access::rights::Administer;
use crate::clock::{Timestamp, Zone};
use crate::paging::Cursor;
use crate::web::{PageError, Shell, SiteInfo, Viewer, get, html};
use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, Route, handler};

const SIZE: usize = 50;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route.at("/admin/audit", get(list))
}

/// Query of the filter form.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct AuditQuery {
    action: String,
    who: String,
    subject: String,
    /// First day, `2026-11-20`.
    from: String,
    /// Last day.
    to: String,
    cursor: String,
}

/// A line of the page.
struct AuditRow {
    iso: String,
    exact: String,
    name: String,
    action: String,
    subject: Linked,
    detail: String,
}

impl From<AuditLine> for AuditRow {
    fn from(line: AuditLine) -> Self {
        Self {
            iso: line.at.to_rfc3339(),
            exact: line.at.to_jiff().strftime("%-d %b %Y, %H:%M:%S UTC").to_string(),
            name: line.name,
            action: say(&line.action).to_owned(),
            subject: linked(&line.subject),
            detail: line.detail.as_deref().map(plain).unwrap_or_default(),
        }
    }
}

/// Returns an object as `key: value, key: value`; anything else unchanged.
fn plain(json: &str) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(json) else { return json.to_owned() };
    let field = |(key, value): (String, serde_json::Value)| match value {
        serde_json::Value::String(text) => format!("{key}: {text}"),
        other => format!("{key}: {other}"),
    };
    fields.into_iter().map(field).collect::<Vec<_>>().join(", ")
}

/// An action in the list of choices.
struct Choice {
    code: String,
    words: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct AuditPage {
    page: Shell,
    rows: Vec<AuditRow>,
    actions: Vec<Choice>,
    asked: AuditQuery,
    filtered: bool,
    newest: Option<String>,
    older: Option<String>,
}

/// Returns the begin of a day in this zone, and of the next day.
fn day(text: &str, zone: &Zone) -> Result<Option<(Timestamp, Timestamp)>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| PageError::BadForm(format!("\"{text}\" is not a day such as 2026-11-20"));
    let day: jiff::civil::Date = text.parse().map_err(wrong)?;
    Ok(Some((zone.begin(day), zone.begin(day.tomorrow().map_err(wrong)?))))
}

fn link(asked: &AuditQuery, cursor: Option<&Cursor>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let fields = [
        ("action", &asked.action),
        ("who", &asked.who),
        ("subject", &asked.subject),
        ("from", &asked.from),
        ("to", &asked.to),
    ];
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", &cursor.to_string());
    }
    format!("/admin/audit?{}", query.finish())
}

#[handler]
async fn list(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(log): Data<&AuditLog>,
    Query(asked): Query<AuditQuery>,
) -> Result<Response, PageError> {
    let (from, before) = (day(&asked.from, &site.zone)?.map(|d| d.0), day(&asked.to, &site.zone)?.map(|d| d.1));
    let filter =
        Filter { action: asked.action.clone(), actor: asked.who.clone(), subject: asked.subject.clone(), from, before };
    // An invalid cursor shows the first page.
    let after: Option<Cursor> = asked.cursor.parse().ok();
    let found = log.lines(&filter, after.as_ref().unwrap_or(&Cursor::start()), SIZE).await?;
    let choice = |code: String| Choice { words: say(&code).to_owned(), chosen: code == asked.action, code };
    let actions = log.actions().await?.into_iter().map(choice).collect();
    Ok(html(&AuditPage {
        page: Shell::new(&who, site, "/admin"),
        rows: found.items.into_iter().map(AuditRow::from).collect(),
        actions,
        filtered: filter != Filter::default(),
        newest: after.is_some().then(|| link(&asked, None)),
        older: found.next.as_ref().map(|next| link(&asked, Some(next))),
        asked,
    }))
}
