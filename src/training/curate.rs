//! Changes clips, removes them from the library and restores them.

use super::clip::{checked_skills, checked_title, checked_why};
use super::{Clip, ClipError, Training, may_change, store, subject};
use crate::access::Principal;
use crate::effects::Effects;
use crate::ids::ClipId;

/// Changes of a clip; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Title of the clip.
    pub title: Option<String>,
    /// Reason that it is exemplary.
    pub why: Option<String>,
    /// Skills that it demonstrates.
    pub skills: Option<Vec<String>>,
}

impl Training {
    /// Returns a clip that `who` may change. Errors: not found instead of forbidden, as others may not even see it.
    async fn changeable(&self, who: &Principal, id: &ClipId) -> Result<Clip, ClipError> {
        let clip = self.find(who, id).await?;
        if may_change(who, &clip) { Ok(clip) } else { Err(ClipError::NotFound) }
    }

    /// Changes title, reason or skills.
    pub async fn change(&self, who: &Principal, id: &ClipId, change: Change) -> Result<(), ClipError> {
        let mut clip = self.changeable(who, id).await?;
        if let Some(title) = change.title {
            clip.title = checked_title(&title)?;
        }
        if let Some(why) = change.why {
            clip.why = checked_why(&why)?;
        }
        if let Some(skills) = change.skills {
            let known: Vec<String> = self.skills().await?.into_iter().map(|skill| skill.name).collect();
            clip.skills = checked_skills(&skills, &known)?;
        }
        if let Some(interaction) = &clip.interaction_id {
            clip.title = self.without_data(interaction, &clip.title).await?;
            clip.why = self.without_data(interaction, &clip.why).await?;
        }
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        store::set_texts(tx.conn(), &clip).await?;
        Effects::new().audit(&who.actor(), "clip.changed", subject(id), None).save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a clip from the library, or restores it. Idempotent.
    pub async fn set_removed(&self, who: &Principal, id: &ClipId, removed: bool) -> Result<(), ClipError> {
        let clip = self.changeable(who, id).await?;
        if clip.removed_at.is_some() == removed {
            return Ok(());
        }
        let now = self.now();
        let action = if removed { "clip.removed" } else { "clip.restored" };
        let mut tx = self.inner.db.begin().await?;
        store::set_removed(tx.conn(), id, removed.then_some(now)).await?;
        Effects::new().audit(&who.actor(), action, subject(id), None).save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }
}
