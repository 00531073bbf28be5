//! Failing receivers, rejected URLs, and the actions of the administrator.

use super::{Receiver, all, hook, local};
use crate::app::TestApp;
use afterword::access::Role;
use afterword::effects::Actor;
use afterword::jobs::{Runner, RunnerOptions};
use afterword::paging::Cursor;
use afterword::webhooks::{State, Wanted};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_receiver_that_fails_gets_it_again_under_the_same_id() {
    for app in TestApp::on_both(local).await {
        let receiver = Receiver::start().await;
        let (id, secret) = hook(&app, &receiver, &all()).await;
        receiver.answer(500);
        app.app.webhooks.test(&id).await.unwrap();
        app.work().await;
        app.work().await;
        assert_eq!(receiver.got().len(), 1, "not again at once");
        app.pass(Duration::from_secs(5)).await;
        receiver.answer(204);
        app.pass(Duration::from_secs(300)).await;
        let got = receiver.got();
        assert_eq!(got.len(), 3);
        assert!(got.iter().all(|one| one.id == got[0].id && one.is_signed_by(&secret)));
        assert!(got[2].timestamp > got[0].timestamp, "each try is signed anew");
        let sent = app.app.webhooks.deliveries(&id, &Cursor::start(), 10).await.unwrap().items;
        assert_eq!((sent[0].state.as_str(), sent[0].attempts, sent[0].status), ("delivered", 3, Some(204)));
        assert_eq!(app.app.webhooks.find(&id).await.unwrap().failing_since, None);
        // Once more, by hand.
        app.app.webhooks.redeliver(&id, &sent[0].id).await.unwrap();
        app.work().await;
        assert_eq!(receiver.got()[3].id, got[0].id);
    }
}

#[tokio::test]
async fn one_that_fails_for_days_is_stopped_and_started_again() {
    let app = TestApp::start_with(local).await;
    let receiver = Receiver::start().await;
    let (id, _) = hook(&app, &receiver, &all()).await;
    receiver.answer(503);
    for n in 0..6 {
        app.call(&n.to_string(), &format!("c{n}@example.net")).await;
        for _ in 0..24 {
            app.pass(HOUR).await;
        }
    }
    assert_eq!(app.app.webhooks.find(&id).await.unwrap().state, State::Failing);
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let page = admin.page(&format!("/admin/webhooks/{id}")).await;
    assert!(page.contains("It was stopped") && page.contains("503"));
    assert!(admin.page("/admin/audit").await.contains("Stopped a webhook"));
    let before = receiver.got().len();
    app.call("9", "c9@example.net").await;
    app.pass(HOUR).await;
    assert_eq!(receiver.got().len(), before, "it is told of nothing any more");
    receiver.answer(200);
    admin.post(&format!("/admin/webhooks/{id}/state"), &[("active", "true")]).await;
    app.call("10", "c10@example.net").await;
    app.work().await;
    assert!(receiver.got().len() > before);
    assert_eq!(app.app.webhooks.find(&id).await.unwrap().state, State::Active);
}

/// A failing webhook is tried with one delivery at a time; the other slots are for others.
#[tokio::test]
async fn one_that_hangs_holds_up_nobody_else() {
    for app in TestApp::on_both(local).await {
        let (hanging, well) = (Receiver::start().await, Receiver::start().await);
        hook(&app, &hanging, &["interaction.created".into()]).await;
        hook(&app, &well, &["interaction.created".into()]).await;
        hanging.answer(500);
        app.call("0", "c0@example.net").await;
        app.work().await;
        hanging.hang(true);
        for n in 1..=20 {
            app.call(&n.to_string(), &format!("c{n}@example.net")).await;
        }
        let only = RunnerOptions { only: vec!["webhook.deliver".into()], ..RunnerOptions::default() };
        let (clock, stop) = (Arc::clone(&app.app.clock), CancellationToken::new());
        let node = Runner::new(app.app.db.clone(), clock, app.app.jobs(), only, stop.clone());
        let node = tokio::spawn(Arc::new(node).run());
        well.has(21).await;
        hanging.has(2).await;
        assert_eq!(hanging.got().len(), 2, "the one that failed, and one that finds out whether it works again");
        // It succeeds; each of the others is sent when it is tried again.
        hanging.answer(200);
        hanging.hang(false);
        stop.cancel();
        node.await.unwrap();
        app.pass(2 * HOUR).await;
        let mut told: Vec<_> = hanging.got().into_iter().map(|got| got.id).collect();
        told.sort();
        told.dedup();
        assert_eq!(told.len(), 21);
    }
}

/// A pause during a request to the receiver has precedence, whatever the receiver answers.
#[tokio::test]
async fn what_is_paused_while_it_is_asked_stays_paused() {
    for app in TestApp::on_both(local).await {
        let receiver = Receiver::start().await;
        let (id, _) = hook(&app, &receiver, &all()).await;
        for (n, status) in [(1, 500), (2, 410)] {
            receiver.hang(true);
            receiver.answer(status);
            app.call(&n.to_string(), &format!("c{n}@example.net")).await;
            let set = |active| Wanted { active: Some(active), ..Wanted::default() };
            let pause = async {
                receiver.has(receiver.got().len() + 1).await;
                app.app.webhooks.change(&id, set(false), &Actor::System).await.unwrap();
                receiver.hang(false);
            };
            tokio::join!(app.work(), pause);
            assert_eq!(app.app.webhooks.find(&id).await.unwrap().state, State::Paused, "{status}");
            app.app.webhooks.change(&id, set(true), &Actor::System).await.unwrap();
        }
        // Changing its note does not start it again.
        receiver.answer(410);
        app.call("3", "c3@example.net").await;
        app.work().await;
        let note = Wanted { note: Some("CRM".into()), ..Wanted::default() };
        app.app.webhooks.change(&id, note, &Actor::System).await.unwrap();
        assert_eq!(app.app.webhooks.find(&id).await.unwrap().state, State::Failing);
    }
}

