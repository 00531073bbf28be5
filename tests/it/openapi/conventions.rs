//! Conventions of the whole specification: names, tags, examples, one shape of errors and one of lists.

use super::{Operation, committed, operations};
use crate::app::TestApp;
use afterword::access::Scope;
use serde_yaml::Value;
use std::collections::BTreeSet;

/// Verbs that begin an operation's id; a noun follows.
const VERBS: &[&str] = &[
    "add", "assign", "close", "complete", "correct", "create", "delete", "erase", "exclude", "get", "include", "list",
    "publish", "put", "repeat", "request", "restart", "revert", "rotate", "search", "select", "set", "stop", "test",
    "undo", "update",
];
/// Names of schemas that say how something is written in the source, and those that generated clients use themselves.
const SUFFIXES: &[&str] = &["In", "Out", "Body", "Patch", "Reply"];
const TAKEN: &[&str] = &["Client", "Error", "Errors", "File", "Request", "Response", "Unset"];
/// Words of riddles and of questions, which no description needs.
const RIDDLES: &[&str] = &["whoever", "somebody", "nobody", "Who ", "What ", "?."];

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Each of an operation's answers with its status; a reference is resolved.
fn answers<'a>(document: &'a Value, operation: &'a Operation) -> impl Iterator<Item = (u16, &'a Value)> {
    let answers = operation.content["responses"].as_mapping().unwrap().iter();
    answers.map(|(status, answer)| {
        let named = text(&answer["$ref"]).strip_prefix("#/components/responses/");
        (text(status).parse().unwrap(), named.map_or(answer, |name| &document["components"]["responses"][name]))
    })
}

/// Name and content of a schema that is a reference.
fn named<'a>(document: &'a Value, schema: &'a Value) -> Option<(&'a str, &'a Value)> {
    let name = text(&schema["$ref"]).strip_prefix("#/components/schemas/")?;
    Some((name, &document["components"]["schemas"][name]))
}

/// The schemas of an operation's JSON answers of success.
fn results<'a>(document: &'a Value, operation: &'a Operation) -> impl Iterator<Item = &'a Value> {
    let answers = answers(document, operation).filter(|(status, _)| (200..300).contains(status));
    answers.map(|(_, answer)| &answer["content"]["application/json"]["schema"]).filter(|schema| !schema.is_null())
}

#[test]
fn operation_ids_are_a_verb_and_a_noun() {
    let mut ids = BTreeSet::new();
    for operation in operations(&committed()) {
        let id = operation.id();
        let verb: String = id.chars().take_while(char::is_ascii_lowercase).collect();
        assert!(VERBS.contains(&verb.as_str()), "{id}: add its verb to the list, if integrators would look for it");
        assert!(id.len() > verb.len() && id.chars().all(|c| c.is_ascii_alphanumeric()), "{id} names no noun");
        assert!(ids.insert(id.to_owned()), "{id} stands twice");
    }
}

#[test]
fn every_operation_has_a_summary_and_one_tag_that_is_described() {
    let document = committed();
    let listed = document["tags"].as_sequence().unwrap().iter();
    let listed: BTreeSet<_> = listed.map(|tag| (text(&tag["name"]), !text(&tag["description"]).is_empty())).collect();
    let mut used = BTreeSet::new();
    let operations = operations(&document);
    for operation in &operations {
        let summary = text(&operation.content["summary"]);
        assert!(summary.starts_with(|c: char| c.is_ascii_uppercase()), "{}: {summary:?}", operation.id());
        assert!(!summary.ends_with('.') && summary.chars().count() < 80, "{}: {summary:?}", operation.id());
        let tags = operation.content["tags"].as_sequence().unwrap();
        assert_eq!(tags.len(), 1, "{}: {tags:?}", operation.id());
        used.insert((text(&tags[0]), true));
    }
    assert_eq!(used, listed);
}

#[test]
fn schemas_have_names_of_the_field() {
    for name in committed()["components"]["schemas"].as_mapping().unwrap().keys().map(text) {
        assert!(!TAKEN.contains(&name), "{name}: generated clients have a type of this name");
        let suffix = SUFFIXES.iter().find(|suffix| name.ends_with(**suffix));
        assert_eq!(suffix, None, "{name}: `#[oai(rename = …)]` gives it a name for integrators");
    }
}

