//! Effects of a bounced invitation.
//!
//! A mailbox that does not exist gets no more mail, and its survey has failed. A mailbox that is full or temporarily
//! unavailable is suppressed only after several such days. Complaints and unsubscriptions have effect at once. All of
//! it uses the keyed hash of the address, in the same way for answered, open and closed invitations: nothing reveals
//! which were answered.

mod store;

use super::compose::Composer;
use super::token::Token;
use super::{address, store as invitations};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::interactions::{self, SurveyState};
use crate::mail::{CameBack, Classification, Consequence, IncomingOutcome, Verdict};

/// Number of days with a soft bounce after which the address is suppressed.
const MAX_SOFT_BOUNCE_DAYS: i64 = 3;
/// Days that are further back are deleted.
const SOFT_DAYS: i64 = 180;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

impl Composer {
    /// Returns the invitation whose link has this token.
    pub(super) async fn of_token(&self, token: &str) -> Result<Option<String>, DbError> {
        let Some(token) = Token::parse(token) else { return Ok(None) };
        store::by_token(self.db.read().await?.conn(), &token.hash()).await
    }

    /// Applies the effects of a bounce; returns `None` if the address is unknown here.
    pub(super) async fn take_back(
        &self,
        mut conn: Conn<'_>,
        about: CameBack<'_>,
        now: Timestamp,
    ) -> Result<Option<Consequence>, DbError> {
        let Some(hash) = self.whose(conn.reborrow(), about).await? else { return Ok(None) };
        let weighed = Classification::of(about.rows, |address| address::hash(&self.vault, address) == hash);
        let done = match weighed.verdict {
            Verdict::Nothing => IncomingOutcome::Nothing,
            Verdict::Complaint => leave_alone(conn, &hash, "complained", now).await?,
            Verdict::OptOut => leave_alone(conn, &hash, "unsubscribed", now).await?,
            Verdict::Hard => {
                let failed = store::fail(conn.reborrow(), about.reference, &hash).await?;
                let why = format!("The mail came back: {}", weighed.sentence());
                say_failed(conn.reborrow(), &failed, &why, now).await?;
                leave_alone(conn, &hash, "bounced", now).await?
            }
            Verdict::Soft => {
                let day = now.0.div_euclid(DAY);
                let days = store::note_soft(conn.reborrow(), &hash, day, day - SOFT_DAYS).await?;
                if days >= MAX_SOFT_BOUNCE_DAYS {
                    leave_alone(conn, &hash, "bounced", now).await?
                } else {
                    IncomingOutcome::Noted
                }
            }
        };
        Ok(Some(Consequence { classification: weighed, done }))
    }

    /// Returns the keyed hash of the address concerned.
    async fn whose(&self, mut conn: Conn<'_>, about: CameBack<'_>) -> Result<Option<String>, DbError> {
        if let Some(reference) = about.reference {
            return invitations::address_invited(conn, reference).await;
        }
        for address in about.rows.iter().filter_map(|row| row.address.as_deref()) {
            let hash = address::hash(&self.vault, address);
            if store::was_invited(conn.reborrow(), &hash).await? {
                return Ok(Some(hash));
            }
        }
        Ok(None)
    }
}

async fn say_failed(mut conn: Conn<'_>, failed: &[InteractionId], why: &str, now: Timestamp) -> Result<(), DbError> {
    for interaction in failed {
        interactions::set_survey(conn.reborrow(), interaction, SurveyState::Failed, Some(why), true, now).await?;
    }
    Ok(())
}

/// Deletes days that are too long ago to count.
pub(super) async fn forget_old(conn: Conn<'_>, now: Timestamp) -> Result<(), DbError> {
    store::forget_old(conn, now.0.div_euclid(DAY) - SOFT_DAYS).await
}

/// Deletes the days of soft bounces of this address.
pub(super) async fn forget_soft(conn: Conn<'_>, hash: &str) -> Result<(), DbError> {
    store::forget_soft(conn, hash).await
}

/// Suppresses the address. An existing suppression for another reason stays.
async fn leave_alone(mut conn: Conn<'_>, hash: &str, reason: &str, now: Timestamp) -> Result<IncomingOutcome, DbError> {
    super::store::suppress(conn.reborrow(), hash, reason, now).await?;
    super::store::erase_address(conn.reborrow(), hash).await?;
    store::forget_soft(conn, hash).await?;
    Ok(IncomingOutcome::Suppressed)
}
