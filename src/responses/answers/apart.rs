//! Writes apart answers, many in one transaction.
//!
//! Nothing that is written leads to an invitation. A linked answer that is changed to apart is deleted in the
//! transaction that adds the apart one: a crash between two transactions would lose the answer or count it twice, and a
//! record for repairing it would connect the two for anyone with the database and the key.

use super::sealed::{self, Promise};
use super::store::{self, SealedRow};
use super::{Answer, Asking, Written, rounds};
use crate::config::Choice;
use crate::database::{Conn, Db, DbError};
use crate::ids::InteractionId;
use crate::invitations::{Invited, Token};
use crate::surveys::{Question, Version};
use crate::vault::Vault;
use std::collections::{HashMap, HashSet};

/// A write into the mix.
#[derive(Debug, Clone)]
pub(in crate::responses) enum ApartWrite {
    /// Adds or changes an answer.
    Put {
        /// Mark of the spent token.
        spent: String,
        /// Month after which the mark is deleted.
        purge_month: String,
        /// Possible ids of the anchor question's record.
        anchors: [String; 2],
        /// Sealed records, one per answered question.
        rows: Vec<SealedRow>,
        /// Ids of records to remove: questions that are not answered, or no longer.
        absent: Vec<String>,
        /// Interaction whose linked answer of the same link this answer replaces, if there is one.
        replaces: Option<InteractionId>,
    },
    /// Removes the part of an answer that is not counted yet.
    Withdraw {
        /// Mark of the spent token.
        spent: String,
        /// Mark of a person, and the id of a suspected answer of the same link.
        person: (String, String),
        /// All ids that the token's records can have.
        ids: Vec<String>,
        /// Ids of a completely uncounted answer, for each origin; if all of one set are removed, the token's mark is
        /// removed too.
        all: [Vec<String>; 2],
    },
}

impl ApartWrite {
    pub(super) fn put(
        vault: &Vault,
        token: &Token,
        invited: &Invited,
        answer: &Answer,
        purge_month: String,
        promise: Promise,
    ) -> Self {
        let id = |question: &Question| token.mix_id(vault, question.code());
        let parts = sealed::parts(invited, answer, &token.quote_id(vault, Choice::Apart), promise);
        let asked = invited.version.questions().map(|(_, question)| question);
        let absent = asked.filter(|question| !answer.values.contains_key(question)).map(|question| id(&question));
        let admitted = |question: &Question| token.admitted_id(vault, question.code());
        let absent = absent.chain(invited.version.questions().map(|(_, question)| admitted(&question))).collect();
        let rows = parts.iter().map(|part| SealedRow { id: id(&part.question), sealed: part.seal(vault) }).collect();
        let anchor = invited.version.anchor().map(|(_, question)| question);
        let anchors = anchor.map(|question| [id(&question), admitted(&question)]).unwrap_or_default();
        Self::Put { spent: token.spent_id(vault), purge_month, anchors, rows, absent, replaces: None }
    }

    /// Returns the write with the linked answer of this interaction marked for replacement.
    pub(super) fn replacing(mut self, interaction: InteractionId) -> Self {
        if let Self::Put { replaces, .. } = &mut self {
            *replaces = Some(interaction);
        }
        self
    }

    pub(super) fn withdraw(vault: &Vault, token: &Token, version: &Version, expected: &[Question]) -> Self {
        let id = |question: &Question| token.mix_id(vault, question.code());
        let admitted = |question: &Question| token.admitted_id(vault, question.code());
        let ids = version.questions().flat_map(|(_, question)| [id(&question), admitted(&question)]).collect();
        let all = [expected.iter().map(id).collect(), expected.iter().map(admitted).collect()];
        let person = (token.person_id(vault), token.suspect_id(vault));
        Self::Withdraw { spent: token.spent_id(vault), person, ids, all }
    }

    fn replaces(&self) -> Option<&InteractionId> {
        match self {
            Self::Put { replaces, .. } => replaces.as_ref(),
            Self::Withdraw { .. } => None,
        }
    }

    fn spent(&self) -> &str {
        match self {
            Self::Put { spent, .. } | Self::Withdraw { spent, .. } => spent,
        }
    }
}

/// Writes a batch in one transaction. Assumes first that all items are taken, which is quicker; where that fails and
/// it is not an outage, asks for each.
pub(in crate::responses) async fn write_apart(
    db: &Db,
    items: Vec<ApartWrite>,
    ripe_at: i64,
) -> Result<Vec<Written>, DbError> {
    let written = match write(db, items.clone(), ripe_at, Asking::All).await {
        Err(error) if error.fails_others_too() => return Err(error),
        Ok(Some(written)) => Some(written),
        Ok(None) | Err(_) => write(db, items, ripe_at, Asking::Each).await?,
    };
    Ok(written.unwrap_or_default())
}

