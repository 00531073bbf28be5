//! `kill -9` under load, on both databases: the stored data is compared with the acknowledged data.

use crate::app::call_body;
use crate::support::postgres;
use crate::support::served::{Mailed, Served};
use afterword::config::{Database, DatabaseUrl};
use afterword::database::Db;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

/// Number of times that the program is killed.
const ROUNDS: usize = 8;
/// Number of customers that respond in each round.
const ANSWERS: usize = 6;
/// Number of acknowledged calls after which the program is killed; more each round, so that it is hit in different
/// places.
const CALLS: usize = 10;

/// Acknowledged data.
#[derive(Default)]
struct Ledger {
    calls: Mutex<BTreeSet<String>>,
    /// By call: hashes of all uploaded recordings, and whether one was acknowledged.
    recordings: Mutex<BTreeMap<String, (BTreeSet<String>, bool)>>,
    /// By survey page: the comments that may be stored, last acknowledged first, and whether one was acknowledged.
    answers: Mutex<BTreeMap<String, (Vec<String>, bool)>>,
}

impl Ledger {
    fn acknowledged_calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    fn try_answer(&self, page: &str, comment: &str) {
        let mut answers = self.answers.lock().unwrap();
        answers.entry(page.to_owned()).or_default().0.push(comment.to_owned());
    }

    fn acknowledge_answer(&self, page: &str, comment: &str) {
        let mut answers = self.answers.lock().unwrap();
        *answers.get_mut(page).unwrap() = (vec![comment.to_owned()], true);
    }
}

/// Returns a quarter of a second of silence, of distinct length, so that no two have the same hash.
fn sound(length: u32) -> Vec<u8> {
    let bytes = (2000 + length) * 2;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8000_u32.to_le_bytes());
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.resize(wav.len() + bytes as usize, 0);
    wav
}

/// Sends calls, each with its recording, until the program is gone.
async fn call(served: &Served, ledger: &Ledger, name: &str) {
    for n in 0_u32.. {
        let external_id = format!("{name}-{n}");
        let url = format!("{}/api/v1/interactions/phone/{external_id}", served.url);
        let body = call_body(&format!("{external_id}@example.net"));
        let Ok(answer) = served.client.put(&url).bearer_auth(&served.key).json(&body).send().await else { return };
        assert!(answer.status().is_success(), "{}", answer.status());
        if answer.bytes().await.is_err() {
            return;
        }
        ledger.calls.lock().unwrap().insert(external_id.clone());
        let sound = sound(n);
        let hash = hex::encode(Sha256::digest(&sound));
        ledger.recordings.lock().unwrap().entry(external_id.clone()).or_default().0.insert(hash);
        let request = served.client.put(format!("{url}/recording")).bearer_auth(&served.key);
        let Ok(answer) = request.body(sound).send().await else { return };
        assert!(answer.status().is_success(), "{}", answer.status());
        if answer.bytes().await.is_err() {
            return;
        }
        ledger.recordings.lock().unwrap().get_mut(&external_id).unwrap().1 = true;
    }
}

/// Sends a response; returns whether the complete confirmation page came back.
async fn answer(served: &Served, ledger: &Ledger, page: &str, choice: &str, comment: &str) -> bool {
    ledger.try_answer(page, comment);
    let form = [("score", "4"), ("comment", comment), ("choice", choice)];
    let Ok(answer) = served.client.post(page).form(&form).send().await else { return false };
    let thanked = answer.status() == 200 && answer.text().await.is_ok_and(|text| text.contains("</html>"));
    if thanked {
        ledger.acknowledge_answer(page, comment);
    }
    thanked
}

/// Responds with one choice, and then with the other.
async fn answer_twice(served: &Served, ledger: &Ledger, one: &Mailed, linked_first: bool) {
    let [first, second] = if linked_first { ["linked", "apart"] } else { ["apart", "apart"] };
    let comment = || uuid::Uuid::new_v4().simple().to_string();
    if answer(served, ledger, &one.page, first, &comment()).await {
        answer(served, ledger, &one.page, second, &comment()).await;
    }
}

