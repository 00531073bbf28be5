//! Machine-readable delivery reports (RFC 3464, RFC 6533): groups of fields, one group for each recipient.

use super::codes::{self, Codes};
use super::parts::{Parts, cut, one_line};
use super::prose::Notice;
use super::reason::{self, Evidence};
use super::{Action, MAX_RECIPIENTS, RecipientReport};

/// Maximum size of a field's value that is read, in bytes.
pub(super) const MAX_VALUE_BYTES: usize = 4096;

/// Fields of one group; names in lower case, values on one line.
pub(super) type Group = Vec<(String, String)>;

/// Returns a row for each recipient of each report. A report can hold a hundred thousand groups; those after the
/// maximum number of rows are ignored.
pub(super) fn read(parts: &Parts<'_>) -> Vec<RecipientReport> {
    let groups = parts.status.iter().flat_map(|text| groups(text));
    let groups: Vec<_> = groups.filter(is_recipient).take(MAX_RECIPIENTS).collect();
    if groups.is_empty() {
        return Vec::new();
    }
    let notice = Notice::of(parts);
    groups.iter().map(|group| row(group, &notice)).collect()
}

/// Splits a report into its groups. A second recipient without an empty line before it begins a group as well.
pub(super) fn groups(text: &str) -> Vec<Group> {
    let mut groups = vec![Group::new()];
    for line in text.lines() {
        let Some(group) = groups.last_mut() else { break };
        if line.trim().is_empty() {
            if !group.is_empty() {
                groups.push(Group::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut().filter(|(_, value)| value.len() < MAX_VALUE_BYTES) {
                value.push(' ');
                value.push_str(&one_line(line));
                cut(value, MAX_VALUE_BYTES);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let (name, mut value) = (name.trim().to_ascii_lowercase(), one_line(value));
            cut(&mut value, MAX_VALUE_BYTES);
            if name == "final-recipient" && field(group, "final-recipient").is_some() {
                groups.push(vec![(name, value)]);
            } else {
                group.push((name, value));
            }
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Returns the first field of that name.
pub(super) fn field<'a>(group: &'a Group, name: &str) -> Option<&'a str> {
    group.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

fn is_recipient(group: &Group) -> bool {
    ["final-recipient", "original-recipient", "action"].iter().any(|name| field(group, name).is_some())
}

/// Returns the value after the type: `rfc822; jerry@example.net`.
fn behind_type(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, value)| value).trim()
}

/// Returns the address in an address field, lower case.
pub(super) fn address(value: &str) -> Option<String> {
    let address = behind_type(value).trim_matches(['<', '>', '"', ' ']).to_lowercase();
    (address.contains('@') && address.len() < 320).then_some(address)
}

fn action(group: &Group, status: Option<&str>) -> Action {
    match field(group, "action").map(str::to_ascii_lowercase).as_deref() {
        Some(action) if action.starts_with("failed") || action.starts_with("failure") => Action::Failed,
        Some(action) if action.starts_with("delayed") || action.starts_with("deferred") => Action::Delayed,
        Some(action) if ["delivered", "relayed", "expanded", "deliverable"].iter().any(|a| action.starts_with(a)) => {
            Action::Delivered
        }
        _ => match status.and_then(|status| status.chars().next()) {
            Some('2') => Action::Delivered,
            Some('4') => Action::Delayed,
            _ => Action::Failed,
        },
    }
}

fn row(group: &Group, notice: &Notice<'_>) -> RecipientReport {
    let who = ["original-recipient", "final-recipient", "x-actual-recipient"];
    let address = who.iter().find_map(|name| field(group, name).and_then(address));
    // Some servers give the other server's reply in a field of their own alone.
    let said = ["diagnostic-code", "x-supplementary-info"].into_iter().find_map(|name| field(group, name));
    let said = said.map(behind_type).unwrap_or_default().to_owned();
    let told = Codes::in_text(&said);
    let status = codes::better(field(group, "status").and_then(codes::status_in), told.status);
    let action = action(group, status.as_deref());
    let around = notice.about(address.as_deref());
    let reply = told.reply.or_else(|| if said.is_empty() { around.reply() } else { None });
    let evidence = Evidence { said: &said, around, status: status.as_deref(), reply };
    let reason = reason::of(&evidence, action);
    let hard = reason.is_hard(status.as_deref(), reply);
    RecipientReport { address, status, reply, reason, hard, action, feedback: None, said }
}
