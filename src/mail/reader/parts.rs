//! Relevant parts of a mail: machine-readable reports, prose, and the returned mail.

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;

/// Maximum size of the prose that is read, in bytes.
pub(super) const MAX_PROSE_BYTES: usize = 64 * 1024;

/// A mail, split into its parts.
pub(super) struct Parts<'a> {
    message: &'a Message<'a>,
    /// Each `message/delivery-status`, decoded.
    pub status: Vec<Cow<'a, str>>,
    /// Each `message/feedback-report`, decoded.
    pub feedback: Vec<Cow<'a, str>>,
    /// Human-readable text.
    pub prose: String,
    /// Headers of the returned mail.
    pub returned: Vec<Cow<'a, str>>,
}

impl<'a> Parts<'a> {
    pub fn of(message: &'a Message<'a>) -> Self {
        let mut parts = Self { message, status: vec![], feedback: vec![], prose: String::new(), returned: vec![] };
        let mut pages = String::new();
        for part in &message.parts {
            match kind(part) {
                "status" => parts.status.push(text(part)),
                "feedback" => parts.feedback.push(text(part)),
                "returned" => parts.returned.push(head(part)),
                "html" => pages.push_str(&html_to_text(&text(part))),
                "text" if parts.prose.len() < MAX_PROSE_BYTES => {
                    parts.prose.push_str(&text(part));
                    parts.prose.push('\n');
                }
                _ => {}
            }
        }
        if parts.prose.trim().is_empty() {
            parts.prose = pages;
        }
        cut(&mut parts.prose, MAX_PROSE_BYTES);
        parts
    }

    /// Returns a header of the mail on one line, undecoded; empty where it is absent.
    pub fn header(&self, name: &'static str) -> String {
        self.message.header_raw(name).map(one_line).unwrap_or_default()
    }

    /// Returns the subject, decoded, lower case.
    pub fn subject(&self) -> String {
        self.message.subject().unwrap_or_default().trim().to_lowercase()
    }

    /// Returns the sender's address, lower case.
    pub fn from(&self) -> String {
        let from = self.message.from().and_then(|from| from.first()).and_then(|one| one.address.as_deref());
        from.map_or_else(|| self.header("From"), str::to_owned).to_lowercase()
    }

    /// Whether the envelope sender is empty, as far as the mail tells.
    pub fn has_no_sender(&self) -> bool {
        self.header("Return-Path") == "<>"
    }
}

/// Returns the text on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Truncates the text to at most `most` bytes.
pub(super) fn cut(text: &mut String, most: usize) {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

fn kind(part: &MessagePart<'_>) -> &'static str {
    let is = |subtype| part.is_content_type("message", subtype);
    match &part.body {
        _ if is("delivery-status") || is("global-delivery-status") => "status",
        _ if is("feedback-report") => "feedback",
        _ if part.is_content_type("text", "rfc822-headers") || is("global-headers") => "returned",
        PartType::Message(_) => "returned",
        PartType::Html(_) => "html",
        PartType::Text(_) => "text",
        _ => "",
    }
}

fn text<'a>(part: &'a MessagePart<'a>) -> Cow<'a, str> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => Cow::Borrowed(text.as_ref()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes),
        PartType::Message(message) => String::from_utf8_lossy(&message.raw_message),
        PartType::Multipart(_) => Cow::Borrowed(""),
    }
}

/// Returns the headers of a returned mail.
fn head<'a>(part: &'a MessagePart<'a>) -> Cow<'a, str> {
    match &part.body {
        PartType::Message(message) => {
            let lines = message.headers_raw().map(|(name, value)| format!("{name}:{}\n", value.trim_end()));
            Cow::Owned(lines.collect())
        }
        _ => text(part),
    }
}