/// Waits until that many calls were acknowledged, then kills.
async fn kill_after(pid: &str, ledger: &Ledger, calls: usize) {
    while ledger.acknowledged_calls() < calls {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    std::process::Command::new("kill").args(["-9", pid]).status().unwrap();
}

/// Returns the rows of a query of two texts.
async fn rows(db: &Db, sql: &'static str) -> Vec<(String, String)> {
    match db {
        Db::Sqlite { read, .. } => sqlx::query_as(sql).fetch_all(read).await.unwrap(),
        Db::Pg { pool, .. } => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
    }
}

/// Waits until no mail is queued and no survey is to be decided.
async fn settled(db: &Db) {
    loop {
        let left = rows(
            db,
            "SELECT kind, state FROM jobs WHERE job_key <> '*' AND kind LIKE 'survey%' AND state <> 'failed' \
             UNION ALL SELECT 'outbox', state FROM outbox WHERE state = 'queued'",
        )
        .await;
        if left.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn audit_calls(served: &Served, db: &Db, ledger: &Ledger) {
    let stored = rows(db, "SELECT external_id, source FROM interactions").await;
    let names: BTreeSet<&String> = stored.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), stored.len(), "a call is there twice");
    for name in ledger.calls.lock().unwrap().iter() {
        assert!(names.contains(name), "an acknowledged call is gone: {name}");
    }
    let id = &rows(db, "SELECT id, external_id FROM interactions WHERE agent_id IS NULL OR team_id IS NULL").await;
    assert!(id.is_empty(), "half a call: {id:?}");
    let url = format!("{}/api/v1/interactions?limit=1", served.url);
    let page: Value = served.client.get(url).bearer_auth(&served.key).send().await.unwrap().json().await.unwrap();
    assert_eq!(page["items"][0]["phase"], "final");
}

async fn audit_recordings(served: &Served, db: &Db, ledger: &Ledger) {
    let query = "SELECT i.external_id, r.object_key FROM recordings r JOIN interactions i ON i.id = r.interaction_id";
    let stored: BTreeMap<String, String> = rows(db, query).await.into_iter().collect();
    let tried = ledger.recordings.lock().unwrap().clone();
    for (call, (hashes, acknowledged)) in &tried {
        assert!(!acknowledged || stored.contains_key(call), "an acknowledged recording is gone: {call}");
        let Some(key) = stored.get(call) else { continue };
        let sound = std::fs::read(served.folder().join("data/recordings").join(key)).unwrap();
        assert!(hashes.contains(&hex::encode(Sha256::digest(sound))), "a recording is not what was sent: {call}");
    }
    assert!(stored.keys().all(|call| tried.contains_key(call)), "a recording that nobody sent");
}

async fn audit_answers(served: &Served, ledger: &Ledger) {
    let answers = ledger.answers.lock().unwrap().clone();
    for (page, (comments, acknowledged)) in answers {
        let shown = served.client.get(&page).send().await.unwrap().text().await.unwrap();
        let there = comments.iter().any(|comment| shown.contains(comment.as_str()));
        assert!(there || !acknowledged, "an acknowledged answer is gone");
    }
}

async fn audit_mails(served: &Served, db: &Db) {
    let asked = rows(db, "SELECT external_id, survey_state FROM interactions WHERE survey_state = 'sent'").await;
    let mut to: BTreeMap<String, usize> = BTreeMap::new();
    for path in served.mails() {
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("To: ")).unwrap();
        let address = line.rsplit('<').next().unwrap().trim_end_matches('>').to_owned();
        *to.entry(address).or_default() += 1;
    }
    assert!(to.values().all(|mails| *mails == 1), "somebody has two mails: {to:?}");
    for (call, _) in asked {
        assert!(to.contains_key(&format!("{call}@example.net")), "a mail that was sent is not there: {call}");
    }
}

async fn kill_under_load(postgres: Option<String>) {
    let settings: Vec<(&str, &str)> = postgres.iter().map(|url| ("AFTERWORD__DATABASE__URL", url.as_str())).collect();
    let mut served = Served::start(&settings).await;
    let ledger = Ledger::default();
    let asked = served.ask(ROUNDS * ANSWERS).await;
    for (round, customers) in asked.chunks(ANSWERS).enumerate() {
        let pid = served.pid();
        let calls = ledger.acknowledged_calls() + CALLS + round;
        let names: Vec<String> = (0..4).map(|n| format!("{round}-{n}")).collect();
        let sends = futures_util::future::join_all(names.iter().map(|name| call(&served, &ledger, name)));
        let answers = customers.iter().enumerate();
        let answers = answers.map(|(n, one)| answer_twice(&served, &ledger, one, n % 2 == 0));
        tokio::join!(sends, futures_util::future::join_all(answers), kill_after(&pid, &ledger, calls));
        served.kill();
        served.serve().await;
    }
    let acknowledged = ledger.answers.lock().unwrap().values().filter(|(_, acknowledged)| *acknowledged).count();
    assert!(acknowledged > 0, "no answer was acknowledged in any round: the test tried nothing");
    let url =
        postgres.map_or_else(|| DatabaseUrl::Sqlite(served.folder().join("data/afterword.db")), DatabaseUrl::Postgres);
    let db = Db::open(&Database { url, ..Database::default() }).await.unwrap();
    settled(&db).await;
    audit_calls(&served, &db, &ledger).await;
    audit_recordings(&served, &db, &ledger).await;
    audit_answers(&served, &ledger).await;
    audit_mails(&served, &db).await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_under_load_loses_nothing_that_was_acknowledged() {
    kill_under_load(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_under_load_loses_nothing_that_was_acknowledged_on_postgresql() {
    let Some(database) = postgres::fresh_database().await else { return };
    kill_under_load(Some(database.url())).await;
}
