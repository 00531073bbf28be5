//! The rules of docs/anonymity.md, each with a test that tries to break it with access to the database.

mod attacker;
mod corrections;
mod figures;
mod goes_up;
mod identity;
mod merges;
mod mix;
mod moment;
mod places;
mod purged;
mod releases;
mod smallest;
mod tokens;
mod totals;

use crate::app::{TestApp, call_body};
use crate::surveys::{Asked, mails, token_in};
use afterword::database::Db;
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;

/// Every table with every row as text, rows sorted.
pub type Dump = BTreeMap<String, Vec<String>>;

/// Returns the whole database.
pub async fn dump(app: &TestApp) -> Dump {
    let mut all = dump_in_order(app).await;
    all.values_mut().for_each(|rows| rows.sort());
    all
}

/// Returns the whole database with each table's rows in the order on the disk.
pub async fn dump_in_order(app: &TestApp) -> Dump {
    let mut all = Dump::new();
    for table in tables(app).await {
        let rows = match &app.app.db {
            Db::Sqlite { write, .. } => {
                let columns = format!(
                    "SELECT group_concat('quote(\"' || name || '\")', ' || ''|'' || ') FROM pragma_table_info('{table}')"
                );
                let columns: String = sqlx::query_scalar(AssertSqlSafe(columns)).fetch_one(write).await.unwrap();
                let sql = format!("SELECT {columns} FROM \"{table}\"");
                texts(sqlx::query(AssertSqlSafe(sql)).fetch_all(write).await.unwrap())
            }
            Db::Pg { pool, .. } => {
                let sql = format!("SELECT row_to_json(t)::text FROM \"{table}\" t");
                texts(sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap())
            }
        };
        all.insert(table, rows);
    }
    all
}

fn texts<R: Row>(rows: Vec<R>) -> Vec<String>
where
    for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    usize: sqlx::ColumnIndex<R>,
{
    rows.iter().map(|row| row.get(0)).collect()
}

async fn tables(app: &TestApp) -> Vec<String> {
    match &app.app.db {
        Db::Sqlite { write, .. } => {
            let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
            texts(sqlx::query(sql).fetch_all(write).await.unwrap())
        }
        Db::Pg { pool, .. } => {
            let sql = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
            texts(sqlx::query(sql).fetch_all(pool).await.unwrap())
        }
    }
}

/// Returns the tables in which two states differ.
pub fn differing(before: &Dump, after: &Dump) -> Vec<String> {
    after.iter().filter(|(table, rows)| before.get(*table) != Some(*rows)).map(|(table, _)| table.clone()).collect()
}

/// Surveys customers of this agent of this team, about a call each. There are as many mails as customers.
pub async fn ask_many(app: &TestApp, agent: &str, team: &str, how_many: usize) -> Vec<Asked> {
    let before: Vec<String> = mails(app).iter().map(|mail| token_in(mail)).collect();
    let mut interactions = Vec::new();
    for n in 0..how_many {
        let mut body = call_body(&format!("{agent}-{n}-{}@example.net", uuid::Uuid::new_v4().simple()));
        body["agent"] = serde_json::json!({ "external_id": agent, "name": format!("Agent {agent}") });
        body["team"] = team.into();
        let name = uuid::Uuid::new_v4().to_string();
        interactions.push(app.interaction(&name, &body).await);
    }
    app.pass(crate::surveys::SETTLED).await;
    let tokens =
        mails(app).iter().map(|mail| token_in(mail)).filter(|token| !before.contains(token)).collect::<Vec<_>>();
    assert_eq!(tokens.len(), how_many);
    // The assignment of tokens to interactions is unknown, also to these tests.
    interactions.into_iter().zip(tokens).map(|(interaction, token)| Asked { interaction, token }).collect()
}

/// Runs passes until everything is ripe, and releases full pools.
pub async fn ripen_and_release(app: &TestApp) -> usize {
    for _ in 0..app.app.responses.ripe_at().max(1) {
        app.app.responses.run_mix_pass().await.unwrap();
    }
    app.app.releases.release_full().await.unwrap()
}

/// Returns everything on disk except the mails and the key.
pub fn bytes_on_disk(app: &TestApp) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(app.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.extension().is_none_or(|e| e != "key") {
            all.extend(std::fs::read(path).unwrap());
        }
    }
    all
}

/// Whether the text occurs.
pub fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}
