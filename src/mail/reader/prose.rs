//! Failure notices in free text: qmail, exim, OpenSMTPD, and other servers that write for people alone.

use super::codes::Codes;
use super::parts::{Parts, one_line};
use super::reason::{self, Around, Evidence};
use super::{Action, MAX_RECIPIENTS, RecipientReport};

/// Phrases in the subject of failure notices, lower case.
const SUBJECTS: &[&str] = &[
    "undeliver",
    "not deliver",
    "failure notice",
    "delivery status",
    "delivery fail",
    "delivery has failed",
    "delivery error",
    "delivery problem",
    "delivery report",
    "delivery delayed",
    "delivery notification",
    "delivery incomplete",
    "returned mail",
    "returned to sender",
    "returning message",
    "mail delivery",
    "mail system error",
    "mail could not be",
    "message not delivered",
    "could not send",
    "cannot send message",
    "rejected mail",
    "message you sent blocked",
    "non-delivery",
    "nondeliverable",
    "unzustellbar",
    "nicht zugestellt",
    "échec de la remise",
    "non remis",
    "no se puede entregar",
    "no entregado",
    "mancata consegna",
    "onbestelbaar",
    "não entregue",
    "未送达",
    "退信",
    "配信不能",
    "配信エラー",
    "не доставлено",
];

/// Local parts of the senders of failure notices, lower case.
const SENDERS: &[&str] =
    &["mailer-daemon", "mailerdaemon", "mailer_daemon", "postmaster", "mail-daemon", "mdaemon", "bounce"];

/// Lines from which on the returned mail is quoted; lower case, without surrounding dashes and spaces.
const QUOTED: &[&str] = &[
    "original message",
    "original message follows",
    "original message headers",
    "original headers",
    "message header follows",
    "message headers follow",
    "unsent message",
    "unsent message follows",
    "unsent message below",
    "returned message follows",
    "returned content",
    "undelivered message follows",
    "the original message",
    "message follows",
    "the original message headers",
    "transcript of original message",
];
/// Prefixes of such lines.
const QUOTED_FROM: &[&str] = &[
    "below this line is a copy of",
    "below is a copy of",
    "below the next line is a copy of",
    "this is a copy of",
    "the header of the original message",
    "the headers of the original message",
    "the body of the message is",
    "your original message",
    "original message header",
    "copy of your message",
    "a copy of your message",
    "start of returned message",
    "text of your message",
    "received: ",
    "return-path: ",
    "content-type: message/rfc822",
];

/// Whether the mail seems to be written by a server, rather than by a person or their program.
pub(super) fn looks_returned(parts: &Parts<'_>) -> bool {
    let (subject, from) = (parts.subject(), parts.from());
    let report = parts.header("Content-Type").to_ascii_lowercase();
    SENDERS.iter().any(|name| from.split('@').next().is_some_and(|user| user.contains(name)))
        || SUBJECTS.iter().any(|words| subject.contains(words))
        || !parts.header("X-Failed-Recipients").is_empty()
        || (report.starts_with("multipart/report") && report.contains("delivery-status"))
}

/// Returns a row for each recipient that the notice is about; none where it is not a notice or gives no reason.
pub(super) fn read(parts: &Parts<'_>) -> Vec<RecipientReport> {
    if !looks_returned(parts) && !parts.has_no_sender() {
        return Vec::new();
    }
    let text = own_words(&parts.prose);
    let (action, whole) = (action(parts, text), Around::new(text));
    let found = recipients(text).into_iter();
    let mut rows: Vec<_> = found.map(|(address, said)| row(Some(address), &said, &whole, action)).collect();
    if rows.is_empty() {
        // The notice applies to all recipients named in the header.
        let same = row(None, text, &whole, action);
        let told = parts.header("X-Failed-Recipients").to_lowercase();
        let named = told.split(',').filter_map(|one| address_of(one.trim())).take(MAX_RECIPIENTS);
        rows.extend(named.map(|address| RecipientReport { address: Some(address), ..same.clone() }));
        if rows.is_empty() {
            rows.push(same);
        }
    }
    rows.retain(|row| row.reply.is_some() || row.status.is_some() || row.reason.is_told());
    rows
}

/// A notice next to a machine-readable report, for recipients on whom the report says too little.
pub(super) struct Notice<'a> {
    whole: Around<'a>,
    of: Vec<(String, Around<'a>)>,
}

impl<'a> Notice<'a> {
    pub fn of(parts: &'a Parts<'_>) -> Self {
        let text = own_words(&parts.prose);
        let of = recipients(text).into_iter().map(|(address, said)| (address, Around::new(said))).collect();
        Self { whole: Around::new(text), of }
    }

    /// Returns the text on this recipient; the whole notice where it does not name them.
    pub fn about(&self, address: Option<&str>) -> &Around<'a> {
        let found = self.of.iter().find(|(known, _)| Some(known.as_str()) == address);
        found.map_or(&self.whole, |(_, said)| said)
    }
}

