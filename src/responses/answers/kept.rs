//! An apart answer that is held outside the mix until it is known whether a person gave it.

use super::Answer;
use super::sealed::{self, Promise};
use super::store::{self, SealedRow};
use crate::database::{Conn, DbError};
use crate::invitations::{Invited, Token};
use crate::surveys::Question;
use crate::vault::Vault;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// A held answer, sealed. Names no conversation, and none of the record ids that an answer of a person would have.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::responses) struct KeptAnswer {
    /// Mark that the answer leaves when it is admitted; an apart answer of a person has left the same mark.
    spent: String,
    /// Mark of a person who has answered linked, or has retracted an answer.
    person: String,
    /// Month after which the mark is deleted.
    purge_month: String,
    rows: Vec<SealedRow>,
}

impl KeptAnswer {
    /// Its comment is never quoted: the quote's id would lead to the quote of a later answer.
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

/// Admits into the mix those answers whose link no person has used; the others are left out. Runs in the caller's
/// transaction, after [`super::lock_answers`].
pub(in crate::responses) async fn admit(mut conn: Conn<'_>, mut kept: Vec<KeptAnswer>) -> Result<(), DbError> {
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
