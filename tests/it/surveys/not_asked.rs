//! Interactions that are not surveyed, or not yet: too old, outcome words without a meaning, late addresses, the
//! company's own people.

use super::{SETTLED, mail_to, mails, state_of};
use crate::app::{BEGIN, TestApp, call_body};
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::clock::Timestamp;
use afterword::config::Config;
use afterword::ids::InteractionId;
use afterword::interactions::{CustomerIn, Intake, Phase};
use serde_json::{Value, json};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn skipped(reason: &str) -> (String, Option<String>) {
    ("skipped".into(), Some(reason.into()))
}

/// A call that ended this long before the test began.
fn call_of(ago: Duration, email: &str) -> Value {
    let mut body = call_body(email);
    let ended = BEGIN.minus(ago);
    body["started_at"] = ended.plus_ms(-60_000).to_rfc3339().into();
    body["answered_at"] = Value::Null;
    body["ended_at"] = ended.to_rfc3339().into();
    body
}

/// Whether a customer is stored with the interaction.
async fn holds_customer(app: &TestApp, id: &InteractionId) -> bool {
    app.app.interactions.for_survey(id).await.unwrap().unwrap().customer.is_some()
}

fn three_days(config: &mut Config) {
    config.survey.max_age = "3d".parse().unwrap();
}

#[tokio::test]
async fn what_ended_too_long_ago_is_not_asked() {
    for app in TestApp::on_both(three_days).await {
        let old = app.interaction("old", &call_of(73 * HOUR, "old@example.net")).await;
        let new = app.interaction("new", &call_of(71 * HOUR, "new@example.net")).await;
        // Reported as final when it is old already.
        let mut body = call_of(71 * HOUR, "late@example.net");
        body["phase"] = "ended".into();
        let late = app.interaction("late", &body).await;
        assert!(!holds_customer(&app, &old).await, "its customer is not even stored");
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &old).await, skipped("too_old"));
        assert_eq!(state_of(&app, &new).await.0, "sent");
        app.clock.advance(2 * HOUR);
        app.interaction("late", &json!({ "phase": "final" })).await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &late).await, skipped("too_old"));
        assert!(!holds_customer(&app, &late).await);
        // Without an end its start counts, else its receipt.
        let started = json!({ "phase": "final", "started_at": BEGIN.minus(80 * HOUR).to_rfc3339(), "customer": { "email": "s@example.net" } });
        let started = app.interaction("started", &started).await;
        let undated =
            app.interaction("undated", &json!({ "phase": "final", "customer": { "email": "u@example.net" } })).await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &started).await, skipped("too_old"));
        assert_eq!(state_of(&app, &undated).await.0, "sent");
    }
}

#[tokio::test]
async fn a_backfill_of_ten_thousand_calls_mails_nobody() {
    for app in TestApp::on_both(three_days).await {
        let call = |n: i64| Intake {
            source: "archive".into(),
            external_id: n.to_string(),
            channel: Some("call".into()),
            outcome: Some("answered".into()),
            phase: Some(Phase::Final),
            ended_at: Some(Timestamp(BEGIN.0 - 365 * 86_400_000 + n * 60_000)),
            customer: CustomerIn { email: Some(format!("c{n}@example.net")), ..CustomerIn::default() },
            ..Intake::default()
        };
        let stored = futures_util::future::join_all((0..10_000).map(|n| app.app.interactions.upsert(call(n)))).await;
        assert!(stored.iter().all(|one| one.as_ref().unwrap().0.survey_reason.as_deref() == Some("too_old")));
        app.pass(SETTLED).await;
        assert_eq!(mails(&app).len(), 0);
        let all = crate::anonymity::dump(&app).await;
        assert_eq!((all["interactions"].len(), all["invitations"].len(), all["outbox"].len()), (10_000, 0, 0));
    }
}

