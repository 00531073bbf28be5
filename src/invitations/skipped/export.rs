//! Exports the report for spreadsheets.

use super::SkipReport;
use crate::clock::Zone;
use crate::web::csv::harmless;

/// Returns CSV (RFC 4180, UTF-8): a line for each agent and reason; shares as numbers between 0 and 1.
pub fn to_csv(report: &SkipReport, zone: &Zone) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record([
        "agent",
        "team",
        "from",
        "until",
        "interactions",
        "asked",
        "not_asked",
        "share_not_asked",
        "share_of_others",
        "reason",
        "times",
        "stands_out",
    ])?;
    let day = |at| zone.day(at);
    for agent in &report.agents {
        let head = [
            harmless(&agent.name),
            harmless(&agent.team),
            day(report.span.from),
            day(report.span.until),
            agent.interactions.to_string(),
            agent.asked.to_string(),
            agent.skipped.to_string(),
            format!("{:.4}", agent.share()),
            agent.others.map(|share| format!("{share:.4}")).unwrap_or_default(),
        ];
        if agent.reasons.is_empty() {
            writer.write_record(head.iter().map(String::as_str).chain(["", "0", ""]))?;
        }
        for reason in &agent.reasons {
            let times = reason.interactions.to_string();
            let out = if reason.stands_out { "yes" } else { "" };
            let tail = [reason.code.as_str(), times.as_str(), out];
            writer.write_record(head.iter().map(String::as_str).chain(tail))?;
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
