//! Words that customers read, in mail, reminder and page: only those that are meant for them.

use super::{ask_about, mail_to, mails, page};
use crate::app::{TestApp, call_body};
use afterword::config::{Config, Span};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use std::time::Duration;

const NOBODY: fn(&mut Config) = |_| {};

/// Returns a call without a topic, with changes.
fn call(email: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = call_body(email);
    body.as_object_mut().unwrap().remove("topic");
    change(&mut body);
    body
}

/// Returns To and subject, the plain part and the HTML part of the mail to this address, decoded.
fn parts(app: &TestApp, address: &str) -> [String; 3] {
    let raw = mail_to(app, address);
    let folder = std::fs::read_dir(app.folder().join("mail")).unwrap();
    let bytes = folder.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    let id = raw.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned();
    let found = bytes.into_iter().find(|bytes| String::from_utf8_lossy(bytes).contains(&id)).unwrap();
    let mail = MessageParser::default().parse(&found).unwrap();
    let to = mail.to().unwrap().first().unwrap();
    let head = format!("{:?} {:?}: {}", to.name(), to.address(), mail.subject().unwrap());
    let part = |text: Option<std::borrow::Cow<'_, str>>| text.unwrap().into_owned();
    [head, part(mail.body_text(0)), part(mail.body_html(0))]
}

/// Asks about a conversation; returns the texts of mail and page.
async fn told(app: &TestApp, id: &str, body: &Value) -> String {
    let asked = ask_about(app, id, body).await;
    let (status, shown) = page(app, &asked.page()).await;
    assert_eq!(status, 200);
    let parts = parts(app, body["customer"]["email"].as_str().unwrap());
    format!("{}\n{shown}", parts.join("\n"))
}

#[tokio::test]
async fn tags_are_for_staff_and_a_topic_is_for_customers() {
    let tags = json!(["churn-risk", "abusive customer", "lost parcel"]);
    for app in TestApp::on_both(NOBODY).await {
        let text = told(&app, "1", &call("one@example.net", |b| b["tags"] = tags.clone())).await;
        assert!(text.contains("How was your call with Sydney?"), "{text}");
        for tag in ["churn", "abusive", "lost parcel"] {
            assert!(!text.contains(tag), "{tag}: {text}");
        }
        let body = call("two@example.net", |b| (b["tags"], b["topic"]) = (tags.clone(), "your broken kettle".into()));
        let text = told(&app, "2", &body).await;
        assert_eq!(text.matches("about “your broken kettle”?").count(), 5, "{text}");
        assert!(!text.contains("churn") && !text.contains("lost parcel"), "{text}");
        for (id, topic) in ["call +44 306 999 0123", "see evil.example", "jerry@example.net", "order 4711", "a\u{7}b"]
            .into_iter()
            .enumerate()
        {
            let body = call(&format!("odd{id}@example.net"), |b| b["topic"] = topic.into());
            let text = told(&app, &format!("odd{id}"), &body).await;
            assert!(text.contains("How was your call with Sydney?") && !text.contains(topic), "{topic}: {text}");
        }
        // A topic is not unlearnt by an update that does not know it.
        let key = app.key(afterword::access::principal::Scope::Read).await;
        app.interaction("2", &json!({ "channel": "call" })).await;
        let list = app.client.get(format!("{}/api/v1/interactions", app.url)).bearer_auth(&key).send().await.unwrap();
        let list: Value = list.json().await.unwrap();
        let second = list["items"].as_array().unwrap().iter().find(|one| one["external_id"] == "2").unwrap();
        assert_eq!(second["topic"], "your broken kettle");
    }
    let allowed = |c: &mut Config| c.survey.customer_tags = vec!["Abusive".into(), "Lost Parcel".into()];
    for app in TestApp::on_both(allowed).await {
        let text = told(&app, "1", &call("one@example.net", |b| b["tags"] = tags.clone())).await;
        assert!(text.contains("about “Lost Parcel”?") && !text.contains("churn") && !text.contains("busive"), "{text}");
    }
}

#[tokio::test]
async fn no_text_of_unproven_people_is_sent_to_others() {
    let remind = |c: &mut Config| c.survey.reminder_after = Span::days(3);
    for app in TestApp::on_both(remind).await {
        let spam = "You have won 5000 EUR, claim at https://evil.example/x or www.evil.example now";
        for (id, name) in [spam, "evil.example", "Ring 0800 123456", "jerry@evil.example", "Jerry \u{202e}evil"]
            .into_iter()
            .enumerate()
        {
            let chat = json!({
                "channel": "chat", "phase": "final", "agent": { "external_id": "9", "name": name },
                "messages": [{ "from": "customer", "text": "hi" }, { "from": "agent", "text": "hello" }],
                "customer": { "email": format!("victim{id}@example.net"), "name": name }
            });
            let text = told(&app, &id.to_string(), &chat).await;
            assert!(text.starts_with(&format!("None Some(\"victim{id}@example.net\"): ")), "{text}");
            assert!(text.contains("Hello,") && text.contains("How was your chat?"), "{text}");
            for word in ["evil", "You have won", "5000 EUR", "0800", "\u{202e}"] {
                assert!(!text.contains(word), "{name}: {word} in {text}");
            }
        }
        told(&app, "fine", &call("jerry@example.net", |b| b["customer"]["name"] = "Jérôme  Cruncher".into())).await;
        app.pass(Duration::from_secs(4 * 86_400)).await;
        let all = mails(&app);
        assert_eq!(all.len(), 12, "each was reminded");
        for mail in &all {
            assert!(!mail.contains("evil") && !mail.contains("0800") && !mail.contains("5000 EUR"), "{mail}");
        }
        assert_eq!(
            all.iter().filter(|mail| mail.contains("J=C3=A9r=C3=B4me Cruncher,")).count(),
            2,
            "invitation and reminder"
        );
    }
}

