//! What goes of follow-ups when a customer asks for it, or with the conversation: what was written in them, and the wish with
//! its name and number. The follow-up itself stays, closed, as one that somebody had: days, the team, how it ended.

use super::{FollowUps, store};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::FollowUpId;
use crate::surveys::{self, Whose};
use std::collections::BTreeSet;

/// What belongs to them.
struct Found {
    follow_ups: Vec<FollowUpId>,
    wishes: Vec<String>,
}

impl Found {
    /// How many wishes are told of. Of a conversation none: most follow-ups tell that there is a linked answer, which is for
    /// the supervisors of the team. Of an address those that the team has got: nobody learns when another was left.
    fn told(&self, whose: Whose<'_>) -> i64 {
        match whose {
            Whose::Conversations { .. } => 0,
            Whose::Address(_) => i64::try_from(self.follow_ups.len()).unwrap_or(i64::MAX),
        }
    }
}

impl FollowUps {
    /// How many wishes to be contacted there are of theirs, as far as that is told.
    pub async fn wishes_of(&self, conn: Conn<'_>, whose: Whose<'_>) -> Result<i64, DbError> {
        Ok(self.of(conn, whose).await?.told(whose))
    }

    async fn of(&self, mut conn: Conn<'_>, whose: Whose<'_>) -> Result<Found, DbError> {
        let mut wishes: BTreeSet<String> =
            self.parts.surveys.wishes_of(conn.again(), whose).await?.into_iter().collect();
        let ids = match whose {
            Whose::Conversations { ids, .. } => ids,
            // What was opened about a conversation goes with the conversation.
            Whose::Address(_) => &[],
        };
        let found: Vec<String> = wishes.iter().cloned().collect();
        let rows = store::about(conn, ids, &found).await?;
        wishes.extend(rows.iter().filter_map(|(_, wish)| wish.clone()));
        let follow_ups = rows.into_iter().map(|(id, _)| id).collect();
        Ok(Found { follow_ups, wishes: wishes.into_iter().collect() })
    }

    /// Erases what there is of theirs, in the caller's transaction; how many wishes, as far as that is told. Whoever is
    /// changing one of the follow-ups meanwhile finds that out.
    pub async fn erase(&self, mut conn: Conn<'_>, whose: Whose<'_>, now: Timestamp) -> Result<i64, DbError> {
        let found = self.of(conn.again(), whose).await?;
        if !found.wishes.is_empty() {
            surveys::forget_wishes(conn.again(), &found.wishes).await?;
        }
        if !found.follow_ups.is_empty() {
            store::erase(conn, &found.follow_ups, now).await?;
        }
        Ok(found.told(whose))
    }
}
