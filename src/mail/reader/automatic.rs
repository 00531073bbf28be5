//! Automatic replies (RFC 3834) and the like: the recipient is away, has left, or will answer later. They have no
//! consequences.

use super::parts::{Parts, one_line};
use super::prose::looks_returned;
use super::{Action, Reason, RecipientReport};

/// Prefixes of the subject of automatic replies, lower case.
const SUBJECTS: &[&str] = &[
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "autorespon",
    "auto respon",
    "auto:",
    "automatic response",
    "out of office",
    "out of the office",
    "out-of-office",
    "away from",
    "vacation",
    "on holiday",
    "on leave",
    "i am away",
    "automatische antwort",
    "abwesen",
    "réponse automatique",
    "absence",
    "respuesta automática",
    "fuera de la oficina",
    "risposta automatica",
    "automatisch antwoord",
    "resposta automática",
    "自动回复",
    "自動回覆",
    "自动答复",
    "自動返信",
    "자동 회신",
    "автоответ",
];

/// Headers that only automatic replies have, and their values.
const HEADERS: &[(&str, &[&str])] = &[
    ("Auto-Submitted", &["auto-replied", "auto-notified"]),
    ("X-Autoreply", &[""]),
    ("X-Autorespond", &[""]),
    ("X-Autoresponder", &[""]),
    ("X-Auto-Reply", &[""]),
    ("X-MS-Exchange-Inbox-Rules-Loop", &[""]),
    ("Precedence", &["auto_reply", "auto-reply"]),
    ("Delivered-To", &["autoresponder"]),
];

/// Returns a row where the mail is an automatic reply.
pub(super) fn read(parts: &Parts<'_>) -> Option<RecipientReport> {
    let subject = parts.subject();
    let by_subject = SUBJECTS.iter().any(|begin| subject.starts_with(begin));
    let by_header = HEADERS.iter().any(|(name, values)| {
        let found = parts.header(name).to_ascii_lowercase();
        !found.is_empty() && values.iter().any(|value| found.starts_with(value))
    });
    // Servers mark their failure notices in the same way.
    if !by_subject && (!by_header || looks_returned(parts)) {
        return None;
    }
    let said: String = one_line(&parts.prose).chars().take(500).collect();
    Some(RecipientReport {
        address: Some(parts.from()).filter(|from| from.contains('@')),
        status: None,
        reply: None,
        reason: Reason::Vacation,
        hard: false,
        action: Action::None,
        feedback: None,
        said,
    })
}
