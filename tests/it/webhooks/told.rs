//! Events that are sent, and data that never is.

use super::{Receiver, all, hook, local};
use crate::app::{TestApp, call_body, demo_sound};
use crate::followups::ripen;
use crate::surveys::{answer, ask};
use afterword::access::Role;

#[tokio::test]
async fn a_call_is_told_once_however_often_it_is_sent_and_signed() {
    for app in TestApp::on_both(local).await {
        let receiver = Receiver::start().await;
        let (_, secret) = hook(&app, &receiver, &all()).await;
        let mut body = call_body("jerry@example.net");
        body["phase"] = "in_progress".into();
        let id = app.interaction("1", &body).await;
        app.work().await;
        assert_eq!(receiver.kinds(), ["interaction.created"]);
        for _ in 0..3 {
            app.call("1", "jerry@example.net").await;
            app.work().await;
        }
        assert_eq!(receiver.kinds(), ["interaction.created", "interaction.finalised"]);
        // Deliveries are deleted after a month; their events are not repeated.
        app.pass(std::time::Duration::from_secs(31 * 86_400)).await;
        app.call("1", "jerry@example.net").await;
        app.work().await;
        assert_eq!(receiver.got().len(), 2);
        for got in receiver.got() {
            assert!(got.is_signed_by(&secret), "{got:?}");
            assert_eq!(got.timestamp, crate::app::BEGIN.0 / 1000);
            let told = got.json();
            assert_eq!(told["data"]["interaction"]["id"], id.as_str());
            assert_eq!(told["data"]["interaction"]["external_id"], "1");
            assert!(!got.body.contains("jerry") && !got.body.contains("Sydney"), "{}", got.body);
        }
    }
}

#[tokio::test]
async fn each_hears_what_it_asked_for() {
    let app = TestApp::start_with(local).await;
    let (calls, transcripts, nothing) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    hook(&app, &calls, &["interaction.created".into()]).await;
    hook(&app, &transcripts, &["transcript.done".into()]).await;
    let (paused, _) = hook(&app, &nothing, &all()).await;
    let pause = afterword::webhooks::Wanted { active: Some(false), ..Default::default() };
    app.app.webhooks.change(&paused, pause, &afterword::effects::Actor::System).await.unwrap();
    app.call("1", "jerry@example.net").await;
    app.record("1", demo_sound("call-good.ogg")).await;
    app.work().await;
    assert_eq!(calls.kinds(), ["interaction.created"]);
    assert_eq!(transcripts.kinds(), ["transcript.done"]);
    assert!(nothing.got().is_empty());
}

#[tokio::test]
async fn a_linked_answer_is_told_later_and_without_what_it_says() {
    for app in TestApp::on_both(local).await {
        let receiver = Receiver::start().await;
        let asked = ask(&app, "jerry").await;
        hook(&app, &receiver, &all()).await;
        answer(&app, &asked, &[("score", "1"), ("comment", "never again"), ("choice", "linked")]).await;
        app.work().await;
        assert!(receiver.got().is_empty(), "not at the moment of answering");
        ripen(&app).await;
        assert_eq!(receiver.kinds(), ["followup.opened", "response.linked"]);
        for got in receiver.got() {
            assert!(got.body.contains("2026-11-20T00:00:00Z"), "the day alone: {}", got.body);
            for told in ["score", "never", "jerry", " low", "\"low"] {
                assert!(!got.body.contains(told), "{told}: {}", got.body);
            }
        }
        // A supervisor works on it.
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let id = crate::followups::list(&supervisor, "open").await[0]["id"].as_str().unwrap().to_owned();
        supervisor.post(&format!("/follow-ups/{id}/outcome"), &[("outcome", "solved"), ("cause", "delivery")]).await;
        app.work().await;
        assert!(receiver.kinds().contains(&"followup.closed".to_owned()));
    }
}

#[tokio::test]
async fn apart_answers_are_told_in_sums_of_releases_alone() {
    for app in TestApp::on_both(local).await {
        let asked = crate::anonymity::ask_many(&app, "17", "Orders", 5).await;
        let receiver = Receiver::start().await;
        hook(&app, &receiver, &all()).await;
        for one in &asked {
            answer(&app, one, &[("score", "1"), ("choice", "apart")]).await;
            app.work().await;
            assert!(receiver.got().is_empty());
        }
        ripen(&app).await;
        assert_eq!(receiver.kinds(), ["release.made"]);
        let told = &receiver.got()[0];
        assert_eq!(told.json()["data"]["release"]["answers"], 5);
        for one in &asked {
            assert!(!told.body.contains(one.interaction.as_str()));
        }
    }
}