/// Writes in one transaction. Returns `None`, with nothing written, if [`Asking::All`] was asked and not all were
/// taken.
async fn write(db: &Db, items: Vec<ApartWrite>, ripe_at: i64, asking: Asking) -> Result<Option<Vec<Written>>, DbError> {
    let mut written = vec![Written::Refused; items.len()];
    let mut tx = db.begin().await?;
    store::lock_answers(tx.conn()).await?;
    for round in rounds(items, ApartWrite::spent) {
        let Some(stored) = put_round(tx.conn(), &round, ripe_at, asking).await? else { return Ok(None) };
        for (place, item) in &round {
            let done = match item {
                ApartWrite::Put { spent, .. } => stored.contains(spent),
                ApartWrite::Withdraw { spent, person, ids, all } => {
                    withdraw(tx.conn(), spent, person, ids, all).await?
                }
            };
            if done {
                written[*place] = Written::Stored;
            }
        }
    }
    tx.commit().await?;
    Ok(Some(written))
}

/// Returns the marks of the answers that were taken: new ones, and those that can still be changed.
async fn put_round(
    mut conn: Conn<'_>,
    round: &[(usize, ApartWrite)],
    ripe_at: i64,
    asking: Asking,
) -> Result<Option<HashSet<String>>, DbError> {
    let linked = linked_beside(conn.reborrow(), round, ripe_at).await?;
    let changeable = |item: &ApartWrite| linked.get(item.replaces()?).copied();
    let (mut marks, mut anchors) = (Vec::new(), Vec::new());
    for (_, item) in round {
        if let ApartWrite::Put { spent, purge_month, anchors: own, .. } = item
            && changeable(item) != Some(false)
        {
            marks.push((spent.as_str(), purge_month.as_str()));
            anchors.extend(own.iter().map(String::as_str));
        }
    }
    if marks.is_empty() {
        return Ok(Some(HashSet::new()));
    }
    let mut taken: HashSet<String> = match asking {
        Asking::Each => store::mark_spent_telling(conn.reborrow(), &marks).await?.into_iter().collect(),
        Asking::All if store::mark_spent(conn.reborrow(), &marks).await? == marks.len() as u64 => {
            marks.iter().map(|(mark, _)| (*mark).to_owned()).collect()
        }
        Asking::All => return Ok(None),
    };
    let mut absent = Vec::new();
    if taken.len() < marks.len() {
        let unripe: HashSet<String> = store::unripe(conn.reborrow(), &anchors, ripe_at).await?.into_iter().collect();
        for (_, item) in round {
            let ApartWrite::Put { spent, anchors, absent: gone, .. } = item else { continue };
            if !taken.contains(spent) && anchors.iter().any(|anchor| unripe.contains(anchor)) {
                taken.insert(spent.clone());
                absent.extend(gone.iter().map(String::as_str));
            }
        }
    }
    let rows: Vec<&SealedRow> = round
        .iter()
        .filter_map(|(_, item)| match item {
            ApartWrite::Put { spent, rows, .. } if taken.contains(spent) => Some(rows),
            _ => None,
        })
        .flatten()
        .collect();
    if !rows.is_empty() {
        store::put_sealed(conn.reborrow(), &rows).await?;
    }
    if !absent.is_empty() {
        store::remove_sealed(conn.reborrow(), &absent).await?;
    }
    let replaced: Vec<(&InteractionId, i64)> = round
        .iter()
        .filter(|(_, item)| taken.contains(item.spent()) && changeable(item) == Some(true))
        .filter_map(|(_, item)| Some((item.replaces()?, ripe_at)))
        .collect();
    if !replaced.is_empty() {
        store::remove_linked(conn, &replaced).await?;
    }
    Ok(Some(taken))
}

/// Returns the linked answers that these would replace, and whether each can still be changed.
async fn linked_beside(
    conn: Conn<'_>,
    round: &[(usize, ApartWrite)],
    ripe_at: i64,
) -> Result<HashMap<InteractionId, bool>, DbError> {
    let interactions: Vec<&InteractionId> = round.iter().filter_map(|(_, item)| item.replaces()).collect();
    if interactions.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::changeable(conn, &interactions, ripe_at).await?.into_iter().collect())
}

/// Returns false if nothing was left to remove.
async fn withdraw(
    mut conn: Conn<'_>,
    spent: &str,
    person: &(String, String),
    ids: &[String],
    all: &[Vec<String>],
) -> Result<bool, DbError> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let removed = store::remove_sealed(conn.reborrow(), &ids).await?;
    if all.iter().any(|ids| !ids.is_empty() && ids.iter().all(|id| removed.contains(id))) {
        store::unmark_spent(conn.reborrow(), spent).await?;
        store::mark_person(conn, &[(&person.0, &person.1)]).await?;
    }
    Ok(!removed.is_empty())
}
