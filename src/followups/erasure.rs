//! What goes of follow-ups when a customer asks for it, or with the conversation: what was written in them, and the wish with
//! its name and number. The follow-up itself stays, closed, as one that somebody had: days, the team, how it ended.

use super::{FollowUps, store};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::FollowUpId;
use crate::surveys::{self, ErasureSubject};
use std::collections::BTreeSet;

/// What belongs to them.
struct Erasable {
    follow_ups: Vec<FollowUpId>,
    callbacks: Vec<String>,
}

impl Erasable {
    /// How many wishes are told of. Of a conversation none: most follow-ups tell that there is a linked answer, which is for
    /// the supervisors of the team. Of an address those that the team has got: nobody learns when another was left.
    fn told(&self, whose: ErasureSubject<'_>) -> i64 {
        match whose {
            ErasureSubject::Conversations { .. } => 0,
            ErasureSubject::Address(_) => i64::try_from(self.follow_ups.len()).unwrap_or(i64::MAX),
        }
    }
}

impl FollowUps {
    /// How many wishes to be contacted there are of theirs, as far as that is told.
    pub async fn callbacks_of(&self, conn: Conn<'_>, whose: ErasureSubject<'_>) -> Result<i64, DbError> {
        Ok(self.of(conn, whose).await?.told(whose))
    }

    async fn of(&self, mut conn: Conn<'_>, whose: ErasureSubject<'_>) -> Result<Erasable, DbError> {
        let mut callbacks: BTreeSet<String> =
            self.parts.surveys.callbacks_of(conn.reborrow(), whose).await?.into_iter().collect();
        let ids = match whose {
            ErasureSubject::Conversations { ids, .. } => ids,
            // What was opened about a conversation goes with the conversation.
            ErasureSubject::Address(_) => &[],
        };
        let found: Vec<String> = callbacks.iter().cloned().collect();
        let rows = store::about(conn, ids, &found).await?;
        callbacks.extend(rows.iter().filter_map(|(_, callback)| callback.clone()));
        let follow_ups = rows.into_iter().map(|(id, _)| id).collect();
        Ok(Erasable { follow_ups, callbacks: callbacks.into_iter().collect() })
    }

    /// Erases what there is of theirs, in the caller's transaction; how many wishes, as far as that is told. Whoever is
    /// changing one of the follow-ups meanwhile finds that out.
    pub async fn erase(&self, mut conn: Conn<'_>, whose: ErasureSubject<'_>, now: Timestamp) -> Result<i64, DbError> {
        let found = self.of(conn.reborrow(), whose).await?;
        if !found.callbacks.is_empty() {
            surveys::forget_callbacks(conn.reborrow(), &found.callbacks).await?;
        }
        if !found.follow_ups.is_empty() {
            store::erase(conn, &found.follow_ups, now).await?;
        }
        Ok(found.told(whose))
    }
}
