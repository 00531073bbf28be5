//! Every statement of every store can be prepared on both databases, and the two schemas are the same.

use crate::app::TestApp;
use afterword::database::{Db, STATEMENTS, Sql, Statement};
use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr};
use std::collections::BTreeSet;

/// Returns the statements of the product: those of tests may be for one database only.
fn all() -> impl Iterator<Item = &'static Statement> {
    STATEMENTS.iter().filter(|statement| statement.file.starts_with("src/"))
}

#[tokio::test]
async fn every_statement_is_understood_by_both() {
    assert!(all().count() > 100, "the statements are listed");
    for app in TestApp::on_both(|_| {}).await {
        for Statement { name, sql, file } in all() {
            let prepared = match &app.app.db {
                Db::Sqlite { write, .. } => {
                    let mut conn = write.acquire().await.unwrap();
                    conn.prepare(AssertSqlSafe(sql.sqlite).into_sql_str()).await.map(drop)
                }
                Db::Pg { pool, .. } => {
                    let mut conn = pool.acquire().await.unwrap();
                    conn.prepare(AssertSqlSafe(sql.pg).into_sql_str()).await.map(drop)
                }
            };
            assert!(prepared.is_ok(), "{file} {name}: {:?}", prepared.err());
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