#[test]
fn request_bodies_and_answers_have_examples() {
    let document = committed();
    let mut seen = BTreeSet::new();
    for operation in operations(&document) {
        let body = &operation.content["requestBody"]["content"]["application/json"]["schema"];
        let sent = (!body.is_null()).then_some(body);
        for schema in sent.into_iter().chain(results(&document, &operation)) {
            let (name, schema) = named(&document, schema).unwrap_or_else(|| panic!("{}: no name", operation.id()));
            let items = named(&document, &schema["properties"]["items"]["items"]);
            let (name, schema) = items.unwrap_or((name, schema));
            assert!(!schema["example"].is_null(), "{name} has no example: specification/examples.yaml");
            seen.insert(name.to_owned());
        }
    }
    assert!(seen.len() > 40, "{seen:?}");
}

#[test]
fn every_error_is_a_problem() {
    let document = committed();
    for operation in operations(&document) {
        let errors: Vec<_> = answers(&document, &operation).filter(|(status, _)| *status >= 400).collect();
        assert!(errors.len() > 10, "{}", operation.id());
        for (status, answer) in errors {
            let content = answer["content"].as_mapping().unwrap_or_else(|| panic!("{} {status}", operation.id()));
            let types: Vec<_> = content.keys().map(text).collect();
            assert_eq!(types, ["application/problem+json"], "{} {status}", operation.id());
            let schema = &answer["content"]["application/problem+json"]["schema"];
            assert_eq!(named(&document, schema).map(|(name, _)| name), Some("Problem"), "{} {status}", operation.id());
        }
    }
}

#[test]
fn every_list_is_a_page() {
    let document = committed();
    let mut pages = 0;
    for operation in operations(&document) {
        let parameters = operation.content["parameters"].as_sequence().cloned().unwrap_or_default();
        let has = |name: &str| parameters.iter().any(|parameter| text(&parameter["name"]) == name);
        assert_eq!(has("cursor"), has("limit"), "{}", operation.id());
        let is_list = operation.id().starts_with("list") || operation.id().starts_with("search");
        assert!(is_list || !has("cursor"), "{}", operation.id());
        for schema in results(&document, &operation) {
            let (name, schema) = named(&document, schema).unwrap();
            assert_eq!(!schema["properties"]["items"].is_null(), is_list, "{}: {name}", operation.id());
            if is_list {
                pages += 1;
                assert_eq!(text(&schema["properties"]["items"]["type"]), "array", "{name}");
                let next = serde_yaml::from_str::<Value>("[{type: string}, {type: 'null'}]").unwrap();
                assert_eq!(schema["properties"]["next"]["anyOf"], next, "{name}");
                let required: Vec<_> = schema["required"].as_sequence().unwrap().iter().map(text).collect();
                assert!(["items", "next"].iter().all(|field| required.contains(field)), "{name}");
            }
        }
    }
    assert!(pages > 15, "{pages}");
}

/// Every description below a value, with the path to it.
fn descriptions(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Sequence(items) => items.iter().for_each(|item| descriptions(item, path, found)),
        Value::Mapping(members) => {
            for (key, member) in members {
                match (text(key), member) {
                    ("description" | "summary", Value::String(words)) => found.push((path.to_owned(), words.clone())),
                    ("example", _) => {}
                    (key, member) => descriptions(member, &format!("{path}/{key}"), found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn descriptions_are_plain() {
    let mut found = Vec::new();
    descriptions(&committed(), "", &mut found);
    assert!(found.len() > 500);
    for (path, words) in found {
        assert!(!words.trim().is_empty(), "{path} is not described");
        let riddle = RIDDLES.iter().find(|riddle| words.contains(**riddle));
        assert!(riddle.is_none() && !words.ends_with('?'), "{path}: {words}");
    }
}

#[tokio::test]
async fn the_example_of_a_survey_can_be_published() {
    let app = TestApp::start().await;
    let document = committed();
    let example = &document["components"]["schemas"]["NewSurveyVersion"]["example"];
    let url = format!("{}/api/v1/surveys/standard/versions", app.url);
    let answer = app.client.post(url).bearer_auth(app.key(Scope::Admin).await).json(example).send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
}
