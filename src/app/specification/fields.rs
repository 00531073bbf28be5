//! Formats and limits of fields: the checks of the features, as schemas.

use super::{merge, named_schemas};
use crate::interactions::{Channel, Direction, Outcome, Phase, Sender, SurveyState};
use crate::{followups, ratings, surveys, training, transcription, webhooks};
use serde_json::{Value, json};

/// Text with at least one character that is not whitespace, and without NUL.
pub(super) const NOT_BLANK: &str = r"^[^\x00]*[^\s\x00][^\x00]*$";
/// Text with at least one character that is not whitespace; spaces are the only control characters in it.
const ONE_LINE: &str =
    r"^[^\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]*$";
/// Maximum wait, talk or hold time, ms: a week.
const MAX_TIME_MS: i64 = 7 * 86_400_000;

/// Returns the schema of a text of at most `max` characters.
fn text(max: usize) -> Value {
    json!({ "maxLength": max })
}

/// Returns the schema of a non-blank text of at most `max` characters.
fn words(max: usize) -> Value {
    json!({ "minLength": 1, "maxLength": max, "pattern": NOT_BLANK })
}

fn email() -> Value {
    json!({ "format": "email", "maxLength": 320 })
}

fn one_of<'a>(codes: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "enum": codes.into_iter().collect::<Vec<_>>() })
}

fn list(max: usize, items: &Value) -> Value {
    json!({ "maxItems": max, "items": items })
}

fn between(least: impl Into<Value>, most: impl Into<Value>) -> Value {
    json!({ "minimum": least.into(), "maximum": most.into() })
}

/// Returns the rules: schema, field, additions to the field's schema. Every rule must match a field.
fn rules() -> Vec<(&'static str, &'static str, Value)> {
    let mut rules = intake();
    rules.extend(changes());
    rules.extend(words_of_answers());
    rules.extend(figures());
    rules
}

/// Rules for fields of interactions that are sent in.
fn intake() -> Vec<(&'static str, &'static str, Value)> {
    let time = || json!({ "format": "date-time" });
    let ms = || between(0, MAX_TIME_MS);
    vec![
        ("InteractionInput", "channel", text(100)),
        ("InteractionInput", "direction", text(100)),
        ("InteractionInput", "outcome", text(100)),
        ("InteractionInput", "phase", one_of(Phase::ALL.map(Phase::code))),
        ("InteractionInput", "as_of", time()),
        ("InteractionInput", "occurrence", json!({ "minimum": 1 })),
        ("InteractionInput", "started_at", time()),
        ("InteractionInput", "answered_at", time()),
        ("InteractionInput", "ended_at", time()),
        ("InteractionInput", "wait_ms", ms()),
        ("InteractionInput", "talk_ms", ms()),
        ("InteractionInput", "hold_ms", ms()),
        ("InteractionInput", "team", text(200)),
        ("InteractionInput", "queue", text(200)),
        ("InteractionInput", "topic", text(200)),
        ("InteractionInput", "tags", list(50, &text(200))),
        ("InteractionInput", "messages", json!({ "maxItems": 10_000 })),
        ("AgentInput", "external_id", text(320)),
        ("AgentInput", "name", text(200)),
        ("AgentInput", "display_name", text(200)),
        ("AgentInput", "email", text(320)),
        ("AgentInput", "team", text(200)),
        ("CustomerInput", "email", email()),
        ("CustomerInput", "name", text(500)),
        ("CustomerInput", "locale", text(35)),
        ("MessageInput", "at", time()),
        ("MessageInput", "from", text(100)),
        ("MessageInput", "text", text(100_000)),
    ]
}

