//! JSON bodies of requests, parsed strictly by their schemas: poem-openapi accepts numbers and booleans as strings, and
//! rejects `1.0` as an integer.

use super::problem::ApiError;
use poem::http::{StatusCode, header};
use poem::{Request, RequestBody};
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::{ParseFromJSON, ToJSON};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::Value;

/// JSON body of a request.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T> std::ops::Deref for JsonBody<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'a, T: ParseFromJSON + ToJSON> ApiExtractor<'a> for JsonBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(Json::<T>::check_content_type) {
            let text = "Send JSON, as Content-Type: application/json.";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text).into());
        }
        Ok(Self(read(body).await?.0))
    }
}

/// Returns the body, and the JSON that it was parsed from.
///
/// # Errors
/// `malformed` where it is not JSON or does not fit the schema.
pub async fn read<T: ParseFromJSON + ToJSON>(body: &mut RequestBody) -> poem::Result<(T, Value)> {
    let malformed = |what: String| ApiError::bad_request("malformed", what);
    let bytes = body.take()?.into_bytes().await.map_err(|_| malformed("The body broke off.".into()))?;
    let mut json: Value =
        serde_json::from_slice(&bytes).map_err(|error| malformed(format!("The body is not JSON: {error}.")))?;
    write_integers(&mut json);
    let value = T::parse_from_json(Some(json.clone())).map_err(|error| malformed(error.into_message()))?;
    match value.to_json().and_then(|read| difference(&json, &read)) {
        Some(what) => Err(malformed(format!("{what}.")).into()),
        None => Ok((value, json)),
    }
}

/// Writes numbers without a fraction as integers: JSON Schema accepts `1.0` as one.
pub fn write_integers(json: &mut Value) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(write_integers),
        Value::Object(members) => members.values_mut().for_each(write_integers),
        Value::Number(number) => {
            let whole = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < i64::MAX as f64);
            if let Some(whole) = whole {
                *number = (whole as i64).into();
            }
        }
        _ => {}
    }
}

/// Returns a value of the JSON that has another type than in the schema, or can't be stored.
fn difference(sent: &Value, read: &Value) -> Option<String> {
    let below = |name: String, what: String| match what.strip_prefix(' ') {
        Some(what) => format!("{name} {what}"),
        None => format!("{name}.{what}"),
    };
    match (sent, read) {
        (Value::Object(sent), Value::Object(read)) => read
            .iter()
            .find_map(|(name, value)| difference(sent.get(name)?, value).map(|what| below(name.clone(), what))),
        (Value::Array(sent), Value::Array(read)) => {
            let mut pairs = sent.iter().zip(read).enumerate();
            pairs.find_map(|(place, (sent, read))| difference(sent, read).map(|what| below(place.to_string(), what)))
        }
        (Value::String(_), Value::String(text)) if text.contains('\0') => Some(" holds a NUL character".into()),
        (Value::Number(_) | Value::Bool(_), Value::String(_)) => Some(" is a string".into()),
        (Value::String(_), Value::Number(_) | Value::Bool(_)) => Some(" is no string".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        let mut body = json!({ "a": [1.0, -3e2, 0.5, 1e300], "b": 7 });
        write_integers(&mut body);
        assert_eq!(body, json!({ "a": [1, -300, 0.5, 1e300], "b": 7 }));
    }

    #[test]
    fn what_is_read_as_another_type_is_named() {
        let sent = json!({ "customer": { "locale": false }, "tags": ["a", 5], "other": 1 });
        let read = |locale: &str, tag: &str| json!({ "customer": { "locale": locale }, "tags": ["a", tag] });
        assert_eq!(difference(&sent, &read("false", "5")).unwrap(), "customer.locale is a string");
        let sent = json!({ "customer": { "locale": "en" }, "tags": ["a", 5] });
        assert_eq!(difference(&sent, &read("en", "5")).unwrap(), "tags.1 is a string");
        assert_eq!(difference(&json!({ "a": "\0" }), &json!({ "a": "\0" })).unwrap(), "a holds a NUL character");
        assert_eq!(difference(&read("en", "b"), &read("en", "b")), None);
    }
}
