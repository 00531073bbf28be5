//! Webhooks called by other systems, and their secrets.

use super::Secret;
use serde::{Deserialize, Serialize};

/// Webhooks called by other systems.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    /// Mail services, which report deliveries and bounces: `POST /hooks/mail/{name}`.
    pub mail: MailHooks,
}

/// One secret for each service. Calls of a service without one are answered 401.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailHooks {
    /// Amazon SES by SNS: `user:password` in the URL that SNS calls (`https://user:password@host/hooks/mail/ses`).
    pub ses: Secret,
    /// Amazon SES by SNS: the only accepted topic (`arn:aws:sns:…`); any where it is empty.
    pub ses_topic: String,
    /// SendGrid: the verification key of the signed event webhook, in Base64.
    pub sendgrid: Secret,
    /// Mailgun: the HTTP webhook signing key.
    pub mailgun: Secret,
    /// Postmark: `user:password` of the webhook's basic authentication.
    pub postmark: Secret,
    /// Mailjet: `user:password` in the URL that it calls.
    pub mailjet: Secret,
    /// Brevo: `user:password` of the webhook's basic authentication.
    pub brevo: Secret,
}

impl MailHooks {
    /// Returns the problems of the section.
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
