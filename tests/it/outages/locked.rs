//! Locks held by others: a backup, a maintenance job, an administrator's shell.

use super::{assert_refused, put};
use crate::app::{Session, TestApp};
use crate::surveys::{SETTLED, mail_to, token_in};
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::config::{Config, DatabaseUrl};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use std::time::{Duration, Instant};

/// Far above the limits that the tests set, far below the time without any.
const PROMPT: Duration = Duration::from_secs(4);

pub fn limits(config: &mut Config) {
    config.database.acquire_timeout = "1s".parse().unwrap();
    config.database.lock_timeout = "500ms".parse().unwrap();
}

/// A transaction of another client that blocks all writes.
pub enum Lock {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Lock {
    pub async fn take(app: &TestApp) -> Self {
        match &app.app.config.database.url {
            DatabaseUrl::Sqlite(path) => {
                let mut other = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
                other.execute("BEGIN IMMEDIATE").await.unwrap();
                Self::Sqlite(other)
            }
            DatabaseUrl::Postgres(url) => {
                let mut other = PgConnection::connect(url).await.unwrap();
                other.execute("BEGIN").await.unwrap();
                other
                    .execute("LOCK TABLE interactions, teams, responses, audit_log, jobs, meta IN EXCLUSIVE MODE")
                    .await
                    .unwrap();
                Self::Postgres(other)
            }
        }
    }

    pub async fn release(self) {
        match self {
            Self::Sqlite(other) => other.close().await.unwrap(),
            Self::Postgres(other) => other.close().await.unwrap(),
        }
    }
}

async fn looks(app: &TestApp, of: &str) -> usize {
    let filter = afterword::audit::Filter { action: of.into(), ..Default::default() };
    app.app.audit.lines(&filter, &afterword::paging::Cursor::start(), 50).await.unwrap().items.len()
}

/// Returns the response of a page; fails if it does not come in time.
async fn page(who: &Session, path: &str) -> (u16, bool, String) {
    let begun = Instant::now();
    let answer = who.get(path).await;
    let (status, retry) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
    let text = answer.text().await.unwrap();
    assert!(begun.elapsed() < PROMPT, "{path} took {:?}", begun.elapsed());
    (status, retry, text)
}

#[tokio::test]
async fn a_held_lock_is_told_in_time_and_forgotten_when_it_is_released() {
    for app in TestApp::on_both(limits).await {
        let key = app.key(Scope::Ingest).await;
        let id = app.call("1", "jerry@example.net").await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        app.pass(SETTLED).await;
        let survey = format!("/s/{}", token_in(&mail_to(&app, "jerry@example.net")));
        let form = [("score", "4"), ("comment", "Thank you"), ("choice", "linked")];
        let (looked, path) = (looks(&app, "interaction.viewed").await, format!("/interactions/{id}"));

        let lock = Lock::take(&app).await;
        let begun = Instant::now();
        let puts = ["a", "b", "c", "d"].map(|name| put(&app, &key, name));
        for answer in futures_util::future::join_all(puts).await {
            assert_refused(answer, 503, "database_busy").await;
        }
        assert!(begun.elapsed() < PROMPT, "{:?}", begun.elapsed());
        // Requests that only read succeed.
        assert_eq!(page(&supervisor, "/interactions").await.0, 200);
        // A view that can't be logged is rejected.
        let (status, retry, text) = page(&supervisor, &path).await;
        assert!(status == 503 && retry && !text.contains("Sydney Carton"), "{status}: {text}");
        let begun = Instant::now();
        let answer = app.post(&survey, &form).await;
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "5"));
        assert!(begun.elapsed() < PROMPT, "{:?}", begun.elapsed());
        let ready: serde_json::Value = app.get("/readyz").await.json().await.unwrap();
        assert_eq!((&ready["ready"], &ready["database"]), (&false.into(), &false.into()), "{ready}");

        lock.release().await;
        assert_eq!(put(&app, &key, "a").await.status(), 201);
        assert_eq!(page(&supervisor, &path).await.0, 200);
        assert_eq!(looks(&app, "interaction.viewed").await, looked + 1);
        let answer = app.post(&survey, &form).await;
        assert_eq!(answer.status(), 200);
        app.work().await;
    }
}

#[tokio::test]
async fn a_listen_is_refused_to_all_who_ask_until_its_line_is_written() {
    for app in TestApp::on_both(limits).await {
        app.call("1", "jerry@example.net").await;
        app.record("1", crate::app::demo_sound("call-good.ogg")).await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let id = app.call("1", "jerry@example.net").await;
        let path = format!("/api/v1/interactions/{id}/recording");
        let lock = Lock::take(&app).await;
        // A player requests two ranges at once: neither may succeed because the other is about to be logged.
        let (one, two) = tokio::join!(supervisor.get(&path), supervisor.get(&path));
        assert_eq!((one.status().as_u16(), two.status().as_u16()), (503, 503));
        lock.release().await;
        assert_eq!(supervisor.get(&path).await.status(), 200);
        assert_eq!(looks(&app, "recording.played").await, 1);
        assert_eq!(supervisor.get(&path).await.status(), 200);
        assert_eq!(looks(&app, "recording.played").await, 1, "the same listen goes on");
    }
}

#[tokio::test]
async fn one_who_waits_for_a_lock_does_not_keep_the_connection_from_others_for_ever() {
    let app = TestApp::start_with(limits).await;
    let lock = Lock::take(&app).await;
    let begun = Instant::now();
    let many = (0..20).map(|_| app.app.db.begin());
    for begun in futures_util::future::join_all(many).await {
        let error = begun.unwrap_err();
        assert_eq!(error.outage(), Some(afterword::database::Outage::Busy), "{error}");
    }
    assert!(begun.elapsed() < PROMPT, "{:?}", begun.elapsed());
    lock.release().await;
    // The transaction that was aborted during its begin is rolled back, whenever it began after all.
    for _ in 0..3 {
        app.app.db.begin().await.unwrap().commit().await.unwrap();
    }
}
