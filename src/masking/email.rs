//! Written e-mail addresses.

use super::Span;

/// Everything of the form `something@host.tld`.
pub(super) fn find(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let from = found.last().map_or(0, |span| span.end);
        if at < from {
            continue;
        }
        let local = text[from..at].chars().rev().take_while(|c| is_local(*c)).map(char::len_utf8).sum::<usize>();
        let host: usize = text[at + 1..].chars().take_while(|c| is_host(*c)).map(char::len_utf8).sum();
        let host = text[at + 1..at + 1 + host].trim_end_matches(['.', '-']);
        let dotted = host.split('.').filter(|label| !label.is_empty()).count() >= 2;
        if local > 0 && dotted {
            found.push(at - local..at + 1 + host.len());
        }
    }
    found
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn is_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-')
}
