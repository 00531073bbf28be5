//! `/admin/skipped`: the report of interactions that were not surveyed, with reasons, each agent compared with all
//! others; and its export.

use crate::access::rights::Administer;
use crate::audit;
use crate::desk::Desk;
use crate::invitations::{AgentSkips, SkipReason, SkipSpan, skips_to_csv};
use crate::web::{PageError, Shell, SiteInfo, Viewer, csv, html};
use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

/// Selectable periods, in days.
const PERIODS: [i64; 4] = [7, 30, 90, 365];
/// Default period, in days.
const USUAL: i64 = 30;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PeriodQuery {
    days: String,
}

impl PeriodQuery {
    fn days(&self) -> i64 {
        self.days.parse().ok().filter(|days| PERIODS.contains(days)).unwrap_or(USUAL)
    }
}

/// A reason with its count, and whether the agent stands out by it.
struct Why {
    words: String,
    times: i64,
    stands_out: bool,
}

struct SkippedRow {
    name: String,
    team: String,
    interactions: i64,
    asked: i64,
    skipped: i64,
    share: String,
    others: String,
    /// Width of the agent's bar in percent; `mark` is the position of the others' share.
    width: f64,
    mark: Option<f64>,
    whys: Vec<Why>,
    stands_out: bool,
}

/// Returns a share in whole percent.
fn percent(share: f64) -> String {
    format!("{:.0}\u{a0}%", share * 100.0)
}

fn row(agent: &AgentSkips) -> SkippedRow {
    let why = |reason: &crate::invitations::SkippedFor| Why {
        words: SkipReason::known(&reason.code).map_or(reason.code.as_str(), |known| known.words()).to_owned(),
        times: reason.interactions,
        stands_out: reason.stands_out,
    };
    SkippedRow {
        name: agent.name.clone(),
        team: agent.team.clone(),
        interactions: agent.interactions,
        asked: agent.asked,
        skipped: agent.skipped,
        share: percent(agent.share()),
        others: agent.others.map(percent).unwrap_or_default(),
        width: agent.share() * 100.0,
        mark: agent.others.map(|share| (share * 100.0).min(99.0)),
        whys: agent.reasons.iter().map(why).collect(),
        stands_out: agent.stands_out(),
    }
}

#[derive(Template)]
#[template(path = "admin/skipped.html")]
struct SkippedPage {
    page: Shell,
    days: i64,
    periods: Vec<(i64, bool)>,
    rows: Vec<SkippedRow>,
    all: SkippedRow,
    out: usize,
}

#[handler]
pub(super) async fn show_skipped(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<PeriodQuery>,
) -> Result<Response, PageError> {
    let days = asked.days();
    let report = desk.invitations.skips(SkipSpan::days(days, &desk.clock.zone(), desk.clock.now())).await?;
    let rows: Vec<SkippedRow> = report.agents.iter().map(row).collect();
    Ok(html(&SkippedPage {
        page: Shell::new(&who, site, "/admin"),
        days,
        periods: PERIODS.map(|period| (period, period == days)).into(),
        out: rows.iter().filter(|row| row.stands_out).count(),
        rows,
        all: row(&report.all),
    }))
}

#[handler]
pub(super) async fn export_skipped(
    who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<PeriodQuery>,
) -> Result<Response, PageError> {
    let days = asked.days();
    let now = desk.clock.now();
    let report = desk.invitations.skips(SkipSpan::days(days, &desk.clock.zone(), now)).await?;
    let file = skips_to_csv(&report, &desk.clock.zone()).map_err(|error| {
        tracing::error!(%error, "the report of who was not asked could not be written");
        PageError::Internal
    })?;
    audit::look(&desk.db, &who, "skipped.exported", "interactions", now).await?;
    Ok(csv::attachment(&format!("not-asked-{days}-days.csv"), &file))
}
