//! Rules that select a conversation's survey; on both databases.

use super::editor::{create, hidden, publish};
use super::{SETTLED, ask_about, mails, state_of};
use crate::anonymity::dump;
use crate::app::{Session, TestApp, call_body};
use afterword::access::Role;
use afterword::config::Span;
use afterword::effects::Actor;
use serde_json::{Value, json};
use std::time::Duration;

async fn add(admin: &Session, fields: &[(&str, &str)]) {
    let edition = hidden(&admin.page("/surveys/rules/new").await, "edition");
    let all: Vec<_> = fields.iter().copied().chain([("edition", &*edition)]).collect();
    let saved = admin.post("/surveys/rules/new", &all).await;
    assert_eq!(saved.status(), 303, "{}", saved.text().await.unwrap());
}

fn chat(email: &str, tags: &[&str]) -> Value {
    let mut body = call_body(email);
    body["channel"] = json!("chat");
    body["tags"] = json!(tags);
    body["messages"] = json!([{ "at": "2026-11-20T11:24:00Z", "from": "customer", "text": "Hello" }]);
    body
}

#[tokio::test]
async fn the_first_rule_that_fits_decides_and_the_skipped_say_why() {
    for app in TestApp::on_both(|_| {}).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let id = create(&admin, "After chats").await;
        let edition = hidden(&admin.page(&format!("/surveys/{id}")).await, "edition");
        let fields =
            [("edition", &*edition), ("part", "texts"), ("language", "en"), ("title_chat", "How was this chat?")];
        assert_eq!(admin.post(&format!("/surveys/{id}"), &fields).await.status(), 303);
        publish(&admin, &id).await;
        add(&admin, &[("channel", "chat"), ("tags", "no survey"), ("share", "100"), ("ask", "-")]).await;
        add(&admin, &[("channel", "chat"), ("share", "100"), ("ask", &id), ("expires_days", "3")]).await;
        let page = admin.page("/surveys/rules").await;
        assert!(
            page.contains("Chats, tagged “no survey” are not surveyed.")
                && page.contains("Chats get “After chats”. The link works for 3 days."),
            "{page}"
        );
        let tried = admin.page("/surveys/rules?channel=chat&tags=urgent,No+Survey").await;
        assert!(tried.contains("Rule 1: it is not surveyed."), "{tried}");
        let tried = admin.page("/surveys/rules?channel=call").await;
        assert!(
            tried.contains("No rule applies: it gets “After every conversation”.")
                && tried.contains("Rule 2 does not match."),
            "{tried}"
        );

        let asked = ask_about(&app, "1", &chat("chat@example.net", &["urgent"])).await;
        assert!(app.get(&asked.page()).await.text().await.unwrap().contains("How was this chat?"));
        app.clock.advance(std::time::Duration::from_secs(3 * 86_400));
        assert_eq!(app.get(&asked.page()).await.status(), 410, "the rule's own time is over");
        let skipped = app.interaction("2", &chat("other@example.net", &["No survey"])).await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &skipped).await, ("skipped".into(), Some("rule".into())));
        let call = ask_about(&app, "3", &call_body("call@example.net")).await;
        assert!(!app.get(&call.page()).await.text().await.unwrap().contains("How was this chat?"));

        // In the reverse order the first of them is never reached.
        let page = admin.page("/surveys/rules").await;
        let second = page.rfind("value=\"up.").unwrap() + 10;
        let rule = &page[second - 3..second + 36];
        let up = [("edition", &*hidden(&page, "edition")), ("do", rule)];
        assert_eq!(admin.post("/surveys/rules", &up).await.status(), 303);
        assert_eq!(admin.post("/surveys/rules", &up).await.status(), 409, "from an older edition");
        let tried = admin.page("/surveys/rules?channel=chat&tags=no+survey").await;
        assert!(tried.contains("Rule 1: it gets “After chats”."), "{tried}");
        let now = hidden(&admin.page("/surveys/rules?did=saved").await, "edition");
        assert_eq!(admin.post("/surveys/rules/undo", &[("edition", &now)]).await.status(), 303);
        assert!(admin.page("/surveys/rules?channel=chat&tags=no+survey").await.contains("Rule 1: it is not surveyed."));
    }
}

#[tokio::test]
async fn a_share_is_asked_about_and_nobody_where_no_rule_fits() {
    for app in TestApp::on_both(|_| {}).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        add(&admin, &[("channel", "call"), ("share", "50"), ("ask", "standard")]).await;
        let edition = hidden(&admin.page("/surveys/rules").await, "edition");
        let nobody = [("edition", &*edition), ("do", "otherwise"), ("otherwise", "")];
        assert_eq!(admin.post("/surveys/rules", &nobody).await.status(), 303);
        let mut drawn = Vec::new();
        for n in 0..40 {
            drawn.push(app.call(&format!("{n}"), &format!("c{n}@example.net")).await);
        }
        let other = app.interaction("chat", &chat("chat@example.net", &[])).await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &other).await, ("skipped".into(), Some("no_rule".into())));
        let asked = mails(&app).len();
        // Out of the range once in a million runs.
        assert!((4..=36).contains(&asked), "{asked} of 40");
        let mut skipped = 0;
        for id in &drawn {
            match state_of(&app, id).await {
                (state, Some(reason)) => {
                    assert_eq!((&*state, &*reason), ("skipped", "share"));
                    skipped += 1;
                }
                (state, None) => assert_eq!(state, "sent"),
            }
        }
        assert_eq!(asked + skipped, 40);
        let report = app.app.invitations.skips_of_days(7).await.unwrap();
        let skipped = i64::try_from(skipped).unwrap();
        let found = report.all.reasons.iter().find(|line| line.code == "share");
        assert_eq!(found.map(|line| line.interactions), Some(skipped));
    }
}

