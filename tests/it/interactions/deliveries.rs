//! Deliveries as real systems send them: repaired instead of refused, out of order, again, piece by piece.

use crate::app::{TestApp, call_body};
use afterword::access::principal::{Scope, Visible};
use afterword::database::{Db, Sql};
use afterword::interactions::Interaction;
use serde_json::{Value, json};
use std::time::Duration;

async fn answer(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

/// Sends a body as it is.
async fn send(app: &TestApp, key: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let url = format!("{}/api/v1/interactions/{path}", app.url);
    let request = app.client.put(url).bearer_auth(key).header("content-type", "application/json");
    answer(request.body(body.to_vec()).send().await.unwrap()).await
}

async fn seen(app: &TestApp, key: &str, id: &Value) -> Value {
    let url = format!("{}/api/v1/interactions/{}", app.url, id.as_str().unwrap());
    app.client.get(url).bearer_auth(key).send().await.unwrap().json().await.unwrap()
}

/// Returns field and code of each warning, sorted.
fn warnings(answer: &Value) -> Vec<(&str, &str)> {
    let mut all: Vec<_> = Vec::new();
    for warning in answer["warnings"].as_array().unwrap() {
        all.push((warning["field"].as_str().unwrap(), warning["code"].as_str().unwrap()));
    }
    all.sort_unstable();
    all
}

fn with(field: &str, value: Value) -> Value {
    let mut body = call_body("jerry@example.net");
    body[field] = value;
    body
}

#[tokio::test]
async fn one_bad_detail_does_not_refuse_the_call() {
    let customer = |email: &str| json!({ "email": email, "name": "Jerry" });
    let cases = [
        (with("customer", customer("n/a")), ("customer.email", "invalid_email")),
        (
            with(
                "customer",
                json!({ "email": "jerry@example.net", "locale": "en-US,en;q=0.9,fr;q=0.8,nl;q=0.7,de;q=0.6" }),
            ),
            ("customer.locale", "invalid_locale"),
        ),
        (with("ended_at", json!("2026-01-01T00:00:00Z")), ("ended_at", "times_out_of_order")),
        (with("started_at", json!("yesterday")), ("started_at", "invalid_time")),
        (with("started_at", json!("2026-11-20T12:00:00")), ("started_at", "invalid_time")),
        (with("as_of", json!("2999-01-01T00:00:00Z")), ("as_of", "in_the_future")),
        (with("wait_ms", json!(-1)), ("wait_ms", "out_of_range")),
        (with("wait_ms", json!("soon")), ("wait_ms", "wrong_type")),
        (with("phase", json!("finished")), ("phase", "unknown_phase")),
        (with("tags", json!(vec!["t"; 51])), ("tags", "too_many")),
        (with("team", json!("x".repeat(201))), ("team", "too_long")),
        (with("queue", json!("a\u{0}b")), ("queue", "repaired_text")),
        (with("tlak_ms", json!(7)), ("tlak_ms", "unknown_field")),
        (with("occurrence", json!(0)), ("occurrence", "out_of_range")),
    ];
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        for (number, (body, expected)) in cases.iter().enumerate() {
            let (status, stored) = answer(app.put(&key, &format!("phone/{number}"), body).await).await;
            assert_eq!((status, warnings(&stored)), (201, vec![*expected]), "{body}");
            let kept = seen(&app, &key, &stored["id"]).await;
            assert_eq!(kept["agent"]["name"], "Sydney Carton", "{body}");
        }
    }
}

#[tokio::test]
async fn broken_characters_and_byte_order_marks_are_read() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Admin).await;
    let half = br#"{"channel":"chat","messages":[{"id":"1","from":"agent","text":"Thanks \ud83d"},{"id":"2","from":"customer","text":"a\u0000b"}]}"#;
    let (status, stored) = send(&app, &key, "chat/half", half).await;
    assert_eq!(status, 201);
    assert_eq!(warnings(&stored), [("body", "repaired_text"), ("messages.text", "repaired_text")]);
    let kept = seen(&app, &key, &stored["id"]).await;
    assert_eq!((&kept["messages"][0]["text"], &kept["messages"][1]["text"]), (&json!("Thanks \u{FFFD}"), &json!("ab")));
    let mut marked = b"\xEF\xBB\xBF".to_vec();
    marked.extend(call_body("jerry@example.net").to_string().into_bytes());
    let (status, stored) = send(&app, &key, "phone/mark", &marked).await;
    assert_eq!((status, warnings(&stored)), (201, Vec::new()));
}

