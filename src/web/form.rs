//! Forms: parsed with a size limit, and rejected without the page's CSRF token.

use super::access::{csrf_token, session_token};
use super::page::PageError;
use poem::{FromRequest, Request, RequestBody};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

/// Maximum size of a form, in bytes.
const MAX_FORM_BYTES: usize = 256 * 1024;

/// A submitted form of a signed-in user; its field `csrf` was verified.
#[derive(Debug)]
pub struct Posted<T>(pub T);

/// A form without fields of its own: a button.
#[derive(Debug, serde::Deserialize)]
pub struct EmptyForm {}

#[derive(serde::Deserialize)]
struct CsrfField {
    #[serde(default)]
    csrf: String,
}

impl<'a, T: DeserializeOwned> FromRequest<'a> for Posted<T> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(MAX_FORM_BYTES).await.map_err(|_| PageError::TooLarge)?;
        let carried: CsrfField = parse_form(&bytes)?;
        let wanted = csrf_token(&session_token(request).unwrap_or_default());
        if !bool::from(carried.csrf.as_bytes().ct_eq(wanted.as_bytes())) {
            return Err(PageError::StaleForm.into());
        }
        Ok(Self(parse_form(&bytes)?))
    }
}

/// A submitted form with one file, of a signed-in user; its field `csrf` was verified. `MAX_FORM_BYTES`: maximum number
/// of bytes of the file that are kept; a larger file is truncated there, so that the handler can report that it is too
/// large.
#[derive(Debug)]
pub struct PostedFile<const MAX_FORM_BYTES: usize> {
    /// Content of the file; empty where none was chosen.
    pub file: Vec<u8>,
    fields: std::collections::HashMap<String, String>,
}

impl<const MAX_FORM_BYTES: usize> PostedFile<MAX_FORM_BYTES> {
    /// Returns another field; empty where it is absent.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl<'a, const MAX_FORM_BYTES: usize> FromRequest<'a> for PostedFile<MAX_FORM_BYTES> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let odd = |error: &dyn std::fmt::Display| PageError::BadForm(error.to_string());
        let mut parts = poem::web::Multipart::from_request(request, body).await?;
        let mut form = Self { file: Vec::new(), fields: std::collections::HashMap::new() };
        while let Some(part) = parts.next_field().await.map_err(|error| odd(&error))? {
            let (name, is_file) = (part.name().unwrap_or_default().to_owned(), part.file_name().is_some());
            let mut bytes = part.bytes().await.map_err(|error| odd(&error))?;
            if is_file {
                bytes.truncate(MAX_FORM_BYTES);
                form.file = bytes;
            } else {
                form.fields.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        let wanted = csrf_token(&session_token(request).unwrap_or_default());
        if !bool::from(form.field("csrf").as_bytes().ct_eq(wanted.as_bytes())) {
            return Err(PageError::StaleForm.into());
        }
        Ok(form)
    }
}

/// Parses an urlencoded form. A field that may be repeated (check boxes) is a `Vec`.
pub fn parse_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, PageError> {
    serde_html_form::from_bytes(bytes).map_err(|error| PageError::BadForm(error.to_string()))
}
