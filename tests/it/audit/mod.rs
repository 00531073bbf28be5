//! The audit log: append-only, readable by administrators, one line for each view.

use crate::app::TestApp;
use afterword::access::Role;
use afterword::access::principal::{Principal, PrincipalKind, Scope};
use afterword::audit::{Filter, look};
use afterword::database::Sql;
use afterword::execute;
use afterword::ids::StaffId;
use afterword::paging::Cursor;
use serde_json::Value;
use std::time::Duration;

fn somebody(name: &str) -> Principal {
    Principal {
        who: PrincipalKind::Staff { id: StaffId::random(), role: Role::Admin, teams: vec![], agent: None },
        name: name.into(),
    }
}

#[tokio::test]
async fn nothing_alters_or_deletes_a_line() {
    const ALTER: Sql = Sql::both("UPDATE audit_log SET name = 'nobody'");
    const DELETE: Sql = Sql::both("DELETE FROM audit_log");
    for app in TestApp::on_both(|_| {}).await {
        look(&app.app.db, &somebody("Ann"), "transcript.viewed", "interaction:1", app.app.clock.now()).await.unwrap();
        for statement in [ALTER, DELETE] {
            let mut tx = app.app.db.begin().await.unwrap();
            assert!(execute!(tx.conn(), statement).is_err());
        }
        let lines = app.app.audit.lines(&Filter::default(), &Cursor::start(), 10).await.unwrap();
        assert_eq!(lines.items.iter().filter(|line| line.name == "Ann").count(), 1);
    }
}

#[tokio::test]
async fn the_ranges_of_one_listen_are_one_line() {
    for app in TestApp::on_both(|_| {}).await {
        let (ann, ben) = (somebody("Ann"), somebody("Ben"));
        let listen = async |who: &Principal, subject: &str| {
            look(&app.app.db, who, "recording.played", subject, app.app.clock.now()).await.unwrap();
        };
        for _ in 0..5 {
            listen(&ann, "interaction:1").await;
            app.clock.advance(Duration::from_secs(300));
        }
        listen(&ben, "interaction:1").await;
        listen(&ann, "interaction:2").await;
        app.clock.advance(Duration::from_secs(1200));
        listen(&ann, "interaction:1").await;
        let played = Filter { action: "recording.played".into(), ..Filter::default() };
        let lines = app.app.audit.lines(&played, &Cursor::start(), 50).await.unwrap().items;
        let count = |name: &str, subject: &str| lines.iter().filter(|l| l.name == name && l.subject == subject).count();
        assert_eq!(
            (count("Ann", "interaction:1"), count("Ann", "interaction:2"), count("Ben", "interaction:1")),
            (2, 1, 1)
        );
        for _ in 0..2 {
            look(&app.app.db, &ann, "transcript.viewed", "interaction:1", app.app.clock.now()).await.unwrap();
        }
        let viewed = Filter { action: "transcript.viewed".into(), ..Filter::default() };
        assert_eq!(
            app.app.audit.lines(&viewed, &Cursor::start(), 50).await.unwrap().items.len(),
            2,
            "a view is a view"
        );
    }
}

#[tokio::test]
async fn the_log_is_filtered_and_paged() {
    for app in TestApp::on_both(|_| {}).await {
        let (ann, odd) = (somebody("Ann Marie"), somebody("100%_<b>odd</b>"));
        for at in 0..7 {
            look(&app.app.db, &ann, "transcript.viewed", &format!("interaction:{at}"), app.app.clock.now())
                .await
                .unwrap();
            app.clock.advance(Duration::from_secs(if at % 2 == 0 { 0 } else { 60 }));
        }
        look(&app.app.db, &odd, "ratings.exported", "ratings", app.app.clock.now()).await.unwrap();
        let key = app.key(Scope::Admin).await;
        let ask = async |query: &str| -> Value {
            let answer =
                app.client.get(format!("{}/api/v1/audit?{query}", app.url)).bearer_auth(&key).send().await.unwrap();
            answer.json().await.unwrap()
        };
        let mut seen = Vec::new();
        let mut query = "action=transcript.viewed&limit=3".to_owned();
        loop {
            let page = ask(&query).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 3);
            seen.extend(items.iter().map(|line| line["subject"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            query = format!("action=transcript.viewed&limit=3&cursor={next}");
        }
        assert_eq!(seen.len(), 7, "nothing skipped, nothing twice: {seen:?}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 7);
        let count = async |query: &str| ask(query).await["items"].as_array().unwrap().len();
        assert_eq!(count("actor=ANN").await, 7);
        assert_eq!(count(&format!("actor={}", ann.actor().code())).await, 7);
        assert_eq!(count("actor=0%25_").await, 1, "signs of LIKE mean themselves");
        assert_eq!(count("actor=%25%25").await, 0);
        assert_eq!(count("subject=interaction:3").await, 1);
        assert_eq!(count("actor=ann&from=2026-11-20T12:01:00Z&before=2026-11-20T12:02:00Z").await, 2);
        assert_eq!(ask("from=yesterday").await["code"], "bad_time");
        assert_eq!(ask("cursor=%20").await["code"], "bad_cursor");
    }
}

#[tokio::test]
async fn only_administrators_read_it_and_names_are_text() {
    let app = TestApp::start().await;
    look(&app.app.db, &somebody("<b>odd</b>"), "odd.action", "odd:<i>", app.app.clock.now()).await.unwrap();
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let page = admin.page("/admin/audit?who=odd&from=2026-11-20&to=2026-11-20").await;
    assert!(page.contains("odd.action") && page.contains("odd&#60;/b&#62;"), "{page}");
    assert!(!page.contains("<b>odd") && !page.contains("odd:<i>"));
    assert!(admin.page("/admin/audit?from=2026-11-21").await.contains("No matching entries"));
    assert_eq!(admin.get("/admin/audit?from=soon").await.status(), 400);
    app.call("1", "jerry@example.net").await;
    for (role, teams, agent) in
        [(Role::Supervisor, &["Orders"][..], None), (Role::Hr, &[][..], None), (Role::Agent, &[][..], Some("17"))]
    {
        let session = app.sign_in(role, teams, agent).await;
        assert_eq!(session.get("/admin/audit").await.status(), 403, "{role:?}");
        assert_eq!(session.get("/api/v1/audit").await.status(), 403, "{role:?}");
    }
    let reading = app.key(Scope::Read).await;
    let answer = app.client.get(format!("{}/api/v1/audit", app.url)).bearer_auth(reading).send().await.unwrap();
    assert_eq!(answer.status(), 403);
}