#[tokio::test]
async fn ten_bad_fields_give_ten_warnings_that_are_kept_and_counted() {
    let bad = json!({
        "as_of": "now", "phase": "done", "started_at": "?", "ended_at": 7, "wait_ms": [], "talk_ms": -5, "hold_ms": "x",
        "agent": "Sydney", "tags": { "a": 1 }, "survey": "yes", "queue": "orders",
    });
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        let (status, stored) = answer(app.put(&key, "phone/1", &bad).await).await;
        assert_eq!(status, 201, "{stored}");
        let id = stored["id"].as_str().unwrap().parse().unwrap();
        let kept = app.app.interactions.warnings(&id).await.unwrap();
        let fields: Vec<_> = kept.iter().map(|warning| warning.field.as_str()).collect();
        let expected = [
            "agent",
            "as_of",
            "ended_at",
            "hold_ms",
            "phase",
            "started_at",
            "survey",
            "tags",
            "tags.a",
            "talk_ms",
            "wait_ms",
        ];
        for field in fields {
            assert!(expected.contains(&field), "{field}");
        }
        assert!(kept.len() >= 10, "{kept:?}");
        assert_eq!(seen(&app, &key, &stored["id"]).await["queue"], "orders");
        app.put(&key, "phone/2", &json!({ "phase": "done" })).await;
        let counts = app.app.interactions.warning_counts(afterword::clock::Timestamp(0)).await.unwrap();
        assert_eq!(
            (counts[0].field.as_str(), counts[0].code.as_str(), counts[0].interactions),
            ("phase", "unknown_phase", 2)
        );
    }
}

#[tokio::test]
async fn a_dry_run_answers_the_same_and_stores_nothing() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        let body = with("tlak_ms", json!(1));
        let (status, dry) = answer(app.put(&key, "phone/1?dry_run=true", &body).await).await;
        assert!(!app.app.interactions.any().await.unwrap());
        assert!(
            app.app.directory.agents().await.unwrap().is_empty() && app.app.directory.teams().await.unwrap().is_empty()
        );
        let (real_status, mut real) = answer(app.put(&key, "phone/1", &body).await).await;
        real["id"] = dry["id"].clone();
        assert_eq!((status, &dry), (real_status, &real));
        let later = with("queue", json!("other"));
        let (status, dry) = answer(app.put(&key, "phone/1?dry_run=true", &later).await).await;
        let kept = seen(&app, &key, &dry["id"]).await;
        assert_eq!((status, &kept["queue"]), (200, &json!("orders-en")));
    }
}

/// Six events of one call, as a telephone system sends them.
fn events() -> [Value; 6] {
    let at = |second: u32| format!("2026-11-20T12:24:{second:02}+01:00");
    [
        json!({ "as_of": at(0), "channel": "call", "direction": "inbound", "phase": "in_progress", "started_at": at(0), "queue": "main" }),
        json!({ "as_of": at(10), "answered_at": at(10), "agent": { "external_id": "17", "name": "Ringing Only" }, "wait_ms": 9_000 }),
        json!({ "as_of": at(20), "agent": { "external_id": "18", "name": "Sydney Carton" }, "team": "Orders", "queue": "orders" }),
        json!({ "as_of": at(30), "phase": "ended", "ended_at": at(30), "outcome": "answered", "wait_ms": 10_000 }),
        json!({ "as_of": at(40), "tags": ["lost parcel"], "talk_ms": 20_000 }),
        json!({ "as_of": at(50), "phase": "final", "tags": ["lost parcel", "refund"], "customer": { "email": "jerry@example.net", "locale": "en" } }),
    ]
}

fn permutations(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(of - 1) {
        for place in 0..of {
            let mut longer = shorter.clone();
            longer.insert(place, of - 1);
            all.push(longer);
        }
    }
    all
}

