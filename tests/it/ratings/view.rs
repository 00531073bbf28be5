//! Visibility: role × team.

use super::{Release, Stage, release, scores};
use crate::app::TestApp;
use afterword::access::Role;
use afterword::audit::Filter;
use afterword::paging::Cursor;
use serde_json::Value;

async fn names(session: &crate::app::Session, what: &str) -> Vec<String> {
    let answer = session.get(&format!("/api/v1/ratings/{what}")).await;
    assert_eq!(answer.status(), 200);
    let list: Value = answer.json().await.unwrap();
    list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_sees_those_it_is_for() {
    for app in TestApp::on_both(|_| {}).await {
        let stage = Stage::set(&app).await;
        for (agent, team) in [(&stage.sydney, &stage.orders), (&stage.lucie, &stage.billing)] {
            scores(&app, agent, team, "2026-10", &[(5, 4), (2, 2)]).await;
        }
        let everybody = ["Jarvis Lorry", "Lucie Manette", "Sydney Carton"];
        for role in [Role::Hr, Role::Admin] {
            let session = app.sign_in(role, &[], None).await;
            assert_eq!(names(&session, "agents").await, everybody);
            assert_eq!(names(&session, "teams").await, ["Billing", "Orders"]);
            session.page(&format!("/ratings/agents/{}", stage.lucie)).await;
            session.page(&format!("/ratings/teams/{}", stage.billing)).await;
        }
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        assert_eq!(names(&supervisor, "agents").await, ["Jarvis Lorry", "Sydney Carton"]);
        assert_eq!(names(&supervisor, "teams").await, ["Orders"]);
        supervisor.page(&format!("/ratings/agents/{}", stage.sydney)).await;
        assert_eq!(supervisor.get(&format!("/ratings/agents/{}", stage.lucie)).await.status(), 404);
        assert_eq!(supervisor.get(&format!("/ratings/teams/{}", stage.billing)).await.status(), 404);
        assert!(!supervisor.page("/ratings").await.contains("Lucie"));

        let agent = app.sign_in(Role::Agent, &[], Some("18")).await;
        assert_eq!(names(&agent, "agents").await, ["Lucie Manette"]);
        assert!(names(&agent, "teams").await.is_empty());
        let own = format!("/ratings/agents/{}", stage.lucie);
        let sent = agent.get("/ratings?from=2026-01&to=2026-11").await;
        assert_eq!(sent.status(), 303);
        assert_eq!(sent.headers()["location"].to_str().unwrap(), format!("{own}?from=2026-01&to=2026-11"));
        assert!(agent.page(&own).await.contains("Your ratings"));
        assert_eq!(agent.get(&format!("/ratings/agents/{}", stage.sydney)).await.status(), 404);
        assert_eq!(agent.get(&format!("/ratings/teams/{}", stage.billing)).await.status(), 404);
        assert!(!agent.page("/ratings.csv").await.contains("Sydney"));
        assert_eq!(app.get("/ratings").await.status(), 303, "nobody signed in");
        assert_eq!(app.get("/api/v1/ratings/agents").await.status(), 401);
    }
}

#[tokio::test]
async fn a_former_agent_of_the_team_is_seen_with_what_was_released_there() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    scores(&app, &stage.lucie, &stage.orders, "2026-10", &[(5, 5)]).await;
    scores(&app, &stage.lucie, &stage.billing, "2026-11", &[(1, 7)]).await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let page = supervisor.page(&format!("/ratings/agents/{}", stage.lucie)).await;
    assert!(page.contains("<b>5</b><span>answers<"), "not those of the other team: {page}");
    assert_eq!(supervisor.get(&format!("/ratings/agents/{}?from=2026-11", stage.lucie)).await.status(), 404);
}

