//! Exclusions: permissions, effects on figures, and what is shown.

use crate::anonymity::{ask_many, dump, ripen_and_release};
use crate::app::TestApp;
use crate::surveys::answer;
use afterword::access::Role;
use serde_json::{Value, json};

async fn scores(session: &crate::app::Session) -> i64 {
    let list: Value = session.get("/api/v1/ratings/agents").await.json().await.unwrap();
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["figures"]["answers"].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn what_is_left_out_in_time_is_not_counted_and_comes_in_again() {
    for app in TestApp::on_both(|_| {}).await {
        let hr = app.sign_in(Role::Hr, &[], None).await;
        let asked = ask_many(&app, "17", "Orders", 6).await;
        for one in &asked {
            answer(&app, one, &[("score", "4"), ("choice", "linked")]).await;
        }
        // Tokens and interactions are paired at random here; all answers are equal.
        let id = &asked[0].interaction;
        let leave_out = |id: String, reason: &'static str| {
            let hr = &hr;
            async move {
                hr.api(
                    reqwest::Method::PUT,
                    &format!("/api/v1/ratings/exclusions/{id}"),
                    Some(&json!({ "reason": reason, "note": "An appeal" })),
                )
                .await
                .status()
                .as_u16()
            }
        };
        assert_eq!(leave_out(id.to_string(), "because").await, 400);
        assert_eq!(leave_out("7d8f6c1e-0000-4000-8000-000000000000".into(), "abusive").await, 404);
        assert_eq!(leave_out(id.to_string(), "wrong_agent").await, 204);
        assert_eq!(leave_out(id.to_string(), "abusive").await, 204, "as it is");
        assert_eq!(ripen_and_release(&app).await, 1);
        assert_eq!(scores(&hr).await, 5, "what is left out before it is counted never is");
        assert_eq!(leave_out(asked[1].interaction.to_string(), "abusive").await, 204);
        assert_eq!(ripen_and_release(&app).await, 0);
        assert_eq!(scores(&hr).await, 5, "what was counted stays");
        let page = hr.page("/ratings/exclusions").await;
        assert!(page.contains("Figures that were already released do not change"), "{page}");
        assert!(
            page.contains("About another agent") && page.contains("An appeal") && page.contains("Abusive"),
            "{page}"
        );
        assert!(
            !hr.page("/ratings").await.contains("Excluded conversations, by reason"),
            "two reasons are too few to be told"
        );
        let in_again = hr.api(reqwest::Method::DELETE, &format!("/api/v1/ratings/exclusions/{id}"), None).await;
        assert_eq!(in_again.status(), 204);
        for one in ask_many(&app, "17", "Orders", 5).await {
            answer(&app, &one, &[("score", "4"), ("choice", "linked")]).await;
        }
        // Five new ones and the one that was included again; the one that was counted before its exclusion stays
        // counted.
        assert_eq!(ripen_and_release(&app).await, 1);
        assert_eq!(scores(&hr).await, 11);
        let lines = dump(&app).await["audit_log"]
            .iter()
            .filter(|l| l.contains("rating.excluded") || l.contains("rating.included"))
            .count();
        assert_eq!(lines, 3);
    }
}

#[tokio::test]
async fn reasons_are_told_when_k_have_come_together() {
    for app in TestApp::on_both(|_| {}).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let asked = ask_many(&app, "17", "Orders", 10).await;
        for one in &asked {
            answer(&app, one, &[("score", "4"), ("choice", "linked")]).await;
        }
        for (at, one) in asked.iter().take(5).enumerate() {
            let reason = if at < 2 { "test" } else { "outside_my_hands" };
            let path = format!("/api/v1/ratings/exclusions/{}", one.interaction);
            assert_eq!(admin.api(reqwest::Method::PUT, &path, Some(&json!({ "reason": reason }))).await.status(), 204);
        }
        assert_eq!(ripen_and_release(&app).await, 2, "the scores and the reasons");
        let team = app.team("Orders").await;
        let page = admin.page(&format!("/ratings/teams/{team}")).await;
        assert!(page.contains("Outside the agent’s hands: 3") && page.contains("A test: 2"), "{page}");
    }
}

#[tokio::test]
async fn supervisors_and_agents_leave_nothing_out() {
    let app = TestApp::start().await;
    let id = app.call("1", "jerry@example.net").await;
    for session in
        [app.sign_in(Role::Supervisor, &["Orders"], None).await, app.sign_in(Role::Agent, &[], Some("17")).await]
    {
        let path = format!("/api/v1/ratings/exclusions/{id}");
        assert_eq!(session.api(reqwest::Method::PUT, &path, Some(&json!({ "reason": "test" }))).await.status(), 403);
        assert_eq!(session.get("/ratings/exclusions").await.status(), 403);
    }
}

#[tokio::test]
async fn what_can_not_be_left_out_comes_back_with_what_was_typed() {
    let app = TestApp::start().await;
    let id = app.call("1", "jerry@example.net").await;
    let hr = app.sign_in(Role::Hr, &[], None).await;
    let page = format!("https://example.com/interactions/{id}");
    let unknown = "7d8f6c1e-0000-4000-8000-000000000000";
    for (conversation, reason, why) in [
        ("the one of yesterday", "abusive", "That is no conversation"),
        (page.as_str(), "", "Choose a reason"),
        (unknown, "abusive", "There is no such conversation"),
    ] {
        let form = [("conversation", conversation), ("reason", reason), ("note", "An appeal of <hers>")];
        let again = hr.post("/ratings/exclusions", &form).await;
        assert_eq!(again.status(), 422);
        let text = again.text().await.unwrap();
        assert!(text.contains(why) && text.contains(&format!("value=\"{conversation}\"")), "{text}");
        assert!(text.contains("An appeal of &#60;hers&#62;</textarea>"), "{text}");
        assert!(reason.is_empty() || text.contains("value=\"abusive\" selected"), "{text}");
    }
    let form = [("conversation", page.as_str()), ("reason", "abusive")];
    assert_eq!(hr.post("/ratings/exclusions", &form).await.status(), 303);
}
