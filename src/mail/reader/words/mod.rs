//! Phrases of servers and their meaning. The order matters: the first match wins, so phrases about the sending host or
//! the content come before those about the mailbox.

mod limits;
mod mailbox;
mod sender;
mod system;
mod ways;

use super::Reason;

/// Patterns in lower case; `*` stands for anything within the same stretch of [`REACH`] characters.
type Patterns = &'static [(Reason, &'static [&'static str])];

/// All tables, in their order.
const TABLES: [Patterns; 5] = [sender::TABLE, limits::TABLE, ways::TABLE, mailbox::TABLE, system::TABLE];

/// Maximum length of the text that `*` matches, in bytes.
const REACH: usize = 90;

/// Returns the reason that these words give, if any.
pub(super) fn reason(said: &str) -> Option<Reason> {
    let text = normal(said);
    #[cfg(test)]
    LOOKED_AT.with(|bytes| bytes.set(bytes.get() + text.len()));
    let mut table = TABLES.into_iter().flatten();
    table.find(|(_, patterns)| patterns.iter().any(|pattern| fits(&text, pattern))).map(|(reason, _)| *reason)
}

#[cfg(test)]
thread_local! {
    /// Number of bytes matched against the patterns: the cost of reading a mail, independent of the machine.
    pub(super) static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Returns the text in lower case, on one line, and without addresses: "spam@example.net" is not evidence.
fn normal(said: &str) -> String {
    let words = said.split_whitespace().filter(|word| !word.contains('@'));
    words.collect::<Vec<_>>().join(" ").replace('’', "'").to_lowercase()
}

fn fits(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return text.contains(pattern) };
    let (first, rest) = (first.trim(), rest.trim());
    text.match_indices(first).any(|(at, _)| {
        let behind = &text.as_bytes()[at + first.len()..];
        let near = String::from_utf8_lossy(&behind[..behind.len().min(REACH)]);
        near.contains(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_what_they_mean() {
        for (said, meant) in [
            ("<spam@example.net>: User unknown", Some(Reason::UserUnknown)),
            ("The email account that you tried to reach does not exist", Some(Reason::UserUnknown)),
            ("Client host [192.0.2.1] blocked using zen.spamhaus.org", Some(Reason::Blocked)),
            ("The user you are trying to contact is over quota", Some(Reason::MailboxFull)),
            ("Host or domain name not found. Name service error", Some(Reason::HostUnknown)),
            ("Sender address rejected: Domain not found", Some(Reason::Rejected)),
            ("Das Postfach ist voll", Some(Reason::MailboxFull)),
            ("250 2.0.0 Ok", None),
            ("", None),
        ] {
            assert_eq!(reason(said), meant, "{said}");
        }
        assert!(fits("no such a user here", "no * user") && !fits("user no", "no * user"));
    }
}