#[tokio::test]
async fn a_rule_may_be_quiet_for_longer_and_never_for_less() {
    for app in TestApp::on_both(|config| config.survey.quiet_period = Span::days(30)).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        add(&admin, &[("channel", "chat"), ("share", "100"), ("ask", "standard"), ("quiet_days", "0")]).await;
        add(&admin, &[("channel", "call"), ("share", "100"), ("ask", "standard"), ("quiet_days", "60")]).await;
        let decided = async |id: &str, body: Value| {
            let id = app.interaction(id, &body).await;
            app.pass(SETTLED).await;
            state_of(&app, &id).await
        };
        let quiet = ("skipped".to_owned(), Some("asked_recently".to_owned()));
        assert_eq!(decided("1", chat("jerry@example.net", &[])).await.0, "sent");
        assert_eq!(decided("2", chat("jerry@example.net", &[])).await, quiet, "thirty days were promised");
        // The configured quiet period is over, and the rule's sixty days are not.
        app.pass(std::time::Duration::from_secs(40 * 86_400)).await;
        assert_eq!(decided("3", call_body("jerry@example.net")).await, quiet);
        app.pass(std::time::Duration::from_secs(21 * 86_400)).await;
        assert_eq!(decided("4", call_body("jerry@example.net")).await.0, "sent");
    }
}

/// The quiet period of the rule that surveyed last holds for all rules.
#[tokio::test]
async fn a_rule_s_quiet_holds_for_other_rules_too() {
    for app in TestApp::on_both(|config| config.survey.quiet_period = Span::days(30)).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        add(&admin, &[("channel", "call"), ("share", "100"), ("ask", "standard"), ("quiet_days", "90")]).await;
        let decided = async |id: &str, body: Value| {
            let id = app.interaction(id, &body).await;
            app.pass(SETTLED).await;
            state_of(&app, &id).await
        };
        let quiet = ("skipped".to_owned(), Some("asked_recently".to_owned()));
        assert_eq!(decided("1", call_body("jerry@example.net")).await.0, "sent");
        app.pass(Duration::from_secs(40 * 86_400)).await;
        assert_eq!(decided("2", chat("jerry@example.net", &[])).await, quiet);
        // It also holds after the rule is deleted.
        let edition = app.app.surveys.rules().await.unwrap().edition;
        app.app.surveys.undo_rules(edition, &Actor::System).await.unwrap();
        app.pass(Duration::from_secs(45 * 86_400)).await;
        assert_eq!(decided("3", chat("jerry@example.net", &[])).await, quiet);
        app.pass(Duration::from_secs(6 * 86_400)).await;
        assert_eq!(decided("4", chat("jerry@example.net", &[])).await.0, "sent");
    }
}

/// The mark of a spent link is kept as long as a rule keeps the link open, also after the rule is deleted.
#[tokio::test]
async fn a_link_stays_spent_where_its_rule_has_gone() {
    for app in TestApp::on_both(|_| {}).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        add(&admin, &[("channel", "call"), ("share", "100"), ("ask", "standard"), ("expires_days", "60")]).await;
        let asked = ask_about(&app, "1", &call_body("jerry@example.net")).await;
        let edition = app.app.surveys.rules().await.unwrap().edition;
        app.app.surveys.undo_rules(edition, &Actor::System).await.unwrap();
        super::answer(&app, &asked, &[("score", "1"), ("choice", "apart")]).await;
        // In January; a link of two weeks would have closed in December.
        app.pass(Duration::from_secs(45 * 86_400)).await;
        assert_eq!(app.get(&asked.page()).await.status(), 200, "it is open");
        assert_eq!(dump(&app).await["spent_tokens"].len(), 1);
        app.pass(Duration::from_secs(30 * 86_400)).await;
        assert_eq!(app.get(&asked.page()).await.status(), 410);
        assert!(dump(&app).await["spent_tokens"].is_empty(), "no longer than that");
    }
}

#[tokio::test]
async fn the_archive_warns_of_the_rules_that_ask_a_survey() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let id = create(&admin, "After chats").await;
    publish(&admin, &id).await;
    let path = format!("/surveys/{id}/archive");
    assert!(!admin.page(&path).await.contains("notice warn"));
    for channel in ["chat", "call"] {
        add(&admin, &[("channel", channel), ("share", "100"), ("ask", &id)]).await;
    }
    assert!(admin.page(&path).await.contains("2 rules ask it"));
    let standard = admin.page("/surveys/standard/archive").await;
    assert!(standard.contains("nobody is asked then") && !standard.contains("rules ask it"), "{standard}");
}