#[tokio::test]
async fn agents_are_told_by_the_name_that_is_meant_for_customers() {
    let app = TestApp::start().await;
    for (id, agent, wanted) in [
        ("1", json!({ "external_id": "1", "name": "Carton, Sydney (Support)" }), "your call with Sydney?"),
        ("2", json!({ "external_id": "2", "name": "Dr. Carton" }), "your call with Dr. Carton?"),
        ("3", json!({ "external_id": "3", "name": "عبد الرحمن" }), "your call with \u{2068}عبد الرحمن\u{2069}?"),
        ("4", json!({ "external_id": "4", "name": "Agent/1002" }), "your call?"),
        ("5", json!({ "external_id": "5", "name": "s.carton@northwind.example" }), "your call?"),
        (
            "6",
            json!({ "external_id": "6", "name": "Carton", "display_name": "Syd from Orders" }),
            "your call with Syd from Orders?",
        ),
        (
            "7",
            json!({ "external_id": "7", "name": "Carton, Sydney", "display_name": "www.evil.example" }),
            "your call with Sydney?",
        ),
    ] {
        let text = told(&app, id, &call(&format!("c{id}@example.net"), |b| b["agent"] = agent.clone())).await;
        assert_eq!(text.matches(wanted).count(), 5, "{agent}: {text}");
        assert!(
            !text.contains("1002") && !text.contains("northwind.example\n") && !text.contains("(Support)"),
            "{text}"
        );
    }
    // A known display name stays, and staff see the whole name.
    app.interaction("6", &json!({ "agent": { "external_id": "6" } })).await;
    let agents = app.app.directory.agents().await.unwrap();
    let sixth =
        agents.iter().find(|agent| agent.identities.iter().any(|identity| identity.external_id == "6")).unwrap();
    assert_eq!((sixth.name.as_str(), sixth.display_name.as_deref()), ("Carton", Some("Syd from Orders")));
}

#[tokio::test]
async fn the_reason_for_the_mail_is_the_reason() {
    let app = TestApp::start().await;
    for (id, (channel, direction, locale, reason)) in [
        ("call", json!("inbound"), "en", "You get this mail because you called Northwind."),
        ("call", json!("outbound"), "en", "You get this mail because we called you."),
        ("call", Value::Null, "en", "You get this mail because you were in contact with Northwind."),
        ("chat", json!("inbound"), "en", "You get this mail because you chatted with Northwind."),
        ("chat", Value::Null, "en", "You get this mail because you chatted with Northwind."),
        ("chat", json!("outbound"), "en", "You get this mail because we wrote to you."),
        ("video", json!("outbound"), "en", "You get this mail because you were in contact with Northwind."),
        ("call", json!("outbound"), "de", "weil wir Sie angerufen haben."),
        ("call", json!("outbound"), "es", "porque le llamamos."),
        ("call", json!("outbound"), "fr", "parce que nous vous avons appelé."),
        ("call", json!("outbound"), "zh", "是因为我们致电过您。"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("c{id}@example.net");
        let body = call(&email, |b| {
            (b["channel"], b["direction"], b["customer"]["locale"]) =
                (channel.into(), direction.clone(), locale.into());
        });
        ask_about(&app, &id.to_string(), &body).await;
        let [_, text, html] = parts(&app, &email);
        assert!(text.contains(reason) && html.contains(reason), "{channel} {direction} {locale}: {text}");
    }
}

#[tokio::test]
async fn locales_are_understood_as_systems_write_them() {
    let app = TestApp::start().await;
    for (id, (locale, wanted)) in [
        ("es_MX.UTF-8", "Hola"),
        ("zh-Hans", "您好"),
        ("de-CH,de;q=0.9", "Guten Tag"),
        ("EN", "Hello"),
        ("fr_FR@euro", "Bonjour"),
        ("pt_br", "Hello"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("c{id}@example.net");
        ask_about(&app, &id.to_string(), &call(&email, |b| b["customer"]["locale"] = locale.into())).await;
        let [_, text, _] = parts(&app, &email);
        assert!(text.contains(wanted), "{locale}: {text}");
    }
}

#[tokio::test]
async fn a_team_is_one_however_its_name_is_written() {
    for app in TestApp::on_both(NOBODY).await {
        for (id, team) in ["Örders", "O\u{308}rders", "  öRDERS ", "Ｏ\u{308}rders\u{a0}"].into_iter().enumerate() {
            app.interaction(&id.to_string(), &call("jerry@example.net", |b| b["team"] = team.into())).await;
        }
        let teams = app.app.directory.teams().await.unwrap();
        assert_eq!(teams.len(), 1, "{teams:?}");
    }
}
