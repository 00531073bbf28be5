//! kill -9 while parts are uploaded and assembled, with the real program: acknowledged parts are stored, each recording
//! is made of all its parts, and no file stays without a row.

use super::files::{files_in, sound};
use crate::support::postgres::{TestDatabase, fresh_database};
use crate::support::served::Served;
use afterword::config::{Config, DatabaseUrl};
use afterword::database::{Db, Sql, execute_raw};
use afterword::{app, fetch_all, vault};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const ROUNDS: u32 = 4;
/// Number of calls in each round, with two parts each.
const EACH: u32 = 12;

/// Uploads the parts of some calls and kills the program meanwhile; returns call and part that were acknowledged.
async fn upload_and_kill(served: &mut Served, round: u32) -> Vec<(u32, u32)> {
    let (client, key, url) = (served.client.clone(), served.key.clone(), served.url.clone());
    let stored = AtomicU32::new(0);
    let calls = (round * EACH..(round + 1) * EACH).flat_map(|call| [(call, 1), (call, 2)]);
    let puts = calls.map(|(call, part)| {
        let url = format!("{url}/api/v1/interactions/phone/{call}/recordings/{part}");
        let (request, stored) = (client.put(url).bearer_auth(&key).body(sound(call * 10 + part)).send(), &stored);
        async move {
            let is_stored = request.await.is_ok_and(|answer| answer.status() == 201);
            stored.fetch_add(u32::from(is_stored), Ordering::Relaxed);
            is_stored.then_some((call, part))
        }
    });
    let kill = async {
        // Sometimes while others are uploading, sometimes while the last ones are assembled.
        while stored.load(Ordering::Relaxed) < (round + 1) * EACH * 2 / ROUNDS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        served.kill();
    };
    tokio::join!(futures_util::future::join_all(puts), kill).0.into_iter().flatten().collect()
}

/// State of the database.
struct Stored {
    /// SHA-256 by call and part.
    sums: HashMap<(String, String), String>,
    /// Names of the files of all rows.
    keys: BTreeSet<String>,
    /// Arrangement of the recording of each call with two parts.
    assembled: Vec<(String, Option<String>)>,
    /// Number of jobs about recordings that wait.
    waiting: usize,
}

async fn stored(db: &Db) -> Stored {
    const PARTS: Sql = Sql::both(
        "SELECT i.external_id, p.part, p.object_key, p.sha256 FROM recording_parts p JOIN interactions i ON i.id = p.interaction_id",
    );
    const RECORDINGS: Sql = Sql::both(
        "SELECT i.external_id, r.object_key, r.assembled_from, (SELECT COUNT(*) FROM recording_parts p WHERE p.interaction_id = i.id) FROM recordings r JOIN interactions i ON i.id = r.interaction_id",
    );
    const WAITING: Sql =
        Sql::both("SELECT job_key FROM jobs WHERE kind IN ('recording.discard', 'recording.assemble')");
    let mut reader = db.read().await.unwrap();
    let parts = fetch_all!(reader.conn(), PARTS => (String, String, String, String)).unwrap();
    let recordings = fetch_all!(reader.conn(), RECORDINGS => (String, String, Option<String>, i64)).unwrap();
    let waiting = fetch_all!(reader.conn(), WAITING => (String,)).unwrap().len();
    let keys = parts.iter().map(|part| part.2.clone()).chain(recordings.iter().map(|r| r.1.clone())).collect();
    let sums = parts.into_iter().map(|(call, part, _, sum)| ((call, part), sum)).collect();
    let several = recordings.into_iter().filter(|(_, _, _, parts)| *parts > 1);
    Stored { sums, keys, assembled: several.map(|(call, _, from, _)| (call, from)).collect(), waiting }
}

async fn kill_and_compare(database: Option<TestDatabase>) {
    let mut config = Config::default();
    let mut settings = vec![("AFTERWORD__RETENTION__INTERACTIONS", "365d".to_owned())];
    if let Some(database) = &database {
        config.database.url = DatabaseUrl::Postgres(database.url());
        app::open_database(&config, true).await.unwrap().close().await;
        settings.push(("AFTERWORD__DATABASE__URL", database.url()));
    }
    let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let mut served = Served::start(&settings).await;
    if database.is_none() {
        config.database.url = DatabaseUrl::Sqlite(served.folder().join("data/afterword.db"));
    }
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        acknowledged.extend(upload_and_kill(&mut served, round).await);
        served.serve().await;
    }
    served.kill();
    assert!(acknowledged.len() > 10, "hardly anything was acknowledged: the test tried nothing");
    let db = Db::open(&config.database).await.unwrap();
    // Minutes later: the leases of the killed program have ended.
    let mut tx = db.begin().await.unwrap();
    const DUE: Sql = Sql::both("UPDATE jobs SET run_at = 0, lease_until = 0 WHERE kind LIKE 'recording.%'");
    execute_raw(tx.conn(), DUE).await.unwrap();
    tx.commit().await.unwrap();
    served.serve().await;
    for _ in 0..1200 {
        if stored(&db).await.waiting == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let stored = stored(&db).await;
    assert_eq!(stored.waiting, 0, "{}", served.log());
    for (call, part) in acknowledged {
        let sum = &stored.sums[&(call.to_string(), part.to_string())];
        assert_eq!(*sum, vault::plain_hash(&sound(call * 10 + part)), "an acknowledged part is gone");
    }
    assert!(stored.assembled.iter().all(|(_, from)| from.is_some()), "{:?}", stored.assembled);
    assert!(!stored.assembled.is_empty());
    let files: BTreeSet<_> = files_in(&served.folder().join("data/recordings")).into_iter().collect();
    assert_eq!(files, stored.keys);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_survive_kill_9_and_become_one_recording() {
    kill_and_compare(None).await;
    if let Some(database) = fresh_database().await {
        kill_and_compare(Some(database)).await;
    }
}
