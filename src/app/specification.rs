//! Specification of the API: the document that poem-openapi derives from the endpoints, completed with what it can't
//! express.
//!
//! poem-openapi writes OpenAPI 3.0 without nulls, formats, common answers or limits that it does not check itself. Here the
//! document becomes OpenAPI 3.1: [`MergedPaths`] joins path items, [`fields`] adds formats and limits, [`schemas`] says what
//! may be null, [`answers`] names the answers that every operation has in common, [`examples`] adds examples.

mod answers;
mod examples;
mod fields;
mod parameters;
mod schemas;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, MetaPath, Registry};
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Members of a JSON object.
type Members = Map<String, Value>;

/// Endpoints with one path item for each path. poem-openapi writes a path item for each `OpenApi` struct, so that a
/// path shared by two structs would be in the document twice.
pub(super) struct MergedPaths<T>(pub T);

impl<T: OpenApi> OpenApi for MergedPaths<T> {
    fn meta() -> Vec<MetaApi> {
        let mut paths: Vec<MetaPath> = Vec::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            match paths.iter_mut().find(|known| known.path == path.path) {
                Some(known) => known.operations.extend(path.operations),
                None => paths.push(path),
            }
        }
        vec![MetaApi { paths }]
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(routes);
    }
}

/// The document served by `/openapi.yaml` and `/docs`, and printed by `afterword openapi`.
pub(super) struct Specification {
    document: Value,
    docs: String,
}

impl Specification {
    /// Returns the specification of these endpoints.
    pub fn new<T: OpenApi>(api: &OpenApiService<T, ()>) -> Self {
        let derived = api.spec();
        let mut document: Value = serde_json::from_str(&derived).expect("poem-openapi writes JSON");
        complete(&mut document);
        // Swagger UI's page holds the document as a JavaScript literal.
        let docs = api.swagger_ui_html().replacen(&derived, &document.to_string(), 1);
        Self { document, docs }
    }

    /// Returns the document as YAML.
    pub fn yaml(&self) -> String {
        serde_yaml::to_string(&self.document).expect("every JSON document can be written as YAML")
    }

    /// Returns the documentation page, HTML.
    pub fn docs_page(self) -> String {
        self.docs
    }
}

fn complete(document: &mut Value) {
    document["openapi"] = "3.1.0".into();
    document["info"]["license"]["identifier"] = "Apache-2.0".into();
    document["servers"] = json!([{ "url": "/", "description": "This server." }]);
    schemas::tidy(document);
    fields::complete(document);
    parameters::complete(document);
    schemas::refuse_nul(document);
    schemas::drop_type_ranges(document);
    schemas::declare_nulls(document);
    for (method, operation) in operations(document) {
        answers::complete(method, operation);
    }
    answers::describe(document);
    answers::define(document);
    examples::complete(document);
}

/// Returns every operation with its method, in the order of the document.
fn operations(document: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.filter_map(|(_, item)| item.as_object_mut()).flatten()
}

/// Returns the named schemas.
fn named_schemas(document: &mut Value) -> &mut Members {
    document["components"]["schemas"].as_object_mut().expect("poem-openapi writes components")
}

/// Merges `addition` into `value`: objects member by member, anything else is replaced.
fn merge(value: &mut Value, addition: Value) {
    match (value, addition) {
        (Value::Object(members), Value::Object(additions)) => {
            for (name, addition) in additions {
                merge(members.entry(name).or_insert(Value::Null), addition);
            }
        }
        (value, addition) => *value = addition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_what_the_addition_does_not_name() {
        let mut schema = json!({ "type": "array", "items": { "type": "string" } });
        merge(&mut schema, json!({ "maxItems": 50, "items": { "maxLength": 200 } }));
        assert_eq!(schema, json!({ "type": "array", "items": { "type": "string", "maxLength": 200 }, "maxItems": 50 }));
    }
}
