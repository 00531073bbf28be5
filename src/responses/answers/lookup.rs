//! Looks up invitations by their links, many in one statement: the round trip to the database costs more than the
//! lookup. As with writes (`database::Batcher`), lookups that arrive during a statement go into the next one together.

use super::store::{self, ByToken};
use crate::database::{BatchError, Batcher, Db, DbError};
use crate::invitations::Token;
use crate::vault::Vault;
use std::collections::HashMap;
use std::sync::Arc;

/// Maximum number of links read in one statement.
const MAX_BATCH: usize = 256;

/// A link to look up: the hash that the invitation keeps, and the mark of a spent token.
#[derive(Debug, Clone)]
pub(in crate::responses) struct Link {
    hash: String,
    spent: String,
}

/// Invitation that was found; `None` if there is no such link.
pub(in crate::responses) type LookupResult = Result<Option<ByToken>, Arc<DbError>>;

/// Batched lookups. Cheap to clone.
pub(in crate::responses) type Lookups = Batcher<Link, LookupResult>;

impl Link {
    pub(super) fn of(token: &Token, vault: &Vault) -> Self {
        Self { hash: token.hash(), spent: token.spent_id(vault) }
    }
}

/// Starts the reader. Must be called inside the runtime.
pub(in crate::responses) fn start(db: Db) -> Lookups {
    Batcher::start(MAX_BATCH, move |links| {
        let db = db.clone();
        async move { read(&db, links).await }
    })
}

async fn read(db: &Db, links: Vec<Link>) -> Vec<LookupResult> {
    let pairs: Vec<(&str, &str)> = links.iter().map(|link| (link.hash.as_str(), link.spent.as_str())).collect();
    let found = async { store::by_tokens(db.read().await?.conn(), &pairs).await };
    match found.await {
        Ok(rows) => {
            let rows: HashMap<String, ByToken> = rows.into_iter().map(|row| (row.token_hash.clone(), row)).collect();
            links.iter().map(|link| Ok(rows.get(&link.hash).cloned())).collect()
        }
        Err(error) => {
            let error = Arc::new(error);
            links.iter().map(|_| Err(Arc::clone(&error))).collect()
        }
    }
}

/// Converts the result for the caller: the reader's own error, or that the process is stopping.
pub(super) fn told(found: Result<LookupResult, BatchError>) -> Result<Option<ByToken>, DbError> {
    match found {
        Ok(Ok(row)) => Ok(row),
        Ok(Err(error)) => Err(DbError::Shared(error)),
        Err(stopping) => Err(stopping.into()),
    }
}
