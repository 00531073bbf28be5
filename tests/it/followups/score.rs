//! Low linked ratings open follow-ups, with a delay; no other answer does.

use super::{linked, list, ripen};
use crate::anonymity::{differing, dump};
use crate::app::TestApp;
use crate::surveys::{answer, ask, mails};
use afterword::access::Role;

#[tokio::test]
async fn a_low_linked_rating_opens_one_when_it_cant_be_changed_any_more() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        linked(&app, &asked, "1").await;
        app.work().await;
        assert!(list(&supervisor, "open").await.is_empty(), "not at the moment of answering");
        ripen(&app).await;
        let open = list(&supervisor, "open").await;
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!((open[0]["reason"].as_str(), open[0]["state"].as_str()), (Some("score"), Some("open")));
        assert_eq!(open[0]["interaction_id"], asked.interaction.as_str());
        assert_eq!(
            (open[0]["opened_on"].as_str(), open[0]["due_on"].as_str()),
            (Some("2026-11-20"), Some("2026-11-22"))
        );
        ripen(&app).await;
        assert_eq!(list(&supervisor, "open").await.len(), 1, "once");
        // Only days are stored, no times, and no score.
        let all = dump(&app).await;
        let now = app.app.clock.now().0.to_string();
        for row in &all["follow_ups"] {
            assert!(!row.contains(&now[..7]), "{row}");
        }
        let page = supervisor.page(&format!("/interactions/{}", asked.interaction)).await;
        assert!(page.contains("A low rating"));
    }
}

#[tokio::test]
async fn an_answer_that_becomes_better_or_apart_or_goes_opens_none() {
    for app in TestApp::on_both(|_| {}).await {
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let (better, apart, gone) = (ask(&app, "better").await, ask(&app, "apart").await, ask(&app, "gone").await);
        for asked in [&better, &apart, &gone] {
            linked(&app, asked, "1").await;
        }
        linked(&app, &better, "4").await;
        answer(&app, &apart, &[("score", "1"), ("choice", "apart")]).await;
        answer(&app, &gone, &[("do", "withdraw")]).await;
        ripen(&app).await;
        assert!(list(&supervisor, "open").await.is_empty());
    }
}

#[tokio::test]
async fn an_apart_answer_sets_nothing_going() {
    for app in TestApp::on_both(|_| {}).await {
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        supervisor.post("/account/alerts", &[("alerts", "score"), ("alerts", "callback_request")]).await;
        let asked = ask(&app, "jerry").await;
        let (before, sent) = (dump(&app).await, mails(&app).len());
        answer(&app, &asked, &[("score", "1"), ("comment", "never again"), ("choice", "apart")]).await;
        ripen(&app).await;
        let changed = differing(&before, &dump(&app).await);
        let own = ["follow_ups", "outbox", "webhook_deliveries", "responses", "quotes"];
        assert!(!changed.iter().any(|table| own.contains(&table.as_str())), "{changed:?}");
        assert_eq!(mails(&app).len(), sent);
    }
}

#[tokio::test]
async fn a_rating_that_is_taken_back_later_is_no_reason_any_more() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    linked(&app, &asked, "1").await;
    ripen(&app).await;
    assert_eq!(list(&supervisor, "open").await[0]["reason"], "score");
    answer(&app, &asked, &[("do", "withdraw")]).await;
    ripen(&app).await;
    assert_eq!(list(&supervisor, "open").await[0]["reason"], "removed");
}

#[tokio::test]
async fn where_no_rating_is_low_none_opens() {
    let app = TestApp::start_with(|config| config.followups.low_score = 0).await;
    let asked = ask(&app, "jerry").await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    linked(&app, &asked, "1").await;
    ripen(&app).await;
    assert!(list(&supervisor, "open").await.is_empty());
}

#[tokio::test]
async fn alerts_go_to_those_who_want_them_and_say_nothing_of_the_customer() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let silent = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        for session in [&own, &other] {
            let saved = session.post("/account/alerts", &[("alerts", "score")]).await;
            assert_eq!(saved.headers()["location"], "/account/alerts?did=saved");
        }
        assert!(own.page("/account/alerts").await.contains("value=\"score\" checked"));
        let asked = ask(&app, "jerry").await;
        linked(&app, &asked, "1").await;
        app.work().await;
        let to = |email: &str| mails(&app).iter().filter(|mail| mail.contains(&format!("<{email}>"))).count();
        assert_eq!(to(&own.email), 0, "not at the moment of answering");
        ripen(&app).await;
        assert_eq!((to(&own.email), to(&silent.email), to(&other.email)), (1, 0, 0));
        let all = mails(&app);
        let mail = all.iter().find(|mail| mail.contains(&own.email)).unwrap();
        assert!(mail.contains("/follow-ups"), "{mail}");
        for told in ["jerry", "Jerry", "lost parcel", "Sydney", "Very poor", asked.interaction.as_str(), &asked.token] {
            assert!(!mail.contains(told), "{told}: {mail}");
        }
    }
}
