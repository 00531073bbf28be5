//! Writing apart answers, many in one transaction.
//!
//! Nothing that is written leads to an invitation. A linked answer that is changed to apart is deleted in the transaction that adds the
//! apart one: a crash between two transactions would lose the answer or count it twice, and a note by which it could be mended
//! would tie the two together for whoever has the database and the key.

use super::sealed::{self, Promise};
use super::store::{self, SealedRow};
use super::{Answer, Asking, Invited, WriteResult, Written, rounds};
use crate::config::Choice;
use crate::database::{Conn, Db, DbError, one_by_one};
use crate::ids::InteractionId;
use crate::surveys::definition::Question;
use crate::surveys::{Token, Version};
use crate::vault::Vault;
use std::collections::{HashMap, HashSet};

/// A write into the mix.
#[derive(Debug, Clone)]
pub(in crate::surveys) enum ApartWrite {
    /// The answer, new or changed.
    Put {
        /// The token's mark.
        spent: String,
        /// When the mark may be forgotten.
        purge_month: String,
        /// Under which ids the question may stand that every answer answers.
        anchors: [String; 2],
        /// What was answered.
        rows: Vec<SealedRow>,
        /// The ids of what was not, or not any more.
        absent: Vec<String>,
        /// Beside which interaction a linked answer of the same link may stand, which this one replaces.
        replaces: Option<InteractionId>,
    },
    /// What is not counted is taken out.
    Withdraw {
        /// The token's mark.
        spent: String,
        /// The mark of a person, and under which id an answer of the same link would be kept aside.
        person: (String, String),
        /// Every id that the token may have.
        ids: Vec<String>,
        /// Those that are there if nothing was counted, for each way in which the answer came; with all of one gone, so is the mark.
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

    /// The same in the place of a linked answer that may stand beside this interaction.
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

/// The marks of those whose answers were taken: new ones, and those that may still be changed.
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

/// The linked answers that these would replace, and whether each can still be changed.
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

/// False where there was nothing left to take out.
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
