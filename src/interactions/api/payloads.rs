//! Bodies that poem-openapi has no type for: JSON with what it came with, sound coming in.

use crate::web::problem::ApiError;
use crate::web::sound::sound_types;
use poem::{Body, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::ParseFromJSON;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

/// A JSON body, and the whole of what came, unknown fields too.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub value: T,
    pub raw: serde_json::Value,
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Kept<T> {
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

    async fn from_request(_: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let bytes =
            body.take()?.into_bytes().await.map_err(|_| ApiError::bad_request("malformed", "The body broke off."))?;
        let raw: serde_json::Value = serde_json::from_slice(&bytes)
            .map_err(|e| ApiError::bad_request("malformed", format!("The body is not JSON: {e}.")))?;
        let value =
            T::parse_from_json(Some(raw.clone())).map_err(|e| ApiError::bad_request("malformed", e.into_message()))?;
        Ok(Self { value, raw })
    }
}

/// Sound coming in, as it comes; whatever content type it claims.
#[derive(Debug)]
pub(super) struct Upload(pub Body);

impl<'a> ApiExtractor<'a> for Upload {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest { description: Some("The recording itself."), content: sound_types(), required: true })
    }

    async fn from_request(_: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self(body.take()?))
    }
}