#[tokio::test]
async fn events_in_every_order_end_in_the_same_record() {
    for app in
        TestApp::on_both(|config| config.survey.settle = afterword::config::Span(std::time::Duration::from_secs(3600)))
            .await
    {
        let key = app.key(Scope::Ingest).await;
        let orders = permutations(6);
        assert_eq!(orders.len(), 720);
        // The rules are the same on both; the second database sees some of the orders.
        let some = matches!(app.app.db, Db::Pg { .. });
        let orders: Vec<_> =
            orders.into_iter().enumerate().filter(|(n, _)| !some || n % 12 == 0).map(|(_, o)| o).collect();
        let deliver = async |(number, order): (usize, &Vec<usize>)| {
            let mut id = Value::Null;
            for event in order {
                let (_, stored) = answer(app.put(&key, &format!("phone/{number}"), &events()[*event]).await).await;
                assert_eq!(stored["warnings"], json!([]), "{stored}");
                id = stored["id"].clone();
            }
            id
        };
        let mut first: Option<Interaction> = None;
        for chunk in orders.iter().enumerate().collect::<Vec<_>>().chunks(48) {
            let ids = futures_util::future::join_all(chunk.iter().map(|one| deliver(*one))).await;
            for (id, (number, order)) in ids.iter().zip(chunk) {
                let id = id.as_str().unwrap().parse().unwrap();
                let mut kept = app.app.interactions.find(&Visible::All, &id).await.unwrap().unwrap();
                assert_eq!(kept.external_id, number.to_string());
                let first = first.get_or_insert_with(|| kept.clone());
                kept.id = first.id.clone();
                kept.external_id.clone_from(&first.external_id);
                assert_eq!(&kept, first, "{order:?}");
            }
        }
        let first = first.unwrap();
        assert_eq!(first.tags(), ["lost parcel", "refund"]);
        assert_eq!((first.agent_name.as_deref(), first.queue.as_deref()), (Some("Sydney Carton"), Some("orders")));
        assert_eq!((first.wait_ms, first.talk_ms), (Some(10_000), Some(20_000)));
    }
}

fn message(id: Option<&str>, second: u32, from: &str, text: &str) -> Value {
    json!({ "id": id, "at": format!("2026-05-04T09:12:{second:02}Z"), "from": from, "text": text })
}

async fn texts(app: &TestApp, key: &str, id: &Value) -> Vec<String> {
    let kept = seen(app, key, id).await;
    kept["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn messages_are_merged_by_id_and_ordered_by_time() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        for ids in [true, false] {
            let id = |id: &'static str| ids.then_some(id);
            let (one, two, three) = (
                message(id("1"), 10, "customer", "Hello"),
                message(id("2"), 20, "agent", "Good morning"),
                message(id("3"), 30, "customer", "Where is it?"),
            );
            let path = format!("chat/{ids}");
            app.put(&key, &path, &json!({ "channel": "chat", "messages": [one, three] })).await;
            // The last one alone, one that is late, and all again.
            for list in [json!([three]), json!([two]), json!([one, two, three])] {
                let (_, stored) = answer(app.put(&key, &path, &json!({ "messages": list })).await).await;
                let expected: &[&str] = if list == json!([three]) {
                    &["Hello", "Where is it?"]
                } else {
                    &["Hello", "Good morning", "Where is it?"]
                };
                assert_eq!(texts(&app, &key, &stored["id"]).await, expected, "{ids} {list}");
            }
        }
        let edited = json!({ "messages": [message(Some("3"), 30, "customer", "Where is my parcel?")] });
        let (_, stored) = answer(app.put(&key, "chat/true", &edited).await).await;
        assert_eq!(texts(&app, &key, &stored["id"]).await[2], "Where is my parcel?");
    }
}

#[tokio::test]
async fn html_is_turned_into_text() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Admin).await;
    let body = json!({ "channel": "chat", "messages": [
        { "id": "1", "from": "customer", "text": "<p>Hello <b>there</b> &amp; you</p><p>Bye</p>" },
        { "id": "2", "from": "agent", "content_type": "text/html", "text": "a &lt; b" },
        { "id": "3", "from": "agent", "content_type": "text/plain", "text": "<p>literal</p>" },
        { "id": "4", "from": "agent", "text": "1 <2 and <b>kept</b>" },
    ] });
    let (_, stored) = answer(app.put(&key, "chat/1", &body).await).await;
    let texts = texts(&app, &key, &stored["id"]).await;
    assert!(
        texts[0].starts_with("Hello there & you") && texts[0].contains("Bye") && !texts[0].contains('<'),
        "{texts:?}"
    );
    assert_eq!(texts[1..], ["a < b", "<p>literal</p>", "1 <2 and <b>kept</b>"]);
}

