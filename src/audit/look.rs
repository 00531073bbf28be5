//! Writing down that somebody looked.

use crate::access::Principal;
use crate::clock::Timestamp;
use crate::database::{Db, DbError};
use crate::effects::Effects;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Sound is fetched in many ranges: requests that follow each other within this are one look.
const ONE_LISTEN_MS: i64 = 10 * 60 * 1000;
/// The looks that count so.
const LISTENED: [&str; 2] = ["recording.played", "clip.played"];
/// Beyond this many remembered listens the old ones are swept out.
const SWEEP_AT: usize = 4096;

/// When each listen was last heard of, by actor, action and subject. In this process only: after a restart, or on
/// another node, the same listen gets a second line, never none.
static HEARD: LazyLock<Mutex<HashMap<String, Timestamp>>> = LazyLock::new(Mutex::default);

/// Notes that `who` looked at `subject` (`interaction:<id>`); durable when this returns, so call it before showing.
///
/// Every call is a line, but for playing (`recording.played`, `clip.played`): there the ranges that a player fetches
/// one after the other are one look.
pub async fn look(
    db: &Db,
    who: &Principal,
    action: &'static str,
    subject: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    look_with(db, who, action, subject, None, now).await
}

/// The same, with what else there is to know: a period, a file's form.
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

/// Whether this is a further range of a listen that is written down already; if so, it goes on from now.
fn goes_on(key: &str, now: Timestamp) -> bool {
    match heard().get_mut(key) {
        Some(last) if is_fresh(*last, now) => {
            *last = now;
            true
        }
        _ => false,
    }
}

/// Remembers a listen whose line is on disk; not before, or its next range would be served while nothing is logged.
fn note(key: String, now: Timestamp) {
    let mut heard = heard();
    if heard.len() >= SWEEP_AT {
        heard.retain(|_, last| is_fresh(*last, now));
    }
    heard.insert(key, now);
}
