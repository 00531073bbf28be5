//! Writes linked answers, many in one transaction.

use super::store::{self, LinkedRow};
use super::{Answer, Asking, Origin, Written, rounds};
use crate::clock::Timestamp;
use crate::database::{Conn, Db, DbError};
use crate::ids::InteractionId;
use crate::invitations::Invited;
use crate::surveys::Question;
use std::collections::HashSet;

/// Ids derived from a link, beside its invitation.
pub(super) struct Marks {
    /// Mark that an apart answer would have left.
    pub spent: String,
    /// Id of a suspected answer of this link.
    pub suspect: String,
    /// Mark of a person, written when a person answers.
    pub person: String,
    /// Id of the comment's quote; `None` if the comment may not be quoted.
    pub quote: Option<String>,
    /// Minimum batch size that was promised.
    pub promised: u32,
    /// Origin of the answer.
    pub origin: Origin,
}

/// Write of an answer beside an interaction.
#[derive(Debug, Clone)]
pub(in crate::responses) enum LinkedWrite {
    /// Adds or changes the answer.
    Put(Box<LinkedRow>),
    /// Removes the answer if its ripeness is below a limit and it is not counted.
    Remove {
        /// Interaction of the answer.
        interaction: InteractionId,
        /// Ripeness from which the answer is not removed.
        below: i64,
    },
}

impl LinkedWrite {
    pub(super) fn put(invited: &Invited, answer: &Answer, marks: Marks, month: &str) -> Self {
        let Marks { spent, suspect, person, quote, promised, origin } = marks;
        let further = answer.values.iter().filter(|(question, _)| matches!(question, Question::Further(_)));
        Self::Put(Box::new(LinkedRow {
            interaction: invited.interaction.clone(),
            agent: invited.agent.clone(),
            team: invited.team.clone(),
            survey: invited.version.id.clone(),
            score: answer.number(&Question::Score),
            resolved: answer.number(&Question::Resolved).map(|yes| if yes == 1 { "yes" } else { "no" }),
            comment: answer.text(&Question::Comment).map(str::to_owned),
            month: month.to_owned(),
            quote_id: quote.filter(|_| answer.text(&Question::Comment).is_some()),
            spent,
            suspect,
            person,
            min_batch_size: promised,
            external: i64::from(origin == Origin::External),
            asks_further: invited.version.questions().any(|(_, question)| matches!(question, Question::Further(_))),
            further: further.map(|(question, value)| (question.clone(), value.clone())).collect(),
        }))
    }

    pub(super) fn remove(invited: &Invited, below: i64) -> Self {
        Self::Remove { interaction: invited.interaction.clone(), below }
    }

    fn interaction(&self) -> &str {
        match self {
            Self::Put(row) => row.interaction.as_str(),
            Self::Remove { interaction, .. } => interaction.as_str(),
        }
    }
}

/// Writes a batch in one transaction. Assumes first that all items are taken, which is quicker; where that fails and
/// it is not an outage, asks for each.
pub(in crate::responses) async fn write_linked(
    db: &Db,
    items: Vec<LinkedWrite>,
    ripe_at: i64,
    now: Timestamp,
) -> Result<Vec<Written>, DbError> {
    let written = match write(db, items.clone(), ripe_at, now, Asking::All).await {
        Err(error) if error.fails_others_too() => return Err(error),
        Ok(Some(written)) => Some(written),
        Ok(None) | Err(_) => write(db, items, ripe_at, now, Asking::Each).await?,
    };
    Ok(written.unwrap_or_default())
}

/// Writes in one transaction. Returns `None`, with nothing written, if [`Asking::All`] was asked and not all were
/// taken.
async fn write(
    db: &Db,
    items: Vec<LinkedWrite>,
    ripe_at: i64,
    now: Timestamp,
    asking: Asking,
) -> Result<Option<Vec<Written>>, DbError> {
    let mut written = vec![Written::Refused; items.len()];
    let mut tx = db.begin().await?;
    store::lock_answers(tx.conn()).await?;
    for round in rounds(items, LinkedWrite::interaction) {
        let Some(stored) = write_round(tx.conn(), &round, ripe_at, now, asking).await? else { return Ok(None) };
        for (place, item) in &round {
            if stored.contains(item.interaction()) {
                written[*place] = Written::Stored;
            }
        }
    }
    tx.commit().await?;
    Ok(Some(written))
}

async fn write_round(
    mut conn: Conn<'_>,
    round: &[(usize, LinkedWrite)],
    ripe_at: i64,
    now: Timestamp,
    asking: Asking,
) -> Result<Option<HashSet<String>>, DbError> {
    let mut puts = Vec::new();
    let mut removes = Vec::new();
    for (_, item) in round {
        match item {
            LinkedWrite::Put(row) => puts.push(row.as_ref()),
            LinkedWrite::Remove { interaction, below } => removes.push((interaction, *below)),
        }
    }
    let mut stored = HashSet::new();
    if !puts.is_empty() {
        match asking {
            Asking::Each => stored.extend(store::put_linked_telling(conn.reborrow(), &puts, ripe_at, now).await?),
            Asking::All if store::put_linked(conn.reborrow(), &puts, ripe_at, now).await? == puts.len() as u64 => {
                stored.extend(puts.iter().map(|row| row.interaction.as_str().to_owned()));
            }
            Asking::All => return Ok(None),
        }
        puts.retain(|row| stored.contains(row.interaction.as_str()));
        store::put_extras(conn.reborrow(), &puts).await?;
        let marks: Vec<(&str, &str)> = puts.iter().map(|row| (row.person.as_str(), row.suspect.as_str())).collect();
        store::mark_person(conn.reborrow(), &marks).await?;
    }
    if !removes.is_empty() {
        stored.extend(store::remove_linked(conn, &removes).await?);
    }
    Ok(Some(stored))
}
