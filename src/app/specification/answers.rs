//! Responses that operations have in common: errors, each described once, and their headers.

use serde_json::{Value, json};

/// Name and description of a header.
type Header = (&'static str, &'static str);

/// Common errors: status, name in `components`, description, header.
const ERRORS: &[(&str, &str, &str, Option<Header>)] = &[
    ("400", "Malformed", "The request is malformed; `detail` says where.", None),
    (
        "401",
        "Unauthorized",
        "No API key, an unknown or revoked one, or nobody signed in.",
        Some(("WWW-Authenticate", "How to authenticate.")),
    ),
    ("403", "Forbidden", "The key or role may not do this.", None),
    ("404", "NotFound", "There is no such thing, or the caller may not see it.", None),
    (
        "405",
        "MethodNotAllowed",
        "This address does not take that method.",
        Some(("Allow", "The methods that it takes.")),
    ),
    ("409", "Conflict", "It contradicts what is there.", None),
    ("413", "TooLarge", "The body is too large.", None),
    ("415", "UnsupportedMediaType", "A content type or a format that is not taken.", None),
    ("422", "Unprocessable", "Well-formed, but it can't be: `code` and `detail` say why.", None),
    ("429", "TooManyRequests", "Too many requests or tries.", Some(("Retry-After", "Seconds to wait."))),
    ("500", "Internal", "Something failed inside; nothing was stored.", None),
    (
        "503",
        "Unavailable",
        "Not available now: send the request again after `Retry-After`.",
        Some(("Retry-After", "Seconds to wait.")),
    ),
    ("507", "StorageFull", "The disk is full; nothing was stored.", None),
];

/// Adds references to the common errors to an operation, and the CSRF token to operations that change something in a
/// session.
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

/// Defines the common errors, and the CSRF token of a session.
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
        "description": "With a session, what changes something carries the page's token as well.",
    });
}
