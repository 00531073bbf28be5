//! The committed specification is what the program says of itself, readable by every reader, and true.

mod clients;
mod conventions;
mod inputs;
mod schemathesis;

use crate::app::TestApp;
use serde_yaml::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn openapi_yaml_is_what_the_code_says() {
    let printed = Command::new(env!("CARGO_BIN_EXE_afterword")).arg("openapi").output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let code = String::from_utf8(printed.stdout).unwrap();
    let file = std::fs::read_to_string(root().join("openapi.yaml")).unwrap_or_default();
    let first = file.lines().zip(code.lines()).enumerate().find(|(_, (file, code))| file != code);
    assert!(
        file == code,
        "openapi.yaml is not what the code says; `make openapi` writes it anew. First difference: {first:?}"
    );
}

/// The committed document; a reader that takes no key twice.
fn committed() -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(root().join("openapi.yaml")).unwrap()).unwrap()
}

/// An operation of a document.
struct Operation {
    method: String,
    path: String,
    content: Value,
}

impl Operation {
    /// Its `operationId`.
    fn id(&self) -> &str {
        self.content["operationId"].as_str().unwrap_or_else(|| panic!("{} {} has no id", self.method, self.path))
    }
}

/// Every operation of a document.
fn operations(document: &Value) -> Vec<Operation> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let paths = document["paths"].as_mapping().unwrap();
    let of_path = |(path, item): (&Value, &Value)| {
        let items = item.as_mapping().unwrap().clone().into_iter();
        let path = text(path);
        items
            .map(|(method, content)| Operation { method: text(&method), path: path.clone(), content })
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// Method and path of every operation of a document.
fn addresses(document: &Value) -> BTreeSet<(String, String)> {
    operations(document).into_iter().map(|operation| (operation.method, operation.path)).collect()
}

/// Method and path of every endpoint, from the attributes in the source.
fn endpoints() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut open = vec![root().join("src")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(endpoints_of(&path));
        }
    }
    found
}

fn endpoints_of(source: &PathBuf) -> Vec<(String, String)> {
    let words = std::fs::read_to_string(source).unwrap();
    let text = words.split_whitespace().collect::<Vec<_>>().join(" ").replace("#[oai( path", "#[oai(path");
    let quoted = |attribute: &str, name: &str| {
        let value = attribute.split_once(&format!("{name} = \"")).and_then(|(_, rest)| rest.split_once('"'));
        value.unwrap_or_else(|| panic!("{}: no {name} in {attribute}", source.display())).0.to_owned()
    };
    let attributes = text.split("#[oai(path = ").skip(1).map(|rest| rest.split(")]").next().unwrap());
    attributes
        .map(|attribute| {
            let path = quoted(&format!("path = {attribute}"), "path");
            let braced = path.split('/').map(|part| match part.strip_prefix(':') {
                Some(name) => format!("{{{name}}}"),
                None => part.to_owned(),
            });
            (quoted(attribute, "method"), format!("/api/v1{}", braced.collect::<Vec<_>>().join("/")))
        })
        .collect()
}

#[test]
fn a_key_that_stands_twice_is_an_error() {
    assert!(serde_yaml::from_str::<Value>("paths:\n  /a: 1\n  /a: 2\n").is_err(), "or the tests below prove nothing");
}

#[test]
fn every_endpoint_is_an_operation_for_a_strict_reader() {
    let (documented, served) = (addresses(&committed()), endpoints());
    assert!(served.len() > 60, "the endpoints are found");
    assert_eq!(documented.difference(&served).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    assert_eq!(served.difference(&documented).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
}

#[tokio::test]
async fn every_operation_is_served_and_guarded() {
    let app = TestApp::start().await;
    for (method, path) in addresses(&committed()) {
        let filled = path.replace(['{', '}'], "");
        let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let answer = app.client.request(method.clone(), format!("{}{filled}", app.url)).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{method} {path}");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(problem["problems"], serde_json::json!([]), "every error body has every field: {problem}");
    }
}

#[tokio::test]
async fn one_document_is_served_everywhere() {
    let app = TestApp::start().await;
    let served = app.get("/openapi.yaml").await.text().await.unwrap();
    assert_eq!(served, std::fs::read_to_string(root().join("openapi.yaml")).unwrap());
    let docs = app.get("/docs").await;
    assert_eq!(docs.status(), 200);
    let page = docs.text().await.unwrap();
    let literal = page.split_once("let spec = ").unwrap().1;
    let mut documents = serde_json::Deserializer::from_str(literal).into_iter::<serde_json::Value>();
    let shown = documents.next().unwrap().unwrap();
    assert_eq!(serde_yaml::to_value(shown).unwrap(), committed());
}
