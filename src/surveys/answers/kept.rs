//! An apart answer that waits outside the mix, until it is known whether a person gave it.

use super::sealed::{self, Promise};
use super::store::{self, SealedRow};
use super::{Answer, Invited};
use crate::database::{Conn, DbError};
use crate::surveys::Token;
use crate::surveys::definition::Question;
use crate::vault::Vault;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// An answer that waits, as it is sealed. Names no conversation, and none of the ids under which an answer of a person would stand.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::surveys) struct KeptAnswer {
    /// The mark that it leaves when it is admitted, and that an apart answer of a person has left before.
    spent: String,
    /// The mark of a person who has answered linked, or has taken their answer back.
    person: String,
    /// When the mark may be forgotten.
    purge_month: String,
    rows: Vec<SealedRow>,
}

impl KeptAnswer {
    /// Its comment is never quoted: the id of a quote would lead to the quote of a later answer.
    pub(super) fn new(
        vault: &Vault,
        token: &Token,
        invited: &Invited,
        answer: &Answer,
        purge_month: String,
        promise: Promise,
    ) -> Self {
        let unquoted = Answer { quote: false, ..answer.clone() };
        let id = |question: &Question| token.admitted_id(vault, question.code());
        let parts = sealed::parts(invited, &unquoted, "", promise);
        let rows = parts.iter().map(|part| SealedRow { id: id(&part.question), sealed: part.seal(vault) }).collect();
        Self { spent: token.spent_id(vault), person: token.person_id(vault), purge_month, rows }
    }
}

/// Puts those of these into the mix whose link no person has used; the others are left out. In the caller's transaction, after
/// [`super::lock_answers`].
pub(in crate::surveys) async fn admit(mut conn: Conn<'_>, mut kept: Vec<KeptAnswer>) -> Result<(), DbError> {
    let marks: Vec<&str> = kept.iter().flat_map(|one| [one.spent.as_str(), one.person.as_str()]).collect();
    let used: HashSet<String> = store::marked(conn.reborrow(), &marks).await?.into_iter().collect();
    kept.retain(|one| !used.contains(&one.spent) && !used.contains(&one.person));
    if kept.is_empty() {
        return Ok(());
    }
    kept.shuffle(&mut rand::rng());
    let marks: Vec<(&str, &str)> = kept.iter().map(|one| (one.spent.as_str(), one.purge_month.as_str())).collect();
    store::mark_spent(conn.reborrow(), &marks).await?;
    let rows: Vec<&SealedRow> = kept.iter().flat_map(|one| &one.rows).collect();
    store::put_sealed(conn, &rows).await
}
