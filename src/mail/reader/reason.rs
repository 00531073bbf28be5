//! Reason of a returned mail, from the server's reply and its codes. The names are those of other tools of mail
//! administrators.

use super::Action;
use super::codes::{self, Codes};
use super::words;
use std::borrow::Cow;
use std::cell::OnceCell;

crate::coded_enum! {
    /// Reason of a returned mail.
    Reason {
        UserUnknown = "userunknown", "There is no such mailbox.";
        HostUnknown = "hostunknown", "There is no such host.";
        HasMoved = "hasmoved", "The mailbox has moved.";
        NotAccept = "notaccept", "The host takes no mail.";
        MailboxFull = "mailboxfull", "The mailbox is full.";
        Suspend = "suspend", "The mailbox is closed for now.";
        Filtered = "filtered", "The recipient’s own rules refused it.";
        SpamDetected = "spamdetected", "It was taken for spam.";
        VirusDetected = "virusdetected", "It was taken for a virus.";
        Blocked = "blocked", "The sending host is on a list of blocked ones.";
        BadReputation = "badreputation", "The sending host has a bad reputation.";
        RequirePtr = "requireptr", "The sending host has no name in reverse DNS.";
        AuthFailure = "authfailure", "SPF, DKIM or DMARC did not hold.";
        PolicyViolation = "policyviolation", "It is against the recipient’s policy.";
        SecurityError = "securityerror", "It was refused for reasons of security.";
        FailedStarttls = "failedstarttls", "Encryption failed.";
        NoRelaying = "norelaying", "The host does not relay this mail.";
        Rejected = "rejected", "The sender’s address was refused.";
        ContentError = "contenterror", "Its content was refused.";
        NotCompliantRfc = "notcompliantrfc", "It breaks a rule of the format.";
        TooBig = "mesgtoobig", "It is too big.";
        ExceedLimit = "exceedlimit", "It exceeds a limit.";
        Speeding = "speeding", "Too many mails in too short a time.";
        TooManyConnections = "toomanyconn", "Too many connections at once.";
        SystemFull = "systemfull", "The recipient’s server is full.";
        SystemError = "systemerror", "The recipient’s server failed.";
        MailerError = "mailererror", "A program on the recipient’s server failed.";
        SyntaxError = "syntaxerror", "The servers did not understand each other.";
        NetworkError = "networkerror", "The network or the DNS failed.";
        Expired = "expired", "It could not be delivered in time.";
        Suppressed = "suppressed", "The sending service has this address on a list of its own.";
        OnHold = "onhold", "The server did not say why.";
        Undefined = "undefined", "The reason is not clear.";
        Delivered = "delivered", "It was delivered.";
        Feedback = "feedback", "The recipient spoke up.";
        Vacation = "vacation", "A machine answered.";
    }
}

impl Reason {
    /// Whether the address will never accept mail, as far as this tells. A failure that the server calls temporary is
    /// not permanent.
    pub(super) fn is_hard(self, status: Option<&str>, reply: Option<u16>) -> bool {
        let for_ever = matches!(self, Self::UserUnknown | Self::HostUnknown | Self::HasMoved | Self::NotAccept);
        let for_now = match status {
            Some(status) => status.starts_with('4'),
            None => reply.is_some_and(|reply| reply < 500),
        };
        for_ever && !for_now
    }

    /// Whether it concerns the sender, and so other mails as well: its host, its signatures, its rate, the content that all
    /// its mails have in common.
    pub(in crate::mail) fn is_about_sender(self) -> bool {
        matches!(
            self,
            Self::Blocked
                | Self::BadReputation
                | Self::RequirePtr
                | Self::AuthFailure
                | Self::PolicyViolation
                | Self::SecurityError
                | Self::FailedStarttls
                | Self::NoRelaying
                | Self::Rejected
                | Self::SpamDetected
                | Self::VirusDetected
                | Self::Speeding
                | Self::TooManyConnections
        )
    }

    /// Whether a reason was found.
    pub(super) fn is_told(self) -> bool {
        !matches!(self, Self::OnHold | Self::Undefined)
    }
}

/// Text of a notice around a server's reply. It may be long, and shared by many recipients: it is classified at the
/// first use, and the result is kept.
pub(super) struct Around<'a> {
    text: Cow<'a, str>,
    reason: OnceCell<Option<Reason>>,
    reply: OnceCell<Option<u16>>,
}

