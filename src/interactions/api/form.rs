//! Sound coming in: the body of a request, or the file of a form, streamed either way.

use crate::audio::AudioFormat;
use crate::interactions::{BodyError, PartDetails, RecordingError};
use crate::web::sound::sound_types;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use multer::{Field, Multipart};
use poem::http::header;
use poem::{Body, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Maximum size of a field of a form other than the file, in bytes.
const MAX_FIELD_BYTES: usize = 1000;
/// Maximum number of fields of a form.
const MAX_FIELDS: usize = 20;
/// Name of the file's field in the documentation; any field with a file name is taken.
const FILE_FIELD: &str = "file";

/// The body of an upload, with whatever content type it claims.
#[derive(Debug)]
pub(super) struct Upload {
    body: Body,
    content_type: Option<String>,
}

impl<'a> ApiExtractor<'a> for Upload {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let field = |ty, format, description| {
            MetaSchemaRef::Inline(Box::new(MetaSchema {
                format,
                description: Some(description),
                ..MetaSchema::new(ty)
            }))
        };
        let form = MetaSchema {
            required: vec![FILE_FIELD],
            properties: vec![
                (FILE_FIELD, field("string", Some("binary"), "The audio file.")),
                ("channels", field("string", None, "The same as the parameter, which has precedence.")),
                ("offset_ms", field("integer", Some("int64"), "The same as the parameter, which has precedence.")),
            ],
            ..MetaSchema::new("object")
        };
        let schema = MetaSchemaRef::Inline(Box::new(form));
        let form = MetaMediaType { content_type: "multipart/form-data", schema };
        let content = sound_types().into_iter().chain([form]).collect();
        let description = Some("The audio file, or a form with it.");
        Some(MetaRequest { description, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        Ok(Self { body: body.take()?, content_type: content_type.map(str::to_owned) })
    }
}

/// An audio file that is being received.
pub(super) struct IncomingFile {
    /// Format that its type or its name stands for.
    pub declared: Option<AudioFormat>,
    /// Its bytes.
    pub body: BoxStream<'static, Result<Bytes, BodyError>>,
    fields: Arc<Mutex<PartDetails>>,
}

impl Upload {
    /// Begins to receive the file. Errors: a form without a file, or one that can't be read.
    pub async fn open(self) -> Result<IncomingFile, RecordingError> {
        let content_type = self.content_type.unwrap_or_default();
        let body = self.body.into_bytes_stream();
        if !content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
            let body = body.map(|chunk| chunk.map_err(BodyError::from)).boxed();
            let declared = AudioFormat::declared(&content_type);
            return Ok(IncomingFile { declared, body, fields: Arc::default() });
        }
        let boundary = multer::parse_boundary(&content_type).map_err(|error| failed(&error).after(0))?;
        let mut form = Form { fields: Multipart::new(body, boundary), details: PartDetails::default(), count: 0 };
        let file = form.next_file().await.and_then(|file| file.ok_or_else(no_file)).map_err(|error| error.after(0))?;
        let declared = file.content_type().and_then(|kind| AudioFormat::declared(kind.as_ref()));
        let named = || AudioFormat::headless(Path::new(file.file_name()?).extension()?.to_str()?);
        let (declared, fields) = (declared.or_else(named), Arc::default());
        let reading = Some(Reading { form, file: Some(file), told: Arc::clone(&fields) });
        Ok(IncomingFile { declared, body: stream::unfold(reading, next_chunk).boxed(), fields })
    }
}

impl IncomingFile {
    /// Returns a function for the details: those of the request's parameters, else those of the form, whose fields may
    /// stand behind the file.
    pub fn details(&self, parameters: PartDetails) -> impl FnOnce() -> Result<PartDetails, RecordingError> + use<> {
        let fields = Arc::clone(&self.fields);
        move || {
            let fields = fields.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Ok(PartDetails {
                channels: parameters.channels.or(fields.channels),
                offset_ms: parameters.offset_ms.or(fields.offset_ms),
            })
        }
    }
}

fn no_file() -> BodyError {
    BodyError::Form(format!(
        "the form has no file: send it in the field \"{FILE_FIELD}\" (curl -F {FILE_FIELD}=@call.wav)"
    ))
}

fn failed(error: &multer::Error) -> BodyError {
    match error {
        multer::Error::StreamReadFailed(_)
        | multer::Error::IncompleteStream
        | multer::Error::IncompleteHeaders
        | multer::Error::IncompleteFieldData { .. } => BodyError::BrokeOff,
        other => BodyError::Form(format!("the form can't be read: {other}")),
    }
}

/// A form, field by field.
struct Form {
    fields: Multipart<'static>,
    details: PartDetails,
    count: usize,
}

impl Form {
    /// Reads fields up to the next file.
    async fn next_file(&mut self) -> Result<Option<Field<'static>>, BodyError> {
        while let Some(field) = self.fields.next_field().await.map_err(|error| failed(&error))? {
            self.count += 1;
            if self.count > MAX_FIELDS {
                return Err(BodyError::Form(format!("the form has more than {MAX_FIELDS} fields")));
            }
            if field.file_name().is_some() || field.name() == Some(FILE_FIELD) {
                return Ok(Some(field));
            }
            self.read(field).await?;
        }
        Ok(None)
    }

    async fn read(&mut self, mut field: Field<'static>) -> Result<(), BodyError> {
        let (name, mut text) = (field.name().unwrap_or_default().to_owned(), Vec::new());
        while let Some(chunk) = field.chunk().await.map_err(|error| failed(&error))? {
            text.extend_from_slice(&chunk);
            if text.len() > MAX_FIELD_BYTES {
                return Err(BodyError::Form(format!("the field \"{name}\" of the form is too long")));
            }
        }
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        match name.as_str() {
            "channels" => self.details.channels = Some(text),
            "offset_ms" if !text.is_empty() => {
                let wrong = |_| BodyError::Form("the field \"offset_ms\" of the form is no number".to_owned());
                self.details.offset_ms = Some(text.parse().map_err(wrong)?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// A form whose file is being read.
struct Reading {
    form: Form,
    /// `None` after its end.
    file: Option<Field<'static>>,
    told: Arc<Mutex<PartDetails>>,
}

/// Returns the next bytes of the file; after it the other fields are read, and there must be no other file.
async fn next_chunk(reading: Option<Reading>) -> Option<(Result<Bytes, BodyError>, Option<Reading>)> {
    let mut reading = reading?;
    if let Some(file) = &mut reading.file {
        match file.chunk().await {
            Ok(Some(chunk)) => return Some((Ok(chunk), Some(reading))),
            Ok(None) => reading.file = None,
            Err(error) => return Some((Err(failed(&error)), None)),
        }
    }
    match reading.form.next_file().await {
        Ok(None) => {
            *reading.told.lock().unwrap_or_else(PoisonError::into_inner) = reading.form.details;
            None
        }
        Ok(Some(_)) => Some((Err(BodyError::Form("the form has more than one file".to_owned())), None)),
        Err(error) => Some((Err(error), None)),
    }
}
