//! Serialisation of a composed mail: headers, both parts, a stable Message-ID.

use super::compose::Composed;
use super::dkim::Signer;
use super::transport::Outgoing;
use crate::clock::Timestamp;
use crate::masking;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use std::time::{Duration, SystemTime};

/// Maximum number of characters of a reason that are kept.
const MAX_REASON_CHARS: usize = 300;

/// Returns a new Message-ID under the sender's domain.
pub(super) fn message_id(from: &Mailbox) -> String {
    format!("<{}@{}>", uuid::Uuid::new_v4(), from.email.domain())
}

/// Returns the address shortened so that the administrator can distinguish mails: `j…@example.net`.
pub fn hint(address: &str) -> String {
    let (name, host) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = name.chars().take(1).collect();
    format!("{first}…@{host}")
}

/// Returns the reply of a mail server without the addresses that it repeats, and truncated.
pub fn scrubbed(reason: &str) -> String {
    let one_line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    masking::mask(&one_line).chars().take(MAX_REASON_CHARS).collect()
}

/// Maximum number of characters of a display name.
const MAX_NAME_CHARS: usize = 80;

/// Returns a name or subject on one line: lettre panics on line breaks there.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Parts of a mail other than its content.
pub(super) struct Frame<'a> {
    /// Sender.
    pub from: &'a Mailbox,
    /// Envelope sender, to which bounces return.
    pub sender: Address,
    pub message_id: &'a str,
    /// Time at which the mail was enqueued; files are sorted by it.
    pub created: Timestamp,
    pub now: Timestamp,
}

/// Returns the bytes to be sent.
pub(super) fn build(mail: &Composed, frame: Frame<'_>, signer: Option<&Signer>) -> Result<Outgoing, String> {
    let Frame { from, sender, message_id, created, now } = frame;
    let date = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
    // The header is not read back: the parser knows fewer addresses than the standard.
    let envelope = Envelope::new(Some(sender.clone()), vec![mail.to.email.clone()]).map_err(|e| e.to_string())?;
    let name = mail.to.name.as_deref().map(one_line).filter(|name| !name.is_empty());
    let name = name.map(|name| name.chars().take(MAX_NAME_CHARS).collect());
    let mut builder = Message::builder()
        .envelope(envelope)
        .from(from.clone())
        .to(Mailbox::new(name, mail.to.email.clone()))
        .subject(one_line(&mail.subject))
        .date(date)
        .message_id(Some(message_id.to_owned()))
        .raw_header(raw("Auto-Submitted", "auto-generated"));
    for (name, value) in &mail.headers {
        builder = builder.raw_header(raw(name, value));
    }
    let parts = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let mut bytes = builder.multipart(parts).map_err(|e| e.to_string())?.formatted();
    if let Some(signer) = signer {
        let mut signed = signer.header(&bytes, now)?.into_bytes();
        signed.append(&mut bytes);
        bytes = signed;
    }
    Ok(Outgoing { sender: sender.to_string(), recipient: mail.to.email.to_string(), bytes, created })
}

/// Returns a header unchanged: lettre would fold or encode a URL longer than a line, and some readers don't reassemble
/// it.
fn raw(name: &'static str, value: &str) -> HeaderValue {
    let safe: String = value.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).collect();
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), safe.clone(), safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(from: &Mailbox, now: Timestamp) -> Frame<'_> {
        let message_id = "<1@example.com>";
        Frame { from, sender: from.email.clone(), message_id, created: Timestamp(0), now }
    }

    #[test]
    fn a_hint_tells_mails_apart_and_no_more() {
        assert_eq!(hint("jerry@example.net"), "j…@example.net");
        assert_eq!(hint("Ünal@example.net"), "Ü…@example.net");
        assert_eq!(hint("nothing"), "n…@");
    }

    #[test]
    fn reasons_lose_their_addresses() {
        let said = "550 5.1.1 <jerry@example.net>: Recipient address rejected:\r\n  User unknown";
        assert_eq!(scrubbed(said), "550 5.1.1 <[e-mail]>: Recipient address rejected: User unknown");
        assert_eq!(scrubbed(&"x".repeat(1000)).len(), MAX_REASON_CHARS);
    }

    proptest::proptest! {
        #[test]
        fn any_name_can_be_written_to(name in "\\PC{0,120}|[\\x00-\\x7f]{0,20}", subject in "\\PC{0,120}|[\\x00-\\x7f]{0,20}") {
            let to = Mailbox::new(Some(name), "jerry@example.net".parse().map_err(|_| proptest::test_runner::TestCaseError::fail("address"))?);
            let mail = Composed { to, subject, text: "Hello".into(), html: "<p>Hello</p>".into(), headers: vec![] };
            let from = Mailbox::new(None, "a@example.com".parse().map_err(|_| proptest::test_runner::TestCaseError::fail("address"))?);
            let built = build(&mail, frame(&from, Timestamp(0)), None);
            proptest::prop_assert!(built.is_ok_and(|built| built.recipient == "jerry@example.net" && built.bytes.is_ascii()));
        }
    }

    #[test]
    fn nothing_breaks_out_of_a_header() -> Result<(), Box<dyn std::error::Error>> {
        let mail = Composed {
            to: Mailbox::new(Some("Jerry\r\nBcc: all@example.net".into()), "jerry@example.net".parse()?),
            subject: "How was it?\r\nX-Evil: 1".into(),
            text: "Hello".into(),
            html: "<p>Hello</p>".into(),
            headers: vec![("List-Unsubscribe", format!("<https://example.com/u/{}>\r\nX-Evil: 2", "a".repeat(90)))],
        };
        let built = build(&mail, frame(&"Shop <a@example.com>".parse()?, Timestamp(1_795_000_000_000)), None)?;
        let text = String::from_utf8(built.bytes)?;
        assert!(!text.lines().any(|line| line.starts_with("X-Evil") || line.starts_with("Bcc")), "{text}");
        assert!(text.contains("Message-ID: <1@example.com>\r\n"), "{text}");
        assert!(text.contains(&format!("List-Unsubscribe: <https://example.com/u/{}>", "a".repeat(90))), "{text}");
        assert_eq!(built.recipient, "jerry@example.net");
        Ok(())
    }
}