/// Rules for fields of other requests.
fn changes() -> Vec<(&'static str, &'static str, Value)> {
    let uuid = || json!({ "format": "uuid" });
    let events = one_of(webhooks::EVENTS.iter().map(|(name, _)| *name));
    let skills = || list(training::MAX_SKILLS, &text(training::MAX_SKILL_CHARS));
    vec![
        (
            "NewCorrection",
            "text",
            json!({ "minLength": 1, "maxLength": transcription::MAX_TEXT_CHARS, "pattern": ONE_LINE }),
        ),
        ("NewCorrection", "seen", between(0, i64::MAX)),
        ("NewAlternativeTranscript", "model", words(200)),
        ("NewAlternativeTranscript", "language", text(35)),
        ("TranscriptSelection", "alternative", uuid()),
        ("NewOutcomeMapping", "source", words(200)),
        ("NewOutcomeMapping", "word", words(200)),
        ("NewTeam", "name", words(120)),
        ("NewAgent", "name", words(120)),
        ("NewAgent", "display_name", words(120)),
        ("NewAgent", "email", email()),
        ("NewAgent", "source", words(320)),
        ("NewAgent", "external_id", words(320)),
        ("NewAgent", "team", text(120)),
        ("NewAgentMerge", "agent", uuid()),
        ("NewAccount", "email", email()),
        ("NewAccount", "name", text(120)),
        ("NewAccount", "teams", json!({ "items": uuid() })),
        ("NewAccount", "agent", uuid()),
        ("NewClip", "interaction", uuid()),
        ("NewClip", "start_ms", between(0, i64::MAX)),
        ("NewClip", "end_ms", between(1000, i64::MAX)),
        ("NewClip", "title", words(training::MAX_TITLE_CHARS)),
        ("NewClip", "why", words(training::MAX_WHY_CHARS)),
        ("NewClip", "skills", skills()),
        ("NewClip", "silence", json!({ "maxItems": training::MAX_MASKS })),
        ("NewClip", "mask_words", list(training::MAX_MASKS, &text(training::MAX_MASK_CHARS))),
        ("NewClip", "keep", json!({ "maxItems": training::MAX_MASKS })),
        ("ClipSpan", "start_ms", between(0, i64::MAX)),
        ("ClipSpan", "end_ms", between(0, i64::MAX)),
        ("ClipUpdate", "title", words(training::MAX_TITLE_CHARS)),
        ("ClipUpdate", "why", words(training::MAX_WHY_CHARS)),
        ("ClipUpdate", "skills", skills()),
        ("NewExclusion", "note", text(ratings::MAX_NOTE_CHARS)),
        ("NewErasure", "address", email()),
        ("NewSuppression", "address", email()),
        ("Reference", "source", text(320)),
        ("Reference", "external_id", text(320)),
        ("NewSurveyResponse", "team", text(200)),
        ("NewSurveyResponse", "version", between(1, i64::MAX)),
        ("NewSurveyResponse", "answers", json!({ "minItems": 1, "maxItems": surveys::MAX_QUESTIONS })),
        ("AnswerInput", "value", between(0, surveys::LARGEST_OPTION)),
        ("AnswerInput", "values", list(surveys::MAX_OPTIONS, &between(0, surveys::LARGEST_OPTION))),
        ("AnswerInput", "text", text(surveys::MAX_COMMENT_CHARS)),
        ("NewSurveyVersion", "definition", json!({ "type": "object" })),
        ("NewFollowUp", "interaction_id", uuid()),
        ("NewFollowUp", "why", words(followups::MAX_NOTE_CHARS)),
        ("NewFollowUp", "due_on", json!({ "format": "date" })),
        ("FollowUpOwner", "staff_id", uuid()),
        ("FollowUpDueDay", "due_on", json!({ "format": "date" })),
        ("NewFollowUpNote", "text", words(followups::MAX_NOTE_CHARS)),
        ("FollowUpClosure", "note", text(followups::MAX_NOTE_CHARS)),
        (
            "RecordingChannels",
            "channels",
            json!({ "minItems": 1, "maxItems": 8, "items": one_of(["agent", "customer", "unknown"]) }),
        ),
        ("NewWebhook", "url", json!({ "format": "webhook-url", "maxLength": webhooks::MAX_URL_BYTES })),
        ("NewWebhook", "note", text(webhooks::MAX_NOTE_CHARS)),
        ("NewWebhook", "events", json!({ "minItems": 1, "items": events })),
        ("WebhookUpdate", "url", json!({ "format": "webhook-url", "maxLength": webhooks::MAX_URL_BYTES })),
        ("WebhookUpdate", "note", text(webhooks::MAX_NOTE_CHARS)),
        ("WebhookUpdate", "events", json!({ "minItems": 1, "items": events })),
    ]
}

