//! Giving, changing and retracting an answer; linked and apart.

use super::{Asked, PASS, answer, ask, page, post};
use crate::app::TestApp;
use afterword::access::Role;
use afterword::database::execute_raw;
use serde_json::Value;
use std::time::Duration;

/// Returns the number of rows of a table.
pub async fn count(app: &TestApp, table: &'static str) -> i64 {
    use afterword::database::Db;
    let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    match &app.app.db {
        Db::Sqlite { write, .. } => sqlx::query_scalar(sql).fetch_one(write).await.unwrap(),
        Db::Pg { pool, .. } => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
    }
}

async fn rows(app: &TestApp) -> [i64; 3] {
    [count(app, "responses").await, count(app, "sealed_answers").await, count(app, "spent_tokens").await]
}

async fn linked(app: &TestApp, asked: &Asked) -> (u16, Value) {
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let answer = supervisor.get(&format!("/api/v1/interactions/{}/response", asked.interaction)).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

const FULL: [(&str, &str); 4] = [("score", "4"), ("resolved", "yes"), ("comment", "Thank you"), ("choice", "linked")];

#[tokio::test]
async fn a_linked_answer_stands_beside_the_call_for_its_supervisors() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        assert_eq!(linked(&app, &asked).await.0, 404);
        answer(&app, &asked, &FULL).await;
        let (status, body) = linked(&app, &asked).await;
        assert_eq!(status, 200);
        assert_eq!(
            body,
            serde_json::json!({ "score": 4, "resolved": true, "comment": "Thank you", "month": "2026-11", "further": [] })
        );
        assert_eq!(rows(&app).await, [1, 0, 0]);
        // No access for others: the agent, HR, the administrator, another team's supervisor, a program.
        let path = format!("/api/v1/interactions/{}/response", asked.interaction);
        for (role, teams, agent) in [
            (Role::Supervisor, &["Elsewhere"][..], None),
            (Role::Agent, &[][..], Some("17")),
            (Role::Hr, &[][..], None),
            (Role::Admin, &[][..], None),
        ] {
            let status = app.sign_in(role, teams, agent).await.get(&path).await.status();
            assert!([403, 404].contains(&status.as_u16()), "{role:?}: {status}");
        }
        let key = app.key(afterword::access::principal::Scope::Admin).await;
        let by_key = app.client.get(format!("{}{path}", app.url)).bearer_auth(key).send().await.unwrap();
        assert_eq!(by_key.status(), 403);
    }
}

