//! Views of the templates.

use super::super::{
    AgentLine, Chart, Comment, Comparison, Counts, FORMULA, Month, Nps, Overview, Part, Period as Months, Report,
    Share, TeamLine, percent,
};
use crate::staff::{AgentSummary, Team};
use crate::web::Shell;
use askama::Template;

/// Period, for the fields and for links.
pub(super) struct Period {
    pub from: String,
    pub to: String,
    /// Period in words: "Dec 2025 to Nov 2026".
    pub words: String,
}

impl From<Months> for Period {
    fn from(period: Months) -> Self {
        let (from, to) = (period.from(), period.to());
        let words = if from == to { from.label() } else { format!("{} to {}", from.label(), to.label()) };
        Self { from: from.to_string(), to: to.to_string(), words }
    }
}

/// A share with its interval, in words and for the small drawing (0 to 100).
pub(super) struct ShareView {
    pub percent: String,
    pub range: String,
    pub n: u64,
    pub x: String,
    pub width: String,
    pub point: String,
}

impl From<Share> for ShareView {
    fn from(share: Share) -> Self {
        let hundred = |x: f64| x * 100.0;
        let (low, high) = (hundred(share.interval.low), hundred(share.interval.high));
        Self {
            percent: percent(share.value()),
            range: format!("{low:.0} to {}", percent(share.interval.high)),
            n: share.n,
            x: format!("{low:.1}"),
            width: format!("{:.1}", high - low),
            // The mark is 1.6 wide and must stay inside at the ends.
            point: format!("{:.1}", (hundred(share.value()) - 0.8).clamp(0.0, 98.4)),
        }
    }
}

/// Figures of an agent, a team or all.
pub(super) struct Figures {
    pub csat: Option<ShareView>,
    pub answers: u64,
    pub mean: String,
    pub resolved: Option<ShareView>,
    pub nps: Option<NpsView>,
    pub ces: Option<ShareView>,
    pub mean_effort: String,
    /// Reasons of exclusions in words, with their counts.
    pub left_out: Vec<(&'static str, u64)>,
}

/// A net promoter score in words.
pub(super) struct NpsView {
    pub points: String,
    pub range: String,
    pub n: u64,
}

impl From<Nps> for NpsView {
    fn from(nps: Nps) -> Self {
        let (low, high) = nps.interval();
        // Uses a minus sign instead of a hyphen; never a negative zero.
        let signed = |points: f64| match points.round() as i64 {
            n if n < 0 => format!("\u{2212}{}", -n),
            n if n > 0 => format!("+{n}"),
            _ => "0".into(),
        };
        Self { points: signed(nps.points()), range: format!("{} to {}", signed(low), signed(high)), n: nps.n() }
    }
}

impl From<&Counts> for Figures {
    fn from(counts: &Counts) -> Self {
        Self {
            csat: counts.csat().map(ShareView::from),
            answers: counts.answers(),
            mean: counts.mean().map(|mean| format!("{mean:.1}")).unwrap_or_default(),
            resolved: counts.resolved().map(ShareView::from),
            nps: counts.nps().map(NpsView::from),
            ces: counts.ces().map(ShareView::from),
            mean_effort: counts.mean_effort().map(|mean| format!("{mean:.1}")).unwrap_or_default(),
            left_out: counts.reasons().into_iter().map(|(reason, n)| (reason.label(), n)).collect(),
        }
    }
}

/// A row of the list.
pub(super) struct RatingRow {
    pub href: String,
    pub name: String,
    pub team: String,
    pub figures: Figures,
    pub standing: &'static str,
    pub badge: &'static str,
    pub response: String,
    lower_end: f64,
}

impl RatingRow {
    fn new(
        href: String,
        name: String,
        team: String,
        counts: &Counts,
        standing: Comparison,
        response: Option<super::super::ResponseRate>,
    ) -> Self {
        let (standing, badge) = match standing {
            Comparison::Open => ("", ""),
            Comparison::Same => ("no significant difference", ""),
            Comparison::Above => ("above the others", "ok"),
            Comparison::Below => ("below the others", "warn"),
        };
        let lower_end = counts.csat().map_or(-1.0, |share| share.interval.low);
        let response = response.map(|rate| rate.say()).unwrap_or_default();
        Self { href, name, team, figures: Figures::from(counts), standing, badge, response, lower_end }
    }

    fn of_agent(line: AgentLine, period: &Period) -> Self {
        let href = format!("/ratings/agents/{}?from={}&to={}", line.agent.id, period.from, period.to);
        Self::new(
            href,
            line.agent.name,
            line.agent.team_name.unwrap_or_default(),
            &line.counts,
            line.standing,
            line.response,
        )
    }

    fn of_team(line: TeamLine, period: &Period) -> Self {
        let href = format!("/ratings/teams/{}?from={}&to={}", line.team.id, period.from, period.to);
        Self::new(href, line.team.name, String::new(), &line.counts, line.standing, line.response)
    }
}

/// Page `/ratings`.
#[derive(Template)]
#[template(path = "ratings/list.html")]
pub(super) struct ListPage {
    page: Shell,
    period: Period,
    all: Figures,
    untold: u64,
    may_leave_out: bool,
    /// Id and name of each survey.
    surveys: Vec<(String, String)>,
    teams: Vec<RatingRow>,
    agents: Vec<RatingRow>,
    note: String,
    by_lower_end: bool,
    formula: &'static str,
    k: u32,
}

impl ListPage {
    /// Returns the page with links to the results of these surveys.
    pub(super) fn with_surveys(self, surveys: Vec<(String, String)>) -> Self {
        Self { surveys, ..self }
    }

