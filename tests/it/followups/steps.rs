//! Steps of supervisors on follow-ups, and the permissions.

use super::{linked, list, ripen};
use crate::app::{Session, TestApp};
use crate::surveys::ask;
use afterword::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

async fn opened(app: &TestApp, supervisor: &Session) -> String {
    let id = app.call("1", "jerry@example.net").await;
    let body = json!({ "interaction_id": id, "why": "call back about the parcel" });
    let answer = supervisor.api(Method::POST, "/api/v1/follow-ups", Some(&body)).await;
    assert_eq!(answer.status(), 201);
    let made: Value = answer.json().await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

async fn put(session: &Session, path: &str, body: Value) -> (u16, Value) {
    let answer = session.api(Method::PUT, &format!("/api/v1/follow-ups/{path}"), Some(&body)).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn it_is_taken_noted_closed_and_each_step_is_undone() {
    for app in TestApp::on_both(|_| {}).await {
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let id = opened(&app, &supervisor).await;
        let page = |form: &'static str| format!("/follow-ups/{id}/{form}");
        assert_eq!(supervisor.post(&page("owner"), &[]).await.status(), 303);
        assert_eq!(supervisor.post(&page("notes"), &[("note", "rang twice")]).await.status(), 303);
        assert_eq!(list(&supervisor, "mine").await.len(), 1);
        let form = [("outcome", "solved"), ("cause", ""), ("note", "it was sent twice")];
        let wrong = supervisor.post(&page("outcome"), &form).await;
        assert_eq!(wrong.status(), 422, "a cause is asked for");
        let again = wrong.text().await.unwrap();
        assert!(again.contains("the root cause. Nothing was changed"), "{again}");
        assert!(
            again.contains("value=\"solved\" selected") && again.contains(">it was sent twice</textarea>"),
            "{again}"
        );
        let long = supervisor.post(&page("notes"), &[("note", &*"🙂".repeat(2001))]).await;
        assert!(long.status() == 422 && long.text().await.unwrap().contains(&"🙂".repeat(2001)));
        let early = supervisor.post(&page("due"), &[("due", "2026-11-19")]).await;
        assert!(early.status() == 422 && early.text().await.unwrap().contains("value=\"2026-11-19\""));
        let form = [("outcome", "solved"), ("cause", "tool"), ("note", "the form was broken")];
        assert_eq!(supervisor.post(&page("outcome"), &form).await.status(), 303);
        let closed = list(&supervisor, "closed").await;
        assert_eq!((closed[0]["outcome"].as_str(), closed[0]["cause"].as_str()), (Some("solved"), Some("tool")));
        let sums = supervisor.page("/follow-ups?show=closed").await;
        assert!(sums.contains("<span>Tool</span>"));
        assert_eq!(supervisor.post(&page("owner"), &[]).await.status(), 409, "it is closed");
        let form = [("outcome", "solved"), ("cause", "tool"), ("note", "I closed it, too")];
        let second = supervisor.post(&page("outcome"), &form).await;
        assert_eq!(second.status(), 409);
        let second = second.text().await.unwrap();
        assert!(second.contains(">I closed it, too</textarea>"), "as a note, which is still possible: {second}");
        // Undoes closing, then assigning; the note stays.
        assert_eq!(supervisor.post(&page("undo"), &[]).await.status(), 303);
        let open = list(&supervisor, "open").await;
        assert_eq!((open[0]["state"].as_str(), open[0]["cause"].as_str()), (Some("taken"), None));
        assert_eq!(supervisor.post(&page("undo"), &[]).await.status(), 303);
        assert_eq!(list(&supervisor, "open").await[0]["state"], "open");
        assert_eq!(supervisor.post(&page("undo"), &[]).await.status(), 409, "nothing is left to undo");
        let text = supervisor.page(&format!("/follow-ups/{id}")).await;
        assert!(text.contains("rang twice") && text.contains("call back about the parcel"));
    }
}

#[tokio::test]
async fn it_is_given_to_supervisors_of_the_team_alone_and_due_on_days_to_come() {
    let app = TestApp::start().await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let colleague = app.sign_in(Role::Supervisor, &["Orders", "Billing"], None).await;
    let stranger = app.sign_in(Role::Supervisor, &["Billing"], None).await;
    let id = opened(&app, &supervisor).await;
    let account = |email: String| {
        let staff = app.app.staff.clone();
        async move { staff.accounts().await.unwrap().into_iter().find(|a| a.email == email).unwrap().id }
    };
    let (theirs, strange) = (account(colleague.email.clone()).await, account(stranger.email.clone()).await);
    assert_eq!(put(&supervisor, &format!("{id}/owner"), json!({ "staff_id": strange })).await.0, 422);
    let (status, given) = put(&supervisor, &format!("{id}/owner"), json!({ "staff_id": theirs })).await;
    assert_eq!((status, given["owner_id"].as_str()), (200, Some(theirs.as_str())));
    assert_eq!(list(&colleague, "mine").await.len(), 1);
    for (day, wanted) in [("2026-11-19", 422), ("tomorrow", 422), ("2026-13-01", 422), ("2026-11-21", 200)] {
        assert_eq!(put(&supervisor, &format!("{id}/due"), json!({ "due_on": day })).await.0, wanted, "{day}");
    }
    app.clock.advance(std::time::Duration::from_secs(2 * 86_400));
    assert_eq!(list(&supervisor, "open").await[0]["overdue"], true);
    assert!(supervisor.page("/follow-ups").await.contains("1 overdue"));
}

#[tokio::test]
async fn nobody_else_sees_them() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let asked = ask(&app, "jerry").await;
        linked(&app, &asked, "2").await;
        ripen(&app).await;
        let id = list(&own, "open").await[0]["id"].as_str().unwrap().to_owned();
        let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        assert!(list(&other, "open").await.is_empty());
        for (role, agent, wanted) in [
            (Role::Supervisor, None, 404),
            (Role::Agent, Some("17"), 403),
            (Role::Hr, None, 403),
            (Role::Admin, None, 403),
        ] {
            let teams: &[&str] = if role == Role::Supervisor { &["Billing"] } else { &[] };
            let session = app.sign_in(role, teams, agent).await;
            assert_eq!(session.get(&format!("/follow-ups/{id}")).await.status(), wanted, "{role:?}");
            for form in ["owner", "undo", "contact"] {
                let answer = session.post(&format!("/follow-ups/{id}/{form}"), &[]).await;
                assert_eq!(answer.status(), wanted, "{role:?} {form}");
            }
            for path in ["", "/contact"] {
                let answer = session.get(&format!("/api/v1/follow-ups/{id}{path}")).await;
                assert_eq!(answer.status(), wanted, "{role:?} {path}");
            }
            // They can't open one through the interaction either.
            let body = json!({ "interaction_id": asked.interaction, "why": "x" });
            let answer = session.api(Method::POST, "/api/v1/follow-ups", Some(&body)).await;
            assert_eq!(answer.status(), wanted, "{role:?}");
        }
        // The conversation's page for an agent or an administrator does not reveal that there is one.
        let page =
            app.sign_in(Role::Admin, &[], None).await.page(&format!("/interactions/{}", asked.interaction)).await;
        assert!(!page.contains("A low rating") && !page.contains("/follow-ups/"));
    }
}

#[tokio::test]
async fn what_can_not_be_opened_comes_back_with_what_was_typed_to_those_whose_it_is() {
    let app = TestApp::start().await;
    let id = app.call("1", "jerry@example.net").await;
    let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
    let path = format!("/interactions/{id}/follow-ups");
    let form = [("why", "call <b>back</b>"), ("due", "yesterday")];
    let again = own.post(&path, &form).await;
    assert_eq!(again.status(), 422);
    let again = again.text().await.unwrap();
    assert!(
        again.contains("The day is today or a later one") && again.contains(&format!("action=\"{path}\"")),
        "{again}"
    );
    assert!(
        again.contains("call &#60;b&#62;back&#60;/b&#62;</textarea>") && again.contains("value=\"yesterday\""),
        "{again}"
    );
    assert_eq!(other.post(&path, &form).await.status(), 404);
    assert!(list(&own, "open").await.is_empty());
}
