//! Rule 1: rows that were deleted or rewritten do not stay on the disk: PostgreSQL vacuums their tables.

use super::ask_many;
use crate::app::TestApp;
use crate::surveys::answer;
use afterword::access::principal::Scope;
use afterword::database::Db;
use serde_json::json;
use std::collections::BTreeSet;

/// Returns the tables that were vacuumed by a statement.
async fn vacuumed(app: &TestApp) -> BTreeSet<String> {
    let Db::Pg { pool, .. } = &app.app.db else { panic!("it is PostgreSQL") };
    let sql = "SELECT relname::text FROM pg_stat_user_tables WHERE vacuum_count > 0";
    sqlx::query_scalar::<_, String>(sql).fetch_all(pool).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn a_pass_and_an_erasure_purge_all_tables_that_they_change() {
    let Some(app) = TestApp::start_on_postgres(|_| {}).await else { return };
    // A pass runs here as well, with the time that goes by.
    let asked = ask_many(&app, "17", "Orders", 1).await;
    answer(&app, &asked[0], &[("score", "4"), ("choice", "apart")]).await;
    app.app.responses.run_mix_pass().await.unwrap();
    let by_pass = ["responses", "sealed_answers", "spent_tokens", "suspects"].map(str::to_owned);
    assert_eq!(vacuumed(&app).await, BTreeSet::from(by_pass));
    let key = app.key(Scope::Admin).await;
    let request = app.client.post(format!("{}/api/v1/erasures", app.url)).bearer_auth(&key);
    let reply = request.json(&json!({ "address": "jerry@example.net" })).send().await.unwrap();
    assert!(reply.status().is_success(), "{:?}", reply.text().await);
    let by_erasure = [
        "interactions",
        "invitations",
        "responses",
        "response_extras",
        "recordings",
        "transcripts",
        "segments",
        "corrections",
        "alternative_transcripts",
        "measures",
        "transcript_checkpoints",
        "messages",
        "search_lines",
        "callback_requests",
        "follow_ups",
        "follow_up_steps",
        "kudos",
        "quotes",
    ];
    let purged = vacuumed(&app).await;
    let missing: Vec<_> = by_erasure.into_iter().filter(|table| !purged.contains(*table)).collect();
    assert!(missing.is_empty(), "not purged: {missing:?}");
}

/// An error about one table does not keep the others from being purged.
#[tokio::test]
async fn a_table_that_fails_keeps_no_other_from_being_purged() {
    let Some(app) = TestApp::start_on_postgres(|_| {}).await else { return };
    assert!(app.app.db.purge_deleted(&["no_such_table", "suspects"]).await.is_err());
    assert!(vacuumed(&app).await.contains("suspects"));
}
