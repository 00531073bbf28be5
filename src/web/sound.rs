//! Audio and peaks as responses of the API, described for the specification.

use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiResponse, Object};

/// Audio response, as made by [`super::ranges`]: the whole, a range of it, or an error.
#[derive(Debug)]
pub struct Sound(pub Response);

/// Returns the media types of audio, for the specification.
pub fn sound_types() -> Vec<MetaMediaType> {
    let schema = || MetaSchemaRef::Inline(Box::new(MetaSchema { format: Some("binary"), ..MetaSchema::new("string") }));
    let types = [
        "audio/wav",
        "audio/mpeg",
        "audio/flac",
        "audio/ogg",
        "audio/webm",
        "audio/mp4",
        "audio/aac",
        "audio/amr",
        "audio/gsm",
        "audio/g722",
        "audio/pcmu",
        "audio/pcma",
        "application/octet-stream",
    ];
    types.into_iter().map(|content_type| MetaMediaType { content_type, schema: schema() }).collect()
}

impl IntoResponse for Sound {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for Sound {
    fn meta() -> MetaResponses {
        let answer = |status: StatusCode, description, content| MetaResponse {
            description,
            status: Some(status.as_u16()),
            status_range: None,
            content,
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                answer(StatusCode::OK, "The whole file.", sound_types()),
                answer(StatusCode::PARTIAL_CONTENT, "The requested range of the file.", sound_types()),
                answer(StatusCode::NOT_MODIFIED, "The file still has the ETag of `If-None-Match`.", vec![]),
                answer(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "The requested range lies behind the end of the file.",
                    vec![MetaMediaType {
                        content_type: "application/problem+json",
                        schema: MetaSchemaRef::Reference("Problem".into()),
                    }],
                ),
            ],
        }
    }

    fn register(_: &mut Registry) {}
}

/// A waveform.
#[derive(Debug, Clone, Object, serde::Deserialize)]
pub struct Peaks {
    /// Duration, ms.
    duration_ms: i64,
    /// Peak amplitudes of each channel over equal intervals, 0 to 255.
    channels: Vec<Vec<u8>>,
}

impl Peaks {
    /// Parses the JSON of [`crate::audio::peaks`], as stored in a table.
    pub fn parse(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}
