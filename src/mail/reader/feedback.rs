//! Complaints (RFC 5965) with their kinds, and the formats that some providers send instead.

use super::fields::{address, field, groups};
use super::parts::Parts;
use super::{Action, Reason, RecipientReport};

/// Returns rows where the mail is a complaint, an unsubscription, or a report of that form.
pub(super) fn read(parts: &Parts<'_>) -> Option<Vec<RecipientReport>> {
    if let Some(report) = parts.feedback.first() {
        let groups = groups(report);
        let of = |name: &str| groups.iter().find_map(|group| field(group, name));
        let kind = of("feedback-type").unwrap_or("abuse").to_ascii_lowercase();
        let who = ["original-rcpt-to", "removal-recipient"];
        return Some(vec![row(kind, who.iter().find_map(|name| of(name).and_then(address)))]);
    }
    // Microsoft's program for senders returns the mail without a report.
    let subject = parts.subject();
    let marked = parts.returned.iter().find_map(|head| header(head, "x-hmxmroriginalrecipient"));
    if marked.is_some() || subject.starts_with("complaint about message from") {
        return Some(vec![row("abuse".into(), marked.and_then(|to| address(&to)))]);
    }
    // A mail program unsubscribes by mail: the subject is that word alone.
    let automatic = parts.header("Auto-Submitted").to_ascii_lowercase();
    if subject == "unsubscribe" && automatic.starts_with("auto-") {
        return Some(vec![row("opt-out".into(), address(&parts.from()))]);
    }
    None
}

pub(super) fn row(kind: String, address: Option<String>) -> RecipientReport {
    let said = String::new();
    let reason = Reason::Feedback;
    RecipientReport {
        address,
        status: None,
        reply: None,
        reason,
        hard: false,
        action: Action::None,
        feedback: Some(kind),
        said,
    }
}

/// Returns the value of a header in a block of headers.
fn header(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name)))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}
