//! Audit of views: one line for each view of personal data.

use crate::access::Principal;
use crate::clock::Timestamp;
use crate::database::{Db, DbError};
use crate::effects::Effects;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Maximum time between two requests of one playback, ms: audio is requested in many ranges, which are one view.
const ONE_LISTEN_MS: i64 = 10 * 60 * 1000;
/// Actions to which this applies.
const LISTENED: [&str; 2] = ["recording.played", "clip.played"];
/// Number of remembered playbacks above which old ones are removed.
const SWEEP_AT: usize = 4096;

/// Time of the last request of each playback, by actor, action and subject. In this process only: after a restart, or
/// on another node, the same playback gets a second line, never none.
static HEARD: LazyLock<Mutex<HashMap<String, Timestamp>>> = LazyLock::new(Mutex::default);

/// Records that `who` viewed `subject` (`interaction:<id>`); durable when this returns, so it must be called before the
/// data is shown.
///
/// Every call adds a line, except for playback (`recording.played`, `clip.played`), where the consecutive ranges that a
/// player requests are one view.
pub async fn look(
    db: &Db,
    who: &Principal,
    action: &'static str,
    subject: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    look_with(db, who, action, subject, None, now).await
}

/// The same as [`look`], with details: a period, the format of a file.
pub async fn look_with(
    db: &Db,
    who: &Principal,
    action: &'static str,
    subject: &str,
    detail: Option<serde_json::Value>,
    now: Timestamp,
) -> Result<(), DbError> {
    let actor = who.actor();
    let listen = LISTENED.contains(&action).then(|| format!("{} {action} {subject}", actor.code()));
    if listen.as_ref().is_some_and(|key| goes_on(key, now)) {
        return Ok(());
    }
    write(db, Effects::new().audit(&actor, action, subject, detail), now).await?;
    if let Some(key) = listen {
        note(key, now);
    }
    Ok(())
}

async fn write(db: &Db, line: Effects, now: Timestamp) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    line.save(tx.conn(), now).await?;
    tx.commit().await
}

fn heard() -> std::sync::MutexGuard<'static, HashMap<String, Timestamp>> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_fresh(last: Timestamp, now: Timestamp) -> bool {
    now.ms_since(last).abs() < ONE_LISTEN_MS
}

/// Whether this is a further range of a playback that is recorded already; if so, the playback is prolonged.
fn goes_on(key: &str, now: Timestamp) -> bool {
    match heard().get_mut(key) {
        Some(last) if is_fresh(*last, now) => {
            *last = now;
            true
        }
        _ => false,
    }
}

/// Remembers a playback whose line is on disk; not before, or its next range would be served without a line.
fn note(key: String, now: Timestamp) {
    let mut heard = heard();
    if heard.len() >= SWEEP_AT {
        heard.retain(|_, last| is_fresh(*last, now));
    }
    heard.insert(key, now);
}
