//! Webhooks of mail services: authentication, freshness and content of a call.
//!
//! A service authenticates by its signature or by the password in its webhook URL. A call without either is rejected
//! unread. Events are stored once, however often the call is repeated.

use super::{Coming, IncomingOutcome, services};
use crate::clock::Timestamp;
use crate::config::{MailHooks, Secret};
use crate::database::DbError;
use crate::mail::Mail;
use crate::mail::reader;
use crate::vault::plain_hash;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Maximum age of a signed call, in milliseconds: an older one is a replay; services give up repeating within hours.
const FRESH_MS: i64 = 24 * 3_600_000;
/// Maximum time of a signed call in the future, in milliseconds: clocks differ.
const AHEAD_MS: i64 = 5 * 60_000;
/// Length in bytes of the prefix before the 65 bytes of a P-256 key in a SubjectPublicKeyInfo (RFC 5480).
const P256_HEAD: usize = 26;
/// Maximum number of events in one call.
const MAX_EVENTS: usize = 5_000;
/// Key under which the database keeps the confirmation URL of SNS.
const CONFIRMATION: &str = "sns_confirmation";

/// Mail service that sends webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Amazon SES, by SNS.
    Ses,
    /// Twilio SendGrid.
    SendGrid,
    /// Mailgun.
    Mailgun,
    /// Postmark.
    Postmark,
    /// Mailjet.
    Mailjet,
    /// Brevo.
    Brevo,
}

impl Service {
    /// All services.
    pub const ALL: [Self; 6] = [Self::Ses, Self::SendGrid, Self::Mailgun, Self::Postmark, Self::Mailjet, Self::Brevo];

    /// Returns the code, as in the URL and in the table.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ses => "ses",
            Self::SendGrid => "sendgrid",
            Self::Mailgun => "mailgun",
            Self::Postmark => "postmark",
            Self::Mailjet => "mailjet",
            Self::Brevo => "brevo",
        }
    }

    /// Returns the service of this code.
    pub fn known(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.code() == code)
    }
}

/// A call as received.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// Body.
    pub body: Vec<u8>,
    /// Header `Authorization`.
    pub authorization: String,
    /// Header `X-Twilio-Email-Event-Webhook-Signature`.
    pub signature: String,
    /// Header `X-Twilio-Email-Event-Webhook-Timestamp`.
    pub timestamp: String,
}

/// Reason why a call is rejected.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Not authenticated, or no such service is configured.
    #[error("this call does not prove who it is")]
    Unknown,
    /// Authenticated, with an unreadable body.
    #[error("the body is not what this service sends")]
    Unreadable,
    /// The database did not answer; the service repeats the call.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Receives the calls. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hooks {
    mail: Mail,
    secrets: Arc<MailHooks>,
}

impl Hooks {
    /// Returns the receiver with these secrets.
    pub fn new(mail: Mail, secrets: &MailHooks) -> Self {
        Self { mail, secrets: Arc::new(secrets.clone()) }
    }

    /// Returns the services that are configured.
    pub fn services(&self) -> Vec<Service> {
        Service::ALL.into_iter().filter(|service| self.secret(*service).get().is_some()).collect()
    }

    /// Processes a call; returns the number of new events.
    pub async fn take(&self, service: &str, call: &Call) -> Result<usize, HookError> {
        let service = Service::known(service).ok_or(HookError::Unknown)?;
        let now = self.mail.inner.clock.now();
        let body = self.believed(service, call, now)?;
        let told = match service {
            Service::Ses => self.sns(&body).await?,
            Service::SendGrid => services::sendgrid(&body),
            Service::Mailgun => services::mailgun(&body),
            Service::Postmark => services::postmark(&body),
            Service::Mailjet => services::mailjet(&body),
            Service::Brevo => services::brevo(&body),
        };
        let mut taken = 0;
        for one in told.into_iter().take(MAX_EVENTS) {
            let row = &one.row;
            let what = if one.id.is_empty() { format!("{one:?}{}", plain_hash(&call.body)) } else { one.id };
            let verdict = row.verdict().code();
            let id = plain_hash(format!("{}:{what}:{verdict}", service.code()).as_bytes());
            let tags = reader::tags(&one.sender);
            let (rows, message_id) = (vec![one.row], one.message_id);
            let origin = service.code();
            let coming = Coming { id, origin, rows, tags, tokens: vec![], message_id, proved: true };
            taken += usize::from(self.mail.take_in(&coming).await? != IncomingOutcome::Nothing);
        }
        Ok(taken)
    }

    fn secret(&self, service: Service) -> &Secret {
        match service {
            Service::Ses => &self.secrets.ses,
            Service::SendGrid => &self.secrets.sendgrid,
            Service::Mailgun => &self.secrets.mailgun,
            Service::Postmark => &self.secrets.postmark,
            Service::Mailjet => &self.secrets.mailjet,
            Service::Brevo => &self.secrets.brevo,
        }
    }