#[tokio::test]
async fn ten_thousand_messages_are_stored() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Admin).await;
    let message = |n: u32| {
        let text = format!("message {n} {}", "about a parcel that got lost on its way ".repeat(4));
        json!({ "id": n.to_string(), "at": "2026-05-04T09:12:31Z", "from": "customer", "text": text })
    };
    let messages: Vec<_> = (0..10_001).map(message).collect();
    let (status, stored) =
        answer(app.put(&key, "chat/1", &json!({ "channel": "chat", "messages": messages })).await).await;
    assert_eq!((status, warnings(&stored)), (201, vec![("messages", "too_many")]));
    let mut reader = app.app.db.read().await.unwrap();
    let count = Sql::both("SELECT COUNT(*) FROM messages");
    let (stored,) = afterword::fetch_with!(fetch_one, reader.conn(), count => (i64,)).unwrap();
    assert_eq!(stored, 10_000);
}

#[tokio::test]
async fn a_reopened_chat_is_the_next_occurrence_with_its_own_survey() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        let hour = |hour: u32| format!("2026-11-20T{hour:02}:00:00Z");
        let chat = |at: u32, phase: &str, messages: Value| {
            json!({ "as_of": hour(at), "channel": "chat", "phase": phase, "started_at": hour(at), "outcome": "answered",
                "customer": { "email": "jerry@example.net" }, "messages": messages })
        };
        let (one, two) = (message(Some("1"), 10, "customer", "Hello"), message(Some("2"), 20, "customer", "Me again"));
        let (_, first) = answer(app.put(&key, "chat/1", &chat(7, "final", json!([one]))).await).await;
        let (status, again) = answer(app.put(&key, "chat/1", &chat(8, "in_progress", json!([one, two]))).await).await;
        assert_eq!((status, &again["occurrence"], &again["phase"]), (201, &json!(2), &json!("in_progress")));
        assert_ne!(first["id"], again["id"]);
        let (status, over) = answer(app.put(&key, "chat/1", &chat(9, "final", json!([one, two]))).await).await;
        assert_eq!((status, &over["id"], &over["phase"]), (200, &again["id"], &json!("final")));
        assert_eq!(texts(&app, &key, &first["id"]).await, ["Hello"]);
        assert_eq!(texts(&app, &key, &again["id"]).await, ["Me again"]);
        // A late retry of the first end changes nothing, and a named occurrence is the one that is meant.
        let (_, retry) = answer(app.put(&key, "chat/1", &chat(7, "final", json!([one]))).await).await;
        assert_eq!((&retry["id"], &retry["occurrence"]), (&again["id"], &json!(2)));
        let (_, named) = answer(app.put(&key, "chat/1", &json!({ "occurrence": 1, "queue": "q" })).await).await;
        assert_eq!(named["id"], first["id"]);
        // Both have a decision of their own.
        app.pass(std::time::Duration::from_secs(600)).await;
        let mut states = Vec::new();
        for id in [&first["id"], &again["id"]] {
            states.push(seen(&app, &key, id).await["survey"].clone());
        }
        // The second one meets the quiet period, whichever is decided first.
        let asked = states.iter().filter(|survey| survey["state"] != "skipped").count();
        let recently = states.iter().filter(|survey| survey["reason"] == "asked_recently").count();
        assert_eq!((asked, recently), (1, 1), "{states:?}");
    }
}

#[tokio::test]
async fn a_conversation_whose_source_is_silent_becomes_final() {
    let change = |config: &mut afterword::config::Config| {
        config.intake.final_after = afterword::config::Span(Duration::from_secs(3_600));
        let helpdesk = afterword::config::Span(Duration::from_secs(7_200));
        let never = afterword::config::Span(Duration::ZERO);
        config.intake.final_after_by_source = [("helpdesk".to_owned(), helpdesk), ("pbx".to_owned(), never)].into();
    };
    for app in TestApp::on_both(change).await {
        let key = app.key(Scope::Admin).await;
        let mut open = call_body("jerry@example.net");
        open["phase"] = json!("in_progress");
        let mut ids = Vec::new();
        for (number, source) in ["phone", "helpdesk", "pbx"].into_iter().enumerate() {
            open["customer"]["email"] = json!(format!("jerry{number}@example.net"));
            ids.push(answer(app.put(&key, &format!("{source}/1"), &open).await).await.1["id"].clone());
        }
        let mut phases = Vec::new();
        for hours in [1, 2] {
            app.pass(Duration::from_secs(3_900)).await;
            app.pass(Duration::from_secs(600)).await;
            for id in &ids {
                let kept = seen(&app, &key, id).await;
                phases.push((hours, kept["phase"].as_str().unwrap().to_owned(), kept["survey"]["state"] != "waiting"));
            }
        }
        let expected = [
            (1, "final", true),
            (1, "in_progress", false),
            (1, "in_progress", false),
            (2, "final", true),
            (2, "final", true),
            (2, "in_progress", false),
        ];
        assert_eq!(phases, expected.map(|(hours, phase, decided)| (hours, phase.to_owned(), decided)));
    }
}

