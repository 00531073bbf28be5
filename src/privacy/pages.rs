//! Pages: `/privacy` for customers, `/admin/erasure` and `/admin/retention` for administrators.

mod erasure;
mod notice;
mod retention;

use crate::web::{get, post};
use poem::Route;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/privacy", get(notice::show).head(notice::show))
        .at("/admin/erasure", get(erasure::ask).post(erasure::erase))
        .at("/admin/erasure/preview", post(erasure::preview))
        .at("/admin/retention", get(retention::show))
}

/// Names of counts, singular and plural.
const WORDS: &[(&str, &str, &str)] = &[
    ("conversations", "conversation", "conversations"),
    ("recordings", "recording", "recordings"),
    ("transcripts", "transcript", "transcripts"),
    ("messages", "message", "messages"),
    ("measures", "set of measures", "sets of measures"),
    ("search_lines", "line that search finds", "lines that search finds"),
    ("invitations", "survey, with its answer if there is one", "surveys, with their answers if there are any"),
    ("callback_requests", "callback request, with its follow-up", "callback requests, with their follow-ups"),
    ("contacts", "contact", "contacts"),
    ("kudos", "commendation", "commendations"),
    ("mails", "line of the outbox", "lines of the outbox"),
    ("address", "address", "addresses"),
    ("open_invitations", "open survey, which closes", "open surveys, which close"),
    ("waiting_addresses", "address that waits for its survey", "addresses that wait for their surveys"),
    ("conversations_asked_about", "conversation that it was asked about", "conversations that it was asked about"),
    ("interactions", "conversation", "conversations"),
    ("audit", "line of the audit log", "lines of the audit log"),
    ("addresses", "address that waited for nothing", "addresses that waited for nothing"),
    ("hashes", "scrambled address at a closed survey", "scrambled addresses at closed surveys"),
    ("tombstones", "mark of an erased conversation", "marks of erased conversations"),
    ("orphans", "file that belonged to nothing", "files that belonged to nothing"),
];

/// Returns a count with its noun: "3 recordings".
fn say(what: &str, n: i64) -> String {
    match WORDS.iter().find(|(code, ..)| *code == what) {
        Some((_, one, _)) if n == 1 => format!("1 {one}"),
        Some((_, _, more)) => format!("{n} {more}"),
        None => format!("{n} {}", what.replace('_', " ")),
    }
}

/// Returns a duration in words: "90 days".
fn length(span: std::time::Duration) -> String {
    let seconds = span.as_secs();
    let (n, unit) = match seconds {
        172_800.. => (seconds / 86_400, "day"),
        7200.. => (seconds / 3600, "hour"),
        120.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

/// Rounds up to days if longer than one day, so that the stated time is never too short.
fn whole_days(span: std::time::Duration) -> std::time::Duration {
    const DAY: u64 = 86_400;
    match span.as_secs() {
        ..=DAY => span,
        seconds => std::time::Duration::from_secs(seconds.div_ceil(DAY) * DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn counts_and_lengths_read_as_people_say_them() {
        assert_eq!((say("recordings", 1), say("recordings", 0)), ("1 recording".into(), "0 recordings".into()));
        assert_eq!(say("kudos_kept", 2), "2 kudos kept");
        for (seconds, wanted) in [(1, "1 second"), (900, "15 minutes"), (86_400, "24 hours"), (7_776_000, "90 days")] {
            assert_eq!(length(Duration::from_secs(seconds)), wanted);
        }
    }
}
