//! Exports ratings for spreadsheets.

use super::{Nps, Overview, RatingsError, Share};
use crate::web::csv::harmless;

/// Table that a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// One line per agent.
    Agents,
    /// One line per team.
    Teams,
}

impl Table {
    /// Returns the code for URLs and file names.
    pub fn code(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Teams => "teams",
        }
    }

    /// Returns the table with this code.
    pub fn known(text: &str) -> Option<Self> {
        [Self::Agents, Self::Teams].into_iter().find(|table| table.code() == text)
    }
}

const HEAD: [&str; 29] = [
    "agent",
    "team",
    "from",
    "to",
    "answers",
    "csat",
    "csat_low",
    "csat_high",
    "mean",
    "score_1",
    "score_2",
    "score_3",
    "score_4",
    "score_5",
    "resolved_answers",
    "resolved",
    "resolved_low",
    "resolved_high",
    "response_rate_about",
    "standing",
    "nps_answers",
    "nps",
    "nps_low",
    "nps_high",
    "ces_answers",
    "ces",
    "ces_low",
    "ces_high",
    "untold",
];

/// Returns CSV (RFC 4180, UTF-8): shares as numbers between 0 and 1, empty if nothing was released.
pub fn to_csv(overview: &Overview, table: Table) -> Result<Vec<u8>, RatingsError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let failed = |error: csv::Error| RatingsError::Export(error.to_string());
    writer.write_record(HEAD).map_err(failed)?;
    let (from, to) = (overview.period.from().to_string(), overview.period.to().to_string());
    let line = |agent: &str,
                team: &str,
                counts: &super::Counts,
                untold: u64,
                response: Option<super::ResponseRate>,
                standing: super::Comparison| {
        let mut cells = vec![harmless(agent), harmless(team), from.clone(), to.clone(), counts.answers().to_string()];
        cells.extend(share(counts.csat()));
        cells.push(counts.mean().map(|mean| format!("{mean:.2}")).unwrap_or_default());
        let released = counts.answers() > 0;
        cells.extend(counts.scores.iter().map(|n| if released { n.to_string() } else { String::new() }));
        let resolved = counts.resolved();
        cells.push(resolved.map(|share| share.n.to_string()).unwrap_or_default());
        cells.extend(share(resolved));
        cells.push(response.map(|rate| format!("0.{}", rate.about_percent / 10)).unwrap_or_default());
        cells.push(standing.code().to_owned());
        cells.extend(nps(counts.nps()));
        cells.push(counts.ces().map(|share| share.n.to_string()).unwrap_or_default());
        cells.extend(share(counts.ces()));
        cells.push(untold.to_string());
        cells
    };
    match table {
        Table::Agents => {
            for one in &overview.agents {
                let team = one.agent.team_name.as_deref().unwrap_or_default();
                writer
                    .write_record(line(&one.agent.name, team, &one.counts, 0, one.response, one.standing))
                    .map_err(failed)?;
            }
        }
        Table::Teams => {
            for one in &overview.teams {
                writer
                    .write_record(line("", &one.team.name, &one.counts, one.untold, one.response, one.standing))
                    .map_err(failed)?;
            }
        }
    }
    writer.into_inner().map_err(|error| RatingsError::Export(error.to_string()))
}

/// Returns answers, points, lower and upper end.
fn nps(nps: Option<Nps>) -> [String; 4] {
    let one = |x: f64| format!("{x:.1}");
    nps.map_or_else(Default::default, |nps| {
        let (low, high) = nps.interval();
        [nps.n().to_string(), one(nps.points()), one(low), one(high)]
    })
}

/// Returns share, lower and upper end.
fn share(share: Option<Share>) -> [String; 3] {
    let four = |x: f64| format!("{x:.4}");
    share.map_or_else(Default::default, |s| [four(s.value()), four(s.interval.low), four(s.interval.high)])
}