/// `PUT /api/v1/outcome-mappings`; returns status and body.
async fn map(app: &TestApp, key: &str, mappings: Value) -> (u16, Value) {
    let url = format!("{}/api/v1/outcome-mappings", app.url);
    let request = app.client.put(url).bearer_auth(key).json(&json!({ "mappings": mappings }));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn words(app: &TestApp, key: &str) -> Vec<Value> {
    let url = format!("{}/api/v1/outcome-mappings", app.url);
    let list: Value = app.client.get(url).bearer_auth(key).send().await.unwrap().json().await.unwrap();
    list["items"].as_array().unwrap().clone()
}

fn ended(outcome: &str, name: &str) -> Value {
    let mut body = call_of(HOUR, &format!("{name}@example.net"));
    body["outcome"] = outcome.into();
    body
}

#[tokio::test]
async fn words_of_known_systems_mean_what_they_mean_there() {
    for app in TestApp::on_both(|_| {}).await {
        let cases = [
            ("completed", None),
            ("ANSWERED", None),
            ("no-answer", Some("not_answered")),
            (" NO ANSWER ", Some("not_answered")),
            ("busy", Some("not_answered")),
            ("handled", Some("unknown_outcome")),
            ("other", Some("unknown_outcome")),
            ("not_surveyed", Some("outcome_not_surveyed")),
        ];
        let mut ids = Vec::new();
        for (n, (word, reason)) in cases.into_iter().enumerate() {
            ids.push((app.interaction(&n.to_string(), &ended(word, &n.to_string())).await, word, reason));
        }
        app.pass(SETTLED).await;
        for (id, word, reason) in ids {
            let wanted = reason.map_or(("sent".into(), None), skipped);
            assert_eq!(state_of(&app, &id).await, wanted, "{word}");
        }
    }
}

#[tokio::test]
async fn an_unknown_word_is_listed_and_once_mapped_its_surveys_are_decided_anew() {
    for app in TestApp::on_both(three_days).await {
        let key = app.key(Scope::Admin).await;
        let one = app.interaction("1", &ended("Handled", "one")).await;
        let two = app.interaction("2", &ended(" HANDLED", "two")).await;
        let mut elsewhere = ended("handled", "elsewhere");
        elsewhere["customer"]["email"] = "elsewhere@example.net".into();
        app.put(&key, "crm/1", &elsewhere).await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &one).await, skipped("unknown_outcome"));
        assert!(holds_customer(&app, &one).await, "it waits for the mapping");
        let listed = words(&app, &key).await;
        assert_eq!(listed.len(), 2, "{listed:?}");
        let word = listed.iter().find(|word| word["source"] == "phone").unwrap();
        assert_eq!((&word["word"], &word["outcome"]), (&json!("handled"), &Value::Null));
        assert_eq!((&word["interactions"], &word["mapped"]), (&json!(2), &json!(false)));
        assert_eq!(word["examples"].as_array().unwrap().len(), 2);
        let (status, result) =
            map(&app, &key, json!([{ "source": "phone", "word": "HANDLED ", "outcome": "answered" }])).await;
        assert_eq!((status, &result["decided_anew"]), (200, &json!(2)));
        app.work().await;
        assert_eq!(state_of(&app, &one).await, ("sent".into(), None));
        assert_eq!(state_of(&app, &two).await, ("sent".into(), None));
        assert_eq!(mails(&app).len(), 2, "the other source's word is not mapped");
        let url = format!("{}/api/v1/interactions/{one}", app.url);
        let seen: Value = app.client.get(url).bearer_auth(&key).send().await.unwrap().json().await.unwrap();
        assert_eq!((&seen["outcome"], &seen["outcome_raw"]), (&json!("answered"), &json!("Handled")));
        // Undone, it is unknown again for those that come.
        map(&app, &key, json!([{ "source": "phone", "word": "handled", "outcome": null }])).await;
        let three = app.interaction("3", &ended("handled", "three")).await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &three).await, skipped("unknown_outcome"));
        // A later delivery with a known outcome is decided at once.
        app.interaction("3", &json!({ "outcome": "answered" })).await;
        app.work().await;
        assert_eq!(state_of(&app, &three).await, ("sent".into(), None));
    }
}

#[tokio::test]
async fn a_word_that_is_mapped_too_late_asks_nobody_and_its_customer_is_erased_in_time() {
    for app in TestApp::on_both(three_days).await {
        let key = app.key(Scope::Admin).await;
        let id = app.interaction("1", &ended("handled", "one")).await;
        app.pass(SETTLED).await;
        assert!(holds_customer(&app, &id).await);
        app.pass(72 * HOUR).await;
        assert_eq!(state_of(&app, &id).await, skipped("unknown_outcome"));
        assert!(!holds_customer(&app, &id).await, "erased when it is too old to be asked");
        let (_, result) =
            map(&app, &key, json!([{ "source": "phone", "word": "handled", "outcome": "answered" }])).await;
        assert_eq!(result["decided_anew"], 0);
        app.work().await;
        assert_eq!((state_of(&app, &id).await, mails(&app).len()), (skipped("unknown_outcome"), 0));
    }
}

