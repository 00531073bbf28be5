//! Flagging as exemplary.

use super::clip::{checked_skills, checked_title, checked_why};
use super::{Clip, ClipError, Training, chat, cutting, span, store, subject};
use crate::database::DbError;
use crate::effects::Effects;
use crate::ids::{ClipId, InteractionId};
use crate::interactions::{Channel, Interaction};
use crate::jobs::NewJob;
use crate::web::Principal;

/// A clip to be made.
#[derive(Debug, Clone)]
pub struct NewClip {
    /// Of this call or chat.
    pub interaction: InteractionId,
    /// In the recording, or since the chat's first message.
    pub start_ms: i64,
    /// In the recording, or since the chat's first message.
    pub end_ms: i64,
    /// Title.
    pub title: String,
    /// Why it is exemplary.
    pub why: String,
    /// What it shows.
    pub skills: Vec<String>,
}

impl Training {
    /// Makes a clip of a call or chat that `who` may see; its sound is cut in the background.
    pub async fn create(&self, who: &Principal, new: NewClip) -> Result<ClipId, ClipError> {
        let staff = who.staff_id().ok_or(ClipError::NotAPerson)?;
        let found = self.inner.interactions.find(&who.visible(), &new.interaction).await?;
        let interaction = found.ok_or(ClipError::NoInteraction)?;
        let known: Vec<String> = self.skills().await?.into_iter().map(|skill| skill.name).collect();
        let now = self.now();
        let mut clip = Clip {
            id: ClipId::random(),
            interaction_id: Some(interaction.id.clone()),
            team_id: interaction.team_id.clone(),
            channel: interaction.channel.code().to_owned(),
            title: checked_title(&new.title)?,
            why: checked_why(&new.why)?,
            skills: checked_skills(&new.skills, &known)?,
            start_ms: new.start_ms,
            end_ms: new.end_ms,
            lines: None,
            speakers: Vec::new(),
            source_key: None,
            audio_key: None,
            audio_problem: None,
            peaks: None,
            created_by: staff.to_string(),
            created_name: who.name.clone(),
            created_at: now,
            removed_at: None,
            finished_at: None,
        };
        self.fill(&mut clip, &interaction).await?;
        let mut effects = Effects::new().audit(&who.actor(), "clip.created", subject(&clip.id), Some(detail(&clip)));
        if clip.source_key.is_some() {
            effects = effects.job(NewJob::new(cutting::CUT, clip.id.as_str(), now));
        }
        if clip.lines.is_none() {
            effects = effects.job(NewJob::new(cutting::WORDS, clip.id.as_str(), now));
        }
        let mut tx = self.inner.db.begin().await?;
        store::add(tx.conn(), &clip).await?;
        effects.save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(clip.id)
    }

    /// Checks the span, and takes over the words in it and where its sound comes from.
    async fn fill(&self, clip: &mut Clip, interaction: &Interaction) -> Result<(), ClipError> {
        let customer = self.customer_name(&interaction.id).await?;
        if interaction.channel == Channel::Chat {
            let messages = self.inner.interactions.messages(&interaction.id).await?;
            clip.end_ms = span::check(clip.start_ms, clip.end_ms, Some(chat::length_ms(&messages)))?;
            clip.lines = Some(chat::lines(&messages, clip.start_ms, clip.end_ms, customer.as_deref())?);
            return Ok(());
        }
        let recording = self.inner.interactions.recording(&interaction.id).await?.ok_or(ClipError::NoRecording)?;
        clip.end_ms = span::check(clip.start_ms, clip.end_ms, recording.duration_ms)?;
        clip.speakers = recording.speakers();
        clip.source_key = Some(recording.object_key);
        let spoken = self.inner.spoken.lines(&interaction.id).await?;
        clip.lines = spoken.map(|spoken| span::lines(&spoken, clip.start_ms, clip.end_ms, customer.as_deref()));
        Ok(())
    }

    /// The customer's name, to be taken out; unknown once it has been erased.
    pub(super) async fn customer_name(&self, interaction: &InteractionId) -> Result<Option<String>, DbError> {
        let found = self.inner.interactions.for_survey(interaction).await?;
        Ok(found.and_then(|found| found.customer).and_then(|customer| customer.name))
    }
}

/// For the audit log: which span of what. Never its words.
fn detail(clip: &Clip) -> serde_json::Value {
    serde_json::json!({ "interaction": clip.interaction_id, "start_ms": clip.start_ms, "end_ms": clip.end_ms })
}
