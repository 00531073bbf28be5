//! Training library: flagging, cutting, masking, searching, finishing, and permissions.

mod curating;
mod flagging;
mod learning;
mod library;
mod listening;
mod masks;
mod speakers;

use crate::app::{Session, TestApp, demo_sound};
use afterword::access::Role;
use afterword::database::Sql;
use afterword::execute;
use afterword::ids::InteractionId;
use serde_json::{Value, json};

/// Creates a call of Orders with the demo's good call as its recording, read through.
pub async fn recorded_call(app: &TestApp) -> InteractionId {
    let id = app.call("1", "jerry@example.net").await;
    let answer = app.record("1", demo_sound("call-good.ogg")).await;
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    leave_untranscribed(app).await;
    id
}

/// These tests store their own transcripts: the model must not be loaded for them.
pub async fn leave_untranscribed(app: &TestApp) {
    const FORGET: Sql = Sql::both("DELETE FROM jobs WHERE kind = 'transcription'");
    let mut tx = app.app.db.begin().await.unwrap();
    execute!(tx.conn(), FORGET).unwrap();
    tx.commit().await.unwrap();
}

/// Stores a transcript: (start, end, speaker, text).
pub async fn transcribe(app: &TestApp, id: &InteractionId, lines: &[(i64, i64, &str, &str)]) {
    const DONE: Sql = Sql::both(
        "INSERT INTO transcripts (interaction_id, state, progress, language, updated_at) VALUES ($1, 'done', 1, 'en', $2) \
         ON CONFLICT (interaction_id) DO UPDATE SET state = 'done'",
    );
    const SEGMENT: Sql = Sql::both(
        "INSERT INTO segments (interaction_id, seq, start_ms, end_ms, speaker, text, confidence, words) \
         VALUES ($1, $2, $3, $4, $5, $6, 0.9, '[]')",
    );
    let mut tx = app.app.db.begin().await.unwrap();
    execute!(tx.conn(), DONE, id, app.app.clock.now()).unwrap();
    for (seq, (start, end, speaker, text)) in lines.iter().enumerate() {
        execute!(tx.conn(), SEGMENT, id, seq as i64, *start, *end, *speaker, *text).unwrap();
    }
    tx.commit().await.unwrap();
}

/// Creates a chat of Orders with four messages, ten seconds apart.
pub async fn chat(app: &TestApp, external_id: &str, team: &str) -> InteractionId {
    let at = |seconds: u32| format!("2026-11-20T11:00:{seconds:02}Z");
    let body = json!({
        "channel": "chat", "phase": "final", "outcome": "answered", "agent": { "external_id": "17", "name": "Sydney Carton" }, "team": team,
        "customer": { "email": "jerry@example.net", "name": "Jerry Cruncher" },
        "messages": [
            { "at": at(0), "from": "customer", "text": "Where is my parcel?" },
            { "at": at(10), "from": "customer", "text": "Reach me at jerry@example.net or +44 306 999 0123" },
            { "at": at(20), "from": "agent", "text": "I am sorry, Jerry. I send a new one today." },
            { "at": at(30), "from": "customer", "text": "Thank you!" },
        ]
    });
    app.interaction(external_id, &body).await
}

/// Flags a clip of a chat through the form; returns its id.
async fn flagged(app: &TestApp, title: &str, why: &str, skills: &str) -> String {
    let chat = chat(app, &format!("chat-{title}"), "Orders").await;
    let supervisor = supervisor(app, "Orders").await;
    flag(&supervisor, &chat, &[("start", "0:20"), ("end", "0:31"), ("title", title), ("why", why), ("skills", skills)])
        .await
}

pub async fn supervisor(app: &TestApp, team: &str) -> Session {
    app.sign_in(Role::Supervisor, &[team], None).await
}

/// Sends the form; returns the clip's id.
async fn flag(session: &Session, interaction: &InteractionId, fields: &[(&str, &str)]) -> String {
    let answer = session.post(&format!("/interactions/{interaction}/clips"), fields).await;
    let status = answer.status();
    let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    assert_eq!(status, 303, "{}", answer.text().await.unwrap());
    to.unwrap().strip_prefix("/library/").unwrap().strip_suffix("?did=flagged").unwrap().to_owned()
}

async fn get_clip(session: &Session, id: &str) -> (u16, Value) {
    let answer = session.get(&format!("/api/v1/clips/{id}")).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}
