//! PostgreSQL that crashes, is suspended, and restarts.

use super::put;
use crate::app::TestApp;
use crate::support::own_postgres::OwnPostgres;
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::config::DatabaseUrl;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

async fn start(server: &OwnPostgres) -> TestApp {
    TestApp::start_with(|config| {
        config.database.url = DatabaseUrl::Postgres(server.url());
        config.database.acquire_timeout = "1s".parse().unwrap();
        config.database.lock_timeout = "1s".parse().unwrap();
        config.database.statement_timeout = "1s".parse().unwrap();
    })
    .await
}

/// Sends interactions until `stop`; returns the ids of acknowledged ones; only 201 and 503 are allowed.
async fn clients(app: &TestApp, key: &str, stop: &AtomicBool) -> (BTreeSet<String>, usize) {
    let (stored, refused) = (Mutex::new(BTreeSet::new()), Mutex::new(0));
    let client = |client: usize| {
        let (stored, refused) = (&stored, &refused);
        async move {
            let mut sent = 0;
            while !stop.load(Ordering::Relaxed) {
                sent += 1;
                let answer = put(app, key, &format!("{client}-{sent}")).await;
                match answer.status().as_u16() {
                    200 | 201 => {
                        let id = answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
                        stored.lock().unwrap().insert(id);
                    }
                    503 => {
                        assert!(answer.headers().contains_key("retry-after"));
                        *refused.lock().unwrap() += 1;
                    }
                    other => panic!("{other}: {}", answer.text().await.unwrap()),
                }
            }
        }
    };
    futures_util::future::join_all((0..4).map(client)).await;
    (stored.into_inner().unwrap(), refused.into_inner().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_server_loses_nothing_that_was_acknowledged_and_needs_no_restart_of_ours() {
    let Some(mut server) = OwnPostgres::start() else { return };
    let app = start(&server).await;
    let key = app.key(Scope::Ingest).await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let stop = AtomicBool::new(false);
    let crash = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            server.crash();
            let begun = Instant::now();
            let page = supervisor.get("/interactions").await;
            assert_eq!(page.status(), 503);
            assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
            server.serve();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop.store(true, Ordering::Relaxed);
    };
    let ((stored, refused), ()) = tokio::join!(clients(&app, &key, &stop), crash);
    assert!(!stored.is_empty() && refused > 0, "{} were stored and {refused} refused", stored.len());
    for id in stored {
        let path = format!("/interactions/{id}");
        assert_eq!(supervisor.get(&path).await.status(), 200, "an acknowledged interaction is gone");
    }
    app.work().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_holds_up_nobody_for_long() {
    let Some(server) = OwnPostgres::start() else { return };
    let app = start(&server).await;
    let key = app.key(Scope::Ingest).await;
    assert_eq!(put(&app, &key, "before").await.status(), 201);
    server.freeze();
    let begun = Instant::now();
    let puts = ["a", "b", "c", "d"].map(|name| put(&app, &key, name));
    let statuses: Vec<_> = futures_util::future::join_all(puts).await.iter().map(|a| a.status().as_u16()).collect();
    assert_eq!(statuses, [503; 4]);
    // Two batches, each with the statement's second and five for the network.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    server.thaw();
    let begun = Instant::now();
    while put(&app, &key, "after").await.status() != 201 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not come back");
    }
}
