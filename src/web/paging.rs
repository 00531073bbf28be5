//! Cursor paging: newest first, by time and id, so that pages neither skip nor repeat items while new ones are added.

use super::problem::ApiError;
use crate::clock::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Cursor: the item after which the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Time of the last item.
    pub at: Timestamp,
    /// Id of the last item.
    pub id: String,
}

impl Cursor {
    /// Returns the cursor of the first page.
    pub fn start() -> Self {
        Self { at: Timestamp(i64::MAX), id: String::new() }
    }

    /// Returns the cursor of a request of the API; the start where it has none.
    ///
    /// # Errors
    /// `bad_cursor` where it is not the `next` of an earlier page.
    pub fn of_request(text: Option<&str>) -> Result<Self, ApiError> {
        let parsed = text.map(str::parse).transpose();
        Ok(parsed.map_err(|why: &str| ApiError::bad_request("bad_cursor", why))?.unwrap_or_else(Self::start))
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("{}:{}", self.at.0, self.id)))
    }
}

impl std::str::FromStr for Cursor {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "this is not a cursor of an earlier answer";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| WRONG)?;
        let text = String::from_utf8(bytes).map_err(|_| WRONG)?;
        let (at, id) = text.split_once(':').ok_or(WRONG)?;
        if id.contains('\0') {
            return Err(WRONG);
        }
        Ok(Self { at: Timestamp(at.parse().map_err(|_| WRONG)?), id: id.to_owned() })
    }
}

/// Returns the number of items of a page of the API: that of the request, or `usual`.
///
/// # Errors
/// `bad_limit` where it is 0 or more than `max`.
pub fn page_size(limit: Option<u32>, usual: usize, max: usize) -> Result<usize, ApiError> {
    let size = limit.map_or(usual, |limit| limit as usize);
    if (1..=max).contains(&size) {
        Ok(size)
    } else {
        Err(ApiError::bad_request("bad_limit", format!("`limit` is a number from 1 to {max}.")))
    }
}

/// A page of items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Items.
    pub items: Vec<T>,
    /// Cursor of the next page, where there is one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Returns a page from up to one item more than it holds; a surplus item means that there is a next page.
    pub fn from_surplus(mut items: Vec<T>, size: usize, cursor: impl Fn(&T) -> Cursor) -> Self {
        let next = if items.len() > size {
            items.truncate(size);
            items.last().map(cursor)
        } else {
            None
        };
        Self { items, next }
    }
}