fn row(address: Option<String>, said: &str, whole: &Around<'_>, action: Action) -> RecipientReport {
    let codes = Codes::in_text(said);
    // The other server's reply, where it was quoted: the notice around it has other subjects too.
    let answer = codes.at.and_then(|at| said.get(at..)).unwrap_or(said);
    let own = codes.at.map(|_| Around::new(said));
    let around = own.as_ref().unwrap_or(whole);
    let evidence = Evidence { said: answer, around, status: codes.status.as_deref(), reply: codes.reply };
    let reason = reason::of(&evidence, action);
    let hard = reason.is_hard(codes.status.as_deref(), codes.reply);
    let said = one_line(answer).chars().take(500).collect();
    RecipientReport { address, status: codes.status, reply: codes.reply, reason, hard, action, feedback: None, said }
}

fn action(parts: &Parts<'_>, text: &str) -> Action {
    let (subject, text) = (parts.subject(), text.to_lowercase());
    let any = |words: &[&str], text: &str| words.iter().any(|words| text.contains(words));
    let given_up = any(&["given up", "permanent", "has failed", "failed to deliver", "could not be delivered"], &text);
    if any(&["delay", "warning"], &subject) && !given_up
        || any(
            &["warning message only", "do not need to resend", "has been delayed", "will be retried", "still trying"],
            &text,
        )
    {
        return Action::Delayed;
    }
    if any(&["successfully delivered", "was delivered to", "successfully relayed"], &text) && !given_up {
        return Action::Delivered;
    }
    Action::Failed
}

/// Returns the notice without the returned mail.
pub(super) fn own_words(prose: &str) -> &str {
    let mut at = 0;
    let mut behind_empty = false;
    for line in prose.split_inclusive('\n') {
        let bare = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '=' | '*' | '_' | '>' | '#'));
        let low = bare.trim_end_matches([':', '.']).trim_end().to_lowercase();
        // Headers of the returned mail follow an empty line; a host may write "Received: …" within a sentence.
        let headers = ["received: ", "return-path: "].iter().any(|begin| low.starts_with(begin));
        let begins = QUOTED.contains(&low.as_str()) || QUOTED_FROM.iter().any(|begin| low.starts_with(begin));
        if at > 0 && begins && (!headers || behind_empty) {
            return &prose[..at];
        }
        behind_empty = line.trim().is_empty();
        at += line.len();
    }
    prose
}

/// Returns each recipient with the text about it: the line that begins with the address, and the lines up to the next
/// one. At most as many as rows are wanted: a notice of nothing but addresses has thousands.
fn recipients(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut current = None;
    for line in text.lines() {
        if let Some((address, rest)) = begins_with_address(line) {
            current = found.iter().position(|(known, _)| *known == address);
            if current.is_none() && found.len() < MAX_RECIPIENTS {
                found.push((address, String::new()));
                current = Some(found.len() - 1);
            }
            if let Some(at) = current {
                found[at].1.push_str(rest);
                found[at].1.push('\n');
            }
        } else if let Some(at) = current {
            found[at].1.push_str(line);
            found[at].1.push('\n');
        }
    }
    found
}

/// Returns the address that a line begins with, where only punctuation or its repetition follows at once; and the rest.
fn begins_with_address(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    let line = ["to:", "recipient:", "recipient address:", "to "]
        .iter()
        .find_map(|begin| {
            let fits = line.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin));
            fits.then(|| line[begin.len()..].trim_start())
        })
        .unwrap_or(line);
    let open = line.trim_start_matches(['<', '"', '\'', '[', '*', '|', ' ']);
    let end = open.find(|c: char| c.is_whitespace() || "<>\"':;,()[]|".contains(c)).unwrap_or(open.len());
    let address = address_of(&open[..end])?;
    let rest = open[end..].trim_start_matches(['>', '"', '\'', ']', '*']);
    let rest = rest.strip_prefix("<mailto:").map_or(rest, |more| more.split_once('>').map_or("", |(_, rest)| rest));
    let rest = rest.trim_start();
    let ends = rest.is_empty() || rest.starts_with([':', ';', ',', '(', '|', '-', '.']) || rest.starts_with("...");
    ends.then_some((address, rest))
}

/// Returns the text as an address, lower case, where it is one and not the server's own.
fn address_of(text: &str) -> Option<String> {
    let text = text.trim_matches(['<', '>', '"', ' ', '.']).to_lowercase();
    let (user, host) = text.rsplit_once('@')?;
    let fits = !user.is_empty() && host.contains('.') && text.len() < 320 && text.is_ascii();
    let own = ["postmaster", "mailer-daemon", "abuse"].contains(&user);
    (fits && !own).then_some(text)
}
