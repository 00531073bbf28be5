//! An erased interaction stays erased when it is delivered again.

use super::stored;
use crate::anonymity::{differing, dump};
use crate::app::{TestApp, call_body, demo_sound};
use crate::surveys::SETTLED;
use afterword::access::principal::Scope;
use afterword::effects::Actor;
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const DAY: Duration = Duration::from_secs(86_400);

/// A chat whose customer and words carry this name.
fn chat(name: &str) -> Value {
    let mut body = call_body(&format!("{name}@example.net"));
    body["channel"] = "chat".into();
    body["customer"]["name"] = name.into();
    body["messages"] = json!([{ "at": "2026-11-20T11:24:31Z", "from": "customer", "text": format!("I am {name}") }]);
    body
}

async fn erase(app: &TestApp, key: &str, name: &str) -> StatusCode {
    let url = format!("{}/api/v1/interactions/phone/{name}", app.url);
    app.client.request(Method::DELETE, url).bearer_auth(key).send().await.unwrap().status()
}

/// Returns the tables that contain this text.
async fn tables_with(app: &TestApp, text: &str) -> Vec<String> {
    let all = dump(app).await;
    all.into_iter().filter(|(_, rows)| rows.iter().any(|row| row.contains(text))).map(|(table, _)| table).collect()
}

#[tokio::test]
async fn a_delivery_of_an_erased_interaction_is_accepted_and_not_stored() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        app.put(&key, "phone/zebedee", &chat("zebedee")).await;
        app.pass(SETTLED).await;
        assert_eq!(erase(&app, &key, "zebedee").await, 200);
        app.work().await;
        let before = dump(&app).await;
        for _ in 0..2 {
            let answer = app.put(&key, "phone/zebedee", &chat("zebedee")).await;
            assert_eq!(answer.status(), 202, "a sender that sees an error would send it for ever");
            assert_eq!(answer.json::<Value>().await.unwrap()["state"], "erased");
        }
        let sound = app.record("zebedee", demo_sound("call-good.ogg")).await;
        assert_eq!((sound.status().as_u16(), stored(&app)), (409, 0));
        assert_eq!(sound.json::<Value>().await.unwrap()["code"], "interaction_erased");
        app.work().await;
        let after = dump(&app).await;
        let changed = differing(&before, &after);
        // The keys that this test made.
        assert_eq!(changed, ["api_keys", "audit_log"], "not even its team or its agent is stored");
        assert_eq!(after["tombstones"].len(), 1);
        assert!(!after["tombstones"][0].contains("zebedee") && !after["tombstones"][0].contains("phone"));
        assert_eq!(erase(&app, &key, "zebedee").await, 404);
        // The same id in another source is another interaction.
        assert_eq!(app.put(&key, "crm/zebedee", &chat("zebedee")).await.status(), 201);
    }
}

#[tokio::test]
async fn in_one_batch_the_others_are_stored() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        for n in 0..4 {
            app.put(&key, &format!("phone/{n}"), &chat(&format!("name{n}"))).await;
        }
        assert_eq!((erase(&app, &key, "1").await, erase(&app, &key, "3").await), (StatusCode::OK, StatusCode::OK));
        let all: Vec<_> = (0..8).map(|n| (format!("phone/{}", n % 6), chat(&format!("name{}", n % 6)))).collect();
        let put = all.iter().map(|(path, body)| app.put(&key, path, body));
        let statuses: Vec<u16> =
            futures_util::future::join_all(put).await.iter().map(|answer| answer.status().as_u16()).collect();
        assert_eq!(statuses, [200, 202, 200, 202, 201, 201, 200, 202]);
        assert_eq!(dump(&app).await["interactions"].len(), 4);
    }
}

