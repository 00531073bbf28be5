//! Every query's rows can be read into its row type, whatever the tables hold: nothing, empty columns, whole numbers,
//! no partner for an outer join.
//!
//! A query's conditions are removed ([`loose`]), so that it returns rows without parameters. It runs on empty tables,
//! on rows in which every nullable column is NULL, and on rows in which every column has a value; and each time with
//! the original joins, with joins that always match, and with outer joins that never do.

mod loose;

use crate::app::TestApp;
use afterword::config::DatabaseUrl;
use afterword::database::{TYPED_QUERIES, TypedQuery};
use loose::{Dialect, Joins, loose};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Either, Executor, Row, SqlSafeStr, Statement, TypeInfo};
use std::collections::BTreeSet;

/// Content of the tables.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Content {
    Empty,
    /// One row a table; NULL in nullable columns.
    Null,
    /// One row a table; every number is whole.
    Whole,
}

const CONTENTS: [Content; 3] = [Content::Empty, Content::Null, Content::Whole];
const JOINS: [Joins; 3] = [Joins::AsWritten, Joins::Always, Joins::OuterNever];

/// Nullable columns by which their only query finds its rows: it never returns NULL in them.
const FOUND_BY: [(&str, &str); 1] = [("invitations", "token_hash")];
/// Columns whose elements a query reads.
const JSON_LISTS: [(&str, &str); 1] = [("clips", "skills")];

/// Queries whose conditions, which are removed here, exclude NULL in a nullable column.
const NEVER_NULL: [&str; 12] = [
    "LINKED_SCORES",
    "EXTREMES",
    "WITH_AUDIO",
    "NAMED",
    "CAUSES",
    "BY_SCORE",
    "WITH_CALLBACK_REQUEST",
    "DONE_LATELY",
    "UNREAD",
    "READ_BY",
    "WITH_CUSTOMER",
    "LIST_SORTED",
];

/// A writable column of a table: name, type, whether it may be NULL.
type ColumnOf = (String, String, String, bool);

/// Returns statements that insert one row into each table.
fn rows(columns: &[ColumnOf], content: Content) -> Vec<String> {
    let tables: BTreeSet<&str> = columns.iter().map(|(table, ..)| table.as_str()).collect();
    let value = |(table, name, kind, nullable): &ColumnOf| match kind.to_uppercase().as_str() {
        _ if FOUND_BY.contains(&(table.as_str(), name.as_str())) => "'1'",
        _ if *nullable && content == Content::Null => "NULL",
        _ if JSON_LISTS.contains(&(table.as_str(), name.as_str())) => "'[\"1\"]'",
        "TEXT" | "TSVECTOR" => "'1'",
        "BOOLEAN" => "TRUE",
        "BLOB" | "BYTEA" => "''",
        _ => "1",
    };
    let insert = |table: &str| {
        let of_table: Vec<_> = columns.iter().filter(|column| column.0 == table).collect();
        let names: Vec<_> = of_table.iter().map(|column| format!("\"{}\"", column.1)).collect();
        let values: Vec<_> = of_table.iter().map(|column| value(column)).collect();
        format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))
    };
    tables.into_iter().map(insert).collect()
}

/// Results: faults, and queries that returned a row at least once.
#[derive(Default)]
struct Found {
    faults: Vec<String>,
    returned: BTreeSet<&'static str>,
}

impl Found {
    fn note<R>(
        &mut self,
        query: &TypedQuery,
        case: &str,
        text: &str,
        rows: Result<Vec<R>, sqlx::Error>,
        read: fn(&R) -> Result<(), sqlx::Error>,
    ) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => {
                return self
                    .faults
                    .push(format!("{} {} {case} does not run: {error}\n  {text}", query.place, query.name));
            }
        };
        for row in rows {
            self.returned.insert(query.place);
            if let Err(error) = read(&row) {
                self.faults.push(format!("{} {} {case}: {error}\n  {text}", query.place, query.name));
            }
        }
    }

    fn assert_none(mut self, database: &str) {
        let silent = queries().filter(|query| !self.returned.contains(query.place));
        let silent = silent.map(|query| format!("{} {} returned no row in any case", query.place, query.name));
        self.faults.extend(silent);
        assert!(self.faults.is_empty(), "{database}: {} faults\n{}", self.faults.len(), self.faults.join("\n"));
    }
}

/// Returns the queries of the product: those of tests may ask one database only.
fn queries() -> impl Iterator<Item = &'static TypedQuery> {
    TYPED_QUERIES.iter().filter(|query| query.place.starts_with("src/"))
}

