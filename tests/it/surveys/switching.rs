//! A linked answer changed to apart: one is deleted and the other added at once, or nothing changes.

use super::answering::count;
use super::{answer, ask, page, post};
use crate::app::TestApp;
use afterword::database::{Db, Sql, execute_raw};

const LINKED: [(&str, &str); 3] = [("score", "1"), ("comment", "Worst call ever"), ("choice", "linked")];
const APART: [(&str, &str); 3] = [("score", "1"), ("comment", "Worst call ever"), ("choice", "apart")];

async fn raw(app: &TestApp, statements: &[&'static str]) {
    let mut tx = app.app.db.begin().await.unwrap();
    for sql in statements {
        execute_raw(tx.conn(), Sql::both(sql)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Makes writing into the mix fail, as on a full disk.
async fn refuse(app: &TestApp) {
    match &app.app.db {
        Db::Sqlite { .. } => {
            raw(
                app,
                &["CREATE TRIGGER full_disk BEFORE INSERT ON sealed_answers BEGIN SELECT RAISE(ABORT, 'full'); END"],
            )
            .await;
        }
        Db::Pg { .. } => {
            raw(
                app,
                &[
                    "CREATE FUNCTION full_disk() RETURNS trigger AS 'BEGIN RAISE EXCEPTION ''full''; END' LANGUAGE plpgsql",
                    "CREATE TRIGGER full_disk BEFORE INSERT ON sealed_answers EXECUTE FUNCTION full_disk()",
                ],
            )
            .await;
        }
    }
}

async fn allow(app: &TestApp) {
    match &app.app.db {
        Db::Sqlite { .. } => raw(app, &["DROP TRIGGER full_disk"]).await,
        Db::Pg { .. } => raw(app, &["DROP TRIGGER full_disk ON sealed_answers"]).await,
    }
}

#[tokio::test]
async fn a_change_that_fails_takes_nothing_away() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        answer(&app, &asked, &LINKED).await;
        refuse(&app).await;
        let (status, text) = post(&app, &asked.page(), &APART).await;
        assert!(status == 500 && text.contains("Nothing was recorded"), "{text}");
        assert_eq!((count(&app, "responses").await, count(&app, "sealed_answers").await), (1, 0));
        assert_eq!(count(&app, "spent_tokens").await, 0);
        let (_, text) = page(&app, &asked.page()).await;
        assert!(text.contains("Worst call ever") && text.contains(r#"value="linked" required checked"#), "{text}");
        allow(&app).await;
        answer(&app, &asked, &APART).await;
        assert_eq!((count(&app, "responses").await, count(&app, "sealed_answers").await), (0, 2));
    }
}

/// A linked answer that can't be changed any more is not replaced, and the apart one is not counted beside it.
#[tokio::test]
async fn what_can_not_be_changed_any_more_counts_once() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let link = afterword::invitations::Token::parse(&asked.token).unwrap();
        // The page was read while the answer could be changed; when it is sent, it can't be any more.
        let before = app.app.responses.standing(&link).await.unwrap();
        answer(&app, &asked, &LINKED).await;
        for _ in 0..app.app.responses.ripe_at() {
            app.app.responses.run_mix_pass().await.unwrap();
        }
        let late = afterword::responses::Answer::rated(1, None, None, afterword::config::Choice::Apart);
        let offer = app.app.responses.offer(&link, None);
        assert!(app.app.responses.answer_from(&link, before, late, offer).await.is_err());
        assert_eq!((count(&app, "responses").await, count(&app, "sealed_answers").await), (1, 0));
        assert_eq!(count(&app, "spent_tokens").await, 0);
    }
}

/// On PostgreSQL every row names the transaction that wrote it. Outside the mix no row names that of the change.
#[tokio::test]
async fn no_row_that_stays_names_the_transaction_of_the_change() {
    let Some(app) = TestApp::start_on_postgres(|_| {}).await else { return };
    let Db::Pg { pool, .. } = &app.app.db else { return };
    let asked = ask(&app, "jerry").await;
    answer(&app, &asked, &LINKED).await;
    answer(&app, &asked, &APART).await;
    let mut others = 0;
    for table in
        crate::anonymity::dump(&app).await.keys().filter(|table| *table != "sealed_answers" && *table != "spent_tokens")
    {
        let sql = format!(
            "SELECT count(*) FROM \"{table}\" t WHERE t.xmin::text IN (SELECT xmin::text FROM sealed_answers UNION SELECT xmin::text FROM spent_tokens)"
        );
        let same: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await.unwrap();
        assert_eq!(same, 0, "{table}");
        others += 1;
    }
    assert!(others > 20);
    // A pass removes the deleted row, and rewrites the mix in a transaction of its own.
    app.app.responses.run_mix_pass().await.unwrap();
    let dead: i64 = sqlx::query_scalar("SELECT pg_relation_size('responses')").fetch_one(pool).await.unwrap();
    assert_eq!(dead, 0, "the table holds no page any more");
}
