//! Parser of returned mail: delivery reports (RFC 3464), complaints (RFC 5965), automatic replies (RFC 3834), and the
//! free texts that servers write instead.
//!
//! Independent of the rest of the program; never panics, whatever the bytes (fuzz/ tests it with random input). The
//! consequences of a [`Report`] are decided elsewhere; [`RecipientReport::verdict`] gives only the mail's own claim.

mod automatic;
mod codes;
mod feedback;
mod fields;
mod parts;
mod prose;
mod reason;
mod words;

pub use reason::Reason;

use mail_parser::MessageParser;
use parts::Parts;

/// Maximum number of bytes of a mail that are read; the rest is an attachment.
pub const MAX_MAIL_BYTES: usize = 1 << 20;
/// Maximum number of recipients of one report.
const MAX_RECIPIENTS: usize = 50;
/// Maximum number of secrets that are searched for in one mail.
const MAX_SECRETS: usize = 8;
/// Length of the tag in an envelope sender, in characters.
const TAG: usize = 32;
/// Length of the token in a survey link, in characters.
const TOKEN: usize = 32;

/// Returns the reason of a mail server's reply, and whether the address will never accept mail, as far as the reply tells.
/// `status`: enhanced status code (RFC 3463).
pub fn of_reply(reply: u16, status: Option<&str>, said: &str) -> (Reason, bool) {
    let around = reason::Around::new("");
    let evidence = reason::Evidence { said, around: &around, status, reply: Some(reply) };
    let reason = reason::of(&evidence, Action::Failed);
    (reason, reason.is_hard(status, Some(reply)))
}

/// Kind of a returned mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Delivery report of a server: failed, delayed or delivered.
    Delivery,
    /// Complaint or unsubscription.
    Feedback,
    /// Automatic reply: on holiday, no longer here.
    Reply,
    /// Something else.
    Unknown,
}

/// Action reported for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The server gave up.
    Failed,
    /// The server continues to retry.
    Delayed,
    /// Delivered or relayed.
    Delivered,
    /// None of these: complaints and replies.
    None,
}

/// Report on one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientReport {
    /// Address, where it is given; lower case.
    pub address: Option<String>,
    /// Enhanced status code (RFC 3463): `5.1.1`.
    pub status: Option<String>,
    /// Reply code of SMTP: 550.
    pub reply: Option<u16>,
    /// Reason.
    pub reason: Reason,
    /// Whether the failure is permanent, whatever the sender.
    pub hard: bool,
    /// Action.
    pub action: Action,
    /// Type of a complaint: `abuse`, `opt-out`, `auth-failure` …
    pub feedback: Option<String>,
    /// Reply of the server, unchanged: may hold addresses.
    pub said: String,
}

/// Claim of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The address accepts no mail permanently.
    Hard,
    /// This mail did not arrive; another may.
    Soft,
    /// The recipient reports the mail as unwanted.
    Complaint,
    /// The recipient unsubscribes.
    OptOut,
    /// No consequences.
    Nothing,
}

impl Verdict {
    /// Returns the code, as in tables and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Complaint => "complaint",
            Self::OptOut => "opt-out",
            Self::Nothing => "nothing",
        }
    }
}

impl RecipientReport {
    /// Returns the claim of this row. Delays, deliveries, automatic replies and reports about signatures claim nothing.
    pub fn verdict(&self) -> Verdict {
        match (self.feedback.as_deref(), self.action) {
            (Some("abuse" | "fraud"), _) => Verdict::Complaint,
            (Some("opt-out" | "opt-out-list"), _) => Verdict::OptOut,
            (Some(_), _) => Verdict::Nothing,
            (None, Action::Failed) if self.hard => Verdict::Hard,
            (None, Action::Failed) => Verdict::Soft,
            (None, _) => Verdict::Nothing,
        }
    }
}

/// A parsed mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Kind of the mail.
    pub kind: Kind,
    /// A row for each recipient that it is about.
    pub rows: Vec<RecipientReport>,
    /// Possible tags of our envelope sender, in the order found.
    pub tags: Vec<String>,
    /// Possible tokens of our survey links, in the order found. Secrets: not for logs.
    pub tokens: Vec<String>,
}

/// Parses the mails in these bytes: one, or several where they are an mbox. Bytes that are not a mail are left out.
pub fn read(bytes: &[u8]) -> Vec<Report> {
    let bytes = &bytes[..bytes.len().min(MAX_MAIL_BYTES)];
    split(bytes).into_iter().filter_map(read_one).collect()
}

