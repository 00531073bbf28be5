//! Classification of a mail server's replies: consequences for the mail, for the transport, and for the next attempt.

use super::reader;
use super::smtp::Reply;
use std::time::Duration;

/// Permanent rejection of a mail. Holds no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Reply of the server, code first.
    pub why: String,
    /// The enhanced status (RFC 3463) where the server gave one: `5.1.1`.
    pub status: Option<String>,
    /// Whether there is no such mailbox permanently: unknown, moved, of invalid form, or a domain that accepts no mail at
    /// all.
    pub is_no_mailbox: bool,
}

/// Reason why a mail has not left. Texts hold no addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SendError {
    /// Rejected permanently.
    Refused(Refusal),
    /// Rejected for what may concern the sender rather than this mail: relaying, reputation, policy.
    Policy(Refusal),
    /// Not accepted this time.
    NotNow(String),
    /// The connection broke after the whole mail was transmitted: it may have been accepted.
    UncertainDelivery(String),
    /// Cannot be composed.
    Impossible(String),
    /// The transport accepts no mail at the moment, whatever the mail.
    Stopped(String),
}

/// Command that the server replied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// MAIL FROM: concerns the sender, except for characters of the addresses.
    Mail,
    /// RCPT TO.
    Recipient,
    /// DATA and later.
    Data,
}

/// Codes by which the server demands (other) credentials: wrong configuration, not a wrong mail.
const SIGN_IN_CODES: [u16; 6] = [432, 454, 530, 534, 535, 538];

/// Classifies a rejection, by the reader of returned mail: the same reply has the same meaning in a bounce.
pub(super) fn judge(stage: Stage, reply: &Reply) -> SendError {
    let why = reply.told();
    let status = reply.status();
    let class = |class: &str| status.as_deref().is_some_and(|status| status.starts_with(class));
    if SIGN_IN_CODES.contains(&reply.code) && (stage == Stage::Mail || reply.code != 454) {
        return SendError::Stopped(why);
    }
    if reply.code < 500 {
        return SendError::NotNow(why);
    }
    // Commands that the server does not know or does not expect are our fault, and not this mail's.
    let protocol = matches!(reply.code, 500 | 502 | 503);
    let (reason, is_no_mailbox) = reader::of_reply(reply.code, status.as_deref(), &reply.lines.join(" "));
    let about_us = !is_no_mailbox && (reason.is_about_sender() || class("5.7.") || protocol);
    // Too large, or characters of an address that the server does not accept: this mail alone.
    let about_it = class("5.6.") || class("5.3.4") || matches!(reply.code, 552 | 555);
    let refusal = Refusal { why: why.clone(), status: status.clone(), is_no_mailbox };
    match stage {
        Stage::Mail if about_it => SendError::Refused(refusal),
        Stage::Mail => SendError::Stopped(why),
        Stage::Recipient | Stage::Data if about_us => SendError::Policy(refusal),
        Stage::Recipient | Stage::Data => SendError::Refused(refusal),
    }
}

/// Maximum number of attempts to send a mail: about two days.
pub(super) const MAX_ATTEMPTS: i64 = 19;
/// Minutes between the first attempts; greylisting needs about five.
const PAUSES: [u64; 7] = [1, 5, 10, 20, 40, 60, 120];
/// Maximum time between two attempts.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(4 * 3600);

/// Returns the pause after this number of attempts of a mail.
pub(super) fn pause(tries: i64) -> Duration {
    let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(0);
    PAUSES.get(place).map_or(MAX_RETRY_DELAY, |minutes| Duration::from_secs(minutes * 60))
}

/// Returns the pause after this number of failures of the transport: 30 s, doubling, at most 15 min.
pub(super) fn pause_of_all(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(5);
    Duration::from_secs((30 << doublings).min(900))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_lasts_about_two_days() {
        let all: Duration = (1..MAX_ATTEMPTS).map(pause).sum();
        assert!((47..50).contains(&(all.as_secs() / 3600)), "{all:?}");
        assert!(
            (1..40).all(|tries| pause(tries) <= pause(tries + 1) && pause_of_all(tries) <= pause_of_all(tries + 1))
        );
    }

    #[test]
    fn answers_mean_what_they_mean() {
        use Stage::{Data, Mail, Recipient};
        let cases: [(Stage, u16, &str, &str); 18] = [
            (Recipient, 450, "4.2.0 greylisted", "not now"),
            (Recipient, 452, "4.2.2 mailbox full", "not now"),
            (Recipient, 550, "5.1.1 no such user", "refused"),
            (Recipient, 550, "no such user", "refused"),
            (Recipient, 552, "5.2.2 mailbox full", "refused"),
            (Recipient, 554, "5.7.1 relay access denied", "policy"),
            (Recipient, 550, "Relaying not allowed", "policy"),
            (Recipient, 503, "bad sequence of commands", "policy"),
            (Recipient, 530, "5.7.0 must issue STARTTLS first", "stopped"),
            (Data, 554, "5.7.26 unauthenticated mail is not taken", "policy"),
            (Data, 552, "5.3.4 too large", "refused"),
            (Data, 451, "4.3.0 try again", "not now"),
            (Mail, 550, "5.7.1 sender refused", "stopped"),
            (Mail, 553, "sender not owned by user", "stopped"),
            (Mail, 550, "5.1.0 sender refused", "stopped"),
            (Mail, 550, "5.6.7 addresses of ASCII alone", "refused"),
            (Mail, 535, "5.7.8 sign-in failed", "stopped"),
            (Mail, 451, "4.3.2 not now", "not now"),
        ];
        for (stage, code, text, wanted) in cases {
            let got = match judge(stage, &Reply::new(code, text)) {
                SendError::Refused(_) => "refused",
                SendError::Policy(_) => "policy",
                SendError::NotNow(_) => "not now",
                SendError::Stopped(_) => "stopped",
                SendError::UncertainDelivery(_) | SendError::Impossible(_) => "other",
            };
            assert_eq!(got, wanted, "{stage:?} {code} {text}");
        }
    }

    #[test]
    fn a_reply_means_the_same_as_in_a_bounce() {
        let told = |code: u16, text: &str| match judge(Stage::Recipient, &Reply::new(code, text)) {
            SendError::Refused(refusal) if refusal.is_no_mailbox => "no mailbox",
            SendError::Refused(_) => "refused",
            SendError::Policy(_) => "about us",
            _ => "other",
        };
        for (code, text, wanted) in [
            (550, "5.1.1 <x@example.net>: no such user", "no mailbox"),
            (550, "5.1.10 null MX", "no mailbox"),
            (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", "no mailbox"),
            (550, "No such user here", "no mailbox"),
            (554, "delivery error: dd This user doesn't have a yahoo.com account", "no mailbox"),
            (550, "5.7.1 <x@example.net>: User unknown", "no mailbox"),
            (550, "5.1.1 Mail from 192.0.2.1 blocked using Spamhaus ZEN", "about us"),
            (554, "5.7.1 Service unavailable; client host [192.0.2.1] blocked", "about us"),
            (554, "Your message looks like spam", "about us"),
            (550, "5.2.2 mailbox full", "refused"),
            (552, "The user is over quota", "refused"),
            (550, "5.2.1 The account is disabled", "refused"),
        ] {
            assert_eq!(told(code, text), wanted, "{code} {text}");
        }
    }
}
