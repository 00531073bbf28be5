//! E-mail addresses: the name before the @ (RFC 5321, 4.1.2) and the host in ASCII (RFC 5890).

use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Maximum number of bytes of the name and of the host (RFC 5321, 4.5.3.1), and of a label (RFC 1035, 2.3.4).
const MAX_NAME_BYTES: usize = 64;
const MAX_HOST_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// A mailbox that mail can be sent to: at a host name with a dot. All spellings of an address that lead to the same
/// mailbox by the standards are equal, except for the case of the name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Name, without quotes; NFC.
    name: String,
    /// Host in ASCII and lower case, without a final dot.
    host: String,
}

impl Address {
    /// Parses an address: `jerry@example.net`, `"john doe"@example.com`, `user@exämple.de`. `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, host) = text.trim().rsplit_once('@')?;
        let quoted = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|_| name.len() > 1);
        let name = match quoted {
            Some(inner) => unquoted(inner)?,
            None => Some(name.to_owned()).filter(|name| is_dot_atom(name))?,
        };
        Self::of(&name, host)
    }

    /// Parses an address as other systems write it: in angle brackets with or without a name before, with `mailto:`, or
    /// with dots in places that the standard allows only in quotes (`john..doe@docomo.example`), which are then added.
    pub fn repair(text: &str) -> Option<Self> {
        let text = text.trim();
        let inner = text.strip_suffix('>').and_then(|open| open.rsplit_once('<')).map_or(text, |(_, inner)| inner);
        let begins = inner.get(..7).is_some_and(|begin| begin.eq_ignore_ascii_case("mailto:"));
        let inner = if begins { &inner[7..] } else { inner }.trim();
        Self::parse(inner).or_else(|| {
            let (name, host) = inner.rsplit_once('@')?;
            let is_dotted = !name.is_empty() && name.chars().all(|c| c == '.' || is_atom(c));
            is_dotted.then(|| Self::of(name, host)).flatten()
        })
    }

    fn of(name: &str, host: &str) -> Option<Self> {
        let (name, host): (String, String) = (name.nfc().collect(), ascii_host(host)?);
        let address = Self { name, host };
        (!address.name.is_empty() && address.local_part().len() <= MAX_NAME_BYTES).then_some(address)
    }

    /// Returns the name as it is written before the @: in quotes where it needs them.
    fn local_part(&self) -> String {
        if is_dot_atom(&self.name) {
            return self.name.clone();
        }
        let mut quoted = String::from("\"");
        for c in self.name.chars() {
            if matches!(c, '"' | '\\') {
                quoted.push('\\');
            }
            quoted.push(c);
        }
        quoted.push('"');
        quoted
    }

    /// Returns the form by which addresses are compared and hashed: in lower case, since nearly no host distinguishes
    /// names by their case.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local_part().to_lowercase(), self.host)
    }

    /// Returns the host in ASCII.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the address for the mail builder. Its own parser refuses some of the standard's names.
    pub fn for_mail(&self) -> lettre::Address {
        lettre::Address::new_dangerous(self.local_part(), &self.host)
    }
}

impl fmt::Display for Address {
    /// Writes the form for SMTP and headers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local_part(), self.host)
    }
}

/// Returns the host in ASCII, without a final dot; `None` if it is no host name with a dot.
fn ascii_host(host: &str) -> Option<String> {
    let host = idna::domain_to_ascii(host.trim()).ok()?;
    let host = host.strip_suffix('.').unwrap_or(&host);
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit_once('.')?.1;
    let fits =
        host.len() <= MAX_HOST_BYTES && host.split('.').all(is_label) && !last.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| host.to_owned())
}

/// Returns the text of a quoted string without its escapes; `None` if it holds a control character or an open escape.
fn unquoted(inner: &str) -> Option<String> {
    let (mut text, mut chars) = (String::with_capacity(inner.len()), inner.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(|c| !c.is_control())?),
            '"' => return None,
            c if c.is_control() => return None,
            c => text.push(c),
        }
    }
    Some(text)
}