async fn sqlite_columns(conn: &mut SqliteConnection) -> Vec<ColumnOf> {
    let sql = "SELECT m.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0 FROM sqlite_master m, pragma_table_info(m.name) c \
        WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '\\_%' ESCAPE '\\' \
        AND m.name NOT LIKE 'search_index%'";
    let rows = sqlx::query(sql).fetch_all(conn).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

async fn pg_columns(conn: &mut PgConnection) -> Vec<ColumnOf> {
    let sql = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES' FROM information_schema.columns \
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%' AND is_generated = 'NEVER' AND is_identity = 'NO'";
    let rows = sqlx::query(sql).fetch_all(conn).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

#[tokio::test]
async fn every_query_reads_rows_of_every_kind_on_sqlite() {
    let app = TestApp::start().await;
    let DatabaseUrl::Sqlite(path) = &app.app.config.database.url else { panic!("it is SQLite") };
    let mut conn = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    conn.execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").await.unwrap();
    let columns = sqlite_columns(&mut conn).await;
    let mut found = Found::default();
    for content in CONTENTS {
        conn.execute("BEGIN").await.unwrap();
        for row in rows(&columns, content).into_iter().filter(|_| content != Content::Empty) {
            conn.execute(AssertSqlSafe(row.clone())).await.unwrap_or_else(|error| panic!("{row}: {error}"));
        }
        for (query, joins) in queries().flat_map(|query| JOINS.map(|joins| (query, joins))) {
            let text = loose(query.sql.sqlite, Dialect::Sqlite, joins, &[]);
            let rows: Result<Vec<SqliteRow>, _> = sqlx::query(AssertSqlSafe(text.clone())).fetch_all(&mut conn).await;
            found.note(query, &format!("({content:?}, {joins:?})"), &text, rows, query.read_sqlite);
        }
        conn.execute("ROLLBACK").await.unwrap();
    }
    found.assert_none("SQLite");
}

#[tokio::test]
async fn every_query_reads_rows_of_every_kind_on_postgresql() {
    let Some(app) = TestApp::start_on_postgres(|_| {}).await else { return };
    let DatabaseUrl::Postgres(url) = &app.app.config.database.url else { panic!("it is PostgreSQL") };
    let mut conn = PgConnection::connect(url).await.unwrap();
    conn.execute(
        "DO $$ DECLARE c record; BEGIN FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint \
         WHERE contype IN ('f', 'c') AND connamespace = 'public'::regnamespace LOOP \
         EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP; END $$",
    )
    .await
    .unwrap();
    let columns = pg_columns(&mut conn).await;
    let mut found = Found::default();
    for content in CONTENTS {
        conn.execute("BEGIN").await.unwrap();
        for row in rows(&columns, content).into_iter().filter(|_| content != Content::Empty) {
            conn.execute(AssertSqlSafe(row.clone())).await.unwrap_or_else(|error| panic!("{row}: {error}"));
        }
        for (query, joins) in queries().flat_map(|query| JOINS.map(|joins| (query, joins))) {
            conn.execute("SAVEPOINT query").await.unwrap();
            let types = parameters(&mut conn, query.sql.pg).await;
            let text = loose(query.sql.pg, Dialect::Postgres, joins, &types);
            let rows: Result<Vec<PgRow>, _> = sqlx::query(AssertSqlSafe(text.clone())).fetch_all(&mut conn).await;
            if content != Content::Null || !NEVER_NULL.contains(&query.name) {
                found.note(query, &format!("({content:?}, {joins:?})"), &text, rows, query.read_pg);
            }
            conn.execute("ROLLBACK TO query").await.unwrap();
        }
        conn.execute("ROLLBACK").await.unwrap();
    }
    found.assert_none("PostgreSQL");
}

/// Returns the types of a statement's parameters.
async fn parameters(conn: &mut PgConnection, text: &'static str) -> Vec<String> {
    let statement = conn.prepare(AssertSqlSafe(text).into_sql_str()).await.unwrap();
    let types = statement.parameters().and_then(Either::left).unwrap_or_default();
    types.iter().map(|kind| kind.name().to_owned()).collect()
}

/// The fault that this test is for: SQLite stores the literal 0 as an INTEGER, which can't be read as f64.
#[tokio::test]
async fn a_whole_number_where_a_real_one_is_read_is_found() {
    let app = TestApp::start().await;
    let DatabaseUrl::Sqlite(path) = &app.app.config.database.url else { panic!("it is SQLite") };
    let mut conn = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    for (zero, faults) in [("0", 1), ("0.0", 0)] {
        let sql: &'static str = Box::leak(
            format!("SELECT COALESCE(t.progress, {zero}) FROM jobs j LEFT JOIN transcripts t ON t.interaction_id = j.job_key WHERE j.id = $1")
                .into_boxed_str(),
        );
        let query = TypedQuery::typed::<(f64,)>(afterword::database::Sql::both(sql), "PROGRESS", "here");
        let text = loose(query.sql.sqlite, Dialect::Sqlite, Joins::OuterNever, &[]);
        let rows = sqlx::query(AssertSqlSafe(text.clone())).fetch_all(&mut conn).await;
        let mut found = Found::default();
        found.note(&query, "", &text, rows, query.read_sqlite);
        assert!(found.returned.len() == 1 && found.faults.iter().len().min(1) == faults, "{:?}", found.faults);
    }
}
