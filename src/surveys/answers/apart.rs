//! Writing apart answers, many in one transaction; nothing in it leads to an invitation.

use super::sealed::{self, Promise};
use super::store::{self, SealedRow};
use super::{Answer, Asking, Invited, WriteResult, Written, rounds};
use crate::config::Choice;
use crate::database::{Conn, Db, DbError, one_by_one};
use crate::surveys::definition::Question;
use crate::surveys::{Token, Version, suspects};
use crate::vault::Vault;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// A write into the mix.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::surveys) enum ApartWrite {
    /// The answer, new or changed.
    Put {
        /// The token's mark.
        spent: String,
        /// Under which id an answer of the same link would be kept aside.
        suspect: String,
        /// When the mark may be forgotten.
        purge_month: String,
        /// Under which id the question stands that every answer answers.
        anchor: String,
        /// What was answered.
        rows: Vec<SealedRow>,
        /// The ids of what was not, or not any more.
        absent: Vec<String>,
    },
    /// What is not counted is taken out.
    Withdraw {
        /// The token's mark.
        spent: String,
        /// Every id that the token may have.
        ids: Vec<String>,
        /// Those that are there if nothing was counted; with all of them gone, so is the mark.
        all: Vec<String>,
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
        let absent =
            asked.filter(|question| !answer.values.contains_key(question)).map(|question| id(&question)).collect();
        let rows = parts.iter().map(|part| SealedRow { id: id(&part.question), sealed: part.seal(vault) }).collect();
        let anchor = invited.version.anchor().map(|(_, question)| id(&question)).unwrap_or_default();
        Self::Put { spent: token.spent_id(vault), suspect: token.suspect_id(vault), purge_month, anchor, rows, absent }
    }

    pub(super) fn withdraw(vault: &Vault, token: &Token, version: &Version, expected: &[Question]) -> Self {
        let id = |question: &Question| token.mix_id(vault, question.code());
        let ids = version.questions().map(|(_, question)| id(&question)).collect();
        Self::Withdraw { spent: token.spent_id(vault), ids, all: expected.iter().map(id).collect() }
    }

    fn suspect(&self) -> Option<&str> {
        match self {
            Self::Put { suspect, .. } => Some(suspect),
            Self::Withdraw { .. } => None,
        }
    }

    fn spent(&self) -> &str {
        match self {
            Self::Put { spent, .. } | Self::Withdraw { spent, .. } => spent,
        }
    }
}

/// Writes a batch. Where it fails as a whole, each is tried by itself, so that nobody's trouble is everybody's; not in an outage.
pub(in crate::surveys) async fn write_apart(db: &Db, items: Vec<ApartWrite>, ripe_at: i64) -> Vec<WriteResult> {
    let all = match write(db, items.clone(), ripe_at, Asking::All).await {
        Ok(Some(written)) => Ok(Some(written)),
        Err(error) if error.fails_others_too() => Err(error),
        Ok(None) | Err(_) => write(db, items.clone(), ripe_at, Asking::Each).await,
    };
    match all {
        Ok(written) => written.unwrap_or_default().into_iter().map(Ok).collect(),
        Err(error) => {
            one_by_one(items, error, |item| async move {
                let written = write(db, vec![item], ripe_at, Asking::Each).await?;
                Ok(written.and_then(|written| written.first().copied()).unwrap_or(Written::Refused))
            })
            .await
        }
    }
}

/// In one transaction; nothing, and nothing written, where not all were taken and that was asked.
async fn write(db: &Db, items: Vec<ApartWrite>, ripe_at: i64, asking: Asking) -> Result<Option<Vec<Written>>, DbError> {
    let mut written = vec![Written::Refused; items.len()];
    let mut tx = db.begin().await?;
    store::lock_answers(tx.conn()).await?;
    for round in rounds(items, ApartWrite::spent) {
        let Some(stored) = put_round(tx.conn(), &round, ripe_at, asking).await? else { return Ok(None) };
        for (place, item) in &round {
            let done = match item {
                ApartWrite::Put { spent, .. } => stored.contains(spent),
                ApartWrite::Withdraw { spent, ids, all } => withdraw(tx.conn(), spent, ids, all).await?,
            };
            if done {
                written[*place] = Written::Stored;
            }
        }
    }
    tx.commit().await?;
    Ok(Some(written))
}

/// The marks of those whose answers were taken: new ones, and those that may still be changed.
async fn put_round(
    mut conn: Conn<'_>,
    round: &[(usize, ApartWrite)],
    ripe_at: i64,
    asking: Asking,
) -> Result<Option<HashSet<String>>, DbError> {
    let mut marks = Vec::new();
    let mut anchors = Vec::new();
    let kept = match ripe_at {
        suspects::CHANGES_NOTHING => {
            let ids: Vec<&str> = round.iter().filter_map(|(_, item)| item.suspect()).collect();
            Some(suspects::still_kept(conn.again(), &ids).await?)
        }
        _ => None,
    };
    for (_, item) in round {
        if let ApartWrite::Put { spent, suspect, purge_month, anchor, .. } = item
            && kept.as_ref().is_none_or(|kept| kept.contains(suspect))
        {
            marks.push((spent.as_str(), purge_month.as_str()));
            anchors.push(anchor.as_str());
        }
    }
    if marks.is_empty() {
        return Ok(Some(HashSet::new()));
    }
    let mut taken: HashSet<String> = match asking {
        Asking::Each => store::mark_spent_telling(conn.again(), &marks).await?.into_iter().collect(),
        Asking::All if store::mark_spent(conn.again(), &marks).await? == marks.len() as u64 => {
            marks.iter().map(|(mark, _)| (*mark).to_owned()).collect()
        }
        Asking::All => return Ok(None),
    };
    let mut absent = Vec::new();
    if taken.len() < marks.len() {
        let unripe: HashSet<String> = store::unripe(conn.again(), &anchors, ripe_at).await?.into_iter().collect();
        for (_, item) in round {
            let ApartWrite::Put { spent, anchor, absent: gone, .. } = item else { continue };
            if !taken.contains(spent) && unripe.contains(anchor) {
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
        store::put_sealed(conn.again(), &rows).await?;
    }
    if !absent.is_empty() {
        store::remove_sealed(conn.again(), &absent).await?;
    }
    // A person's answer takes the place of what a program may have sent.
    let there = |item: &ApartWrite| match item {
        ApartWrite::Put { spent, suspect, .. } if taken.contains(spent) => Some(suspect.clone()),
        _ => None,
    };
    let suspects: Vec<String> = round.iter().filter_map(|(_, item)| there(item)).collect();
    suspects::store::forget(conn, &suspects.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    Ok(Some(taken))
}

/// False where there was nothing left to take out.
async fn withdraw(mut conn: Conn<'_>, spent: &str, ids: &[String], all: &[String]) -> Result<bool, DbError> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let removed = store::remove_sealed(conn.again(), &ids).await?;
    if !all.is_empty() && all.iter().all(|id| removed.contains(id)) {
        store::unmark_spent(conn, spent).await?;
    }
    Ok(!removed.is_empty())
}
