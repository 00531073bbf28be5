//! What other systems call, and the secrets by which they are known.

use super::Secret;
use serde::{Deserialize, Serialize};

/// What other systems call.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    /// Services that send our mail, and tell what became of it: `POST /hooks/mail/{name}`.
    pub mail: MailHooks,
}

/// One secret for each service. A service without one is not listened to: its calls are answered 401.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailHooks {
    /// Amazon SES by SNS: `user:password` of the address that SNS calls (`https://user:password@host/hooks/mail/ses`).
    pub ses: Secret,
    /// Amazon SES by SNS: the only topic that is listened to (`arn:aws:sns:…`); any where it is empty.
    pub ses_topic: String,
    /// SendGrid: the verification key of the signed event webhook, in Base64.
    pub sendgrid: Secret,
    /// Mailgun: the HTTP webhook signing key.
    pub mailgun: Secret,
    /// Postmark: `user:password` of the webhook's basic authentication.
    pub postmark: Secret,
    /// Mailjet: `user:password` in the address that it calls.
    pub mailjet: Secret,
    /// Brevo: `user:password` of the webhook's basic authentication.
    pub brevo: Secret,
}

impl MailHooks {
    /// What can't stand here.
    pub(super) fn complaints(&self) -> Vec<String> {
        let basic =
            [("ses", &self.ses), ("postmark", &self.postmark), ("mailjet", &self.mailjet), ("brevo", &self.brevo)];
        let mut wrong = Vec::new();
        for (name, secret) in basic {
            if secret.get().is_some_and(|secret| !secret.contains(':') || secret.len() < 12) {
                wrong.push(format!("hooks.mail.{name} is too simple: write user:password, twelve characters or more"));
            }
        }
        wrong
    }
}