#[tokio::test]
async fn private_addresses_are_not_reached_and_redirects_not_followed() {
    let app = TestApp::start().await;
    let receiver = Receiver::start().await;
    let add = |url: String| {
        let webhooks = app.app.webhooks.clone();
        async move { webhooks.add(&url, "", &all(), &Actor::System).await }
    };
    for url in
        [receiver.url.clone(), "https://127.0.0.1/".into(), "https://[::1]/".into(), "https://169.254.169.254/".into()]
    {
        assert!(add(url.clone()).await.is_err(), "{url}");
    }
    // A name that resolves to this machine is detected at sending.
    let port = url::Url::parse(&receiver.url).unwrap().port().unwrap();
    let (named, _) = add(format!("https://localhost:{port}/")).await.unwrap();
    app.app.webhooks.test(&named.id).await.unwrap();
    app.work().await;
    assert!(receiver.got().is_empty());
    let sent = app.app.webhooks.deliveries(&named.id, &Cursor::start(), 10).await.unwrap().items;
    assert!(sent[0].error.as_deref().unwrap().contains("private address"), "{sent:?}");

    let app = TestApp::start_with(local).await;
    let (id, _) = hook(&app, &receiver, &all()).await;
    receiver.answer(307);
    app.app.webhooks.test(&id).await.unwrap();
    app.work().await;
    assert_eq!(receiver.got().len(), 1, "where it leads to was not judged");
}

#[tokio::test]
async fn a_secret_is_told_once_and_two_sign_for_a_day() {
    let app = TestApp::start_with(local).await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let body = json!({ "url": receiver.url, "note": "CRM", "events": ["interaction.created"] });
    let made: Value = admin.api(reqwest::Method::POST, "/api/v1/webhooks", Some(&body)).await.json().await.unwrap();
    let (old, id) = (made["secret"].as_str().unwrap(), made["webhook"]["id"].as_str().unwrap());
    let listed = admin.get("/api/v1/webhooks").await.text().await.unwrap();
    assert!(listed.contains("CRM") && !listed.contains("whsec_"));
    assert!(!format!("{:?}", crate::anonymity::dump(&app).await).contains(&old[6..]), "sealed in the database");
    let path = format!("/api/v1/webhooks/{id}/secret");
    let new: Value = admin.api(reqwest::Method::POST, &path, None).await.json().await.unwrap();
    let new = new["secret"].as_str().unwrap();
    app.call("1", "jerry@example.net").await;
    app.work().await;
    assert!(receiver.got()[0].is_signed_by(old) && receiver.got()[0].is_signed_by(new));
    app.clock.advance(25 * HOUR);
    app.call("2", "emma@example.net").await;
    app.work().await;
    assert!(!receiver.got()[1].is_signed_by(old) && receiver.got()[1].is_signed_by(new));
}

#[tokio::test]
async fn the_page_makes_tests_changes_and_removes() {
    let app = TestApp::start_with(local).await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let none = admin.post("/admin/webhooks", &[("url", &*receiver.url), ("note", "our CRM")]).await;
    assert_eq!(none.status(), 422, "an event is asked for");
    let again = none.text().await.unwrap();
    assert!(again.contains("Choose at least one event") && again.contains(&receiver.url) && again.contains("our CRM"));
    let form = [("url", receiver.url.as_str()), ("events", "transcript.done"), ("events", "release.made")];
    let page = admin.post("/admin/webhooks", &form).await.text().await.unwrap();
    assert!(page.contains("whsec_") && page.contains("release.made, transcript.done"));
    let id = app.app.webhooks.list().await.unwrap()[0].id.clone();
    admin.post(&format!("/admin/webhooks/{id}/tests"), &[]).await;
    app.work().await;
    assert_eq!(receiver.kinds(), ["webhook.test"]);
    let page = admin.page(&format!("/admin/webhooks/{id}")).await;
    assert!(page.contains("delivered") && !page.contains("whsec_"));
    let form = [("url", "ftp://elsewhere.example/"), ("note", "our CRM"), ("events", "followup.opened")];
    let again = admin.post(&format!("/admin/webhooks/{id}"), &form).await;
    assert_eq!(again.status(), 422);
    let again = again.text().await.unwrap();
    assert!(again.contains("Nothing was saved") && again.contains("ftp://elsewhere.example/"), "{again}");
    assert!(again.contains("value=\"followup.opened\" checked") && again.contains("our CRM"), "{again}");
    assert_eq!(app.app.webhooks.list().await.unwrap()[0].url, receiver.url);
    admin.post(&format!("/admin/webhooks/{id}/removal"), &[]).await;
    assert!(app.app.webhooks.list().await.unwrap().is_empty());
}
