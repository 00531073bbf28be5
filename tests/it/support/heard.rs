//! Transcripts without an engine: written directly into the tables, as by the engine's job.

use crate::app::TestApp;
use afterword::database::{Sql, execute_raw};
use afterword::effects::Effects;
use afterword::ids::InteractionId;
use afterword::interactions;

/// From, to (ms), speaker, text.
pub type Said<'a> = (i64, i64, &'a str, &'a str);

/// Runs a statement of the test.
pub async fn raw(app: &TestApp, sql: &str) {
    let sql: &'static str = Box::leak(sql.to_owned().into_boxed_str());
    let mut tx = app.app.db.begin().await.unwrap();
    execute_raw(tx.conn(), Sql::both(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    tx.commit().await.unwrap();
}

/// Replaces the transcript of a call by these segments, and triggers its dependent data.
pub async fn heard(app: &TestApp, id: &InteractionId, said: &[Said<'_>]) {
    let text = |text: &str| text.replace('\'', "''");
    raw(app, &format!("DELETE FROM segments WHERE interaction_id = '{id}'")).await;
    raw(app, &format!("DELETE FROM transcripts WHERE interaction_id = '{id}'")).await;
    raw(app, &format!("INSERT INTO transcripts (interaction_id, state, progress, model, language, updated_at) VALUES ('{id}', 'done', 1, 'test', 'en', 0)")).await;
    for (seq, (start, end, speaker, words)) in said.iter().enumerate() {
        let words = text(words);
        raw(app, &format!("INSERT INTO segments (interaction_id, seq, start_ms, end_ms, speaker, text, confidence, words) VALUES ('{id}', {seq}, {start}, {end}, '{speaker}', '{words}', 0.9, '[]')")).await;
    }
    let now = app.app.clock.now();
    let mut tx = app.app.db.begin().await.unwrap();
    Effects::new().jobs(interactions::words_changed(id, now)).save(tx.conn(), now).await.unwrap();
    tx.commit().await.unwrap();
    app.work().await;
}

/// Deletes an interaction as retention does.
pub async fn delete(app: &TestApp, id: &InteractionId) {
    let now = app.app.clock.now();
    let mut tx = app.app.db.begin().await.unwrap();
    let effects = interactions::delete(tx.conn(), id, now).await.unwrap();
    effects.save(tx.conn(), now).await.unwrap();
    tx.commit().await.unwrap();
    app.work().await;
}
