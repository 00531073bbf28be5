//! Facts of an interaction, each with the time as of which its sender told it: a newer fact replaces an older one, in
//! whatever order they arrive.

use crate::clock::Timestamp;
use crate::interactions::UNKNOWN_OUTCOME;
use serde_json::{Map, Value, json};

/// One row of the table as JSON: the columns by name.
pub(in crate::interactions) type Row = Map<String, Value>;

/// Facts, each with its columns: a fact is known if one of them is not null, and its columns change together.
const FACTS: [(&str, &[&str]); 21] = [
    ("channel", &["channel", "channel_raw"]),
    ("direction", &["direction", "direction_raw"]),
    ("outcome", &["outcome", "outcome_raw", "outcome_key"]),
    ("started_at", &["started_at"]),
    ("answered_at", &["answered_at"]),
    ("ended_at", &["ended_at"]),
    ("wait_ms", &["wait_ms"]),
    ("talk_ms", &["talk_ms"]),
    ("hold_ms", &["hold_ms"]),
    (AGENT, &["agent", "agent_id"]),
    (TEAM, &["team_key", "team_id"]),
    ("queue", &["queue"]),
    ("tags", &["tags"]),
    ("topic", &["topic"]),
    ("utc_offset", &["utc_offset"]),
    ("locale", &["locale"]),
    ("email", &["email"]),
    ("phone", &["phone"]),
    ("name", &["name", "name_hashes"]),
    ("eligible", &["eligible"]),
    ("raw", &["raw"]),
];
const AGENT: &str = "agent";
const TEAM: &str = "team";
/// Times of facts: key of all facts that have no own time.
const OTHERS: &str = "*";
/// Times of facts: key of the phase.
const PHASE: &str = "phase";

/// When a delivery's facts were true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::interactions) struct AsOf {
    /// The time; that of the receipt, if its sender gives none.
    pub at: Timestamp,
    /// Whether its sender gives it.
    pub sent: bool,
}

fn is_known(row: &Row, columns: &[&str]) -> bool {
    columns.iter().any(|column| row.get(*column).is_some_and(|value| !value.is_null()))
}

/// Times of the facts of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Times(Map<String, Value>);