/// Rules for text fields of responses; `*` stands for every schema that has the field without a rule of its own.
fn words_of_answers() -> Vec<(&'static str, &'static str, Value)> {
    let channels = || one_of(Channel::ALL.iter().map(|one| one.code()));
    let phases = || one_of([Phase::InProgress, Phase::Ended, Phase::Final].map(Phase::code));
    let surveys = || one_of(SurveyState::ALL.iter().map(|one| one.code()));
    let takes = || one_of(["waiting", "running", "done", "failed", "cancelled"]);
    let month = || json!({ "pattern": "^[0-9]{4}-[0-9]{2}$" });
    vec![
        ("InteractionState", "phase", phases()),
        ("Interaction", "phase", phases()),
        ("Interaction", "channel", channels()),
        ("Interaction", "direction", one_of(Direction::ALL.iter().map(|one| one.code()))),
        ("Interaction", "outcome", one_of(Outcome::ALL.iter().map(|one| one.code()))),
        ("InteractionSurvey", "state", surveys()),
        ("InteractionRecording", "state", one_of(["absent", "stored", "missing"])),
        ("Invitation", "state", surveys()),
        ("Message", "from", one_of(Sender::ALL.iter().map(|one| one.code()))),
        ("SearchResult", "channel", channels()),
        ("Transcript", "state", takes()),
        (
            "Transcript",
            "notes",
            json!({ "items": one_of(["truncated", "same-on-both-channels", "channels-leak", "crosstalk-removed"]) }),
        ),
        ("AlternativeTranscript", "state", takes()),
        ("Clip", "channel", channels()),
        ("ClipSummary", "channel", channels()),
        ("Clip", "sound", one_of(["none", "cutting", "ready", "failed"])),
        ("Survey", "state", one_of(["active", "archived"])),
        ("Suppression", "reason", one_of(["added", "bounced", "complained", "unsubscribed"])),
        ("Suppression", "id", json!({ "pattern": "^[0-9a-f]{64}$" })),
        ("Survey", "id", json!({})),
        ("Webhook", "events", json!({ "items": one_of(webhooks::EVENTS.iter().map(|(name, _)| *name)) })),
        ("WebhookDelivery", "state", one_of(["waiting", "delivered", "failed"])),
        ("FollowUpStep", "what", one_of(["taken", "assigned", "due", "note", "finished", "undone", "erased"])),
        ("ExclusionCount", "reason", one_of(ratings::Reason::ALL.iter().map(|one| one.code()))),
        ("RatingFigures", "standing", one_of(["open", "no_difference", "above_others", "below_others"])),
        ("SurveyResponse", "month", month()),
        ("AgentRatingsList", "from", month()),
        ("AgentRatingsList", "to", month()),
        ("TeamRatingsList", "from", month()),
        ("TeamRatingsList", "to", month()),
    ]
}

/// Rules for numbers, times and ids of responses.
fn figures() -> Vec<(&'static str, &'static str, Value)> {
    let part = || between(0, 1);
    let uuid = || json!({ "format": "uuid" });
    let time = || json!({ "format": "date-time" });
    vec![
        ("Problem", "status", between(400, 599)),
        ("SurveyResponse", "score", between(1, 5)),
        ("Word", "confidence", part()),
        ("Segment", "confidence", part()),
        ("Transcript", "progress", part()),
        ("AlternativeTranscript", "progress", part()),
        ("AlternativeTranscript", "id", uuid()),
        ("WaitingRecording", "progress", part()),
        ("WaitingRecording", "interaction", uuid()),
        ("SearchResult", "interaction", uuid()),
        ("Clip", "interaction", uuid()),
        ("Completion", "clip", uuid()),
        ("AgentMerge", "agent", uuid()),
        ("AgentMerge", "merged", uuid()),
        ("AgentRatings", "agent", uuid()),
        ("AgentRatings", "team", uuid()),
        ("TeamRatings", "team", uuid()),
        ("Share", "share", part()),
        ("Share", "low", part()),
        ("Share", "high", part()),
        ("NetPromoterScore", "points", between(-100, 100)),
        ("RatingFigures", "distribution", json!({ "minItems": 5, "maxItems": 5 })),
        ("Peaks", "channels", json!({ "items": { "items": between(0, 255) } })),
        ("SkipReport", "from", time()),
        ("SkipReport", "until", time()),
        ("Suppression", "since", time()),
        ("Account", "email", json!({ "format": "email" })),
        ("Account", "teams", json!({ "items": uuid() })),
        ("Account", "agent", uuid()),
        ("SurveyVersion", "definition", json!({ "type": "object" })),
        ("Webhook", "failing_since", time()),
        ("TranscriptionQueue", "oldest", time()),
    ]
}

/// Returns the rule for a field's name in every response.
fn by_name(field: &str) -> Option<Value> {
    let format = match field {
        "id" => "uuid",
        "at" => "date-time",
        "external_id" => return None,
        _ if field.ends_with("_id") => "uuid",
        _ if field.ends_with("_at") => "date-time",
        _ if field.ends_with("_on") => "date",
        _ => return None,
    };
    Some(json!({ "format": format }))
}

/// Completes the fields of every named schema.
pub(super) fn complete(document: &mut Value) {
    let mut rules = rules();
    for (schema, content) in named_schemas(document).iter_mut() {
        let properties = content.get_mut("properties").and_then(Value::as_object_mut);
        for (field, property) in properties.into_iter().flatten() {
            let own = rules.iter().position(|rule| rule.0 == schema && rule.1 == field);
            let addition = own.map(|at| rules.swap_remove(at).2).or_else(|| by_name(field));
            if let Some(addition) = addition {
                merge(property, addition);
            }
        }
    }
    let unused: Vec<_> = rules.iter().map(|(schema, field, _)| format!("{schema}.{field}")).collect();
    debug_assert!(unused.is_empty(), "rules for fields that no schema has: {unused:?}");
}
