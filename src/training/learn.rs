//! Learning progress: finished and open clips.

use super::{ClipCard, ClipError, Training, store};
use crate::access::Principal;
use crate::clock::Timestamp;
use crate::ids::{ClipId, StaffId};

/// A finished clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Id of the clip.
    pub clip: ClipId,
    /// Time at which it was first finished.
    pub at: Timestamp,
}

/// Learning progress of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Number of clips in the library.
    pub all: i64,
    /// Number of finished clips.
    pub finished: i64,
    /// Open clips, newest first.
    pub new: Vec<ClipCard>,
    /// Finished clips, last one first.
    pub done: Vec<ClipCard>,
}

/// Maximum number of clips in each list; the library has the rest.
const MAX_CLIPS_PER_LIST: i64 = 50;

fn person(who: &Principal) -> Result<&StaffId, ClipError> {
    who.staff_id().ok_or(ClipError::NotAPerson)
}

impl Training {
    /// Records that `who` has finished a clip. Idempotent: the first time is kept.
    pub async fn finish(&self, who: &Principal, id: &ClipId) -> Result<Finished, ClipError> {
        let staff = person(who)?;
        self.find(who, id).await?;
        let mut tx = self.inner.db.begin().await?;
        store::finish(tx.conn(), id, staff, self.now()).await?;
        let at = store::finished_at(tx.conn(), id, staff).await?.ok_or(ClipError::NotFound)?;
        tx.commit().await?;
        Ok(Finished { clip: id.clone(), at })
    }

    /// Removes the completion.
    pub async fn unfinish(&self, who: &Principal, id: &ClipId) -> Result<(), ClipError> {
        let staff = person(who)?;
        self.find(who, id).await?;
        let mut tx = self.inner.db.begin().await?;
        store::unfinish(tx.conn(), id, staff).await?;
        Ok(tx.commit().await?)
    }

    /// Returns the progress of `who`.
    pub async fn progress(&self, who: &Principal) -> Result<Progress, ClipError> {
        let staff = person(who)?;
        let mut reader = self.inner.db.read().await?;
        let (all, finished) = store::progress(reader.conn(), staff).await?;
        let new = store::unfinished(reader.conn(), staff, MAX_CLIPS_PER_LIST).await?;
        let done = store::finished(reader.conn(), staff, MAX_CLIPS_PER_LIST).await?;
        Ok(Progress { all, finished, new, done })
    }
}
