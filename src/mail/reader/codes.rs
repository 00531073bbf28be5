//! Codes in servers' replies: reply codes of SMTP (RFC 5321) and enhanced status codes (RFC 3463).

/// Codes found in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Codes {
    /// Reply code: 550.
    pub reply: Option<u16>,
    /// Enhanced status code: 5.1.1.
    pub status: Option<String>,
    /// Byte offset of the first code in the text.
    pub at: Option<usize>,
}

/// Reply codes of mail servers (RFC 5321, 4954, 5248, 7504, and some older ones); 426 is not among them.
const REPLIES: &[u16] = &[
    211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 422, 430, 432, 450, 451, 452, 453, 454, 455, 458, 459, 500,
    501, 502, 503, 504, 510, 511, 512, 513, 521, 523, 524, 525, 530, 533, 534, 535, 538, 541, 550, 551, 552, 553, 554,
    555, 556, 557, 571,
];

impl Codes {
    /// Returns the first reply code in the position of one, and the first status code.
    pub fn in_text(text: &str) -> Self {
        let mut found = Self::default();
        for (at, token) in tokens(text) {
            if found.reply.is_none()
                && let Some(reply) = reply_in(token)
                && (is_announced(&text[..at]) || is_status_next(&text[at + 3..]))
            {
                found.reply = Some(reply);
                found.at = found.at.or(Some(at));
            }
            if found.status.is_none()
                && let Some(status) = status_in(token)
            {
                found.status = Some(status);
                found.at = found.at.or(Some(at));
            }
            if found.reply.is_some() && found.status.is_some() {
                break;
            }
        }
        found
    }
}

/// Splits a text into words with their byte offsets: `550-5.1.1` is two, an IP address is one.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '@' || c == '_');
    let mut rest = 0;
    std::iter::from_fn(move || {
        let begin = rest + text[rest..].find(|c| !ends(c))?;
        let end = begin + text[begin..].find(ends).unwrap_or(text.len() - begin);
        rest = end;
        Some((begin, &text[begin..end]))
    })
}

fn reply_in(token: &str) -> Option<u16> {
    let reply = token.parse().ok().filter(|_| token.len() == 3)?;
    REPLIES.contains(&reply).then_some(reply)
}

/// Whether the text before announces a reply code: the start of a line, a colon, a quotation mark.
fn is_announced(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '\t']);
    let ends_with = |word: &str| {
        let end = before.len().checked_sub(word.len()).and_then(|at| before.as_bytes().get(at..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
    };
    before.is_empty()
        || before.ends_with(['\n', ':', ';', '\'', '"', '(', '<', '[', '-'])
        || ["reply", "code", "error", "status"].into_iter().any(ends_with)
}

fn is_status_next(behind: &str) -> bool {
    tokens(behind).next().is_some_and(|(at, token)| at < 4 && (status_in(token).is_some() || reply_in(token).is_some()))
}

/// Returns the status code that is the whole word, or its prefix (`5.1.1:`).
pub(super) fn status_in(text: &str) -> Option<String> {
    let token = tokens(text).next()?.1.trim_end_matches('.');
    let mut numbers = token.split('.');
    let (class, subject, detail) = (numbers.next()?, numbers.next()?, numbers.next()?);
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = matches!(class, "2" | "4" | "5") && digits(subject, 2) && digits(detail, 3) && numbers.next().is_none();
    fits.then(|| format!("{class}.{subject}.{detail}"))
}

/// Returns the more specific of two codes: `5.0.0` says no more than its class.
pub(super) fn better(field: Option<String>, told: Option<String>) -> Option<String> {
    match (field, told) {
        (Some(field), Some(told)) if is_general(&field) && field[..1] == told[..1] => Some(told),
        (field, told) => field.or(told),
    }
}

/// Whether the code is only a class: `4.0.0`, `5.0.0`.
pub(super) fn is_general(status: &str) -> bool {
    status.ends_with(".0.0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> (Option<u16>, Option<String>) {
        let found = Codes::in_text(text);
        (found.reply, found.status)
    }

    #[test]
    fn codes_are_found_where_they_stand() {
        for (text, reply, status) in [
            ("550 5.1.1 <a@b.example>... User unknown", Some(550), Some("5.1.1")),
            ("550-5.1.1 The account does not exist", Some(550), Some("5.1.1")),
            ("host mx.example [192.0.2.45] said: 554 rejected", Some(554), None),
            ("Remote Server returned '550 5.4.312 expired'", Some(550), Some("5.4.312")),
            ("was: 450 450 4.2.2 full", Some(450), Some("4.2.2")),
            ("550 #5.1.0 Address rejected.", Some(550), Some("5.1.0")),
            ("426 connection timed out", None, None),
            ("we waited 550 seconds for 192.5.1.1", None, None),
            ("5.2.2 <a@b.example>... Mailbox Full", None, Some("5.2.2")),
            ("", None, None),
        ] {
            assert_eq!(codes(text), (reply, status.map(str::to_owned)), "{text}");
        }
        assert_eq!(status_in("5.1.1 (bad destination)"), Some("5.1.1".into()));
        assert_eq!(status_in("5.1"), None);
        assert_eq!(better(Some("5.0.0".into()), Some("5.1.0".into())), Some("5.1.0".into()));
        assert_eq!(better(Some("4.0.0".into()), Some("5.1.0".into())), Some("4.0.0".into()));
    }
}