    /// Returns the body of an authenticated call. A call is parsed only after authentication, except for Mailgun's,
    /// whose signature is in the body.
    fn believed(&self, service: Service, call: &Call, now: Timestamp) -> Result<Value, HookError> {
        let secret = self.secret(service).get().ok_or(HookError::Unknown)?;
        let parsed = || serde_json::from_slice::<Value>(&call.body);
        match service {
            Service::SendGrid => {
                if !is_fresh(&call.timestamp, now) || !is_signed_by_sendgrid(secret, call) {
                    return Err(HookError::Unknown);
                }
            }
            Service::Mailgun => {
                let body = parsed().map_err(|_| HookError::Unknown)?;
                let signed = is_signed_by_mailgun(secret, &body["signature"], now);
                return if signed { Ok(body) } else { Err(HookError::Unknown) };
            }
            Service::Ses | Service::Postmark | Service::Mailjet | Service::Brevo => {
                if !has_password(secret, &call.authorization) {
                    return Err(HookError::Unknown);
                }
            }
        }
        parsed().map_err(|_| HookError::Unreadable)
    }

    /// Returns the events of the message in a notification of SNS. The confirmation URL of SNS is kept for the
    /// administrator; it is never requested from here.
    async fn sns(&self, body: &Value) -> Result<Vec<services::ServiceEvent>, HookError> {
        let topic = body["TopicArn"].as_str().unwrap_or_default();
        if !self.secrets.ses_topic.is_empty() && topic != self.secrets.ses_topic {
            return Err(HookError::Unknown);
        }
        let db = &self.mail.inner.db;
        match body["Type"].as_str() {
            Some("SubscriptionConfirmation") => {
                let url = body["SubscribeURL"].as_str().filter(|url| is_of_sns(url)).ok_or(HookError::Unreadable)?;
                db.replace_meta(CONFIRMATION, url).await?;
                Ok(Vec::new())
            }
            Some("Notification") => {
                // Notifications are sent only once the subscription is confirmed.
                if self.confirmation().await?.is_some() {
                    db.replace_meta(CONFIRMATION, "").await?;
                }
                let message = body["Message"].as_str().ok_or(HookError::Unreadable)?;
                let message: Value = serde_json::from_str(message).unwrap_or_default();
                Ok(services::ses(&message))
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Returns the URL at Amazon that the administrator opens to confirm a subscription, where one waits.
    pub async fn confirmation(&self) -> Result<Option<String>, DbError> {
        let kept = self.mail.inner.db.meta(CONFIRMATION).await?;
        Ok(kept.filter(|url| is_of_sns(url)))
    }
}

/// Whether the URL is `https://sns.REGION.amazonaws.com/…`, so that only links to Amazon are shown.
fn is_of_sns(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default();
    let at_amazon = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
    url.scheme() == "https" && host.starts_with("sns.") && at_amazon && url.username().is_empty()
}

fn is_fresh(seconds: &str, now: Timestamp) -> bool {
    let Ok(seconds) = seconds.parse::<i64>() else { return false };
    let age = now.ms_since(Timestamp(seconds.saturating_mul(1000)));
    (-AHEAD_MS..=FRESH_MS).contains(&age)
}

/// Whether the header is `Authorization: Basic …` with this `user:password`.
fn has_password(secret: &str, authorization: &str) -> bool {
    let Some((scheme, encoded)) = authorization.split_once(' ') else { return false };
    let given = BASE64.decode(encoded.trim()).unwrap_or_default();
    // Hashes have the same length, so that the time of the comparison reveals nothing.
    let same = plain_hash(&given).as_bytes().ct_eq(plain_hash(secret.as_bytes()).as_bytes());
    scheme.eq_ignore_ascii_case("basic") && bool::from(same)
}

fn is_signed_by_sendgrid(key: &str, call: &Call) -> bool {
    let (Ok(key), Ok(signature)) = (BASE64.decode(key), BASE64.decode(call.signature.trim())) else { return false };
    let Some(point) = key.get(P256_HEAD..).filter(|point| point.len() == 65) else { return false };
    let signed = [call.timestamp.as_bytes(), &call.body].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(&signed, &signature).is_ok()
}

fn is_signed_by_mailgun(key: &str, said: &Value, now: Timestamp) -> bool {
    let part = |name: &str| said[name].as_str().unwrap_or_default();
    let (timestamp, token) = (part("timestamp"), part("token"));
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return false };
    mac.update(timestamp.as_bytes());
    mac.update(token.as_bytes());
    let signature = hex::decode(part("signature")).unwrap_or_default();
    !token.is_empty() && is_fresh(timestamp, now) && mac.verify_slice(&signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_amazon_is_shown_for_confirming() {
        assert!(is_of_sns("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"));
        for not in [
            "http://sns.eu-west-1.amazonaws.com/",
            "https://sns.evil.example/",
            "https://evil.example/sns.eu-west-1.amazonaws.com",
            "https://sns.x@evil.example/.amazonaws.com",
            "https://sns.amazonaws.com.evil.example/",
            "javascript:alert(1)",
        ] {
            assert!(!is_of_sns(not), "{not}");
        }
    }

    #[test]
    fn what_is_old_or_of_the_future_is_not_fresh() {
        let now = Timestamp(1_795_176_000_000);
        for (seconds, fresh) in
            [("1795176000", true), ("1795089601", true), ("1795089599", false), ("1795176400", false), ("x", false)]
        {
            assert_eq!(is_fresh(seconds, now), fresh, "{seconds}");
        }
    }
}
