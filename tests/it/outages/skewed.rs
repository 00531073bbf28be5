//! Nodes with different clocks.

use crate::app::TestApp;
use crate::support::served::Served;
use crate::support::smtp::{Mode, SmtpServer};
use crate::support::{postgres, skip};
use afterword::app;
use afterword::config::Config;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Number of surveyed customers.
const CUSTOMERS: usize = 60;

/// Returns Debian's libfaketime, which shifts the clock of a program.
fn libfaketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    libraries.into_iter().find(|path| path.exists()).or_else(|| skip::tool("libfaketime"))
}

/// Starts a node on this database with the files of the first one, if there is one.
async fn node(database: &str, mail: &str, first: Option<&Served>, clock: &[(&str, &str)]) -> Served {
    let shared = |name: &str| first.map_or_else(|| name.into(), |first| first.folder().join(name));
    let key = shared("data/afterword.key").display().to_string();
    let recordings = format!("file:{}", shared("data/recordings").display());
    let settings = [
        ("AFTERWORD__DATABASE__URL", database),
        ("AFTERWORD__ANONYMITY__KEY_FILE", key.as_str()),
        ("AFTERWORD__RECORDINGS__URL", recordings.as_str()),
        ("AFTERWORD__MAIL__URL", mail),
        ("AFTERWORD__MAIL__CONNECTIONS", "2"),
    ];
    Served::start(&[&settings[..], clock].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_leaves_twice_where_one_node_is_two_minutes_ahead() {
    let Some(library) = libfaketime() else { return };
    let Some(database) = postgres::fresh_database().await else { return };
    let Some(mut server) = SmtpServer::start() else { return };
    let (url, mail) = (database.url(), server.url());
    let mut config = Config::default();
    config.database.url = url.parse().unwrap();
    app::open_database(&config, true).await.unwrap().close().await;
    // In transit long enough to be seen by the other node.
    server.set_mode(Mode::Slow { ms: 100 });
    let one = node(&url, &mail, None, &[]).await;
    let library = library.display().to_string();
    let ahead = [("LD_PRELOAD", library.as_str()), ("FAKETIME", "+120s"), ("DONT_FAKE_MONOTONIC", "1")];
    let other = node(&url, &mail, Some(&one), &ahead).await;
    assert!(other.log().contains("clock differs"), "its clock was not shifted: {}", other.log());
    let puts = (0..CUSTOMERS).map(|n| {
        let served = if n % 2 == 0 { &one } else { &other };
        async move {
            let url = format!("{}/api/v1/interactions/phone/{n}", served.url);
            let body = crate::app::call_body(&format!("c{n}@example.net"));
            let answer = served.client.put(url).bearer_auth(&served.key).json(&body).send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.status());
        }
    });
    futures_util::future::join_all(puts).await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let settled = async {
        loop {
            let sql = "SELECT COUNT(*) FROM outbox WHERE state = 'sent'";
            let sent: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
            if sent == CUSTOMERS as i64 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(40), settled).await.expect("all mail leaves");
    let created: (i64, i64) = sqlx::query_as(
        "SELECT MAX(created_at), CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) FROM outbox",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert!(created.0 <= created.1, "a node has written times of its own");
    drop((one, other));
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for message in server.messages() {
        *copies.entry(message.to[0].clone()).or_default() += 1;
    }
    assert_eq!(copies.len(), CUSTOMERS);
    assert!(copies.values().all(|number| *number == 1), "{copies:?}");
}

#[tokio::test]
async fn on_postgresql_the_time_is_the_database_s() {
    for app in TestApp::on_both(|_| {}).await {
        let clock = app.app.db.clock().await.unwrap();
        let afterword::database::Db::Pg { pool, .. } = &app.app.db else { continue };
        let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
        let before: i64 = sqlx::query_scalar(sql).fetch_one(pool).await.unwrap();
        let now = clock.now().0;
        let after: i64 = sqlx::query_scalar(sql).fetch_one(pool).await.unwrap();
        // The maximum error is half of a round trip.
        assert!((before - 250..=after + 250).contains(&now), "{before} {now} {after}");
    }
}
