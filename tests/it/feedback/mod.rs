//! Read state of comments, and commendations of agents.

mod quotes;

use crate::anonymity::{ask_many, ripen_and_release};
use crate::app::TestApp;
use crate::followups::ripen;
use crate::surveys::{answer, ask};
use afterword::access::Role;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_linked_comment_waits_for_a_reader_and_is_marked_once() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let asked = ask(&app, "jerry").await;
        answer(&app, &asked, &[("score", "3"), ("comment", "The form was broken"), ("choice", "linked")]).await;
        assert!(!own.page("/feedback").await.contains("The form was broken"), "not at the moment of answering");
        ripen(&app).await;
        assert!(own.page("/feedback").await.contains("The form was broken"));
        assert!(!other.page("/feedback").await.contains("The form was broken"));
        // The manager sees the number after a week, and no content.
        assert!(!admin.page("/").await.contains("been unread for more than a week"));
        app.pass(8 * DAY).await;
        // A session expires after a week.
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let home = admin.page("/").await;
        assert!(home.contains("Comments of customers have been unread") && !home.contains("Nothing needs you"));
        let overdue = admin.page("/feedback").await;
        assert!(overdue.contains("Orders") && !overdue.contains("The form was broken"));
        assert!(overdue.contains("fewer than 5"), "who is no supervisor of the team sees no number under k: {overdue}");
        assert!(own.page("/").await.contains("been unread for more than a week"));
        assert!(!other.page("/").await.contains("been unread for more than a week"));
        // Only supervisors of the team can mark it.
        let path = format!("/feedback/interactions/{}/read", asked.interaction);
        assert_eq!(other.post(&path, &[]).await.status(), 404);
        assert_eq!(admin.post(&path, &[]).await.status(), 403);
        assert_eq!(own.post(&path, &[]).await.status(), 303);
        assert_eq!(own.post(&path, &[]).await.status(), 404, "once");
        assert!(!own.page("/feedback").await.contains("The form was broken"));
        assert!(!admin.page("/").await.contains("been unread for more than a week"));
        let page = own.page(&format!("/interactions/{}", asked.interaction)).await;
        assert!(page.contains("Read by <bdi>Some Supervisor</bdi>"), "{page}");
    }
}

#[tokio::test]
async fn released_comments_are_read_and_praised_and_reach_the_agent_so() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 5).await;
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
        for (n, one) in asked.iter().enumerate() {
            let comment = format!("Words number {}", ["one", "two", "three", "four", "five"][n]);
            answer(&app, one, &[("score", "5"), ("comment", &comment), ("choice", "apart")]).await;
        }
        assert!(!agent.page("/").await.contains("Words number"), "not before the release");
        ripen_and_release(&app).await;
        app.pass(Duration::from_secs(3601)).await;
        let page = own.page("/feedback").await;
        assert_eq!(page.matches("Words number").count(), 5);
        assert!(!other.page("/feedback").await.contains("Words number"));
        let at = page.find("/feedback/comments/").unwrap() + "/feedback/comments/".len();
        let id = page[at..].split('/').next().unwrap();
        for form in ["read", "kudos"] {
            assert_eq!(other.post(&format!("/feedback/comments/{id}/{form}"), &[]).await.status(), 404);
            assert_eq!(agent.post(&format!("/feedback/comments/{id}/{form}"), &[]).await.status(), 403);
        }
        assert!(!agent.page("/").await.contains("badge ok\">kudos"));
        assert_eq!(own.post(&format!("/feedback/comments/{id}/kudos"), &[]).await.status(), 303);
        assert_eq!(own.page("/feedback").await.matches("Words number").count(), 4, "praised is read");
        let desk = agent.page("/").await;
        assert!(desk.contains("badge ok\">kudos") && desk.contains("Words number"));
        // After a week the others are shown to the manager.
        app.pass(8 * DAY).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert!(admin.page("/").await.contains("Comments of customers have been unread"));
    }
}

#[tokio::test]
async fn a_commendation_reaches_its_agent_at_once_and_nobody_else() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        let mut body = crate::app::call_body("emma@example.net");
        body["agent"] = serde_json::json!({ "external_id": "18", "name": "Charles Darnay" });
        app.interaction("2", &body).await;
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let path = format!("/interactions/{id}/kudos");
        let words = [("text", "You kept calm, and found the parcel.")];
        for (role, teams, agent, wanted) in [
            (Role::Supervisor, &["Billing"][..], None, 404),
            (Role::Agent, &[], Some("18"), 403),
            (Role::Admin, &[], None, 403),
            (Role::Hr, &[], None, 403),
        ] {
            let session = app.sign_in(role, teams, agent).await;
            assert_eq!(session.post(&path, &words).await.status(), wanted, "{role:?}");
        }
        assert_eq!(own.post(&path, &[("text", " ")]).await.status(), 422);
        let long = "You kept calm. ".repeat(70);
        let again = own.post(&path, &[("text", &*long)]).await;
        assert_eq!(again.status(), 422);
        let again = again.text().await.unwrap();
        assert!(again.contains("in 1000 characters at most") && again.contains(&long), "{again}");
        assert_eq!(own.post(&path, &words).await.status(), 303);
        let praised = app.sign_in(Role::Agent, &[], Some("17")).await.page("/").await;
        assert!(praised.contains("You kept calm") && praised.contains("Some Supervisor"));
    }
}
