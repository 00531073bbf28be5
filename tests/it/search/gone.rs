//! Deleted text can't be found any more, nor read from the index.

use super::{CALL, ask, times};
use crate::app::{TestApp, call_body};
use crate::measures::chat;
use crate::support::heard::{delete, heard, raw};
use afterword::access::Role;
use afterword::database::Db;

/// Returns the number of indexed lines.
async fn lines(app: &TestApp) -> i64 {
    let sql = "SELECT COUNT(*) FROM search_lines";
    match &app.app.db {
        Db::Sqlite { write, .. } => sqlx::query_scalar(sql).fetch_one(write).await.unwrap(),
        Db::Pg { pool, .. } => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
    }
}

/// Asserts that the index holds the words of the lines, and nothing else.
async fn is_sound(app: &TestApp) {
    if let Db::Sqlite { .. } = &app.app.db {
        raw(app, "INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)").await;
    }
}

#[tokio::test]
async fn words_that_were_replaced_are_gone() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.interaction("1", &call_body("jerry@example.net")).await;
        heard(&app, &id, CALL).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert_eq!(times(&ask(&admin, "courier").await), [9_500]);
        heard(&app, &id, &[(0, 4_000, "agent", "Good evening, Maier's office.")]).await;
        for gone in ["courier", "muller", "los*", "包裹"] {
            assert_eq!(times(&ask(&admin, gone).await), Vec::<i64>::new(), "{gone}");
        }
        assert_eq!(times(&ask(&admin, "evening").await), [0]);
        assert_eq!(lines(&app).await, 1);
        is_sound(&app).await;
        // Its transcript was lost: a damaged recording replaced it.
        raw(&app, "UPDATE transcripts SET state = 'failed'").await;
        let now = app.app.clock.now();
        let mut tx = app.app.db.begin().await.unwrap();
        let jobs = afterword::interactions::words_changed(&id, now);
        afterword::effects::Effects::new().jobs(jobs).save(tx.conn(), now).await.unwrap();
        tx.commit().await.unwrap();
        app.work().await;
        assert_eq!(lines(&app).await, 0);
    }
}

#[tokio::test]
async fn a_deleted_interaction_leaves_nothing() {
    for app in TestApp::on_both(|_| {}).await {
        let call = app.interaction("1", &call_body("jerry@example.net")).await;
        heard(&app, &call, CALL).await;
        let written =
            app.interaction("2", &chat("18", 9, &[(0, "customer", "xylophone"), (9, "agent", "zeppelin")])).await;
        app.work().await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert_eq!(times(&ask(&admin, "xylophone OR zeppelin OR courier").await).len(), 3);
        delete(&app, &call).await;
        delete(&app, &written).await;
        assert_eq!(times(&ask(&admin, "xylophone OR zeppelin OR courier").await).len(), 0);
        assert_eq!(lines(&app).await, 0);
        is_sound(&app).await;
        if let Db::Sqlite { write, .. } = &app.app.db {
            // Not even in the pages of the index, where the words of a chat would reveal its subject.
            let blocks: Vec<Vec<u8>> =
                sqlx::query_scalar("SELECT block FROM search_index_data").fetch_all(write).await.unwrap();
            let left =
                blocks.iter().any(|block| block.windows(7).any(|bytes| bytes == b"ylophon" || bytes == b"eppelin"));
            assert!(!left, "the index still holds the words");
        }
    }
}

#[tokio::test]
async fn a_message_that_was_changed_is_found_by_its_new_words_only() {
    let app = TestApp::start().await;
    for text in ["my printer", "my scanner"] {
        let mut edited = chat("18", 9, &[(0, "customer", text)]);
        edited["messages"][0]["id"] = "m1".into();
        app.interaction("1", &edited).await;
        app.work().await;
    }
    let admin = app.sign_in(Role::Admin, &[], None).await;
    assert_eq!((times(&ask(&admin, "printer").await).len(), times(&ask(&admin, "scanner").await).len()), (0, 1));
}

#[tokio::test]
async fn an_index_that_was_lost_is_made_anew() {
    for app in TestApp::on_both(|_| {}).await {
        app.interaction("1", &chat("18", 9, &[(0, "customer", "my printer")])).await;
        // A call without words can't be found.
        app.interaction("2", &call_body("jerry@example.net")).await;
        app.work().await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        raw(&app, "DELETE FROM search_lines").await;
        assert_eq!(times(&ask(&admin, "printer").await).len(), 0);
        assert_eq!(app.app.search.rebuild().await.unwrap(), 1);
        app.work().await;
        assert_eq!(times(&ask(&admin, "printer").await).len(), 1);
        assert_eq!(lines(&app).await, 1);
        is_sound(&app).await;
    }
}
