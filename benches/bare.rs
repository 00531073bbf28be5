//! Baseline of the database: inserts and commits of one response at a time.

use anyhow::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Duration of the loop.
const LASTS: Duration = Duration::from_secs(4);

/// Returns the responses per second, each durable (WAL, `synchronous=FULL`) before the next: the statement that uses
/// the invitation, the one that stores the response, and the commit.
pub async fn answers_per_second(folder: &Path) -> Result<f64> {
    let mut connection = SqliteConnectOptions::new()
        .filename(folder.join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    sqlx::raw_sql(
        "CREATE TABLE invitations (id TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
         CREATE TABLE answers (id TEXT PRIMARY KEY, score BIGINT, resolved TEXT, comment TEXT, month TEXT) WITHOUT ROWID",
    )
    .execute(&mut connection)
    .await?;
    let invitations = invite(&mut connection, 100_000).await?;
    let begin = Instant::now();
    let mut answered = 0;
    for id in invitations.iter().take_while(|_| begin.elapsed() < LASTS) {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("UPDATE invitations SET state = 'closed' WHERE id = $1 AND state = 'sent'")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO answers (id, score, resolved, comment, month) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(4_i64)
            .bind("yes")
            .bind("She told me what happened.")
            .bind("2026-11")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        answered += 1;
    }
    let per_second = f64::from(answered) / begin.elapsed().as_secs_f64();
    connection.close().await?;
    Ok(per_second)
}

async fn invite(connection: &mut SqliteConnection, count: usize) -> Result<Vec<String>> {
    let ids: Vec<_> = (0..count).map(|_| Uuid::new_v4().to_string()).collect();
    sqlx::query("INSERT INTO invitations SELECT value, 'sent' FROM json_each($1)")
        .bind(serde_json::to_string(&ids)?)
        .execute(connection)
        .await?;
    Ok(ids)
}
