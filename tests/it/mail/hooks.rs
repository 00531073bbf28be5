//! Webhooks of mail services: each in its documented format, signed, unsigned, old, and repeated.

use super::outbox;
use super::returned::newest_tag;
use crate::app::{BEGIN, TestApp};
use crate::surveys::{ask, state_of};
use afterword::config::Config;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::Sha256;

const PASSWORD: &str = "hook:a long password";

fn configured(config: &mut Config) {
    config.mail.bounces = "bounces@northwind.example".into();
    let hooks = &mut config.hooks.mail;
    for secret in [&mut hooks.ses, &mut hooks.postmark, &mut hooks.mailjet, &mut hooks.brevo] {
        *secret = PASSWORD.parse().unwrap();
    }
    hooks.ses_topic = "arn:aws:sns:eu-west-1:1:bounces".into();
    hooks.mailgun = "key-1234567890".parse().unwrap();
}

fn to(app: &TestApp, service: &str, body: &Value) -> RequestBuilder {
    app.client.post(format!("{}/hooks/mail/{service}", app.url)).body(body.to_string())
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

fn basic(request: RequestBuilder) -> RequestBuilder {
    let (user, password) = PASSWORD.split_once(':').unwrap();
    request.basic_auth(user, Some(password))
}

async fn reason(app: &TestApp, address: &str) -> Option<String> {
    let found = app.app.invitations.suppressions(Some(address), &afterword::paging::Cursor::start(), 1).await.unwrap();
    found.items.into_iter().next().map(|entry| entry.reason)
}

async fn taken(app: &TestApp) -> usize {
    app.app.mail.came_back_since(afterword::clock::Timestamp(0), 100).await.unwrap().len()
}

/// Returns a notification of SNS around a message of SES.
fn sns(message: &Value) -> Value {
    json!({
        "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": "arn:aws:sns:eu-west-1:1:bounces",
        "Message": message.to_string(), "Timestamp": "2026-11-20T12:00:00.000Z", "SignatureVersion": "1", "Signature": "none"
    })
}

fn ses_bounce(source: &str, address: &str, kind: &str) -> Value {
    json!({
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": kind, "bounceSubType": "General", "feedbackId": "0100017-1", "reportingMTA": "dsn; a.smtp-out.amazonses.com",
            "bouncedRecipients": [{ "emailAddress": address, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown" }]
        },
        "mail": { "timestamp": "2026-11-20T12:00:00Z", "source": source, "messageId": "0100017", "destination": [address], "headersTruncated": false }
    })
}

#[tokio::test]
async fn without_proof_nothing_is_read() {
    let app = TestApp::start_with(configured).await;
    let asked = ask(&app, "jerry").await;
    let source = format!("bounces+{}@northwind.example", newest_tag(&app).await);
    let body = sns(&ses_bounce(&source, "jerry@example.net", "Permanent"));
    for service in ["ses", "sendgrid", "mailgun", "postmark", "mailjet", "brevo", "nobody"] {
        assert_eq!(status(to(&app, service, &body)).await, 401, "{service}");
        assert_eq!(
            status(to(&app, service, &body).basic_auth("hook", Some("another password"))).await,
            401,
            "{service}"
        );
        assert_eq!(status(to(&app, service, &body).header("authorization", "Basic !!!")).await, 401, "{service}");
    }
    // Another topic's notification is rejected, though it has the password.
    let mut foreign = body.clone();
    foreign["TopicArn"] = "arn:aws:sns:eu-west-1:2:other".into();
    assert_eq!(status(basic(to(&app, "ses", &foreign))).await, 401);
    assert_eq!(status(basic(to(&app, "sendgrid", &json!([])))).await, 401, "no key is configured for it");
    assert_eq!((taken(&app).await, reason(&app, "jerry@example.net").await), (0, None));
    assert_eq!(state_of(&app, &asked.interaction).await.0, "sent");
    // SNS sends its password only when it is challenged.
    let refused = to(&app, "ses", &body).send().await.unwrap();
    assert!(refused.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic"));
}

#[tokio::test]
async fn amazon_tells_of_bounces_and_complaints_once() {
    for app in TestApp::on_both(configured).await {
        let asked = ask(&app, "gone").await;
        let source = format!("bounces+{}@northwind.example", newest_tag(&app).await);
        let body = sns(&ses_bounce(&source, "gone@example.net", "Permanent"));
        for _ in 0..2 {
            assert_eq!(status(basic(to(&app, "ses", &body))).await, 200);
        }
        assert_eq!(state_of(&app, &asked.interaction).await.0, "failed");
        assert_eq!((taken(&app).await, reason(&app, "gone@example.net").await.as_deref()), (1, Some("bounced")));
        // Taken off the list by hand, the same call again does not put it back.
        let entry = app
            .app
            .invitations
            .suppressions(Some("gone@example.net"), &afterword::paging::Cursor::start(), 1)
            .await
            .unwrap();
        app.app.invitations.unsuppress(&entry.items[0].id, &afterword::effects::Actor::System).await.unwrap();
        assert_eq!(status(basic(to(&app, "ses", &body))).await, 200);
        assert_eq!(reason(&app, "gone@example.net").await, None);

        ask(&app, "angry").await;
        let complaint = json!({
            "notificationType": "Complaint",
            "complaint": { "complainedRecipients": [{ "emailAddress": "angry@example.net" }], "complaintFeedbackType": "abuse", "feedbackId": "0100017-2" },
            "mail": { "source": "survey@northwind.example", "messageId": "0100018",
                "headers": [{ "name": "Message-ID", "value": outbox(&app).await[0].message_id }] }
        });
        assert_eq!(status(basic(to(&app, "ses", &sns(&complaint)))).await, 200);
        assert_eq!(reason(&app, "angry@example.net").await.as_deref(), Some("complained"));

        ask(&app, "later").await;
        assert_eq!(status(basic(to(&app, "ses", &sns(&ses_bounce("", "later@example.net", "Transient"))))).await, 200);
        assert_eq!(reason(&app, "later@example.net").await, None, "it may pass");
        assert_eq!(
            status(basic(to(&app, "ses", &sns(&ses_bounce("", "stranger@example.net", "Permanent"))))).await,
            200
        );
        assert_eq!(reason(&app, "stranger@example.net").await, None, "nobody of ours wrote there");
    }
}

#[tokio::test]
async fn what_amazon_wants_confirmed_is_shown_and_not_opened() {
    let app = TestApp::start_with(configured).await;
    let hooks = afterword::mail::Hooks::new(app.app.mail.clone(), &app.app.config.hooks.mail);
    let url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37";
    let wanted = |url: &str| json!({ "Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:eu-west-1:1:bounces", "Token": "2336412f37", "SubscribeURL": url });
    assert_eq!(status(basic(to(&app, "ses", &wanted("https://evil.example/")))).await, 400);
    assert_eq!(hooks.confirmation().await.unwrap(), None);
    assert_eq!(status(basic(to(&app, "ses", &wanted(url)))).await, 200);
    assert_eq!(hooks.confirmation().await.unwrap().as_deref(), Some(url));
    assert_eq!(
        status(basic(to(&app, "ses", &sns(&json!({ "notificationType": "AmazonSnsSubscriptionSucceeded" }))))).await,
        200
    );
    assert_eq!(hooks.confirmation().await.unwrap(), None, "what was notified was confirmed");
}

#[tokio::test]
async fn sendgrid_signs_what_it_tells() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
    // SubjectPublicKeyInfo of P-256 (RFC 5480): this, and the point.
    let head = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
    let public = BASE64.encode([&head, key.public_key().as_ref()].concat());
    let app = TestApp::start_with(|config| {
        configured(config);
        config.hooks.mail.sendgrid = public.parse().unwrap();
    })
    .await;
    let asked = ask(&app, "gone").await;
    let id = outbox(&app).await[0].message_id.clone();
    let body = json!([
        { "email": "gone@example.net", "timestamp": 1795176000, "smtp-id": id, "event": "bounce", "category": "survey", "sg_event_id": "sg-1",
          "sg_message_id": "14c5d75ce93.dfd.64b469", "reason": "550 5.1.1 The account does not exist", "status": "5.1.1", "type": "bounce" },
        { "email": "gone@example.net", "timestamp": 1795176000, "event": "open", "sg_event_id": "sg-2", "useragent": "Mozilla/4.0", "ip": "255.255.255.255" }
    ]);
    let signed = |body: &Value, seconds: i64| {
        let timestamp = seconds.to_string();
        let signature = key.sign(&random, format!("{timestamp}{body}").as_bytes()).unwrap();
        to(&app, "sendgrid", body)
            .header("X-Twilio-Email-Event-Webhook-Signature", BASE64.encode(signature.as_ref()))
            .header("X-Twilio-Email-Event-Webhook-Timestamp", timestamp)
    };
    let now = BEGIN.0 / 1000;
    assert_eq!(status(signed(&body, now - 100_000)).await, 401, "an old one");
    assert_eq!(status(signed(&body, now).body("[]")).await, 401, "another body");
    assert_eq!(taken(&app).await, 0);
    for _ in 0..2 {
        assert_eq!(status(signed(&body, now)).await, 200);
    }
    assert_eq!((taken(&app).await, state_of(&app, &asked.interaction).await.0), (1, "failed".into()));
    assert_eq!(reason(&app, "gone@example.net").await.as_deref(), Some("bounced"));
}

#[tokio::test]
async fn mailgun_signs_with_a_shared_key() {
    let app = TestApp::start_with(configured).await;
    let asked = ask(&app, "gone").await;
    let id = outbox(&app).await[0].message_id.trim_matches(['<', '>']).to_owned();
    let call = |key: &str, seconds: i64, severity: &str| {
        let (timestamp, token) = (seconds.to_string(), "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0");
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(format!("{timestamp}{token}").as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let body = json!({
            "signature": { "timestamp": timestamp, "token": token, "signature": signature },
            "event-data": {
                "event": "failed", "severity": severity, "reason": "bounce", "id": format!("G9Bn5sl1TC6nu79C8C0bwg-{severity}"),
                "recipient": "gone@example.net", "recipient-domain": "example.net",
                "delivery-status": { "code": 550, "message": "5.1.1 no such user", "description": "" },
                "message": { "headers": { "message-id": id, "to": "gone@example.net" } }
            }
        });
        to(&app, "mailgun", &body)
    };
    let now = BEGIN.0 / 1000;
    assert_eq!(status(call("key-another", now, "permanent")).await, 401);
    assert_eq!(status(call("key-1234567890", now - 100_000, "permanent")).await, 401);
    assert_eq!(status(call("key-1234567890", now, "temporary")).await, 200);
    assert_eq!(
        (taken(&app).await, state_of(&app, &asked.interaction).await.0),
        (0, "sent".into()),
        "it goes on trying"
    );
    assert_eq!(status(call("key-1234567890", now, "permanent")).await, 200);
    assert_eq!(state_of(&app, &asked.interaction).await.0, "failed");
    assert_eq!(reason(&app, "gone@example.net").await.as_deref(), Some("bounced"));
}

#[tokio::test]
async fn postmark_mailjet_and_brevo_know_a_password() {
    let app = TestApp::start_with(configured).await;
    let cases: [(&str, &str, Value, Option<&str>); 9] = [
        (
            "postmark",
            "a",
            json!({ "RecordType": "Bounce", "ID": 4323372036854775807_i64, "Type": "HardBounce", "TypeCode": 1, "Details": "smtp;550 5.1.1 unknown", "Email": "a@example.net", "Inactive": true }),
            Some("bounced"),
        ),
        (
            "postmark",
            "b",
            json!({ "RecordType": "Bounce", "ID": 2, "Type": "SoftBounce", "TypeCode": 4096, "Details": "552 mailbox full", "Email": "b@example.net" }),
            None,
        ),
        (
            "postmark",
            "c",
            json!({ "RecordType": "SpamComplaint", "ID": 3, "Type": "SpamComplaint", "TypeCode": 512, "Email": "c@example.net" }),
            Some("complained"),
        ),
        (
            "postmark",
            "d",
            json!({ "RecordType": "SubscriptionChange", "Recipient": "d@example.net", "SuppressSending": true, "SuppressionReason": "ManualSuppression" }),
            Some("unsubscribed"),
        ),
        (
            "mailjet",
            "e",
            json!({ "event": "bounce", "time": 1430812195, "MessageID": 13792286917004336_i64, "email": "e@example.net", "blocked": false, "hard_bounce": true, "error_related_to": "recipient", "error": "user unknown", "comment": "" }),
            Some("bounced"),
        ),
        (
            "mailjet",
            "f",
            json!([{ "event": "bounce", "email": "f@example.net", "hard_bounce": false, "error": "quota exceeded" }, { "event": "open", "email": "f@example.net" }]),
            None,
        ),
        (
            "brevo",
            "g",
            json!({ "event": "hard_bounce", "email": "g@example.net", "id": 1, "date": "2026-11-20 12:00:00", "message-id": "<201798300811.5787683@relay>", "reason": "550 user unknown" }),
            Some("bounced"),
        ),
        ("brevo", "h", json!({ "event": "spam", "email": "h@example.net", "id": 2 }), Some("complained")),
        ("brevo", "i", json!({ "event": "deferred", "email": "i@example.net", "reason": "550 user unknown" }), None),
    ];
    for (service, name, body, wanted) in cases {
        ask(&app, name).await;
        let address = format!("{name}@example.net");
        assert_eq!(status(to(&app, service, &body)).await, 401, "{service}");
        assert_eq!(status(basic(to(&app, service, &body))).await, 200, "{service} {name}");
        assert_eq!(reason(&app, &address).await.as_deref(), wanted, "{service} {name}");
        let once = taken(&app).await;
        assert_eq!(status(basic(to(&app, service, &body))).await, 200);
        assert_eq!(taken(&app).await, once, "{service} {name} twice");
    }
    assert_eq!(status(basic(app.client.post(format!("{}/hooks/mail/brevo", app.url)).body("not json"))).await, 400);
}
