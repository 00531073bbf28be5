//! Answers that operations have in common: errors, each described once, and the headers that come with them.

use super::{named_schemas, operations};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Name and description of a header.
type Header = (&'static str, &'static str);

/// Common errors: status, name in `components`, description, and the header that comes with it.
const ERRORS: &[(&str, &str, &str, Option<Header>)] = &[
    ("400", "Malformed", "The request is malformed; `detail` names the field.", None),
    (
        "401",
        "Unauthorized",
        "The API key or session is missing, unknown or revoked.",
        Some(("WWW-Authenticate", "Authentication scheme.")),
    ),
    ("403", "Forbidden", "The API key or role lacks the permission.", None),
    ("404", "NotFound", "The resource does not exist, or the caller may not see it.", None),
    ("405", "MethodNotAllowed", "The path does not support the method.", Some(("Allow", "Supported methods."))),
    ("409", "Conflict", "The request conflicts with the current state.", None),
    ("413", "TooLarge", "The body is too large.", None),
    ("415", "UnsupportedMediaType", "The content type or audio format is not supported.", None),
    ("422", "Unprocessable", "The values are invalid; `code` and `detail` give the reason.", None),
    ("429", "TooManyRequests", "Too many requests or attempts.", Some(("Retry-After", "Seconds to wait."))),
    ("500", "Internal", "Internal error; nothing was stored.", None),
    (
        "503",
        "Unavailable",
        "Temporarily unavailable; repeat the request after `Retry-After`.",
        Some(("Retry-After", "Seconds to wait.")),
    ),
    ("507", "StorageFull", "The disk is full; nothing was stored.", None),
];

/// Refers to the common errors from an operation, and asks changing requests of a session for its token.
pub(super) fn complete(method: &str, operation: &mut Value) {
    for (status, name, ..) in ERRORS {
        operation["responses"][status] = json!({ "$ref": format!("#/components/responses/{name}") });
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.sort_keys();
    }
    if method != "get" {
        let ways = operation.get_mut("security").and_then(Value::as_array_mut);
        for ways in ways.into_iter().flatten() {
            if ways.get("session").is_some() {
                ways["csrf"] = json!([]);
            }
        }
    }
}

/// Gives each answer without a description the one of its schema.
pub(super) fn describe(document: &mut Value) {
    let descriptions: BTreeMap<String, Value> = named_schemas(document)
        .iter()
        .filter_map(|(name, schema)| Some((format!("#/components/schemas/{name}"), schema.get("description")?.clone())))
        .collect();
    for (_, operation) in operations(document) {
        let answers = operation["responses"].as_object_mut().into_iter().flatten();
        for (_, answer) in answers.filter(|(_, answer)| answer.get("description").is_some_and(|text| text == "")) {
            let schema = answer["content"]["application/json"]["schema"]["$ref"].as_str();
            let description = schema.and_then(|schema| descriptions.get(schema)).cloned();
            answer["description"] = description.unwrap_or_else(|| "Success.".into());
        }
    }
}

/// Describes the common errors, and the token of a session.
pub(super) fn define(document: &mut Value) {
    let problem = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    for (_, name, description, header) in ERRORS {
        let mut answer = json!({ "description": description, "content": problem });
        if let Some((header, about)) = header {
            answer["headers"] = json!({ *header: { "description": about, "schema": { "type": "string" } } });
        }
        document["components"]["responses"][name] = answer;
    }
    document["components"]["securitySchemes"]["csrf"] = json!({
        "type": "apiKey", "in": "header", "name": "X-CSRF-Token",
        "description": "CSRF token; required for changes with a session.",
    });
}