#[tokio::test]
async fn what_retention_removed_is_not_brought_back_until_its_tombstone_is_gone() {
    let times = |c: &mut afterword::config::Config| {
        c.retention.interactions = "30d".parse().unwrap();
        c.retention.tombstones = "60d".parse().unwrap();
    };
    for app in TestApp::on_both(times).await {
        let key = app.key(Scope::Admin).await;
        app.put(&key, "phone/1", &chat("zebedee")).await;
        app.pass(46 * DAY).await;
        assert_eq!(dump(&app).await["interactions"].len(), 0);
        assert_eq!(app.put(&key, "phone/1", &chat("zebedee")).await.status(), 202);
        app.pass(59 * DAY).await;
        assert_eq!(app.put(&key, "phone/1", &chat("zebedee")).await.status(), 202);
        app.pass(2 * DAY).await;
        assert_eq!(dump(&app).await["tombstones"].len(), 0);
        assert_eq!(app.put(&key, "phone/1", &json!({ "phase": "final" })).await.status(), 201);
    }
}

#[tokio::test]
async fn all_occurrences_of_a_conversation_are_erased_together() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        for occurrence in [1, 2] {
            let mut body = chat("zebedee");
            body["occurrence"] = occurrence.into();
            assert_eq!(app.put(&key, "phone/1", &body).await.status(), 201);
        }
        assert_eq!(dump(&app).await["interactions"].len(), 2);
        assert_eq!(erase(&app, &key, "1").await, 200);
        let all = dump(&app).await;
        assert_eq!((all["interactions"].len(), all["messages"].len(), all["tombstones"].len()), (0, 0, 1));
        let mut third = chat("zebedee");
        third["occurrence"] = 3.into();
        assert_eq!(app.put(&key, "phone/1", &third).await.status(), 202);
    }
}

/// A step of a history.
#[derive(Debug, Clone, Copy)]
enum Step {
    Deliver,
    Upload,
    Erase,
    EraseAddress,
    Retain,
    Pass,
}

/// Returns histories, the same in each run.
fn histories(count: usize) -> Vec<Vec<Step>> {
    use Step::{Deliver, Erase, EraseAddress, Pass, Retain, Upload};
    let steps = vec(0..9_usize, 3..9).prop_map(|steps| {
        let all = [Deliver, Deliver, Deliver, Upload, Erase, Erase, EraseAddress, Retain, Pass];
        steps.into_iter().map(|step| all[step]).collect()
    });
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| steps.new_tree(&mut runner).unwrap().current()).collect()
}

/// Takes a step; returns whether it erased the interaction.
async fn take(app: &TestApp, key: &str, name: &str, step: Step) -> bool {
    match step {
        Step::Deliver => {
            assert!(app.put(key, &format!("phone/{name}"), &chat(name)).await.status().is_success());
        }
        Step::Upload => {
            let status = app.record(name, demo_sound("call-good.ogg")).await.status().as_u16();
            assert!([200, 201, 409].contains(&status), "{status}");
        }
        Step::Erase => return erase(app, key, name).await == StatusCode::OK,
        Step::EraseAddress => {
            let address = format!("{name}@example.net");
            let counts = app.app.privacy.erase_address(&address, true, &Actor::System).await.unwrap().counts;
            return counts.iter().any(|(what, _)| *what == "conversations");
        }
        Step::Retain => app.app.privacy.retain(&CancellationToken::new()).await.unwrap(),
        Step::Pass => {
            app.pass(SETTLED).await;
        }
    }
    false
}

#[tokio::test]
async fn no_history_brings_an_erased_customer_or_text_back() {
    for app in TestApp::on_both(|c| c.transcription.model = "none".into()).await {
        let key = app.key(Scope::Admin).await;
        let mut erased_ones = 0;
        for (n, history) in histories(24).into_iter().enumerate() {
            let name = format!("quagmire{n}x");
            let mut erased = false;
            for step in &history {
                erased |= take(&app, &key, &name, *step).await;
                if erased {
                    let found = app.app.interactions.by_name("phone", &name).await.unwrap();
                    assert_eq!(found, None, "{history:?} at {step:?}");
                    assert_eq!(tables_with(&app, &name).await, Vec::<String>::new(), "{history:?} at {step:?}");
                }
            }
            erased_ones += usize::from(erased);
        }
        assert!(erased_ones > 8, "{erased_ones} of the histories erase something");
    }
}
