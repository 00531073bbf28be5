//! Parameters of paged answers of the API.

use super::problem::ApiError;
use crate::paging::Cursor;

/// Returns the cursor of a request; the start where it names none.
///
/// # Errors
/// `bad_cursor` where it is not the `next` of an earlier page.
pub fn request_cursor(text: Option<&str>) -> Result<Cursor, ApiError> {
    let parsed = text.map(str::parse).transpose();
    Ok(parsed.map_err(|why: &str| ApiError::bad_request("bad_cursor", why))?.unwrap_or_else(Cursor::start))
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
