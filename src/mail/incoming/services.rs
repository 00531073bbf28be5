//! Webhook formats of mail services: bounces, complaints, unsubscriptions. Opens and clicks are discarded unread:
//! recipients are not tracked.

use crate::mail::reader::{self, RecipientReport};
use serde_json::Value;

/// One event of a service.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ServiceEvent {
    /// The service's own id of the event; empty where it has none.
    pub id: String,
    /// Message-ID of the mail, with its angle brackets.
    pub message_id: Option<String>,
    /// Text in which the envelope sender's tag may occur.
    pub sender: String,
    pub row: RecipientReport,
}

/// Returns a field's text; the digits of a number.
fn text(of: &Value, name: &str) -> String {
    match &of[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Returns the Message-ID with angle brackets, as in the header.
fn message_id(text: &str) -> Option<String> {
    let bare = text.trim().trim_matches(['<', '>']);
    (!bare.is_empty()).then(|| format!("<{bare}>"))
}

/// Returns the elements of an array; a single value as one element.
fn each(body: &Value) -> &[Value] {
    match body {
        Value::Array(all) => all,
        one => std::slice::from_ref(one),
    }
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().map_or(&[], Vec::as_slice)
}

/// Parses events of Amazon SES: the message within the notification, `bounce` and `complaint`, by notification or by
/// event publishing.
pub(super) fn ses(message: &Value) -> Vec<ServiceEvent> {
    let kind = text(message, if message["eventType"].is_string() { "eventType" } else { "notificationType" });
    let mail = &message["mail"];
    let headers = list(mail, "headers").iter();
    let named =
        headers.filter(|one| text(one, "name").eq_ignore_ascii_case("message-id")).map(|one| text(one, "value"));
    let id = named.chain([text(&mail["commonHeaders"], "messageId")]).find_map(|id| message_id(&id));
    let tell = |of: &Value, address: &str, row: RecipientReport| {
        let id_of = format!("{}:{}", text(of, "feedbackId"), address);
        ServiceEvent { id: id_of, message_id: id.clone(), sender: text(mail, "source"), row }
    };
    let bounce = &message["bounce"];
    let complaint = &message["complaint"];
    match kind.as_str() {
        "Bounce" => {
            let for_ever = text(bounce, "bounceType") == "Permanent";
            let all = list(bounce, "bouncedRecipients").iter();
            let row = |one: &Value| {
                let (address, said) = (text(one, "emailAddress"), text(one, "diagnosticCode"));
                let said = said.strip_prefix("smtp;").unwrap_or(&said).trim().to_owned();
                let status = text(one, "status");
                tell(bounce, &address, reader::told(&address, Some(&status), &said, for_ever))
            };
            all.map(row).collect()
        }
        "Complaint" => {
            // Addresses on SES's own list of complainants are reported as a complaint type of their own.
            let all = list(complaint, "complainedRecipients").iter();
            let kind = match text(complaint, "complaintFeedbackType").as_str() {
                "" => "abuse".to_owned(),
                kind => kind.to_owned(),
            };
            let row = |one: &Value| {
                let address = text(one, "emailAddress");
                tell(complaint, &address, reader::spoke(&address, &kind))
            };
            all.map(row).collect()
        }
        _ => Vec::new(),
    }
}

/// Parses Twilio SendGrid's event webhook: an array.
pub(super) fn sendgrid(body: &Value) -> Vec<ServiceEvent> {
    let one = |event: &Value| {
        let address = text(event, "email");
        let (reason, status) = (text(event, "reason"), text(event, "status"));
        let row = match text(event, "event").as_str() {
            "bounce" => {
                let for_ever = text(event, "type") != "blocked";
                reader::told(&address, Some(&status), &reason, for_ever)
            }
            // Not sent at all, as an earlier mail was returned.
            "dropped" if reason.eq_ignore_ascii_case("Bounced Address") || reason.eq_ignore_ascii_case("Invalid") => {
                reader::told(&address, None, "", true)
            }
            "dropped" if reason.eq_ignore_ascii_case("Spam Reporting Address") => reader::spoke(&address, "abuse"),
            "dropped" if reason.eq_ignore_ascii_case("Unsubscribed Address") => reader::spoke(&address, "opt-out"),
            "spamreport" => reader::spoke(&address, "abuse"),
            "unsubscribe" | "group_unsubscribe" => reader::spoke(&address, "opt-out"),
            _ => return None,
        };
        let id = text(event, "sg_event_id");
        Some(ServiceEvent { id, message_id: message_id(&text(event, "smtp-id")), sender: String::new(), row })
    };
    each(body).iter().filter_map(one).collect()
}

/// Parses an event of Mailgun: `event-data`.
pub(super) fn mailgun(body: &Value) -> Vec<ServiceEvent> {
    let event = &body["event-data"];
    let (address, status) = (text(event, "recipient"), &event["delivery-status"]);
    let row = match (text(event, "event").as_str(), text(event, "severity").as_str()) {
        ("failed", "permanent") => {
            let said = [text(status, "message"), text(status, "description")].into_iter().find(|said| !said.is_empty());
            // Its own lists of bounced, complaining and unsubscribed addresses are reported as failures too.
            match text(event, "reason").as_str() {
                "suppress-complaint" => reader::spoke(&address, "abuse"),
                "suppress-unsubscribe" => reader::spoke(&address, "opt-out"),
                reason => {
                    let said = format!("{} {}", text(status, "code"), said.unwrap_or_default());
                    let for_ever = matches!(reason, "bounce" | "suppress-bounce" | "generic" | "");
                    reader::told(&address, Some(&text(status, "enhanced-code")), said.trim(), for_ever)
                }
            }
        }
        ("complained", _) => reader::spoke(&address, "abuse"),
        ("unsubscribed", _) => reader::spoke(&address, "opt-out"),
        // "temporary": Mailgun continues to retry.
        _ => return Vec::new(),
    };
    let id = message_id(&text(&event["message"]["headers"], "message-id"));
    vec![ServiceEvent { id: text(event, "id"), message_id: id, sender: text(&event["envelope"], "sender"), row }]
}

/// Parses an event of Postmark: one record.
pub(super) fn postmark(body: &Value) -> Vec<ServiceEvent> {
    let (address, kind) = (text(body, "Email"), text(body, "Type"));
    let said = format!("{} {}", text(body, "Details"), text(body, "Description"));
    let row = match (text(body, "RecordType").as_str(), kind.as_str()) {
        ("SpamComplaint", _) | (_, "SpamComplaint") => reader::spoke(&address, "abuse"),
        ("Bounce", "Unsubscribe" | "SubscribeUnsubscribe") => reader::spoke(&address, "opt-out"),
        ("Bounce", "HardBounce" | "BadEmailAddress" | "ManuallyDeactivated") => {
            reader::told(&address, None, &text(body, "Details"), true)
        }
        (
            "Bounce",
            "SoftBounce"
            | "DnsError"
            | "SpamNotification"
            | "Blocked"
            | "DMARCPolicy"
            | "SMTPApiError"
            | "Undeliverable"
            | "Unknown"
            | "VirusNotification"
            | "ChallengeVerification",
        ) => reader::told(&address, None, said.trim(), false),
        ("SubscriptionChange", _) if body["SuppressSending"] == true => {
            let address = text(body, "Recipient");
            match text(body, "SuppressionReason").as_str() {
                "HardBounce" => reader::told(&address, None, "", true),
                "SpamComplaint" => reader::spoke(&address, "abuse"),
                _ => reader::spoke(&address, "opt-out"),
            }
        }
        _ => return Vec::new(),
    };
    // Its MessageID is its own, so the mail is found by the address. A change of a subscription has no id.
    vec![ServiceEvent { id: text(body, "ID"), message_id: None, sender: String::new(), row }]
}

/// Parses Mailjet's event API: one event, or a group of them.
pub(super) fn mailjet(body: &Value) -> Vec<ServiceEvent> {
    let one = |event: &Value| {
        let address = text(event, "email");
        let said = format!("{} {}", text(event, "error"), text(event, "comment"));
        let row = match text(event, "event").as_str() {
            "bounce" | "blocked" => {
                let for_ever = event["hard_bounce"] == true || text(event, "error") == "invalid domain";
                reader::told(&address, None, said.trim(), for_ever)
            }
            "spam" => reader::spoke(&address, "abuse"),
            "unsub" => reader::spoke(&address, "opt-out"),
            _ => return None,
        };
        Some(ServiceEvent { id: String::new(), message_id: None, sender: String::new(), row })
    };
    each(body).iter().filter_map(one).collect()
}

/// Parses Brevo's transactional webhook: one event, or an array.
pub(super) fn brevo(body: &Value) -> Vec<ServiceEvent> {
    let one = |event: &Value| {
        let (address, reason) = (text(event, "email"), text(event, "reason"));
        let row = match text(event, "event").as_str() {
            "hard_bounce" | "invalid_email" => reader::told(&address, None, &reason, true),
            "soft_bounce" | "blocked" | "error" => reader::told(&address, None, &reason, false),
            "spam" | "complaint" => reader::spoke(&address, "abuse"),
            "unsubscribed" => reader::spoke(&address, "opt-out"),
            _ => return None,
        };
        Some(ServiceEvent {
            id: String::new(),
            message_id: message_id(&text(event, "message-id")),
            sender: String::new(),
            row,
        })
    };
    each(body).iter().filter_map(one).collect()
}
