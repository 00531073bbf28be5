//! Formats and limits of parameters.

use super::merge;
use crate::audio::MAX_DURATION_MS;
use crate::interactions::{Channel, MAX_PART_NAME_CHARS, Phase, Sort, SurveyState};
use crate::search::{MAX_QUERY_CHARS, SaidBy};
use serde_json::{Value, json};

/// A UUID of version 4.
const RANDOM_UUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$";

/// A part's name: not only dots.
const PART_NAME: &str = "^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$";

/// Returns the rules: operation (`*` for every one), parameter, additions to its schema.
fn rules() -> Vec<(&'static str, &'static str, Value)> {
    let uuid = || json!({ "format": "uuid" });
    let time = || json!({ "format": "date-time" });
    let month = || json!({ "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])$" });
    let list = |usual: u32, most: u32| json!({ "minimum": 1, "maximum": most, "default": usual });
    let channels: Vec<_> = Channel::ALL.iter().map(|channel| channel.code()).collect();
    let states: Vec<_> = SurveyState::ALL.iter().map(|state| state.code()).collect();
    let share = || json!({ "minimum": 0, "maximum": 1 });
    let key = |most: usize| json!({ "minLength": 1, "maxLength": most, "pattern": super::fields::NOT_BLANK });
    vec![
        ("*", "id", uuid()),
        ("*", "agent", uuid()),
        ("*", "team", uuid()),
        ("*", "delivery", uuid()),
        ("*", "merge", uuid()),
        ("*", "identity", uuid()),
        ("*", "interaction", uuid()),
        ("*", "cursor", json!({ "format": "cursor" })),
        ("*", "limit", list(50, 200)),
        ("*", "source", key(200)),
        ("*", "external_id", key(200)),
        ("*", "part", json!({ "minLength": 1, "maxLength": MAX_PART_NAME_CHARS, "pattern": PART_NAME })),
        ("putRecordingPart", "offset_ms", json!({ "minimum": 0, "maximum": MAX_DURATION_MS })),
        ("*", "channel", json!({ "enum": channels })),
        ("*", "from", time()),
        ("*", "before", time()),
        ("listInteractions", "survey", json!({ "enum": states })),
        ("listInteractions", "phase", json!({ "enum": Phase::ALL.map(Phase::code) })),
        ("listInteractions", "to", time()),
        ("getInteractionBySource", "occurrence", json!({ "minimum": 1 })),
        ("listInteractions", "sort", json!({ "enum": Sort::ALL.map(Sort::code) })),
        ("listInteractions", "agent_share_over", share()),
        ("listInteractions", "agent_share_under", share()),
        ("listInvitations", "state", json!({ "enum": states })),
        ("searchInteractions", "q", json!({ "minLength": 1, "maxLength": MAX_QUERY_CHARS, "format": "search-query" })),
        ("searchInteractions", "speaker", json!({ "enum": SaidBy::ALL.map(SaidBy::code) })),
        ("searchInteractions", "limit", list(20, 100)),
        ("listAgentRatings", "from", month()),
        ("listAgentRatings", "to", month()),
        ("listTeamRatings", "from", month()),
        ("listTeamRatings", "to", month()),
        ("getSkipReport", "days", json!({ "minimum": 1, "maximum": 366, "default": 30 })),
        ("createResponse", "Idempotency-Key", json!({ "pattern": RANDOM_UUID })),
        ("getSurvey", "id", json!({})),
        ("listSurveyVersions", "id", json!({})),
        ("publishSurveyVersion", "id", json!({})),
        ("createResponse", "id", json!({})),
        ("deleteSuppression", "id", json!({ "pattern": "^[0-9a-f]{64}$" })),
    ]
}

/// Completes the parameters of every operation.
pub(super) fn complete(document: &mut Value) {
    let rules = rules();
    for (_, operation) in super::operations(document) {
        let name = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            let own = |of: &str| {
                let fits = |rule: &&(&str, &str, Value)| rule.0 == of && parameter["name"] == rule.1;
                rules.iter().find(fits).map(|rule| rule.2.clone())
            };
            if let Some(rule) = own(&name).or_else(|| own("*")) {
                merge(&mut parameter["schema"], rule);
            }
        }
    }
}
