//! Finds and erases callback requests for an erasure. They are sealed under ids that lead nowhere, so all of them are
//! opened: there are few, since each is erased some time after it was handled.

use super::{Sealed, store};
use crate::database::{Conn, DbError};
use crate::invitations::{ErasureSubject, address_hash};
use crate::responses::Responses;

/// Number of requests that are opened at once.
const PAGE_SIZE: i64 = 500;

impl Responses {
    /// Returns the subject's callback requests: joined to one of the conversations, or with the address as contact. A
    /// request with neither can't be recognised.
    pub async fn callbacks_of(&self, mut conn: Conn<'_>, whose: ErasureSubject<'_>) -> Result<Vec<String>, DbError> {
        let (about, hash) = match whose {
            ErasureSubject::Conversations { asked: false, .. } => return Ok(Vec::new()),
            ErasureSubject::Conversations { ids, .. } => (ids, None),
            ErasureSubject::Address(traces) => (traces.about.as_slice(), Some(traces.hash.as_str())),
        };
        let vault = &self.inner.vault;
        let is_it = |opened: &Sealed| {
            opened.joined.as_ref().is_some_and(|id| about.contains(id))
                || hash
                    .is_some_and(|hash| addresses(&opened.callback.reach).any(|word| address_hash(vault, word) == hash))
        };
        let (mut found, mut from) = (Vec::new(), String::new());
        loop {
            let page = store::page(conn.reborrow(), &from, PAGE_SIZE).await?;
            let Some((last, _)) = page.last() else { return Ok(found) };
            from.clone_from(last);
            let theirs = |sealed: &str| Sealed::open(vault, sealed).is_ok_and(|opened| is_it(&opened));
            found.extend(page.into_iter().filter(|(_, sealed)| theirs(sealed)).map(|(id, _)| id));
        }
    }
}

/// Returns possible addresses in a customer's text: `Jerry <jerry@example.net>`.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || "<>()[]{}\"',;:|".contains(c));
    words.map(|word| word.trim_matches('.')).filter(|word| word.contains('@'))
}

/// Erases these requests in the caller's transaction; returns the number that existed.
pub async fn forget_callbacks(conn: Conn<'_>, ids: &[String]) -> Result<u64, DbError> {
    store::forget(conn, ids).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_however_it_is_written() {
        for text in
            ["j@x.example", " mailto:j@x.example ", "Jerry <j@x.example>", "at j@x.example, or 0123.", "(j@x.example)."]
        {
            assert_eq!(addresses(text).collect::<Vec<_>>(), ["j@x.example"], "{text}");
        }
        assert_eq!(addresses("+44 306 999 0123").count(), 0);
    }
}
