//! Replies of a mail server: lines that begin with a code.

use crate::mail::message::scrubbed;

/// A reply, with all its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mail) struct Reply {
    pub code: u16,
    /// Lines without the codes.
    pub lines: Vec<String>,
}

impl Reply {
    #[cfg(test)]
    pub fn new(code: u16, text: &str) -> Self {
        Self { code, lines: vec![text.to_owned()] }
    }

    /// Adds one line; whether it was the last of the reply. `None` where it is not a reply at all.
    pub fn take(&mut self, line: &str) -> Option<bool> {
        let line = line.trim_end_matches(['\r', '\n']);
        let code = line.get(..3).filter(|code| code.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
        let last = match line.as_bytes().get(3) {
            None | Some(b' ') => true,
            Some(b'-') => false,
            Some(_) => return None,
        };
        if !self.lines.is_empty() && self.code != code {
            return None;
        }
        self.code = code;
        self.lines.push(line.get(4..).unwrap_or_default().to_owned());
        Some(last)
    }

    /// Whether the reply is positive (2xx or 3xx).
    pub fn is_good(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// Returns the enhanced status (RFC 3463) that it begins with.
    pub fn status(&self) -> Option<String> {
        let first = self.lines.first()?.split_whitespace().next()?;
        let parts: Vec<_> = first.split('.').collect();
        let numbers =
            parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
        (parts.len() == 3 && numbers && matches!(parts[0], "2" | "4" | "5")).then(|| first.to_owned())
    }

    /// Returns the reply on one line, code first, without addresses.
    pub fn told(&self) -> String {
        let text = self.lines.join(" ");
        // Apart from the scrubbed text: a code and a status look like a telephone number.
        match self.status() {
            Some(status) => {
                format!("{} {status} {}", self.code, scrubbed(text.trim_start().trim_start_matches(&status)))
            }
            None => format!("{} {}", self.code, scrubbed(&text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Reply> {
        let mut reply = Reply { code: 0, lines: Vec::new() };
        for line in text.lines() {
            if reply.take(line)? {
                return Some(reply);
            }
        }
        None
    }

    #[test]
    fn answers_of_one_and_of_many_lines_are_read() {
        let reply = read("250-mail.example.net\r\n250-PIPELINING\r\n250 SIZE 1000\r\n").unwrap();
        assert_eq!(
            (reply.code, reply.lines),
            (250, vec!["mail.example.net".into(), "PIPELINING".into(), "SIZE 1000".into()])
        );
        assert_eq!(read("354\r\n").unwrap().code, 354);
        assert_eq!(read("550 5.1.1 <x@example.net> gone").unwrap().status().as_deref(), Some("5.1.1"));
        assert_eq!(read("550 5.1.1 <x@example.net> gone").unwrap().told(), "550 5.1.1 <[e-mail]> gone");
        assert_eq!(read("550 5.7.26 not yours").unwrap().told(), "550 5.7.26 not yours");
        assert_eq!(read("550-5.7.1 a\r\n550 5.7.1 b").unwrap().told(), "550 5.7.1 a 5.7.1 b");
        assert_eq!(read("550 5.1 gone").unwrap().status(), None);
        for wrong in ["", "hello", "25", "2x0 yes", "250-a\r\n251 b", "250_a"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
