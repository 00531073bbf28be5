//! `/admin/warnings`: values of deliveries that were repaired or dropped, by source and field.

use crate::access::rights::Administer;
use crate::desk::Desk;
use crate::desk::words::When;
use crate::interactions::WarningCode;
use crate::web::{PageError, Shell, SiteInfo, Viewer, html};
use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;
use std::time::Duration;

/// Selectable periods, in days.
const PERIODS: [i64; 3] = [1, 7, 30];
/// Default period, in days.
const USUAL: i64 = 7;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PeriodQuery {
    days: String,
}

struct WarningRow {
    source: String,
    field: String,
    kind: String,
    message: String,
    interactions: i64,
    last: When,
    href: String,
}

#[derive(Template)]
#[template(path = "admin/warnings.html")]
struct WarningsPage {
    page: Shell,
    periods: Vec<(i64, bool)>,
    rows: Vec<WarningRow>,
}

#[handler]
pub(super) async fn show_warnings(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<PeriodQuery>,
) -> Result<Response, PageError> {
    let days = asked.days.parse().ok().filter(|days| PERIODS.contains(days)).unwrap_or(USUAL);
    let since = desk.clock.now().minus(Duration::from_secs(days.unsigned_abs() * 86_400));
    let counts = desk.interactions.warning_counts(since).await?;
    let row = |count: crate::interactions::WarningCount| WarningRow {
        kind: WarningCode::known(&count.code).map_or_else(|| count.code.clone(), |code| code.words().to_owned()),
        source: count.source,
        field: count.field,
        message: count.message,
        interactions: count.interactions,
        last: count.last_at.into(),
        href: format!("/interactions/{}", count.example),
    };
    Ok(html(&WarningsPage {
        page: Shell::new(&who, site, "/admin"),
        periods: PERIODS.map(|period| (period, period == days)).into(),
        rows: counts.into_iter().map(row).collect(),
    }))
}
