//! The user's own account: password and sessions.

use super::limits::Bucket;
use super::{Staff, StaffError, passwords, store};
use crate::clock::Timestamp;
use crate::effects::{Actor, Effects};
use crate::ids::StaffId;
use crate::vault::plain_hash;

/// Length of a session's handle in characters: a prefix of its token's hash.
const HANDLE: usize = 16;

/// A session, as shown to its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// Handle for [`Staff::end_session`]; not a secret.
    pub handle: String,
    /// Time of signing in.
    pub since: Timestamp,
    /// Browser, in words; may be empty.
    pub client: String,
    /// Whether it is the session of the request.
    pub is_current: bool,
}

impl Staff {
    /// Returns the sessions of an account, the newest first; `token`: that of the request's session.
    pub async fn sessions(&self, id: &StaffId, token: &str) -> Result<Vec<SessionSummary>, StaffError> {
        let current = plain_hash(token.as_bytes());
        let rows = store::sessions(self.db.read().await?.conn(), id, self.now()).await?;
        let summary = |row: store::SessionRow| SessionSummary {
            handle: row.token_hash.chars().take(HANDLE).collect(),
            since: row.created_at,
            is_current: row.token_hash == current,
            client: row.client,
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Ends one of an account's sessions. Errors: [`StaffError::NotThere`] where the account has no such session.
    pub async fn end_session(&self, id: &StaffId, handle: &str, by: &Actor) -> Result<(), StaffError> {
        let mut tx = self.db.begin().await?;
        if store::end_one_session(tx.conn(), id, handle).await? == 0 {
            return Err(StaffError::NotThere("session"));
        }
        Effects::new().audit(by, "session.ended", format!("staff:{id}"), None).save(tx.conn(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Ends an account's sessions except the one with this token.
    pub async fn end_other_sessions(&self, id: &StaffId, token: &str, by: &Actor) -> Result<(), StaffError> {
        let mut tx = self.db.begin().await?;
        store::end_other_sessions(tx.conn(), id, &plain_hash(token.as_bytes())).await?;
        Effects::new().audit(by, "session.ended", format!("staff:{id}"), None).save(tx.conn(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Changes an account's own password. The session with this token continues; all others end, as does an open
    /// one-time link, and browsers are known again only after signing in. Audited.
    ///
    /// Errors: [`StaffError::WrongPassword`], [`StaffError::BadPassword`], [`StaffError::WeakPassword`],
    /// [`StaffError::TooManyTries`].
    pub async fn change_password(
        &self,
        id: &StaffId,
        current: String,
        new: String,
        token: &str,
        by: &Actor,
    ) -> Result<(), StaffError> {
        let row = store::by_id(self.db.read().await?.conn(), id).await?.ok_or(StaffError::NotThere("account"))?;
        let tries = [Bucket::current_password(id)];
        tokio::time::sleep(self.take_tries(&tries).await?).await;
        if !passwords::fits(current, row.password_hash).await {
            return Err(StaffError::WrongPassword);
        }
        self.give_tries_back(&tries).await?;
        let hash = passwords::hash(passwords::check(new, row.email, row.name).await?).await?;
        let mut tx = self.db.begin().await?;
        store::set_password(tx.conn(), id, &hash).await?;
        store::end_other_sessions(tx.conn(), id, &plain_hash(token.as_bytes())).await?;
        store::drop_links_of(tx.conn(), id).await?;
        store::forget_devices(tx.conn(), id).await?;
        let subject = format!("staff:{id}");
        Effects::new().audit(by, "staff.password_changed", subject, None).save(tx.conn(), self.now()).await?;
        Ok(tx.commit().await?)
    }
}
