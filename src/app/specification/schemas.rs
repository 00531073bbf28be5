//! Schemas as OpenAPI 3.1 has them: references beside descriptions, ranges of integers, nulls.

use super::{Members, named_schemas};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Strings hold no NUL character: PostgreSQL can't store one.
const WITHOUT_NUL: &str = r"^[^\x00]*$";

/// Rewrites what poem-openapi writes for OpenAPI 3.0, in the whole document.
pub(super) fn tidy(document: &mut Value) {
    match document {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(members) => {
            unwrap_reference(members);
            limit_integer(members);
            drop_charsets(members);
            members.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// A described reference comes as `allOf: [$ref, {description}]`; in 3.1 the description stands beside `$ref`.
fn unwrap_reference(members: &mut Members) {
    let reference = match members.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([first, _]) => first.get("$ref").cloned(),
        _ => None,
    };
    if let Some(reference) = reference {
        members.remove("allOf");
        members.insert("$ref".into(), reference);
    }
}

/// Writes the range of the integer type as limits, and `int64` or `int32` for the format: OpenAPI knows no unsigned ones.
fn limit_integer(members: &mut Members) {
    let Some(Value::String(format)) = members.get("format") else { return };
    let (format, least, most) = match format.as_str() {
        "uint8" => ("int32", json!(0), json!(u8::MAX)),
        "uint16" => ("int32", json!(0), json!(u16::MAX)),
        "uint32" => ("int64", json!(0), json!(u32::MAX)),
        "uint64" => ("int64", json!(0), json!(u64::MAX)),
        "int64" => ("int64", json!(i64::MIN), json!(i64::MAX)),
        _ => return,
    };
    members.insert("format".into(), format.into());
    members.insert("minimum".into(), least);
    members.insert("maximum".into(), most);
}

/// Removes the charset from media types: JSON has one encoding, and generators of clients look for types without parameters.
fn drop_charsets(members: &mut Members) {
    let with_charset: Vec<String> = members.keys().filter(|key| key.ends_with("; charset=utf-8")).cloned().collect();
    for name in with_charset {
        let content = members.remove(&name).unwrap_or_default();
        members.insert(name.trim_end_matches("; charset=utf-8").into(), content);
    }
}

/// Says which properties may be null. An optional property of an answer is always there, and null where it is unknown; in a
/// request body null means the same as a missing property.
pub(super) fn declare_nulls(document: &mut Value) {
    let sent = sent_schemas(document);
    for (name, schema) in named_schemas(document).iter_mut() {
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { continue };
        let names: Vec<Value> = properties.keys().map(|name| name.as_str().into()).collect();
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (_, property) in
            properties.into_iter().flatten().filter(|(name, _)| !required.contains(&Value::from(name.as_str())))
        {
            allow_null(property);
        }
        if !sent.contains(name) {
            schema["required"] = names.into();
        }
    }
}

/// Removes the ranges of 64-bit integers from schemas that only answers use: generators of clients know them from the format.
pub(super) fn drop_type_ranges(document: &mut Value) {
    let sent = sent_schemas(document);
    for (_, schema) in named_schemas(document).iter_mut().filter(|(name, _)| !sent.contains(*name)) {
        drop_type_range(schema);
    }
}

fn drop_type_range(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(drop_type_range),
        Value::Object(members) => {
            members.retain(|key, value| match key.as_str() {
                "minimum" => *value != json!(i64::MIN),
                "maximum" => *value != json!(i64::MAX) && *value != json!(u64::MAX),
                _ => true,
            });
            members.values_mut().for_each(drop_type_range);
        }
        _ => {}
    }
}

fn allow_null(schema: &mut Value) {
    const ABOUT: [&str; 4] = ["description", "default", "example", "deprecated"];
    let Some(members) =
        schema.as_object_mut().filter(|members| members.contains_key("$ref") || members.contains_key("type"))
    else {
        return;
    };
    let (about, own): (Members, Members) =
        std::mem::take(members).into_iter().partition(|(key, _)| ABOUT.contains(&key.as_str()));
    *members = about;
    members.insert("anyOf".into(), json!([own, { "type": "null" }]));
}

/// Declares that strings of requests hold no NUL character, where nothing else says what they look like.
pub(super) fn refuse_nul(document: &mut Value) {
    let sent = sent_schemas(document);
    for (_, schema) in named_schemas(document).iter_mut().filter(|(name, _)| sent.contains(*name)) {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (_, property) in properties.into_iter().flatten() {
            without_nul(property);
        }
    }
    for (_, operation) in super::operations(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            without_nul(&mut parameter["schema"]);
        }
    }
}

fn without_nul(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if let Some(items) = members.get_mut("items") {
        without_nul(items);
    }
    if members.get("type").is_some_and(|kind| kind == "string")
        && !["format", "pattern", "enum"].iter().any(|key| members.contains_key(*key))
    {
        members.insert("pattern".into(), WITHOUT_NUL.into());
    }
}

/// The names of the schemas that request bodies are made of.
fn sent_schemas(document: &mut Value) -> BTreeSet<String> {
    let mut open = Vec::new();
    for (_, operation) in super::operations(document) {
        references(operation.get("requestBody").unwrap_or(&Value::Null), &mut open);
    }
    let mut sent = BTreeSet::new();
    while let Some(name) = open.pop() {
        references(&named_schemas(document)[&name], &mut open);
        if !sent.insert(name) {
            open.retain(|name| !sent.contains(name));
        }
    }
    sent
}

/// Collects the names of the schemas that a value refers to.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            found.extend(name.map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_described_reference_that_may_be_null_keeps_its_description() {
        let mut schema = json!({ "description": "Why.", "allOf": [{ "$ref": "#/a" }, { "description": "Why." }] });
        tidy(&mut schema);
        assert_eq!(schema, json!({ "description": "Why.", "$ref": "#/a" }));
        allow_null(&mut schema);
        assert_eq!(schema, json!({ "description": "Why.", "anyOf": [{ "$ref": "#/a" }, { "type": "null" }] }));
    }

    #[test]
    fn what_may_be_null_keeps_its_limits() {
        let mut schema = json!({ "type": "string", "enum": ["a", "b"], "description": "Which." });
        allow_null(&mut schema);
        let either = json!([{ "type": "string", "enum": ["a", "b"] }, { "type": "null" }]);
        assert_eq!(schema, json!({ "description": "Which.", "anyOf": either }));
    }
}