#[tokio::test]
async fn a_key_for_some_sources_sends_for_no_other() {
    let app = TestApp::start().await;
    let staff = &app.app.staff;
    let actor = afterword::effects::Actor::System;
    let key = staff.add_key("pbx", &[Scope::Ingest], &["pbx".into()], &actor).await.unwrap().secret;
    let body = call_body("jerry@example.net");
    assert_eq!(app.put(&key, "pbx/1", &body).await.status(), 201);
    let (status, problem) = answer(app.put(&key, "phone/1", &body).await).await;
    assert_eq!((status, &problem["code"]), (403, &json!("source_not_allowed")));
    let url = format!("{}/api/v1/interactions/phone/1/recording", app.url);
    let refused = app.client.put(url).bearer_auth(&key).body(super::files::sound(1)).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let further = staff.add_key("pbx", &[Scope::Ingest, Scope::Read], &["pbx".into()], &actor).await;
    assert!(matches!(further, Err(afterword::staff::StaffError::BoundKey)));
}

#[tokio::test]
async fn interactions_are_found_by_source_and_filtered() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        let at = |hour: u32| json!({ "channel": "call", "phase": "ended", "started_at": format!("2026-11-20T{hour:02}:00:00Z") });
        for (path, body) in
            [("phone/a b", at(7)), ("phone/2", at(8)), ("pbx/3", at(9)), ("pbx/4", json!({ "channel": "call" }))]
        {
            assert_eq!(app.put(&key, path, &body).await.status(), 201);
        }
        let get = async |path: &str| {
            let url = format!("{}/api/v1/interactions{path}", app.url);
            answer(app.client.get(url).bearer_auth(&key).send().await.unwrap()).await
        };
        let (status, found) = get("/phone/a%20b").await;
        assert_eq!((status, &found["external_id"], &found["warnings"]), (200, &json!("a b"), &json!([])));
        assert_eq!(get("/phone/none").await.0, 404);
        for (query, expected) in [
            ("source=pbx", vec!["4", "3"]),
            ("phase=in_progress", vec!["4"]),
            ("from=2026-11-20T08:00:00Z&to=2026-11-20T10:00:00%2B01:00", vec!["2"]),
            ("to=2026-11-20T08:00:00Z", vec!["a b"]),
            ("from=2026-11-20T08:00:00Z&phase=ended", vec!["3", "2"]),
        ] {
            let (_, page) = get(&format!("?{query}")).await;
            let ids: Vec<_> =
                page["items"].as_array().unwrap().iter().map(|i| i["external_id"].as_str().unwrap()).collect();
            assert_eq!(ids, expected, "{query}");
        }
        assert_eq!(get("?from=yesterday").await.0, 400);
    }
}

#[tokio::test]
async fn notes_among_staff_are_neither_measured_nor_found() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Admin).await;
    let mut note = message(Some("2"), 20, "agent", "secret note about wombats");
    note["private"] = json!(true);
    let body = json!({ "channel": "chat", "phase": "final", "started_at": "2026-05-04T09:12:00Z", "messages": [
        message(Some("1"), 10, "customer", "Hello"), note, message(Some("3"), 50, "agent", "Good morning"),
    ] });
    let (_, stored) = answer(app.put(&key, "chat/1", &body).await).await;
    app.work().await;
    let kept = seen(&app, &key, &stored["id"]).await;
    assert_eq!((&kept["messages"][1]["private"], &kept["messages"][2]["private"]), (&json!(true), &json!(false)));
    let id = stored["id"].as_str().unwrap();
    let url = format!("{}/api/v1/interactions/{id}/measures", app.url);
    let (_, measures) = answer(app.client.get(url).bearer_auth(&key).send().await.unwrap()).await;
    assert_eq!(measures["chat"]["first_reply_ms"], 40_000, "{measures}");
    let url = format!("{}/api/v1/search?q=wombats", app.url);
    let (_, found) = answer(app.client.get(url).bearer_auth(&key).send().await.unwrap()).await;
    assert_eq!(found["items"], json!([]), "{found}");
}
