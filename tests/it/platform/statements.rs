//! Every statement of every store can be prepared on both databases, and the two schemas are the same.

use crate::app::TestApp;
use afterword::database::{Db, Sql};
use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr};
use std::collections::BTreeSet;

fn all() -> Vec<(&'static str, Sql)> {
    let mut all = Vec::new();
    all.extend(afterword::database::STATEMENTS);
    all.extend(afterword::effects::STATEMENTS);
    all.extend(afterword::jobs::STATEMENTS);
    all.extend(afterword::staff::STATEMENTS);
    all.extend(afterword::staff::DIRECTORY_STATEMENTS);
    all.extend(afterword::interactions::STATEMENTS);
    all.extend(afterword::interactions::DELETION_STATEMENTS);
    all.extend(afterword::interactions::FILE_STATEMENTS);
    all.extend(afterword::privacy::STATEMENTS);
    all.extend(afterword::transcription::statements());
    all.extend(afterword::interactions::FIGURE_STATEMENTS);
    all.extend(afterword::measures::STATEMENTS);
    all.extend(afterword::search::STATEMENTS);
    all.extend(afterword::audit::STATEMENTS);
    all.extend(afterword::training::STATEMENTS);
    all.extend(afterword::ratings::statements());
    all.extend(afterword::mail::statements());
    all.extend(afterword::surveys::statements());
    all.extend(afterword::invitations::statements());
    all.extend(afterword::responses::statements());
    all.extend(afterword::followups::STATEMENTS);
    all.extend(afterword::feedback::STATEMENTS);
    all.extend(afterword::ratings::COMMENT_STATEMENTS);
    all.extend(afterword::webhooks::STATEMENTS);
    all
}

#[tokio::test]
async fn every_statement_is_understood_by_both() {
    for app in TestApp::on_both(|_| {}).await {
        for (name, sql) in all() {
            match &app.app.db {
                Db::Sqlite { write, .. } => {
                    let prepared =
                        write.acquire().await.unwrap().prepare(AssertSqlSafe(sql.sqlite).into_sql_str()).await;
                    assert!(prepared.is_ok(), "{name} on SQLite: {:?}", prepared.err());
                }
                Db::Pg { pool, .. } => {
                    let prepared = pool.acquire().await.unwrap().prepare(AssertSqlSafe(sql.pg).into_sql_str()).await;
                    assert!(prepared.is_ok(), "{name} on PostgreSQL: {:?}", prepared.err());
                }
            }
        }
    }
}

/// Returns `table.column` of every table of ours; `search_index` is FTS5's own.
async fn columns(db: &Db) -> BTreeSet<String> {
    match db {
        Db::Sqlite { write, .. } => {
            let sql = "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '\\_%' ESCAPE '\\' AND m.name NOT LIKE 'search_index%'";
            sqlx::query(sql).fetch_all(write).await.unwrap().iter().map(|row| row.get(0)).collect()
        }
        Db::Pg { pool, .. } => {
            let sql = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'";
            sqlx::query(sql).fetch_all(pool).await.unwrap().iter().map(|row| row.get(0)).collect()
        }
    }
}

#[tokio::test]
async fn both_schemas_have_the_same_columns() {
    let apps = TestApp::on_both(|_| {}).await;
    let [sqlite, postgres] = &apps[..] else { return };
    assert_eq!(columns(&sqlite.app.db).await, columns(&postgres.app.db).await);
}

#[tokio::test]
async fn the_audit_log_can_only_grow() {
    for app in TestApp::on_both(|_| {}).await {
        app.key(afterword::access::principal::Scope::Read).await;
        for sql in ["UPDATE audit_log SET name = 'nobody'", "DELETE FROM audit_log"] {
            let mut tx = app.app.db.begin().await.unwrap();
            assert!(afterword::database::execute_raw(tx.conn(), Sql::both(sql)).await.is_err(), "{sql}");
        }
    }
}