#[tokio::test]
async fn mappings_are_checked_and_set_on_a_page() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Admin).await;
    for (mapping, code) in [
        (json!({ "source": "phone", "word": "Missed", "outcome": "answered" }), "fixed_meaning"),
        (json!({ "source": "phone", "word": " ", "outcome": "answered" }), "invalid_word"),
        (json!({ "source": "", "word": "x", "outcome": "answered" }), "invalid_word"),
    ] {
        let good = json!({ "source": "phone", "word": "handled", "outcome": "answered" });
        let (status, problem) = map(&app, &key, json!([good, mapping])).await;
        assert_eq!((status, &problem["code"]), (422, &json!(code)), "{problem}");
    }
    assert_eq!(words(&app, &key).await, Vec::<Value>::new(), "all or none");
    let id = app.interaction("1", &ended("<b>handled", "one")).await;
    app.pass(SETTLED).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let page = admin.page("/admin/outcomes").await;
    assert!(page.contains("&#60;b&#62;handled") && page.contains(&format!("/interactions/{id}")), "{page}");
    assert!(page.contains("Choose…") && !page.contains("Remove the mapping"));
    assert!(admin.page(&format!("/interactions/{id}")).await.contains("Outcome not mapped"));
    let form = [("source", "phone"), ("word", "<b>handled"), ("outcome", "answered")];
    assert_eq!(admin.post("/admin/outcomes", &form).await.status(), 303);
    app.work().await;
    assert_eq!(state_of(&app, &id).await.0, "sent");
    let page = admin.page("/admin/outcomes?did=mapped").await;
    assert!(page.contains("Remove the mapping") && page.contains("No unknown words"), "{page}");
    admin.post("/admin/outcomes", &[("source", "phone"), ("word", "<b>handled"), ("outcome", "")]).await;
    assert!(admin.page("/admin/outcomes").await.contains("Choose…"));
    let odd = admin.post("/admin/outcomes", &[("source", "phone"), ("word", "x"), ("outcome", "fine")]).await;
    assert_eq!(odd.status(), 409);
    assert!(admin.page("/admin/audit").await.contains("Set the meaning of an outcome word"));
}

/// An hour's wait for an address.
fn waiting(config: &mut Config) {
    config.survey.address_wait = "1h".parse().unwrap();
    config.survey.max_age = "3d".parse().unwrap();
}

fn without_address() -> Value {
    let mut body = call_of(HOUR, "");
    body["customer"] = json!({ "name": "Jerry" });
    body
}

#[tokio::test]
async fn a_late_address_is_used_at_once_and_none_is_waited_for_only_so_long() {
    for app in TestApp::on_both(waiting).await {
        let late = app.interaction("late", &without_address()).await;
        let never = app.interaction("never", &without_address()).await;
        app.pass(SETTLED).await;
        let wanted = ("waiting".to_owned(), Some("waiting_for_address".to_owned()));
        assert_eq!((state_of(&app, &late).await, state_of(&app, &never).await), (wanted.clone(), wanted));
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert!(admin.page(&format!("/interactions/{late}")).await.contains("Waiting for an address"));
        app.pass(HOUR / 2).await;
        // A delivery without an address changes nothing; one with it is decided at once.
        app.interaction("late", &json!({ "tags": ["refund"] })).await;
        app.work().await;
        assert_eq!(state_of(&app, &late).await.0, "waiting");
        app.interaction("late", &json!({ "customer": { "email": "late@example.net" } })).await;
        app.work().await;
        assert_eq!(state_of(&app, &late).await, ("sent".into(), None));
        mail_to(&app, "late@example.net");
        app.pass(HOUR / 2).await;
        assert_eq!(state_of(&app, &never).await, skipped("no_address"));
        // Too late: it is not stored.
        app.interaction("never", &json!({ "customer": { "email": "never@example.net" } })).await;
        assert!(!holds_customer(&app, &never).await);
        app.work().await;
        assert_eq!(mails(&app).len(), 1);
    }
}

#[tokio::test]
async fn the_wait_ends_when_the_interaction_is_too_old() {
    for app in TestApp::on_both(waiting).await {
        let mut body = without_address();
        body["ended_at"] = BEGIN.minus(72 * HOUR - HOUR / 2).to_rfc3339().into();
        body["started_at"] = Value::Null;
        let id = app.interaction("1", &body).await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &id).await.0, "waiting");
        app.pass(HOUR / 2 - SETTLED).await;
        assert_eq!(state_of(&app, &id).await, skipped("no_address"));
    }
}

#[tokio::test]
async fn the_companys_own_people_are_not_asked() {
    let own = |config: &mut Config| config.company.domains = vec!["acme.example".into()];
    for app in TestApp::on_both(own).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let mut call = call_body("jerry@example.net");
        call["agent"]["email"] = "Sydney@Gmail.example".into();
        app.interaction("customer", &call).await;
        let addresses = [
            "jo@acme.example".to_owned(),
            "JO@Support.Acme.example".to_owned(),
            "sydney@GMAIL.example".to_owned(),
            admin.email.to_uppercase(),
            "survey@northwind.example".to_owned(),
        ];
        let mut ids = Vec::new();
        for (n, address) in addresses.iter().enumerate() {
            ids.push((app.call(&n.to_string(), address).await, address));
        }
        let other = app.call("other", "jo@notacme.example").await;
        app.pass(SETTLED).await;
        for (id, address) in ids {
            assert_eq!(state_of(&app, &id).await, skipped("own_domain"), "{address}");
            assert!(!holds_customer(&app, &id).await);
        }
        assert_eq!(state_of(&app, &other).await.0, "sent");
        assert_eq!(mails(&app).len(), 2, "the customers");
    }
}
