//! kill -9 while recordings are uploaded, with the real program: acknowledged ones are stored, and no file stays
//! without a row. And a second program that is started by mistake, which takes nothing from the first.

use super::files::{files_in, sound};
use crate::support::postgres::{TestDatabase, fresh_database};
use crate::support::served::Served;
use afterword::config::{Config, DatabaseUrl};
use afterword::database::{Db, Sql, execute_raw};
use afterword::{app, fetch_all, vault};
use std::collections::HashMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ROUNDS: u32 = 5;
/// Number of uploads in each round.
const EACH: u32 = 40;

/// Returns the numbers of the sounds that were acknowledged before the kill.
async fn upload_and_kill(served: &mut Served, round: u32) -> Vec<u32> {
    let (client, key, url) = (served.client.clone(), served.key.clone(), served.url.clone());
    let stored = AtomicU32::new(0);
    let puts = (round * EACH..(round + 1) * EACH).map(|number| {
        let url = format!("{url}/api/v1/interactions/phone/{number}/recording");
        let (request, stored) = (client.put(url).bearer_auth(&key).body(sound(number)).send(), &stored);
        async move {
            let is_stored = request.await.is_ok_and(|answer| answer.status() == 201);
            stored.fetch_add(u32::from(is_stored), Ordering::Relaxed);
            is_stored.then_some(number)
        }
    });
    let kill = async {
        // While the others are uploading.
        while stored.load(Ordering::Relaxed) <= round * EACH / ROUNDS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        served.kill();
    };
    tokio::join!(futures_util::future::join_all(puts), kill).0.into_iter().flatten().collect()
}

/// Returns the state of the database: SHA-256 by interaction, the files of its rows, and those queued for removal.
async fn stored(db: &Db) -> (HashMap<String, String>, Vec<String>, Vec<String>) {
    const ROWS: Sql = Sql::both(
        "SELECT i.external_id, r.object_key, r.sha256 FROM recordings r JOIN interactions i ON i.id = r.interaction_id ORDER BY r.object_key",
    );
    const WAITING: Sql = Sql::both("SELECT job_key FROM jobs WHERE kind = 'recording.discard'");
    let mut reader = db.read().await.unwrap();
    let rows = fetch_all!(reader.conn(), ROWS => (String, String, String)).unwrap();
    let waiting = fetch_all!(reader.conn(), WAITING => (String,)).unwrap();
    let keys = rows.iter().map(|(_, key, _)| key.clone()).collect();
    let sums = rows.into_iter().map(|(call, _, sum)| (call, sum)).collect();
    (sums, keys, waiting.into_iter().map(|(key,)| key).collect())
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
    assert!(!acknowledged.is_empty(), "nothing was acknowledged in any round: the test tried nothing");
    let folder = served.folder().join("data/recordings");
    let db = Db::open(&config.database).await.unwrap();
    let (sums, keys, waiting) = stored(&db).await;
    for number in acknowledged {
        assert_eq!(sums[&number.to_string()], vault::plain_hash(&sound(number)), "an acknowledged recording is gone");
    }
    let files = files_in(&folder);
    assert!(keys.iter().all(|key| files.contains(key)), "a row without its file");
    let unknown: Vec<_> = files.iter().filter(|file| !keys.contains(file) && !waiting.contains(file)).collect();
    assert!(unknown.is_empty(), "files that nothing removes: {unknown:?}");
    // Minutes later.
    let mut tx = db.begin().await.unwrap();
    execute_raw(tx.conn(), Sql::both("UPDATE jobs SET run_at = 0 WHERE kind = 'recording.discard'")).await.unwrap();
    tx.commit().await.unwrap();
    served.serve().await;
    for _ in 0..600 {
        if stored(&db).await.2.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(files_in(&folder), stored(&db).await.1);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_survive_kill_9_and_no_file_is_left_without_a_row() {
    kill_and_compare(None).await;
    if let Some(database) = fresh_database().await {
        kill_and_compare(Some(database)).await;
    }
}

/// Starts an upload and sends half of it.
async fn begin_upload(served: &Served, call: &str) -> TcpStream {
    let (half, whole) = (sound(1).len() / 2, sound(1));
    let mut stream = TcpStream::connect(served.url.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "PUT /api/v1/interactions/phone/{call}/recording HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        served.key,
        whole.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&whole[..half]).await.unwrap();
    let incoming = served.folder().join("data/recordings/incoming");
    for _ in 0..600 {
        if files_in(&incoming).len() == 1 {
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the upload does not begin: {}", served.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_on_the_same_port_takes_nothing_from_the_first() {
    let served = Served::start(&[]).await;
    let mut upload = begin_upload(&served, "slow").await;
    let second = served.command().arg("serve").stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("can't listen on"), "{second:?}");
    assert!(second.stdout.is_empty(), "it did nothing before it found the port taken: {second:?}");
    upload.write_all(&sound(1)[sound(1).len() / 2..]).await.unwrap();
    let mut answer = [0; 12];
    upload.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 201");
}

/// A rolling restart: another node of the same deployment starts.
#[tokio::test(flavor = "multi_thread")]
async fn another_node_that_starts_takes_nothing_from_the_first() {
    let served = Served::start(&[]).await;
    let mut upload = begin_upload(&served, "slow").await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut second = served.command().arg("serve").env("AFTERWORD__HTTP__LISTEN", &free).spawn().unwrap();
    for _ in 0..600 {
        if served.client.get(format!("http://{free}/readyz")).send().await.is_ok_and(|answer| answer.status() == 200) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    upload.write_all(&sound(1)[sound(1).len() / 2..]).await.unwrap();
    let mut answer = [0; 12];
    upload.read_exact(&mut answer).await.unwrap();
    second.kill().unwrap();
    second.wait().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 201");
}
