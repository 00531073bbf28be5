//! A disk without space.

use super::{assert_refused, put};
use crate::app::{TestApp, call_body, demo_sound};
use crate::support::served::{Mailed, Served};
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::config::{Database, DatabaseUrl};
use afterword::database::{Db, Sql, execute_raw};
use afterword::vault::{Vault, plain_hash};
use serde_json::Value;
use sqlx::Row;
use std::collections::{BTreeMap, BTreeSet};

/// Size of the disk in MiB: the database's write-ahead log alone takes 16 before a checkpoint.
const DISK: usize = 40;
/// Number of customers who respond, half of them each way.
const CUSTOMERS: usize = 24;

/// SQLite rolls back by itself when it has no space, and sqlx loses count of its transactions: without a new connection
/// no write would succeed any more.
#[tokio::test]
async fn a_connection_whose_rollback_failed_is_replaced() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        let mut tx = app.app.db.begin().await.unwrap();
        execute_raw(tx.conn(), Sql::both("ROLLBACK")).await.unwrap();
        assert!(tx.commit().await.is_err());
    }
    let key = app.key(Scope::Ingest).await;
    assert_eq!(put(&app, &key, "1").await.status(), 201);
}

#[tokio::test]
async fn what_finds_no_room_in_the_database_is_told_so() {
    let app = TestApp::start().await;
    let Db::Sqlite { write, .. } = &app.app.db else { unreachable!() };
    let key = app.key(Scope::Ingest).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    // Limits the number of pages to the present one; on each connection, which may be replaced.
    let fill = async || sqlx::query("PRAGMA max_page_count = 1").execute(write).await.map(drop).unwrap();
    fill().await;
    let mut large = call_body("jerry@example.net");
    large["notes"] = "x".repeat(200_000).into();
    assert_refused(app.put(&key, "phone/1", &large).await, 507, "storage_full").await;
    let page = loop {
        // Some rows still fit into pages that are not full.
        fill().await;
        let name = uuid::Uuid::new_v4().simple().to_string().repeat(3);
        let page = admin.post("/admin/teams", &[("name", &name)]).await;
        if page.status() != 303 {
            break page;
        }
    };
    assert_eq!(page.status(), 507);
    assert!(page.text().await.unwrap().contains("The disk is full"));
    sqlx::query("PRAGMA max_page_count = 1000000").execute(write).await.unwrap();
    assert_eq!(app.put(&key, "phone/1", &large).await.status(), 201, "sent again");
}

/// Acknowledged data.
#[derive(Default)]
struct Told {
    interactions: BTreeSet<String>,
    recordings: BTreeSet<String>,
    answers: BTreeMap<usize, &'static str>,
    refused: usize,
}

impl Told {
    /// Returns whether it was stored; 507 is the only allowed rejection.
    fn is_stored(&mut self, status: u16, what: &str) -> bool {
        match status {
            200 | 201 => true,
            507 => {
                self.refused += 1;
                false
            }
            other => panic!("{what}: {other}"),
        }
    }
}

async fn send(served: &Served, told: &mut Told, names: &[String], sound: &[u8]) {
    for name in names {
        let url = format!("{}/api/v1/interactions/phone/{name}", served.url);
        let body = call_body(&format!("{name}@example.net"));
        let answer = served.client.put(&url).bearer_auth(&served.key).json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        if status == 507 {
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["code"], "storage_full");
        }
        if told.is_stored(status, "an interaction") {
            told.interactions.insert(name.clone());
        }
        let recording = served.client.put(format!("{url}/recording")).bearer_auth(&served.key);
        let answer = recording.body(sound.to_vec()).send().await.unwrap();
        if told.is_stored(answer.status().as_u16(), "a recording") {
            told.recordings.insert(name.clone());
        }
    }
}

async fn answer(served: &Served, told: &mut Told, asked: &[Mailed], choices: impl Iterator<Item = usize>) {
    for n in choices {
        let choice = if n.is_multiple_of(2) { "apart" } else { "linked" };
        let form = [("score", "4"), ("comment", "Thank you"), ("choice", choice)];
        let answer = served.client.post(&asked[n].page).form(&form).send().await.unwrap();
        if told.is_stored(answer.status().as_u16(), "an answer") {
            told.answers.insert(n, choice);
        }
    }
}

