//! Cursor paging: newest first, by time and id, so that pages neither skip nor repeat items while new ones are added.

use crate::clock::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The item after which the next page begins.
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

/// Items, and the cursor of the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Cursor of the next page; `None`: this is the last one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of `size` items from up to one item more; the surplus item shows that there is a next page.
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
