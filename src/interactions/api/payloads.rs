//! Bodies that poem-openapi has no type for: JSON with what it came with, sound made while it goes out.

use super::bodies::InteractionBody;
use super::lenient::{self, Read};
use crate::interactions::{Interactions, Recording};
use crate::web::ApiError;
use crate::web::ranges::{Served, serve_made};
use poem::http::HeaderMap;
use poem::{Body, Request, RequestBody, Response};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, Enum, ExtractParamOptions};

/// A delivery, read leniently whatever its content type.
#[derive(Debug)]
pub(super) struct Delivery(pub Read);

impl<'a> ApiExtractor<'a> for Delivery {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        InteractionBody::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: InteractionBody::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(_: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let broke = |_| ApiError::bad_request("malformed", "The body broke off.");
        let bytes = body.take()?.into_bytes().await.map_err(broke)?;
        Ok(Self(lenient::read(&bytes)?))
    }
}

/// Format that a recording can be converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "RecordingFormat", rename_all = "lowercase")]
pub(super) enum Rendered {
    /// 16-bit PCM in WAV, with the recording's channels and sample rate.
    Wav,
}

/// A recording as WAV, made while it is sent; 503 while too many are being made.
pub(super) async fn as_wav(
    interactions: &Interactions,
    recording: &Recording,
    request: &HeaderMap,
) -> Result<Response, ApiError> {
    let path = interactions.recording_path(recording);
    if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
        return Err(interactions.note_missing_file(&recording.interaction_id, &recording.object_key).await.into());
    }
    let busy =
        || ApiError::unavailable("too_many_renditions", "Too many recordings are being made into WAV right now.");
    let place = interactions.reserve_rendition().ok_or_else(busy)?;
    let rendition = recording.as_wav();
    // Its length is part of what it is, and is known exactly only once it has been read through.
    let etag = format!("{}-wav-{}", recording.sha256, rendition.bytes());
    let served = Served { media_type: "audio/wav", etag: &etag };
    Ok(serve_made(&served, rendition.bytes(), request, |start, end| {
        Body::from_bytes_stream(place.bytes(rendition, path, (start, end + 1)))
    }))
}
