//! Forms: parsed with a size limit, and refused without the page's token.

use super::access::{csrf_token, session_token};
use super::page::PageError;
use poem::{FromRequest, Request, RequestBody};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

/// The largest form that is read, in bytes.
const MOST: usize = 256 * 1024;

/// A form of somebody signed in; its field `csrf` was right.
#[derive(Debug)]
pub struct Posted<T>(pub T);

#[derive(serde::Deserialize)]
struct CsrfField {
    #[serde(default)]
    csrf: String,
}

impl<'a, T: DeserializeOwned> FromRequest<'a> for Posted<T> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(MOST).await.map_err(|_| PageError::TooLarge)?;
        let carried: CsrfField = serde_urlencoded(&bytes)?;
        let wanted = csrf_token(&session_token(request).unwrap_or_default());
        if !bool::from(carried.csrf.as_bytes().ct_eq(wanted.as_bytes())) {
            return Err(PageError::StaleForm.into());
        }
        Ok(Self(serde_urlencoded(&bytes)?))
    }
}

/// Reads an urlencoded form. Repeated fields (check boxes) become one text, joined by a line feed.
pub fn serde_urlencoded<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, PageError> {
    let mut fields = serde_json::Map::new();
    for (name, value) in url::form_urlencoded::parse(bytes) {
        match fields.get_mut(name.as_ref()) {
            Some(serde_json::Value::String(before)) => {
                before.push('\n');
                before.push_str(&value);
            }
            _ => {
                fields.insert(name.into_owned(), value.into_owned().into());
            }
        }
    }
    serde_json::from_value(fields.into()).map_err(|e| PageError::BadForm(e.to_string()))
}
