//! Rule 1: no identity beside an answer.

use super::{bytes_on_disk, differing, dump, holds};
use crate::app::TestApp;
use crate::surveys::{answer, ask, page};

const COMMENT: &str = "Rumpelstiltskin told me so";

#[tokio::test]
async fn a_linked_answer_holds_no_time_no_name_and_no_address() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let before = dump(&app).await;
        answer(&app, &asked, &[("score", "4"), ("resolved", "yes"), ("comment", COMMENT), ("choice", "linked")]).await;
        let after = dump(&app).await;
        assert_eq!(differing(&before, &after), ["responses"], "nothing but the answer itself");
        let row = &after["responses"][0];
        let now = app.app.clock.now();
        for told in ["jerry", "Jerry", "example.net", "127.0.0.1", "reqwest", "2026-11-20", &now.0.to_string()[..6]] {
            assert!(!row.contains(told), "{told}: {row}");
        }
        assert!(row.contains("2026-11") && row.contains(asked.interaction.as_str()));
    }
}

#[tokio::test]
async fn an_apart_answer_holds_nothing_readable_at_all() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        answer(&app, &asked, &[("score", "4"), ("resolved", "yes"), ("comment", COMMENT), ("choice", "apart")]).await;
        let after = dump(&app).await;
        let agent = app.agent("17").await;
        assert_eq!(after["sealed_answers"].len(), 3);
        for row in after["sealed_answers"].iter().chain(&after["spent_tokens"]) {
            for told in [COMMENT, "jerry", asked.interaction.as_str(), agent.as_str(), "score", "2026-11"] {
                assert!(!row.contains(told), "{told}: {row}");
            }
        }
        // All three look the same: the comment can't be identified.
        let lengths: Vec<_> = after["sealed_answers"].iter().map(String::len).collect();
        assert_eq!(lengths, [lengths[0]; 3]);
    }
}

#[tokio::test]
async fn a_comment_that_was_withdrawn_is_gone_from_the_file() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    answer(&app, &asked, &[("score", "4"), ("comment", COMMENT), ("choice", "linked")]).await;
    answer(&app, &asked, &[("do", "withdraw")]).await;
    // The log of changes is purged when it is written into the file.
    let afterword::database::Db::Sqlite { write, .. } = &app.app.db else { return };
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await.unwrap();
    assert!(!holds(&bytes_on_disk(&app), "Rumpelstiltskin"));
}

#[tokio::test]
async fn the_survey_pages_set_no_cookie_load_nothing_and_tell_nobody() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    let form = [("score", "4"), ("choice", "apart")];
    let posted = app.post(&asked.page(), &form).await;
    for answer in [app.get(&asked.page()).await, posted, app.get(&asked.leave()).await, app.get("/s/unknown").await] {
        let headers = answer.headers().clone();
        assert!(!headers.contains_key("set-cookie"));
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cache-control"], "no-store");
        let text = answer.text().await.unwrap();
        let loads = ["<script", "src=\"", "@import", "url(", "//fonts", "<iframe", "<img"];
        assert!(loads.iter().all(|loads| !text.contains(loads)), "{text}");
        assert!(text.matches("href=\"http").count() == 0, "no link elsewhere");
    }
    assert_eq!(page(&app, &asked.page()).await.0, 200);
}

/// The position of an answer on the disk reveals nothing: the tables are their own index, under random keys.
#[tokio::test]
async fn answers_have_no_order_of_arrival() {
    let app = TestApp::start().await;
    let afterword::database::Db::Sqlite { write, .. } = &app.app.db else { return };
    for table in ["responses", "sealed_answers", "spent_tokens", "releases", "release_counts", "released_comments"] {
        let sql = format!("SELECT rowid FROM {table}");
        let error = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(write).await.unwrap_err();
        assert!(error.to_string().contains("no such column"), "{table}: {error}");
    }
}