#[tokio::test]
async fn an_answer_can_be_changed_for_a_while_and_is_shown_back() {
    for choice in ["linked", "apart"] {
        for app in TestApp::on_both(|_| {}).await {
            let asked = ask(&app, "jerry").await;
            answer(
                &app,
                &asked,
                &[("score", "2"), ("resolved", "no"), ("comment", "Never <again>"), ("choice", choice)],
            )
            .await;
            let before = rows(&app).await;
            let (status, text) = page(&app, &asked.page()).await;
            assert_eq!(status, 200);
            assert!(text.contains("This is what you answered") && text.contains("Never &#60;again&#62;"), "{text}");
            assert!(text.contains(r#"value="2" checked"#) && text.contains(r#"value="no" checked"#), "{text}");
            answer(&app, &asked, &[("score", "5"), ("choice", choice)]).await;
            assert_eq!(rows(&app).await, if choice == "linked" { [1, 0, 0] } else { [0, 1, 1] }, "before: {before:?}");
            let (_, text) = page(&app, &asked.page()).await;
            assert!(
                text.contains(r#"value="5" checked"#)
                    && !text.contains("Never &#60;")
                    && !text.contains(r#"value="no" checked"#)
            );
            // The first pass may come at once; the second an interval later.
            app.pass(PASS).await;
            assert_eq!(page(&app, &asked.page()).await.0, 200);
            app.pass(PASS).await;
            let (status, text) = page(&app, &asked.page()).await;
            assert!(status == 410 && text.contains("The time for changing it is over"), "{choice}: {text}");
            let (status, _) = post(&app, &asked.page(), &[("score", "1"), ("choice", choice)]).await;
            assert_eq!(status, 409);
            // Until it is counted it can be deleted, and given again.
            let (status, text) = post(&app, &asked.page(), &[("do", "withdraw")]).await;
            assert!(status == 200 && text.contains("Deleted"), "{text}");
            assert_eq!(rows(&app).await, [0, 0, 0]);
            answer(&app, &asked, &[("score", "3"), ("choice", choice)]).await;
        }
    }
}

#[tokio::test]
async fn linked_can_become_apart_and_never_the_other_way() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        answer(&app, &asked, &FULL).await;
        answer(&app, &asked, &[("score", "4"), ("resolved", "yes"), ("comment", "Thank you"), ("choice", "apart")])
            .await;
        assert_eq!(rows(&app).await, [0, 3, 1]);
        assert_eq!(linked(&app, &asked).await.0, 404);
        let (status, text) = post(&app, &asked.page(), &FULL).await;
        assert_eq!(status, 422);
        assert!(text.contains("stays apart") && text.contains("Thank you"), "{text}");
        assert_eq!(rows(&app).await, [0, 3, 1]);
        let (_, text) = page(&app, &asked.page()).await;
        assert!(!text.contains(r#"value="linked""#), "the way back is not offered");
    }
}

#[tokio::test]
async fn of_many_answers_at_once_one_stands() {
    for edit_for in ["0s", "15m"] {
        for app in TestApp::on_both(|c| c.survey.edit_for = edit_for.parse().unwrap()).await {
            let asked = ask(&app, "jerry").await;
            let path = asked.page();
            let posts = (0..16).map(|n| {
                let (app, path) = (&app, &path);
                async move {
                    let score = (n % 5 + 1).to_string();
                    let choice = if n % 2 == 0 { "linked" } else { "apart" };
                    post(app, path, &[("score", &score), ("choice", choice)]).await.0
                }
            });
            let statuses = futures_util::future::join_all(posts).await;
            assert!(statuses.contains(&200), "{statuses:?}");
            assert!(statuses.iter().all(|status| [200, 409, 422].contains(status)), "{statuses:?}");
            let [linked, sealed, spent] = rows(&app).await;
            assert_eq!(linked + spent, 1, "{edit_for}: {linked} linked, {spent} apart; {statuses:?}");
            assert_eq!(sealed, spent);
        }
    }
}

#[tokio::test]
async fn without_time_for_changes_the_first_answer_stands() {
    for app in TestApp::on_both(|c| c.survey.edit_for = "0s".parse().unwrap()).await {
        for choice in ["linked", "apart"] {
            let asked = ask(&app, choice).await;
            let (_, text) = post(&app, &asked.page(), &[("score", "5"), ("choice", choice)]).await;
            assert!(!text.contains("Change my answer"), "{text}");
            for other in ["linked", "apart"] {
                assert_eq!(post(&app, &asked.page(), &[("score", "1"), ("choice", other)]).await.0, 409);
            }
            assert_eq!(page(&app, &asked.page()).await.0, 410);
        }
        assert_eq!(rows(&app).await, [1, 1, 1]);
    }
}

#[tokio::test]
async fn looking_changes_nothing() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    let before = crate::anonymity::dump(&app).await;
    for path in [asked.page(), format!("{}?score=4", asked.page()), asked.leave()] {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let request = app.client.request(method.clone(), format!("{}{path}", app.url));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200, "{method}");
            assert!(!answer.headers().contains_key("set-cookie"));
        }
    }
    assert_eq!(crate::anonymity::dump(&app).await, before);
}

#[tokio::test]
async fn a_closed_survey_takes_no_answer_and_does_not_tell_whether_it_had_one() {
    for app in TestApp::on_both(|_| {}).await {
        let (silent, linked, apart) = (ask(&app, "silent").await, ask(&app, "linked").await, ask(&app, "apart").await);
        answer(&app, &linked, &FULL).await;
        answer(&app, &apart, &[("score", "1"), ("choice", "apart")]).await;
        // Expired to the second, before and after a job has closed it.
        app.clock.advance(Duration::from_secs(14 * 86_400));
        for round in 0..2 {
            let mut texts = Vec::new();
            for asked in [&silent, &linked, &apart] {
                let (status, text) = page(&app, &asked.page()).await;
                assert_eq!(status, 410, "round {round}");
                texts.push(text);
                assert_eq!(post(&app, &asked.page(), &[("score", "1")]).await.0, 410);
                assert_eq!(post(&app, &asked.page(), &[("do", "withdraw")]).await.0, 410);
            }
            assert!(texts.iter().all(|text| *text == texts[0] && text.contains("has closed")));
            app.work().await;
        }
    }
}

#[tokio::test]
async fn a_full_database_is_said_kindly_and_nothing_is_thanked_for() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    let mut tx = app.app.db.begin().await.unwrap();
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON responses BEGIN SELECT RAISE(ABORT, 'full'); END";
    execute_raw(tx.conn(), afterword::database::Sql::both(refuse)).await.unwrap();
    tx.commit().await.unwrap();
    let (status, text) = post(&app, &asked.page(), &FULL).await;
    assert_eq!(status, 500);
    assert!(text.contains("our fault") && text.contains("Nothing was recorded"), "{text}");
    // Other answers in the same batch are not affected.
    let other = ask(&app, "other").await;
    answer(&app, &other, &[("score", "5"), ("choice", "apart")]).await;
}
