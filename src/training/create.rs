//! Flagging as exemplary.

use super::clip::{checked_skills, checked_title, checked_why};
use super::masks::{self, MaskingRequest, PreviewLine};
use super::{Clip, ClipError, Training, chat, cutting, span, store, subject};
use crate::effects::Effects;
use crate::ids::{ClipId, InteractionId};
use crate::interactions::{Channel, Interaction, SPEAKERS_CHANGED};
use crate::jobs::NewJob;
use crate::masking;
use crate::web::Principal;
use crate::web::rights::{Right, SeeOriginals};

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
    /// What is masked beyond what is found, and what is left in.
    pub asked: MaskingRequest,
}

impl Training {
    /// Makes a clip of a call or chat that `who` may see; its sound is cut in the background.
    pub async fn create(&self, who: &Principal, new: NewClip) -> Result<ClipId, ClipError> {
        let now = self.now();
        let (clip, looked) = self.prepare(who, new).await?;
        let mut effects = Effects::new().audit(&who.actor(), "clip.created", subject(&clip.id), Some(detail(&clip)));
        let kept = kept(&looked);
        if !kept.is_empty() {
            let detail = serde_json::json!({ "interaction": clip.interaction_id, "masks": kept });
            effects = effects.audit(&who.actor(), "clip.mask_removed", subject(&clip.id), Some(detail));
        }
        // The sound is cut when its words are known: they tell what is to be silent.
        effects = match (&clip.source_key, &clip.lines) {
            (Some(_), Some(_)) => effects.job(NewJob::new(cutting::CUT, clip.id.as_str(), now)),
            (_, None) => effects.job(NewJob::new(cutting::WORDS, clip.id.as_str(), now)),
            (None, Some(_)) => effects,
        };
        // Somebody may have set other speakers since they were read here: the job looks again.
        if let (Some(_), Some(interaction)) = (&clip.source_key, &clip.interaction_id) {
            effects = effects.job(NewJob::new(SPEAKERS_CHANGED, interaction.as_str(), now));
        }
        let mut tx = self.inner.db.begin().await?;
        store::add(tx.conn(), &clip).await?;
        effects.save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(clip.id)
    }

    /// What a clip would show and what is masked in it, without making it. What is left in is shown, so that is noted as a look
    /// at original words.
    pub async fn look(&self, who: &Principal, new: NewClip) -> Result<Vec<PreviewLine>, ClipError> {
        let interaction = new.interaction.clone();
        let (_, looked) = self.prepare(who, new).await?;
        if !kept(&looked).is_empty() {
            self.inner.interactions.note_look(who, "transcript.original_viewed", &interaction).await?;
        }
        Ok(looked)
    }

    /// The clip as it would be, with what is masked in each line.
    async fn prepare(&self, who: &Principal, new: NewClip) -> Result<(Clip, Vec<PreviewLine>), ClipError> {
        let staff = who.staff_id().ok_or(ClipError::NotAPerson)?;
        let asked = new.asked.checked()?;
        if !asked.keep.is_empty() && !SeeOriginals::has(who) {
            return Err(ClipError::MasksStay);
        }
        let found = self.inner.interactions.find(&who.visible(), &new.interaction).await?;
        let interaction = found.ok_or(ClipError::NoInteraction)?;
        let known: Vec<String> = self.skills().await?.into_iter().map(|skill| skill.name).collect();
        let now = self.now();
        let mut clip = Clip {
            id: ClipId::random(),
            interaction_id: Some(interaction.id.clone()),
            team_id: interaction.team_id.clone(),
            channel: interaction.channel.code().to_owned(),
            title: self.without_data(&interaction.id, &checked_title(&new.title)?).await?,
            why: self.without_data(&interaction.id, &checked_why(&new.why)?).await?,
            skills: checked_skills(&new.skills, &known)?,
            start_ms: new.start_ms,
            end_ms: new.end_ms,
            lines: None,
            speakers: Vec::new(),
            source_key: None,
            audio_key: None,
            audio_problem: None,
            asked,
            words_version: 0,
            silences: Vec::new(),
            peaks: None,
            created_by: staff.to_string(),
            created_name: who.name.clone(),
            created_at: now,
            removed_at: None,
            finished_at: None,
        };
        let looked = self.fill(&mut clip, &interaction).await?;
        Ok((clip, looked))
    }

    /// Checks the span, and takes over the words in it and where its sound comes from.
    async fn fill(&self, clip: &mut Clip, interaction: &Interaction) -> Result<Vec<PreviewLine>, ClipError> {
        let only_lines = |looked: &[PreviewLine]| looked.iter().map(|one| one.line.clone()).collect();
        if interaction.channel == Channel::Chat {
            let messages = self.inner.interactions.original_messages(&interaction.id).await?;
            clip.end_ms = span::check(clip.start_ms, clip.end_ms, Some(chat::length_ms(&messages)))?;
            let looked = chat::lines(&messages, clip.start_ms, clip.end_ms, &clip.asked)?;
            clip.lines = Some(only_lines(&looked));
            return Ok(looked);
        }
        let recording = self.inner.interactions.recording(&interaction.id).await?.ok_or(ClipError::NoRecording)?;
        clip.end_ms = span::check(clip.start_ms, clip.end_ms, recording.duration_ms)?;
        clip.speakers = recording.speakers();
        clip.source_key = Some(recording.object_key);
        let Some(spoken) = self.inner.spoken.lines(&interaction.id).await? else { return Ok(Vec::new()) };
        let masked = masks::of_call(&spoken, clip.start_ms, clip.end_ms, &clip.asked);
        clip.lines = Some(only_lines(&masked.lines));
        clip.silences = masked.silences;
        Ok(masked.lines)
    }

    /// What a supervisor writes about a conversation, without the customer's name and the like.
    pub(super) async fn without_data(&self, interaction: &InteractionId, text: &str) -> Result<String, ClipError> {
        let names = self.inner.interactions.names_in(interaction, [text]).await?;
        Ok(masking::masked(text, &names))
    }
}

/// The masks that are left out.
fn kept(looked: &[PreviewLine]) -> Vec<&str> {
    let masks = looked.iter().flat_map(|line| &line.masks);
    masks.filter(|mask| mask.kept).map(|mask| mask.id.as_str()).collect()
}

/// For the audit log: which span of what. Never its words.
fn detail(clip: &Clip) -> serde_json::Value {
    serde_json::json!({ "interaction": clip.interaction_id, "start_ms": clip.start_ms, "end_ms": clip.end_ms })
}