/// Whether the name needs no quotes: atoms with single dots between them.
fn is_dot_atom(name: &str) -> bool {
    name.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

/// Whether the character may be in an unquoted name (RFC 5322 `atext`; RFC 6531: letters beyond ASCII).
fn is_atom(c: char) -> bool {
    const MARKS: &str = "!#$%&'*+-/=?^_`{|}~";
    let is_beyond = !c.is_ascii() && !c.is_whitespace() && !c.is_control() && !is_format(c);
    c.is_ascii_alphanumeric() || MARKS.contains(c) || is_beyond
}

/// Whether the character can't be seen.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_into_their_parts() {
        for (text, written) in [
            ("jerry@example.net", "jerry@example.net"),
            (" Jerry@Example.NET ", "Jerry@example.net"),
            ("j.o-k+x@sub.example.co.uk", "j.o-k+x@sub.example.co.uk"),
            ("user@exämple.de", "user@xn--exmple-cua.de"),
            ("user@EXÄMPLE.de.", "user@xn--exmple-cua.de"),
            ("user@xn--exmple-cua.de", "user@xn--exmple-cua.de"),
            ("user@例え。jp", "user@xn--r8jz45g.jp"),
            ("jerry@example.net.", "jerry@example.net"),
            ("\"john doe\"@example.com", "\"john doe\"@example.com"),
            ("\"jerry\"@example.net", "jerry@example.net"),
            ("\"a@b\"@example.net", "\"a@b\"@example.net"),
            (r#""a\"b\\c"@example.net"#, r#""a\"b\\c"@example.net"#),
            ("ünal@example.net", "ünal@example.net"),
            ("u\u{308}nal@example.net", "ünal@example.net"),
        ] {
            assert_eq!(Address::parse(text).map(|address| address.to_string()).as_deref(), Some(written), "{text}");
        }
        for none in [
            "",
            "n/a",
            "-",
            "jerry",
            "jerry@",
            "@example.net",
            "\"\"@example.net",
            "jerry@localhost",
            "jerry@192.0.2.1",
            "jerry@[192.0.2.1]",
            "a b@example.net",
            "a@example..net",
            "a@.net",
            "a@-b.example",
            "a@exa mple.net",
            "a@b.c\nBcc: d@e.f",
            "a\nb@example.net",
            "\"a\nb\"@example.net",
            "\"a\"b\"@example.net",
            "\"a\\\"@example.net",
            "a\u{200b}b@example.net",
            "<jerry@example.net>",
            "john..doe@docomo.example",
            "a,b@example.net",
            &format!("{}@example.net", "a".repeat(65)),
            &format!("a@{}.example", "b".repeat(64)),
        ] {
            assert_eq!(Address::parse(none), None, "{none:?}");
        }
    }

    #[test]
    fn addresses_are_repaired_as_systems_write_them() {
        for (text, written) in [
            ("Jerry Cruncher <jerry@example.net>", "jerry@example.net"),
            ("<jerry@example.net>", "jerry@example.net"),
            ("mailto:jerry@example.net", "jerry@example.net"),
            ("john..doe@docomo.example", "\"john..doe\"@docomo.example"),
            ("john.@docomo.example", "\"john.\"@docomo.example"),
            ("user@exämple.de", "user@xn--exmple-cua.de"),
        ] {
            assert_eq!(Address::repair(text).map(|address| address.to_string()).as_deref(), Some(written), "{text}");
        }
        for none in ["", "n/a", "n/a@", "a b@example.net", "jerry@example.net, lucie@example.net", "<>", "@", "."] {
            assert_eq!(Address::repair(none), None, "{none}");
        }
    }

    #[test]
    fn spellings_of_one_address_have_one_key() {
        let key = |text: &str| Address::repair(text).map(|address| address.key());
        for (one, other) in [
            ("user@exämple.de", "USER@xn--exmple-cua.de"),
            ("user@exämple.de", "user@exa\u{308}mple.de."),
            ("\"Jerry\"@example.net", "jerry@Example.NET"),
            ("john..doe@docomo.example", "\"john..doe\"@docomo.example"),
        ] {
            assert!(key(one).is_some());
            assert_eq!(key(one), key(other), "{one}");
        }
        assert_ne!(key("jerry@example.net"), key("gerry@example.net"));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_parsed_again(text in "\\PC{0,20}@\\PC{0,20}|\"\\PC{0,12}\"@[a-z]{1,5}\\.[a-z]{2,3}") {
            if let Some(address) = Address::repair(&text) {
                let written = address.to_string();
                proptest::prop_assert!(!written.chars().any(char::is_control));
                proptest::prop_assert_eq!(Address::parse(&written), Some(address));
            }
        }
    }
}
