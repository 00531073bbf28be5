//! SQL of messages: lists are merged by the messages' ids.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::interactions::intake::{Checked, MessageIn, Upserted, known_or_other};
use crate::interactions::{Message, Sender};
use crate::masking::Span;
use crate::{execute, fetch_all, statements};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};

statements! {
    MESSAGES = "
        SELECT seq, at, sender, private, text, masks
        FROM messages
        WHERE interaction_id = $1
        ORDER BY seq";
    KNOWN = "
        SELECT interaction_id, message_id, seq
        FROM messages
        WHERE interaction_id IN {list $1}";
    // Messages of earlier occurrences of the same interaction.
    EARLIER = "
        SELECT i.id, m.message_id
        FROM interactions i
        JOIN interactions e ON e.source = i.source
            AND e.external_id = i.external_id
            AND e.occurrence < i.occurrence
        JOIN messages m ON m.interaction_id = e.id
        WHERE i.id IN {list $1}";
    // $1: JSON array of rows.
    UPSERT = "
        INSERT INTO messages (interaction_id, seq, message_id, at, sender, sender_raw, private, text, masks, as_of)
        SELECT j.value->>'id', CAST(j.value->>'seq' AS BIGINT), j.value->>'message_id',
            CAST(j.value->>'at' AS BIGINT), j.value->>'sender', j.value->>'sender_raw',
            CAST(j.value->>'private' AS BOOLEAN), j.value->>'text', j.value->>'masks',
            CAST(j.value->>'as_of' AS BIGINT)
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT (interaction_id, message_id) DO UPDATE SET at = COALESCE(excluded.at, messages.at),
            sender = excluded.sender, sender_raw = excluded.sender_raw, private = excluded.private,
            text = excluded.text, masks = excluded.masks, as_of = excluded.as_of
        WHERE excluded.as_of >= messages.as_of";
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    #[sqlx(flatten)]
    message: Message,
    masks: Option<String>,
}

/// Returns the original messages in the order of their times, and the spans to mask; `None` if these were not
/// determined yet.
pub(in crate::interactions) async fn messages(
    conn: Conn<'_>,
    id: &InteractionId,
) -> Result<(Vec<Message>, Option<Vec<Vec<Span>>>), DbError> {
    let mut rows = fetch_all!(conn, MESSAGES => MessageRow, id)?;
    in_order(&mut rows);
    // A value that can't be parsed counts as not determined: rather searched twice than not at all.
    let masks = rows.iter().map(|row| serde_json::from_str(row.masks.as_deref()?).ok()).collect();
    Ok((rows.into_iter().map(|row| row.message).collect(), masks))
}

/// Sorts by time; a message without a time stays behind the one that arrived before it.
fn in_order(rows: &mut [MessageRow]) {
    let mut last = Timestamp(i64::MIN);
    let mut times = HashMap::new();
    for row in rows.iter() {
        last = row.message.at.unwrap_or(last);
        times.insert(row.message.seq, last);
    }
    rows.sort_by_key(|row| (times.get(&row.message.seq).copied(), row.message.seq));
}

/// Returns the id of each message: its sender's, else one derived from time, sender and text, so that the same message
/// sent again is the same.
fn ids_of(messages: &[MessageIn]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let derived = |message: &MessageIn| {
        let what = serde_json::json!([message.at, message.from, message.text]).to_string();
        hex::encode(Sha256::digest(what.as_bytes())).chars().take(24).collect::<String>()
    };
    let mut id = |message: &MessageIn| match &message.id {
        Some(id) => id.clone(),
        None => {
            let hash = derived(message);
            let count = seen.entry(hash.clone()).or_default();
            *count += 1;
            format!("~{hash}-{count}")
        }
    };
    messages.iter().map(&mut id).collect()
}

/// Merges the messages of deliveries with the stored ones.
pub(in crate::interactions) async fn merge(
    mut conn: Conn<'_>,
    items: &[Checked],
    done: &[Upserted],
    now: Timestamp,
) -> Result<(), DbError> {
    let written: Vec<_> = items.iter().zip(done).filter(|(item, _)| !item.intake.messages.is_empty()).collect();
    if written.is_empty() {
        return Ok(());
    }
    let grown: HashSet<_> = written.iter().filter(|(_, known)| !known.created).map(|(_, known)| &known.id).collect();
    let again: HashSet<_> =
        written.iter().filter(|(_, known)| known.occurrence > 1).map(|(_, known)| &known.id).collect();
    let mut places = known(conn.reborrow(), &grown).await?;
    let earlier = earlier(conn.reborrow(), &again).await?;
    let mut rows = BTreeMap::new();
    for (item, known) in written {
        let whole = known.created;
        let places = places.entry(known.id.clone()).or_default();
        for (at, (message, message_id)) in item.intake.messages.iter().zip(ids_of(&item.intake.messages)).enumerate() {
            if earlier.contains(&(known.id.clone(), message_id.clone())) {
                continue;
            }
            let next = places.len();
            let seq = *places.entry(message_id.clone()).or_insert(next);
            let (sender, sender_raw) =
                known_or_other(Some(&message.from), |word| Sender::known(word).map(Sender::code));
            // The masks of a message depend on those around it.
            let masks = item.masks.get(at).filter(|_| whole).map(|masks| serde_json::json!(masks).to_string());
            let row = serde_json::json!({
                "id": known.id, "seq": seq, "message_id": message_id, "at": message.at, "sender": sender,
                "sender_raw": sender_raw, "private": message.private, "text": message.text, "masks": masks,
                "as_of": item.intake.as_of.unwrap_or(now),
            });
            // Of two deliveries in one batch the later one counts, unless it is older.
            let slot = rows.entry((known.id.clone(), seq)).or_insert_with(|| row.clone());
            if row["as_of"].as_i64() >= slot["as_of"].as_i64() {
                *slot = row;
            }
        }
    }
    let grown: Vec<InteractionId> = grown.into_iter().cloned().collect();
    let rows: Vec<_> = rows.into_values().collect();
    execute!(conn.reborrow(), UPSERT, serde_json::Value::from(rows).to_string())?;
    super::forget_masks(conn, &grown).await
}

/// Returns the places of the stored messages of these interactions.
async fn known(
    conn: Conn<'_>,
    ids: &HashSet<&InteractionId>,
) -> Result<HashMap<InteractionId, HashMap<String, usize>>, DbError> {
    let mut places: HashMap<InteractionId, HashMap<String, usize>> = HashMap::new();
    if ids.is_empty() {
        return Ok(places);
    }
    for (id, message, seq) in
        fetch_all!(conn, KNOWN => (InteractionId, String, i64), serde_json::json!(ids).to_string())?
    {
        places.entry(id).or_default().insert(message, usize::try_from(seq).unwrap_or_default());
    }
    Ok(places)
}

/// Returns the messages that belong to earlier occurrences of these interactions.
async fn earlier(conn: Conn<'_>, ids: &HashSet<&InteractionId>) -> Result<HashSet<(InteractionId, String)>, DbError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = fetch_all!(conn, EARLIER => (InteractionId, String), serde_json::json!(ids).to_string())?;
    Ok(rows.into_iter().collect())
}
