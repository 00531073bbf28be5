//! Examples of schemas whose types bring none.

use super::{Members, named_schemas};
use serde_json::Value;

/// Examples by the name of their schema, YAML.
const EXAMPLES: &str = include_str!("examples.yaml");

/// Adds the examples to their schemas.
pub(super) fn complete(document: &mut Value) {
    let examples: Members = serde_yaml::from_str(EXAMPLES).expect("examples.yaml maps names of schemas to examples");
    let schemas = named_schemas(document);
    for (name, example) in examples {
        let schema = schemas.get_mut(&name);
        debug_assert!(schema.is_some(), "an example of {name}, which is no schema");
        if let Some(schema) = schema {
            schema["example"] = example;
        }
    }
}