impl Times {
    fn of(row: &Row) -> Self {
        let text = row.get("fact_times").and_then(Value::as_str).unwrap_or("{}");
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// Returns the time of a fact that is known.
    fn get(&self, fact: &str) -> i64 {
        self.0.get(fact).or_else(|| self.0.get(OTHERS)).and_then(Value::as_i64).unwrap_or(i64::MIN)
    }
}

/// Writes the times of the first delivery into its row.
pub(in crate::interactions) fn start(row: &mut Row, as_of: AsOf) {
    let mut times = json!({ OTHERS: as_of.at });
    if !is_known(row, &["team_key"]) && is_known(row, &[AGENT]) {
        // The agent's home team stands in for it, and gives way to any team that is sent.
        times[TEAM] = json!(i64::MIN);
    }
    row.insert("fact_times".into(), times.to_string().into());
}

/// Returns the stored row with the facts of a delivery. Once the survey is decided, the agent and the team are only
/// completed, and the customer is not stored again.
pub(in crate::interactions) fn merge(stored: &Row, new: &Row, as_of: AsOf) -> Row {
    let text = |column| stored.get(column).and_then(Value::as_str);
    let waiting = text("survey_state") == Some("waiting") || text("survey_reason") == Some(UNKNOWN_OUTCOME);
    let times = Times::of(stored);
    let mut merged = stored.clone();
    let mut merged_times = Map::new();
    for (fact, columns) in FACTS {
        let (was_known, now_known) = (is_known(stored, columns), is_known(new, columns));
        let fixed = match fact {
            AGENT | TEAM => was_known && !waiting,
            "email" | "phone" | "name" => !waiting,
            _ => false,
        };
        let newer = !was_known || replaces(&times, fact, columns, stored, new, as_of);
        if now_known && newer && !fixed {
            for column in columns {
                merged.insert((*column).into(), new.get(*column).cloned().unwrap_or_default());
            }
            merged_times.insert(fact.into(), json!(as_of.at));
        } else if was_known {
            merged_times.insert(fact.into(), json!(times.get(fact)));
        }
    }
    if !waiting {
        // Erased with the decision; the marks of the name stay.
        for column in ["email", "phone", "name"] {
            merged.insert(column.into(), Value::Null);
        }
        if merged.get("name_hashes").is_none_or(Value::is_null) {
            merged.insert("name_hashes".into(), new.get("name_hashes").cloned().unwrap_or_default());
        }
    }
    follow_the_agent(stored, &mut merged, &merged_times);
    merge_phase(stored, new, as_of, &times, &mut merged, &mut merged_times);
    merged.insert("fact_times".into(), packed(&merged_times).into());
    merged
}

/// Whether a fact of the delivery replaces the stored one. Of two that were sent as of the same time the greater one
/// is kept, so that their order does not matter; a delivery without a time is as of its receipt, so the last one counts.
fn replaces(times: &Times, fact: &str, columns: &[&str], stored: &Row, new: &Row, as_of: AsOf) -> bool {
    let before = times.get(fact);
    if as_of.at.0 != before {
        return as_of.at.0 > before;
    }
    let text = |row: &Row| columns.iter().map(|column| row.get(*column).unwrap_or(&Value::Null).to_string()).collect();
    let (stored, new): (Vec<String>, Vec<String>) = (text(stored), text(new));
    !as_of.sent || new > stored
}

/// A home team that stands in for a team that was never sent changes with the agent.
fn follow_the_agent(stored: &Row, merged: &mut Row, times: &Map<String, Value>) {
    let derived = times.get(TEAM).and_then(Value::as_i64) == Some(i64::MIN);
    if derived && is_known(merged, &[AGENT]) {
        let before = stored.get("team_id").cloned().unwrap_or_default();
        merged.insert("fallback_team_id".into(), before);
        merged.insert("team_id".into(), Value::Null);
    }
}

/// The phase never goes backwards; its time is the first one as of which it was told.
fn merge_phase(
    stored: &Row,
    new: &Row,
    as_of: AsOf,
    times: &Times,
    merged: &mut Row,
    merged_times: &mut Map<String, Value>,
) {
    let rank = |row: &Row| row.get(PHASE).and_then(Value::as_i64).unwrap_or(0);
    let at = match rank(new).cmp(&rank(stored)) {
        std::cmp::Ordering::Greater => as_of.at.0,
        std::cmp::Ordering::Equal => times.get(PHASE).min(as_of.at.0),
        std::cmp::Ordering::Less => times.get(PHASE),
    };
    merged.insert(PHASE.into(), rank(stored).max(rank(new)).into());
    merged_times.insert(PHASE.into(), at.into());
}

/// Whether a delivery reopens a conversation that is over: its sender says that it goes on as of a later time. Only
/// conversations in writing are reopened; a telephone call gets an id of its own.
pub(in crate::interactions) fn reopens(stored: &Row, new: &Row, as_of: AsOf) -> bool {
    let code = |row: &Row, name: &str| row.get(name).and_then(Value::as_i64);
    let is_call = stored.get("channel").and_then(Value::as_str).is_none_or(|channel| channel == "call");
    let is_over = code(stored, PHASE) == Some(2);
    let goes_on = new.get("phase_sent").and_then(Value::as_bool) == Some(true) && code(new, PHASE) == Some(0);
    as_of.sent && is_over && goes_on && !is_call && as_of.at.0 > Times::of(stored).get(PHASE)
}

/// Writes the most frequent time once.
fn packed(times: &Map<String, Value>) -> String {
    let mut counts = std::collections::BTreeMap::<i64, usize>::new();
    for at in times.values().filter_map(Value::as_i64) {
        *counts.entry(at).or_default() += 1;
    }
    let Some((usual, _)) = counts.into_iter().max_by_key(|(at, count)| (*count, *at)) else { return "{}".into() };
    let mut written = Map::new();
    written.insert(OTHERS.into(), usual.into());
    written
        .extend(times.iter().filter(|(_, at)| at.as_i64() != Some(usual)).map(|(fact, at)| (fact.clone(), at.clone())));
    Value::Object(written).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(facts: Value) -> Row {
        let mut row = facts.as_object().cloned().unwrap_or_default();
        row.entry("phase").or_insert(json!(0));
        row.entry("survey_state").or_insert(json!("waiting"));
        row
    }

    fn sent(at: i64) -> AsOf {
        AsOf { at: Timestamp(at), sent: true }
    }

    /// Stores deliveries in this order.
    fn stored(deliveries: &[(Row, i64)]) -> Row {
        let ((first, at), rest) = deliveries.split_first().unwrap();
        let mut known = first.clone();
        start(&mut known, sent(*at));
        rest.iter().fold(known, |known, (new, at)| merge(&known, new, sent(*at)))
    }

    /// The facts without the notes of when they were told: packed times may be written in more than one way.
    fn facts(row: &Row) -> Row {
        let mut row = row.clone();
        let times = Times::of(&row);
        for (fact, columns) in FACTS {
            let at = if is_known(&row, columns) { json!(times.get(fact)) } else { Value::Null };
            row.insert(format!("{fact} as of"), at);
        }
        row.remove("fact_times");
        row.retain(|_, value| !value.is_null());
        row
    }

    #[test]
    fn an_older_event_completes_and_does_not_overwrite() {
        let newer = (row(json!({ "queue": "new", "phase": 2 })), 20);
        let older = (row(json!({ "queue": "old", "tags": "[\"a\"]", "phase": 1 })), 10);
        let both = stored(&[newer, older]);
        assert_eq!((&both["queue"], &both["tags"], &both["phase"]), (&json!("new"), &json!("[\"a\"]"), &json!(2)));
    }

    #[test]
    fn without_times_the_last_one_counts() {
        let mut known = row(json!({ "queue": "first" }));
        start(&mut known, AsOf { at: Timestamp(5), sent: false });
        let now = AsOf { at: Timestamp(5), sent: false };
        assert_eq!(merge(&known, &row(json!({ "queue": "a later one" })), now)["queue"], "a later one");
    }

    #[test]
    fn the_home_team_gives_way_to_a_team_that_is_sent_even_earlier() {
        let mut known = row(json!({ "agent": "17" }));
        start(&mut known, sent(20));
        known.insert("agent_id".into(), json!("a1"));
        known.insert("agent".into(), Value::Null);
        known.insert("team_id".into(), json!("home"));
        let sent_team = merge(&known, &row(json!({ "team_key": "sales" })), sent(10));
        assert_eq!((&sent_team["team_key"], &sent_team["team_id"]), (&json!("sales"), &Value::Null));
        let other_agent = merge(&known, &row(json!({ "agent": "18" })), sent(30));
        assert_eq!((&other_agent["team_id"], &other_agent["fallback_team_id"]), (&Value::Null, &json!("home")));
    }

    #[test]
    fn a_decided_survey_keeps_its_agent_and_no_customer() {
        let decided = row(json!({ "agent_id": "a1", "email": "sealed", "survey_state": "sent" }));
        let late = row(json!({ "agent": "18", "email": "again", "name": "n", "name_hashes": "[]", "team_key": "t" }));
        let merged = merge(&decided, &late, sent(i64::MAX));
        assert_eq!(
            (&merged["agent_id"], &merged["email"], &merged["name"]),
            (&json!("a1"), &Value::Null, &Value::Null)
        );
        assert_eq!((&merged["name_hashes"], &merged["team_key"]), (&json!("[]"), &json!("t")));
    }

    fn deliveries() -> impl Strategy<Value = Vec<(Row, i64)>> {
        let text = || proptest::option::of("[a-c]");
        let one = (text(), text(), text(), proptest::option::of(0..3i64), 0..3i64, 0..5i64);
        let delivery = one.prop_map(|(queue, channel, raw, talk, phase, at)| {
            (row(json!({ "queue": queue, "channel": channel, "channel_raw": channel.as_ref().and(raw), "talk_ms": talk, "phase": phase })), at)
        });
        proptest::collection::vec(delivery, 1..7)
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(sent in deliveries(), seed in any::<u64>()) {
            let mut other = sent.clone();
            // A shuffle by the seed.
            for at in (1..other.len()).rev() {
                let to = usize::try_from(seed.rotate_left(at as u32 * 7) % (at as u64 + 1)).unwrap();
                other.swap(at, to);
            }
            prop_assert_eq!(facts(&stored(&sent)), facts(&stored(&other)));
        }
    }
}
