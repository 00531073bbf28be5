//! Reads mail that came back: delivery reports (RFC 3464), complaints (RFC 5965), automatic replies (RFC 3834), and what
//! servers write in their own words instead.
//!
//! It knows nothing of the program around it and never panics, whatever the bytes (fuzz/ feeds it rubbish). What follows
//! from a [`Report`] is decided elsewhere; here [`RecipientReport::verdict`] says no more than what the mail itself claims.

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

/// What is read of one mail, in bytes; what is behind it is somebody's attachment.
pub const MAX_MAIL_BYTES: usize = 1 << 20;
/// Maximum number of recipients of one report.
const MAX_RECIPIENTS: usize = 50;
/// Maximum number of secrets that are looked for in one mail.
const MAX_SECRETS: usize = 8;
/// Characters of the tag in an envelope sender.
const TAG: usize = 32;
/// Characters of the token in a survey link.
const TOKEN: usize = 32;

/// What a mail turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A server tells what became of a mail: failed, delayed or delivered.
    Delivery,
    /// Somebody's complaint, or their wish to get no more.
    Feedback,
    /// A machine's answer: on holiday, no longer here.
    Reply,
    /// Something else.
    Unknown,
}

/// What is said of one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The server gave up.
    Failed,
    /// The server goes on trying.
    Delayed,
    /// It was delivered, or handed on.
    Delivered,
    /// None of these: complaints and replies.
    None,
}

/// What is said of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientReport {
    /// The address, where it is told; lower case.
    pub address: Option<String>,
    /// The enhanced status code (RFC 3463): `5.1.1`.
    pub status: Option<String>,
    /// The reply code of SMTP: 550.
    pub reply: Option<u16>,
    /// Why.
    pub reason: Reason,
    /// Will it stay so, whoever writes?
    pub hard: bool,
    /// What became of the mail.
    pub action: Action,
    /// Of complaints: `abuse`, `opt-out`, `auth-failure` …
    pub feedback: Option<String>,
    /// What the server said, as it came: may hold addresses.
    pub said: String,
}

/// What one row claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// This address takes no mail, and will not.
    Hard,
    /// This mail did not arrive; another may.
    Soft,
    /// The recipient calls the mail unwanted.
    Complaint,
    /// The recipient wants no more.
    OptOut,
    /// Nothing that anything follows from.
    Nothing,
}

impl Verdict {
    /// As it stands in tables and JSON.
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
    /// What this row claims. Delays, deliveries, automatic replies and reports about signatures claim nothing.
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

/// A mail, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is.
    pub kind: Kind,
    /// What it says, a row for each recipient that it speaks of.
    pub rows: Vec<RecipientReport>,
    /// What may be the tag of an envelope sender of ours, in the order found.
    pub tags: Vec<String>,
    /// What may be the token of a survey link of ours, in the order found. Secrets: not for logs.
    pub tokens: Vec<String>,
}

/// Reads the mails in these bytes: one, or several where they are an mbox. What can't be read as mail at all is left out.
pub fn read(bytes: &[u8]) -> Vec<Report> {
    let bytes = &bytes[..bytes.len().min(MAX_MAIL_BYTES)];
    split(bytes).into_iter().filter_map(read_one).collect()
}

/// A failure that a sending service tells of: to whom, the status code if it names one, and what the other server said.
/// `for_ever`: does the service say so? Its word counts where the other server's are not plain.
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

/// A complaint or a wish that a sending service tells of: `abuse`, `opt-out`.
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

/// An mbox begins with `From ` and has such a line before each mail.
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

/// What may be the tag of an envelope sender: `+TAG@` anywhere, in the headers it came to, the report, what it returns.
pub fn tags(text: &str) -> Vec<String> {
    let behind = text.match_indices('+').filter_map(|(at, _)| text.get(at + 1..at + 2 + TAG));
    let tag = |found: &str| {
        let tag = found.strip_suffix('@')?;
        tag.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| tag.to_ascii_lowercase())
    };
    distinct(behind.filter_map(tag))
}

/// `/u/TOKEN` or `/s/TOKEN`, as links to surveys have it.
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