    pub(super) fn new(page: Shell, overview: Overview, by_lower_end: bool, k: u32) -> Self {
        let period = Period::from(overview.period);
        let note = note(&overview.agents);
        let mut agents: Vec<RatingRow> =
            overview.agents.into_iter().map(|line| RatingRow::of_agent(line, &period)).collect();
        let mut teams: Vec<RatingRow> =
            overview.teams.into_iter().map(|line| RatingRow::of_team(line, &period)).collect();
        if by_lower_end {
            // The sort is stable: equal ones stay in the order of their names.
            agents.sort_by(|a, b| b.lower_end.total_cmp(&a.lower_end));
            teams.sort_by(|a, b| b.lower_end.total_cmp(&a.lower_end));
        }
        Self {
            page,
            all: Figures::from(&overview.all),
            untold: overview.untold,
            may_leave_out: false,
            surveys: Vec::new(),
            period,
            teams,
            agents,
            note,
            by_lower_end,
            formula: FORMULA,
            k,
        }
    }

    /// Returns the page with the link to the exclusions if the viewer may see them.
    pub(super) fn with_exclusions(mut self, may: bool) -> Self {
        self.may_leave_out = may;
        self
    }
}

/// Returns a sentence about the differences; empty if fewer than two have figures.
fn note(agents: &[AgentLine]) -> String {
    let rated = agents.iter().filter(|line| line.standing != Comparison::Open).count();
    let apart = agents.iter().filter(|line| matches!(line.standing, Comparison::Above | Comparison::Below)).count();
    match (rated, apart) {
        (0 | 1, _) => String::new(),
        (_, 0) => "No significant difference: each agent’s interval overlaps that of the others together. Differences between the bare shares are within chance.".into(),
        (_, 1) => "One agent’s interval does not overlap that of the others together. Between all the rest there is no significant difference.".into(),
        (_, n) => format!("{n} agents’ intervals do not overlap that of the others together. Between all the rest there is no significant difference."),
    }
}

/// Count of a score.
pub(super) struct Bar {
    pub score: usize,
    pub n: u64,
    pub width: String,
}

fn bars(counts: &Counts) -> Vec<Bar> {
    let answers = counts.answers().max(1) as f64;
    let bar =
        |(at, n): (usize, &u64)| Bar { score: at + 1, n: *n, width: format!("{:.1}", *n as f64 / answers * 100.0) };
    counts.scores.iter().enumerate().rev().map(bar).collect()
}

/// A row of the table behind the chart.
pub(super) struct MonthRow {
    pub month: String,
    pub figures: Figures,
}

/// Page of one agent or team.
#[derive(Template)]
#[template(path = "ratings/one.html")]
pub(super) struct OnePage {
    page: Shell,
    name: String,
    eyebrow: String,
    /// Whether the viewer is this agent.
    own: bool,
    period: Period,
    figures: Figures,
    untold: u64,
    bars: Vec<Bar>,
    response: String,
    chart: Option<Chart>,
    chart_says: String,
    months: Vec<MonthRow>,
    /// Figures of the agents that are this person; empty unless several have some.
    parts: Vec<PartRow>,
    comments: Option<Vec<CommentView>>,
    formula: &'static str,
    k: u32,
}

/// Figures of one of the agents that are a person.
pub(super) struct PartRow {
    pub name: String,
    pub figures: Figures,
}

/// A released comment.
pub(super) struct CommentView {
    pub month: String,
    pub text: String,
}

impl From<Comment> for CommentView {
    fn from(comment: Comment) -> Self {
        let month = comment.month.parse().map_or(comment.month, |month: Month| month.label());
        Self { month, text: comment.text }
    }
}

impl OnePage {
    pub(super) fn new(page: Shell, report: Report, k: u32) -> Self {
        let shares: Vec<(Month, Option<Share>)> =
            report.months.iter().map(|(month, counts)| (*month, counts.csat())).collect();
        let released = report.months.iter().filter(|(_, counts)| counts.answers() > 0);
        let months =
            released.map(|(month, counts)| MonthRow { month: month.label(), figures: Figures::from(counts) }).collect();
        let part = |part: &Part| PartRow { name: part.name.clone(), figures: Figures::from(&part.counts) };
        Self {
            page,
            name: String::new(),
            eyebrow: String::new(),
            own: false,
            period: Period::from(report.period),
            figures: Figures::from(&report.counts),
            untold: report.untold,
            bars: bars(&report.counts),
            response: report.response.map(|rate| rate.say()).unwrap_or_default(),
            chart: Chart::new(&shares),
            chart_says: says(&shares),
            months,
            parts: report.parts.iter().map(part).collect(),
            comments: report.comments.map(|all| all.into_iter().map(CommentView::from).collect()),
            formula: FORMULA,
            k,
        }
    }

    pub(super) fn of_agent(mut self, agent: AgentSummary, own: bool) -> Self {
        (self.name, self.own) = (agent.name, own);
        self.eyebrow = agent.team_name.unwrap_or_else(|| "Agent".into());
        self
    }

    pub(super) fn of_team(mut self, team: &Team) -> Self {
        (self.name, self.eyebrow) = (team.name.clone(), "Team".into());
        self
    }
}

/// Returns a sentence that describes the chart.
fn says(months: &[(Month, Option<Share>)]) -> String {
    let mut there = months.iter().filter_map(|(month, share)| share.map(|s| (month.label(), percent(s.value()))));
    match (there.next(), there.next_back()) {
        (Some((first, was)), Some((last, is))) => format!("CSAT by month: {was} in {first}, {is} in {last}"),
        (Some((only, was)), None) => format!("CSAT by month: {was} in {only}"),
        _ => String::new(),
    }
}