/// Compares the files with the acknowledged data, while nothing serves.
async fn audit(served: &Served, told: &Told, asked: &[Mailed]) {
    let vault = Vault::read(&served.folder().join("data/afterword.key")).unwrap().unwrap();
    // A copy: SQLite resolves the path in the other namespace to one in this namespace.
    let copy = tempfile::tempdir().unwrap();
    for name in ["afterword.db", "afterword.db-wal"] {
        let from = served.folder().join("data").join(name);
        if from.exists() {
            std::fs::copy(from, copy.path().join(name)).unwrap();
        }
    }
    let url = DatabaseUrl::Sqlite(copy.path().join("afterword.db"));
    let db = Db::open(&Database { url, ..Database::default() }).await.unwrap();
    let Db::Sqlite { read, .. } = &db else { unreachable!() };
    let of = |sql: &'static str| async move {
        let rows = sqlx::query(sql).fetch_all(read).await.unwrap();
        rows.iter().map(|row| (row.get::<String, _>(0), row.get::<String, _>(1))).collect::<BTreeMap<_, _>>()
    };
    let interactions = of("SELECT external_id, id FROM interactions").await;
    let recordings = of("SELECT interaction_id, object_key FROM recordings").await;
    for name in &told.interactions {
        assert!(interactions.contains_key(name), "an acknowledged interaction is gone");
    }
    for name in &told.recordings {
        let file = served.folder().join("data/recordings").join(&recordings[&interactions[name]]);
        assert!(file.metadata().is_ok_and(|file| file.len() > 0), "an acknowledged recording is gone");
    }
    let mix = of("SELECT id, '' FROM sealed_answers").await;
    let links = of("SELECT token_hash, interaction_id FROM invitations WHERE token_hash IS NOT NULL").await;
    let linked = of("SELECT interaction_id, comment FROM responses").await;
    for (n, one) in asked.iter().enumerate() {
        let sealed =
            |question: &str| mix.contains_key(&vault.keyed_hash(&format!("mix:{question}"), one.token().as_bytes()));
        let apart = (sealed("score"), sealed("comment"));
        let beside = linked.contains_key(&links[&plain_hash(one.token().as_bytes())]);
        match (told.answers.get(&n), apart, beside) {
            (Some(&"apart"), (true, true), false)
            | (Some(&"linked"), (false, false), true)
            | (None, (false, false), false) => {}
            (choice, ..) => panic!("{choice:?} was acknowledged, {apart:?} and {beside} are stored"),
        }
    }
    assert_eq!(of("SELECT integrity_check, '' FROM pragma_integrity_check").await.into_keys().next().unwrap(), "ok");
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_that_was_acknowledged_and_needs_no_restart() {
    let Some(mut served) = Served::start_on_small_disk(DISK, &[("AFTERWORD__LOG__FORMAT", "json")]).await else {
        return;
    };
    let ready = async |served: &Served| {
        let answer = served.client.get(format!("{}/readyz", served.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let names = |prefix: &str, n: usize| (0..n).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>();
    let sound = demo_sound("call-good.ogg");
    let asked = served.ask(CUSTOMERS).await;
    let mut told = Told::default();
    send(&served, &mut told, &names("before", 5), &sound).await;
    answer(&served, &mut told, &asked, 0..6).await;
    assert_eq!(told.refused, 0, "{}", served.log());

    served.disk().fill();
    // The write-ahead log may have room for some more.
    for round in 0..50 {
        send(&served, &mut told, &names(&format!("full{round}-"), 5), &sound).await;
        if told.refused > 40 {
            break;
        }
    }
    answer(&served, &mut told, &asked, 6..CUSTOMERS).await;
    assert!(told.refused > 20, "the disk was not full: {}", told.refused);
    // Reported within the second for which a result is cached.
    tokio::time::timeout(std::time::Duration::from_secs(5), async {
        while ready(&served).await.0 != 503 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    })
    .await
    .expect("not ready while the disk is full");
    let (_, report) = ready(&served).await;
    assert!(report["problems"].to_string().contains("storage_full"), "{report}");

    served.disk().free();
    let refused = told.refused;
    tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while ready(&served).await.0 != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    })
    .await
    .expect("ready again without a restart");
    send(&served, &mut told, &names("after", 5), &sound).await;
    let missing: Vec<_> = (0..CUSTOMERS).filter(|n| !told.answers.contains_key(n)).collect();
    let before = told.answers.len();
    answer(&served, &mut told, &asked, missing.into_iter()).await;
    assert_eq!(told.refused, refused, "{}", served.log());
    assert!(told.answers.len() == CUSTOMERS && before < CUSTOMERS, "{before} answers found room");
    served.kill();
    audit(&served, &told, &asked).await;
}