#[tokio::test]
async fn comments_are_for_the_agent_and_the_supervisors_of_the_team() {
    for app in TestApp::on_both(|_| {}).await {
        let stage = Stage::set(&app).await;
        scores(&app, &stage.sydney, &stage.orders, "2026-10", &[(5, 5)]).await;
        let what = Release {
            scope: "agent",
            agent: Some(&stage.sydney),
            team: Some(&stage.orders),
            question: "comment",
            month: "2026-10",
        };
        release(&app, what, &[], &["<script>alert(1)</script> kind", "Call me at [phone]", "a", "b", "c"]).await;
        let page = format!("/ratings/agents/{}", stage.sydney);
        for (role, teams, agent, sees) in [
            (Role::Agent, &[][..], Some("17"), true),
            (Role::Supervisor, &["Orders"][..], None, true),
            (Role::Hr, &[][..], None, false),
            (Role::Admin, &[][..], None, false),
        ] {
            let text = app.sign_in(role, teams, agent).await.page(&page).await;
            assert_eq!(text.contains("Call me at [phone]"), sees, "{role:?}");
            assert_eq!(text.contains("Comments"), sees, "{role:?}");
            assert!(!text.contains("<script>alert"), "shown as text");
        }
    }
}

#[tokio::test]
async fn hr_finds_no_way_to_a_recording_or_a_single_answer() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    app.call("1", "jerry@example.net").await;
    scores(&app, &stage.sydney, &stage.orders, "2026-11", &[(5, 5)]).await;
    let hr = app.sign_in(Role::Hr, &[], None).await;
    for page in ["/ratings".to_owned(), format!("/ratings/agents/{}", stage.sydney)] {
        let text = hr.page(&page).await;
        assert!(!text.contains("/interactions") && !text.contains("/library"), "{text}");
    }
}

#[tokio::test]
async fn names_are_text_and_where_nothing_is_released_the_page_says_so() {
    let app = TestApp::start().await;
    let odd = super::agent(&app, "66", "<img src=x onerror=alert(1)> \u{202e}עמית 🙂", "<b>Odd</b>").await;
    let hr = app.sign_in(Role::Hr, &[], None).await;
    for page in ["/ratings".to_owned(), format!("/ratings/agents/{odd}")] {
        let text = hr.page(&page).await;
        assert!(
            text.contains("Waiting for more answers") && !text.contains("<img src=x") && !text.contains("<b>Odd"),
            "{text}"
        );
    }
    assert_eq!(hr.get("/ratings/agents/nobody").await.status(), 404);
    assert_eq!(hr.get("/ratings?from=yesterday").await.status(), 400);
}

#[tokio::test]
async fn every_look_is_noted() {
    for app in TestApp::on_both(|_| {}).await {
        let stage = Stage::set(&app).await;
        let hr = app.sign_in(Role::Hr, &[], None).await;
        hr.page("/ratings").await;
        hr.page(&format!("/ratings/agents/{}?from=2026-08", stage.sydney)).await;
        hr.page("/ratings.csv").await;
        names(&hr, "teams").await;
        hr.get("/ratings?from=x").await;
        let log = app
            .app
            .audit
            .lines(&Filter { actor: "some hr".into(), ..Filter::default() }, &Cursor::start(), 50)
            .await
            .unwrap();
        let mut lines: Vec<_> = log.items.iter().map(|line| (line.action.clone(), line.subject.clone())).collect();
        lines.retain(|(action, _)| action.starts_with("ratings."));
        lines.sort();
        let line = |action: &str, subject: &str| (action.to_owned(), subject.to_owned());
        let agent = format!("agent:{}", stage.sydney);
        let wanted = [
            line("ratings.exported", "ratings"),
            line("ratings.viewed", &agent),
            line("ratings.viewed", "ratings"),
            line("ratings.viewed", "ratings"),
        ];
        assert_eq!(lines, wanted);
        let detailed = log.items.iter().find(|line| line.subject == agent).unwrap();
        assert!(detailed.detail.as_ref().unwrap().contains("2026-08"));
    }
}