impl<'a> Around<'a> {
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), reason: OnceCell::new(), reply: OnceCell::new() }
    }

    /// Returns the first reply code in it.
    pub fn reply(&self) -> Option<u16> {
        *self.reply.get_or_init(|| Codes::in_text(&self.text).reply)
    }

    fn reason(&self) -> Option<Reason> {
        *self.reason.get_or_init(|| words::reason(&self.text))
    }
}

/// Evidence for a reason.
pub(super) struct Evidence<'a> {
    /// The other server's reply.
    pub said: &'a str,
    /// Text of the notice around it.
    pub around: &'a Around<'a>,
    pub status: Option<&'a str>,
    pub reply: Option<u16>,
}

/// Returns the reason. Unambiguous codes come first, then the server's words, then the other codes, and last the text
/// of the notice around.
pub(super) fn of(evidence: &Evidence<'_>, action: Action) -> Reason {
    if action == Action::Delivered {
        return Reason::Delivered;
    }
    let status = evidence.status.unwrap_or_default();
    let general = codes::is_general(status) || status.is_empty();
    let words = || words::reason(evidence.said);
    let found = certain(status).or_else(words).or_else(|| by_status(status));
    // A text without any code of the other server is read whole.
    let around = || general.then(|| evidence.around.reason()).flatten();
    let nothing = if evidence.said.trim().is_empty() && general { Reason::OnHold } else { Reason::Undefined };
    found.or_else(around).or_else(|| by_reply(evidence.reply)).unwrap_or(nothing)
}

/// Returns the reason of a status code that overrides the text next to it.
fn certain(status: &str) -> Option<Reason> {
    Some(match status.get(1..)? {
        ".1.7" | ".1.8" => Reason::Rejected,
        ".4.310" => Reason::HostUnknown,
        ".4.311" | ".4.312" => Reason::NetworkError,
        ".7.25" => Reason::RequirePtr,
        ".7.20" | ".7.21" | ".7.22" | ".7.23" | ".7.24" | ".7.26" | ".7.29" | ".7.30" => Reason::AuthFailure,
        _ => return None,
    })
}

/// Returns the meaning of a status code (RFC 3463, and the registry of IANA).
fn by_status(status: &str) -> Option<Reason> {
    let permanent = status.starts_with('5');
    Some(match status.get(1..)? {
        ".1.0" if !permanent => Reason::Undefined,
        ".1.1" | ".1.3" | ".1.10" => Reason::UserUnknown,
        ".1.2" => Reason::HostUnknown,
        ".1.6" => Reason::HasMoved,
        ".2.1" => Reason::Suspend,
        ".2.2" => Reason::MailboxFull,
        ".2.3" | ".3.4" => Reason::TooBig,
        ".3.1" => Reason::SystemFull,
        ".3.0" | ".3.2" | ".3.3" | ".3.5" | ".2.4" => Reason::SystemError,
        ".4.1" | ".4.7" => Reason::Expired,
        ".4.4" if permanent => Reason::HostUnknown,
        ".4.0" | ".4.2" | ".4.3" | ".4.4" | ".4.6" => Reason::NetworkError,
        ".4.5" => Reason::Speeding,
        ".5.1" | ".5.2" | ".5.4" => Reason::SyntaxError,
        ".5.3" => Reason::ExceedLimit,
        ".6.0" | ".6.1" | ".6.2" | ".6.3" | ".6.4" | ".6.6" | ".6.7" => Reason::ContentError,
        ".7.2" => Reason::Filtered,
        ".7.4" | ".7.5" | ".7.6" | ".7.7" | ".7.8" | ".7.9" | ".7.10" | ".7.11" | ".7.13" | ".7.14" => {
            Reason::SecurityError
        }
        ".7.17" => Reason::HasMoved,
        ".7.1" if permanent => Reason::PolicyViolation,
        _ => return None,
    })
}

fn by_reply(reply: Option<u16>) -> Option<Reason> {
    Some(match reply? {
        421 => Reason::Expired,
        422 | 552 => Reason::MailboxFull,
        452 => Reason::SystemFull,
        500..=504 => Reason::SyntaxError,
        521 | 556 => Reason::NotAccept,
        523 => Reason::TooBig,
        530 | 534 | 535 | 538 => Reason::SecurityError,
        551 => Reason::HasMoved,
        _ => return None,
    })
}