/// Returns the row for a failure that a mail service reports: the address, the status code if given, and the other
/// server's reply. `for_ever`: whether the service calls it permanent, which counts where the other server's reply is
/// not clear.
pub fn told(address: &str, status: Option<&str>, said: &str, for_ever: bool) -> RecipientReport {
    let codes = codes::Codes::in_text(said);
    let status = codes::better(status.and_then(codes::status_in), codes.status);
    let nothing = reason::Around::new("");
    let evidence = reason::Evidence { said, around: &nothing, status: status.as_deref(), reply: codes.reply };
    let mut reason = reason::of(&evidence, Action::Failed);
    if for_ever && !reason.is_told() {
        reason = Reason::UserUnknown;
    }
    let hard = for_ever && reason.is_hard(status.as_deref(), codes.reply);
    let address = fields::address(address);
    let said = said.chars().take(500).collect();
    RecipientReport { address, status, reply: codes.reply, reason, hard, action: Action::Failed, feedback: None, said }
}

/// Returns the row for a complaint or an unsubscription that a mail service reports: `abuse`, `opt-out`.
pub fn spoke(address: &str, feedback: &str) -> RecipientReport {
    feedback::row(feedback.to_owned(), fields::address(address))
}

fn read_one(bytes: &[u8]) -> Option<Report> {
    let message = MessageParser::default().parse(bytes)?;
    if message.headers().is_empty() {
        return None;
    }
    let parts = Parts::of(&message);
    let (kind, mut rows) = rows(&parts);
    rows.truncate(MAX_RECIPIENTS);
    let text = String::from_utf8_lossy(bytes);
    Some(Report { kind, rows, tags: tags(&text), tokens: tokens(&text) })
}

fn rows(parts: &Parts<'_>) -> (Kind, Vec<RecipientReport>) {
    if let Some(rows) = feedback::read(parts) {
        return (Kind::Feedback, rows);
    }
    let reported = fields::read(parts);
    if !reported.is_empty() {
        return (Kind::Delivery, reported);
    }
    if let Some(row) = automatic::read(parts) {
        return (Kind::Reply, vec![row]);
    }
    match prose::read(parts) {
        rows if rows.is_empty() => (Kind::Unknown, rows),
        rows => (Kind::Delivery, rows),
    }
}

/// Splits an mbox, which begins with `From ` and has such a line before each mail.
fn split(bytes: &[u8]) -> Vec<&[u8]> {
    if !bytes.starts_with(b"From ") {
        return vec![bytes];
    }
    let mut starts = vec![0];
    let found = bytes.windows(7).enumerate().filter(|(_, window)| *window == b"\n\nFrom ");
    starts.extend(found.map(|(at, _)| at + 2).take(MAX_RECIPIENTS));
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    let mail = |(start, end): (&usize, usize)| {
        let mail = &bytes[*start..end];
        let head = mail.iter().position(|byte| *byte == b'\n').map_or(mail.len(), |at| at + 1);
        &mail[head..]
    };
    starts.iter().zip(ends).map(mail).collect()
}

/// Returns possible tags of our envelope sender: `+TAG@` anywhere in its recipient headers, in the report, or in the
/// returned mail.
pub fn tags(text: &str) -> Vec<String> {
    let behind = text.match_indices('+').filter_map(|(at, _)| text.get(at + 1..at + 2 + TAG));
    let tag = |found: &str| {
        let tag = found.strip_suffix('@')?;
        tag.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| tag.to_ascii_lowercase())
    };
    distinct(behind.filter_map(tag))
}

/// Returns the tokens of survey links: `/u/TOKEN` or `/s/TOKEN`.
fn tokens(text: &str) -> Vec<String> {
    let of = |sign: &'static str| text.match_indices(sign).filter_map(|(at, sign)| text.get(at + sign.len()..));
    let token = |behind: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let end = behind.find(|c| !fits(c)).unwrap_or(behind.len());
        (end == TOKEN).then(|| behind[..end].to_owned())
    };
    distinct(of("/u/").chain(of("/s/")).filter_map(token))
}

fn distinct(found: impl Iterator<Item = String>) -> Vec<String> {
    let mut all = Vec::new();
    for one in found {
        if !all.contains(&one) {
            all.push(one);
        }
        if all.len() == MAX_SECRETS {
            break;
        }
    }
    all
}

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod tests;
