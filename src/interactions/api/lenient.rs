//! Reads a delivery leniently: by the schema that is published for it, so that a value that does not fit is converted
//! or dropped with a warning. Only a body that is no JSON object is refused.

use super::bodies::InteractionBody;
use crate::interactions::{WarningCode as Code, Warnings};
use crate::web::ApiError;
use crate::web::body::write_integers;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Minimum similarity, 0 to 1, of an unknown field with a known one that is suggested for it.
const SIMILAR: f64 = 0.7;
/// Maximum number of characters of a field's path in a warning.
const MAX_PATH_CHARS: usize = 100;

/// Type of a value in the schema.
#[derive(Debug, Clone)]
enum Shape {
    Text,
    Whole,
    Bool,
    List(Box<Shape>),
    Object(BTreeMap<&'static str, Shape>),
}

/// The shape of the body, from its published schema.
static BODY: LazyLock<Shape> = LazyLock::new(|| {
    let mut registry = Registry::new();
    InteractionBody::register(&mut registry);
    shape(&registry, &InteractionBody::schema_ref())
});

fn shape(registry: &Registry, schema: &MetaSchemaRef) -> Shape {
    match schema {
        MetaSchemaRef::Reference(name) => registry.schemas.get(name).map_or(Shape::Text, |meta| inline(registry, meta)),
        MetaSchemaRef::Inline(meta) => inline(registry, meta),
    }
}

fn inline(registry: &Registry, meta: &MetaSchema) -> Shape {
    match meta.ty {
        "integer" => Shape::Whole,
        "boolean" => Shape::Bool,
        "array" => Shape::List(Box::new(meta.items.as_ref().map_or(Shape::Text, |items| shape(registry, items)))),
        "object" => Shape::Object(meta.properties.iter().map(|(name, of)| (*name, shape(registry, of))).collect()),
        _ => meta.all_of.first().map_or(Shape::Text, |of| shape(registry, of)),
    }
}

/// A body as it was read.
#[derive(Debug)]
pub(super) struct Read {
    /// The values that fit.
    pub body: InteractionBody,
    /// All of what was sent.
    pub raw: Value,
    /// Values that were converted or dropped.
    pub warnings: Warnings,
}

/// Reads a body.
///
/// # Errors
/// `malformed` where it is no JSON object.
pub(super) fn read(bytes: &[u8]) -> Result<Read, ApiError> {
    let malformed = |what: String| ApiError::bad_request("malformed", what);
    let mut warnings = Warnings::default();
    let text = text_of(bytes, &mut warnings);
    let mut raw: Value =
        serde_json::from_str(&text).map_err(|error| malformed(format!("The body is not JSON: {error}.")))?;
    if !raw.is_object() {
        return Err(malformed("The body is not a JSON object.".into()));
    }
    write_integers(&mut raw);
    let fitting = fit(raw.clone(), &BODY, "", &mut warnings);
    let body = InteractionBody::parse_from_json(fitting).map_err(|error| malformed(error.into_message()))?;
    Ok(Read { body, raw, warnings })
}

/// Returns the text of a body: without a byte order mark, and with halves of characters replaced.
fn text_of<'b>(bytes: &'b [u8], warnings: &mut Warnings) -> Cow<'b, str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let whole = with_whole_characters(&text);
    if matches!(text, Cow::Owned(_)) || whole.is_some() {
        warnings.add("body", Code::RepairedText, "Broken characters were replaced.");
    }
    whole.map_or(text, Cow::Owned)
}

/// Replaces escapes of half a character (`\ud83d` without its other half) by U+FFFD; `None`: there are none.
fn with_whole_characters(json: &str) -> Option<String> {
    let unit = |at: usize| -> Option<u16> {
        let escape = json.get(at..at + 6)?;
        u16::from_str_radix(escape.strip_prefix("\\u").filter(|hex| !hex.starts_with('+'))?, 16).ok()
    };
    let mut halves = Vec::new();
    let (bytes, mut at) = (json.as_bytes(), 0);
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        at += match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => 12,
            Some(0xD800..=0xDFFF) => {
                halves.push(at);
                6
            }
            Some(_) => 6,
            None => 2,
        };
    }
    if halves.is_empty() {
        return None;
    }
    let mut whole = json.to_owned();
    for at in halves {
        whole.replace_range(at..at + 6, "\\ufffd");
    }
    Some(whole)
}

/// Returns what of a value fits the shape; `None`: nothing, or it is null.
fn fit(value: Value, shape: &Shape, path: &str, warnings: &mut Warnings) -> Option<Value> {
    let converted = |warnings: &mut Warnings, value: Value, what: &str| {
        warnings.add(path, Code::Converted, format!("It was read as {what}."));
        Some(value)
    };
    match (shape, value) {
        (_, Value::Null) => None,
        (Shape::Text, Value::String(text)) => Some(text.into()),
        (Shape::Text, value @ (Value::Number(_) | Value::Bool(_))) => {
            converted(warnings, value.to_string().into(), "text")
        }
        (Shape::Whole, Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Some(whole.into()),
            (None, Some(part)) if part.abs() < 1e15 => {
                converted(warnings, (part.round() as i64).into(), "a whole number")
            }
            _ => dropped(path, shape, warnings),
        },
        (Shape::Whole, Value::String(text)) => match text.trim().parse::<i64>() {
            Ok(whole) => converted(warnings, whole.into(), "a number"),
            Err(_) => dropped(path, shape, warnings),
        },
        (Shape::Bool, Value::Bool(is)) => Some(is.into()),
        (Shape::Bool, Value::String(text)) => match text.trim().to_lowercase().parse::<bool>() {
            Ok(is) => converted(warnings, is.into(), "true or false"),
            Err(_) => dropped(path, shape, warnings),
        },
        (Shape::List(of), Value::Array(items)) => {
            Some(items.into_iter().filter_map(|item| fit(item, of, path, warnings)).collect())
        }
        (Shape::List(of), single @ (Value::String(_) | Value::Object(_))) => {
            let item = fit(single, of, path, warnings)?;
            converted(warnings, vec![item].into(), "a list of one")
        }
        (Shape::Object(known), Value::Object(members)) => Some(fit_members(members, known, path, warnings).into()),
        _ => dropped(path, shape, warnings),
    }
}

