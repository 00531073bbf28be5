//! Decisions: surveyed, and skipped with a reason.

use super::{SETTLED, ask, ask_about, mail_to, mails, state_of};
use crate::app::{TestApp, call_body};
use afterword::invitations::SkipReason;
use serde_json::{Value, json};
use std::time::Duration;

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = call_body("jerry@example.net");
    change(&mut body);
    body
}

#[tokio::test]
async fn everybody_else_is_not_asked_and_the_reason_is_recorded() {
    for app in TestApp::on_both(|_| {}).await {
        let cases = [
            ("missed", "not_answered", with(|b| b["outcome"] = "missed".into())),
            ("inside", "internal", with(|b| b["direction"] = "internal".into())),
            ("excluded", "excluded_by_source", with(|b| b["survey"] = json!({ "eligible": false }))),
            ("short", "too_short", with(|b| b["talk_ms"] = 9_999.into())),
            ("nobody", "no_address", with(|b| b["customer"] = json!({ "name": "Jerry" }))),
        ];
        let mut ids = Vec::new();
        for (name, reason, body) in &cases {
            ids.push((app.interaction(name, body).await, *reason));
        }
        app.pass(SETTLED).await;
        for (id, reason) in ids {
            assert_eq!(state_of(&app, &id).await, ("skipped".into(), Some(reason.into())));
            assert!(
                app.app.interactions.for_survey(&id).await.unwrap().unwrap().customer.is_none(),
                "erased: {reason}"
            );
        }
        assert_eq!(mails(&app).len(), 0);
        let span = afterword::invitations::SkipSpan::days(30, &app.app.clock.zone(), app.app.clock.now());
        let report = app.app.invitations.skips(span).await.unwrap().all;
        assert_eq!((report.reasons.len(), report.asked), (cases.len(), 0));
        assert!(report.reasons.iter().all(|one| one.interactions == 1 && SkipReason::known(&one.code).is_some()));
    }
}

#[tokio::test]
async fn what_is_unknown_rules_nothing_out() {
    let app = TestApp::start().await;
    let body = json!({ "channel": "chat", "phase": "final", "customer": { "email": " Jerry@Example.net " } });
    let id = app.interaction("1", &body).await;
    app.pass(SETTLED).await;
    assert_eq!(state_of(&app, &id).await, ("sent".into(), None));
    let mail = mail_to(&app, "Jerry@example.net");
    assert!(mail.contains("How was your chat"), "{mail}");
}

#[tokio::test]
async fn nothing_is_decided_before_it_is_over_and_settled() {
    let app = TestApp::start().await;
    let open = app.interaction("1", &with(|b| b["phase"] = "ended".into())).await;
    let fresh = app.interaction("2", &call_body("other@example.net")).await;
    app.pass(Duration::from_secs(60)).await;
    assert_eq!(state_of(&app, &open).await.0, "waiting");
    assert_eq!(state_of(&app, &fresh).await.0, "waiting");
    app.pass(SETTLED).await;
    assert_eq!(state_of(&app, &open).await.0, "waiting");
    assert_eq!(state_of(&app, &fresh).await.0, "sent");
}

#[tokio::test]
async fn deciding_twice_asks_once() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let before = mails(&app).len();
        for _ in 0..2 {
            app.app.invitations.decide(&asked.interaction).await.unwrap();
        }
        app.work().await;
        assert_eq!(mails(&app).len(), before);
    }
}

#[tokio::test]
async fn the_quiet_period_is_kept_however_the_address_is_written() {
    for app in TestApp::on_both(|_| {}).await {
        ask(&app, "jerry").await;
        let again = app.call("2", " JERRY@example.NET ").await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &again).await, ("skipped".into(), Some("asked_recently".into())));
        // Thirty days later the quiet period is over.
        app.pass(Duration::from_secs(30 * 86_400)).await;
        let later = app.call("3", "jerry@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &later).await.0, "sent");
    }
}

#[tokio::test]
async fn of_many_decisions_at_once_one_asks() {
    for app in TestApp::on_both(|_| {}).await {
        let mut ids = Vec::new();
        for n in 0..12 {
            ids.push(app.call(&n.to_string(), "jerry@example.net").await);
        }
        let decide = ids.iter().map(|id| app.app.invitations.decide(id));
        let decisions: Vec<_> = futures_util::future::join_all(decide).await;
        use afterword::invitations::Decision;
        let asked = decisions.iter().filter(|d| *d.as_ref().unwrap() == Decision::Asked).count();
        let quiet = Decision::Skipped(SkipReason::AskedRecently);
        let skipped = decisions.iter().filter(|d| *d.as_ref().unwrap() == quiet).count();
        assert_eq!((asked, skipped), (1, 11));
        app.pass(SETTLED).await;
        assert_eq!(mails(&app).len(), 1);
    }
}

#[tokio::test]
async fn unsubscribing_stops_the_mail_that_waits_and_the_next_one() {
    for app in TestApp::on_both(|c| c.survey.quiet_period = "0s".parse().unwrap()).await {
        let asked = ask(&app, "jerry").await;
        let next = app.call("next", "jerry@example.net").await;
        app.clock.advance(SETTLED);
        // Decided, with its mail not sent yet.
        app.app.invitations.decide(&next).await.unwrap();
        assert_eq!(super::page(&app, &asked.leave()).await.0, 200);
        assert!(
            super::post(&app, &asked.leave(), &[("List-Unsubscribe", "One-Click")]).await.1.contains("no more surveys")
        );
        assert_eq!(super::post(&app, &asked.leave(), &[]).await.0, 200, "twice is once");
        app.work().await;
        assert_eq!(mails(&app).len(), 1, "the second mail was not sent");
        assert_eq!(state_of(&app, &next).await, ("skipped".into(), Some("unsubscribed".into())));
        let third = app.call("third", "Jerry@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &third).await, ("skipped".into(), Some("unsubscribed".into())));
        // It stays so when the survey has closed, and the old link still unsubscribes.
        app.pass(Duration::from_secs(15 * 86_400)).await;
        assert_eq!(super::post(&app, &asked.leave(), &[]).await.0, 200);
    }
}

#[tokio::test]
async fn the_mail_says_what_it_is_about_and_holds_no_markup_of_others() {
    let app = TestApp::start().await;
    let body = with(|b| {
        b["customer"]["name"] = "<b>Jérôme</b> 🙂\r\nBcc: all@example.com".into();
        b["topic"] = "<script>alert(1)</script> “lost” parcel \u{202e}gnol".into();
        b["agent"]["name"] = "Sydney <i>Carton".into();
    });
    ask_about(&app, "1", &body).await;
    let mail = mail_to(&app, "jerry@example.net");
    assert!(!mail.contains("<script>") || mail.find("<script>") < mail.find("text/html"), "{mail}");
    let html = &mail[mail.find("Content-Type: text/html").unwrap()..];
    assert!(!html.contains("<script>") && !html.contains("<b>J") && !html.contains("<i>"), "{html}");
    assert!(!mail.lines().any(|line| line.starts_with("Bcc")));
    for score in 1..=5 {
        assert!(mail.contains(&format!("?score={score}")));
    }
    for header in [
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Auto-Submitted: auto-generated",
        "Date: Fri, 20 Nov 2026 12:0",
        "From: Northwind <survey@northwind.example>",
        "Message-ID: <",
    ] {
        assert!(mail.contains(header), "{header}");
    }
}
