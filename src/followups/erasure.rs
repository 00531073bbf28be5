//! Erasure in follow-ups, by address or with a conversation: their texts, and the callback request with name and
//! number. The follow-up itself stays, closed: days, team, outcome.

use super::{FollowUps, store};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::FollowUpId;
use crate::invitations::ErasureSubject;
use crate::responses::{self};
use std::collections::BTreeSet;

/// Data of the subject.
struct Erasable {
    follow_ups: Vec<FollowUpId>,
    callbacks: Vec<String>,
}

impl Erasable {
    /// Returns the number of callback requests to report. 0 for a conversation: most follow-ups reveal that there is a
    /// linked answer, which only supervisors of the team may know. For an address those that were handed over: the time
    /// of another one is not revealed.
    fn told(&self, whose: ErasureSubject<'_>) -> i64 {
        match whose {
            ErasureSubject::Conversations { .. } => 0,
            ErasureSubject::Address(_) => i64::try_from(self.follow_ups.len()).unwrap_or(i64::MAX),
        }
    }
}

impl FollowUps {
    /// Returns the number of the subject's callback requests that may be reported.
    pub async fn callbacks_of(&self, conn: Conn<'_>, whose: ErasureSubject<'_>) -> Result<i64, DbError> {
        Ok(self.of(conn, whose).await?.told(whose))
    }

    async fn of(&self, mut conn: Conn<'_>, whose: ErasureSubject<'_>) -> Result<Erasable, DbError> {
        let mut callbacks: BTreeSet<String> =
            self.parts.responses.callbacks_of(conn.reborrow(), whose).await?.into_iter().collect();
        let ids = match whose {
            ErasureSubject::Conversations { ids, .. } => ids,
            // Follow-ups about a conversation are erased with the conversation.
            ErasureSubject::Address(_) => &[],
        };
        let found: Vec<String> = callbacks.iter().cloned().collect();
        let rows = store::about(conn, ids, &found).await?;
        callbacks.extend(rows.iter().filter_map(|(_, callback)| callback.clone()));
        let follow_ups = rows.into_iter().map(|(id, _)| id).collect();
        Ok(Erasable { follow_ups, callbacks: callbacks.into_iter().collect() })
    }

    /// Erases the subject's data in the caller's transaction; returns the number of callback requests that may be
    /// reported. A concurrent change of one of the follow-ups fails.
    pub async fn erase(&self, mut conn: Conn<'_>, whose: ErasureSubject<'_>, now: Timestamp) -> Result<i64, DbError> {
        let found = self.of(conn.reborrow(), whose).await?;
        if !found.callbacks.is_empty() {
            responses::forget_callbacks(conn.reborrow(), &found.callbacks).await?;
        }
        if !found.follow_ups.is_empty() {
            store::erase(conn, &found.follow_ups, &self.day(now), now).await?;
        }
        Ok(found.told(whose))
    }
}