fn fit_members(
    members: Map<String, Value>,
    known: &BTreeMap<&'static str, Shape>,
    path: &str,
    warnings: &mut Warnings,
) -> Map<String, Value> {
    let mut fitting = Map::new();
    for (name, value) in members {
        let below = below(path, &name);
        match known.get(name.as_str()) {
            Some(shape) => {
                if let Some(value) = fit(value, shape, &below, warnings) {
                    fitting.insert(name, value);
                }
            }
            None => warnings.add(below, Code::UnknownField, unknown(&name, known)),
        }
    }
    fitting
}

/// Returns the path of a member, readable and short.
fn below(path: &str, name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let path = if path.is_empty() { name } else { format!("{path}.{name}") };
    path.chars().take(MAX_PATH_CHARS).collect()
}

fn unknown(name: &str, known: &BTreeMap<&'static str, Shape>) -> String {
    let similarity = |other: &str| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), other);
    let likely = known.keys().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    match likely.filter(|other| similarity(other) >= SIMILAR) {
        Some(other) => format!("No such field; it was ignored. Did you mean {other}?"),
        None => "No such field; it was ignored.".into(),
    }
}

fn dropped(path: &str, shape: &Shape, warnings: &mut Warnings) -> Option<Value> {
    let wanted = match shape {
        Shape::Text => "a text",
        Shape::Whole => "a whole number",
        Shape::Bool => "true or false",
        Shape::List(_) => "a list",
        Shape::Object(_) => "an object",
    };
    warnings.add(path, Code::WrongType, format!("It must be {wanted}; it was dropped."));
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codes(read: &Read) -> Vec<(String, &'static str)> {
        read.warnings.items().iter().map(|warning| (warning.field.clone(), warning.code.code())).collect()
    }

    fn read_json(json: &Value) -> Read {
        read(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn values_of_another_type_are_converted_or_dropped() {
        let read = read_json(&json!({
            "channel": 7, "wait_ms": "31000", "talk_ms": 12.6, "hold_ms": "soon", "agent": "Sydney", "tags": "lost",
            "survey": { "eligible": "False" }, "messages": [{ "from": "agent", "text": "a" }, 7, null],
        }));
        let expected = [
            ("agent", "wrong_type"),
            ("channel", "converted"),
            ("hold_ms", "wrong_type"),
            ("messages", "wrong_type"),
            ("survey.eligible", "converted"),
            ("tags", "converted"),
            ("talk_ms", "converted"),
            ("wait_ms", "converted"),
        ];
        let mut seen = codes(&read);
        seen.sort();
        assert_eq!(seen, expected.map(|(field, code)| (field.to_owned(), code)));
    }

    #[test]
    fn misspelt_fields_are_named_with_what_was_meant() {
        let read = read_json(&json!({ "tlak_ms": 5, "weather": "rain", "customer": { "e-mail": "x" } }));
        let said: Vec<_> = read.warnings.items().iter().map(|w| (w.field.as_str(), w.message.as_str())).collect();
        assert!(said.contains(&("tlak_ms", "No such field; it was ignored. Did you mean talk_ms?")), "{said:?}");
        assert!(said.contains(&("customer.e-mail", "No such field; it was ignored. Did you mean email?")), "{said:?}");
        assert!(said.contains(&("weather", "No such field; it was ignored.")), "{said:?}");
        assert_eq!(read.raw["weather"], "rain");
    }

    #[test]
    fn half_characters_are_replaced_and_whole_ones_kept() {
        let half = br#"{"queue":"cut \ud83d","team":"\\ud83d \ud83d\ude00","channel":"\udc00"}"#;
        let read = read(half).unwrap();
        assert_eq!(read.raw, json!({ "queue": "cut \u{FFFD}", "team": "\\ud83d 😀", "channel": "\u{FFFD}" }));
        assert_eq!(codes(&read), [("body".to_owned(), "repaired_text")]);
        for good in [&b"\xEF\xBB\xBF{\"queue\":\"a\"}"[..], b"{\"queue\":\"\\\\\\\"\\ud83d\\ude00\"}"] {
            assert_eq!(codes(&super::read(good).unwrap()), []);
        }
        assert_eq!(codes(&super::read(b"{\"queue\":\"\xFF\"}").unwrap()), [("body".to_owned(), "repaired_text")]);
    }

    #[test]
    fn only_what_is_no_object_is_refused() {
        for bad in ["", "{", "[1]", "7", "{\"a\":1}}", "\u{0}"] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(codes(&read(b"{}").unwrap()), []);
    }
}
