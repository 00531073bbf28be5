//! Changing a clip, taking it out of the library, putting it back.

use super::clip::{checked_skills, checked_title, checked_why};
use super::{Clip, ClipError, Training, may_change, store, subject};
use crate::effects::Effects;
use crate::ids::ClipId;
use crate::web::Principal;

/// What is to be different; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Title.
    pub title: Option<String>,
    /// Why it is exemplary.
    pub why: Option<String>,
    /// What it shows.
    pub skills: Option<Vec<String>>,
}

impl Training {
    /// A clip that `who` may change; for others it is there to be seen at most, so this is no 403 for them but nothing.
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

    /// Takes a clip out of the library, or puts it back; doing it twice changes nothing more.
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
