//! Creates clips: flagging as exemplary.

use super::clip::{checked_skills, checked_title, checked_why};
use super::masks::{self, MaskingRequest, PreviewLine};
use super::{Clip, ClipError, Training, chat, cutting, span, store, subject};
use crate::access::Principal;
use crate::access::rights::{Right, SeeOriginals};
use crate::effects::Effects;
use crate::ids::{ClipId, InteractionId};
use crate::interactions::{Channel, Interaction, SPEAKERS_CHANGED};
use crate::jobs::NewJob;
use crate::masking;

/// A clip to create.
#[derive(Debug, Clone)]
pub struct NewClip {
    /// Call or chat of the clip.
    pub interaction: InteractionId,
    /// Start, in ms of the recording, or since the chat's first message.
    pub start_ms: i64,
    /// End, in ms of the recording, or since the chat's first message.
    pub end_ms: i64,
    /// Title of the clip.
    pub title: String,
    /// Reason that it is exemplary.
    pub why: String,
    /// Skills that it demonstrates.
    pub skills: Vec<String>,
    /// Additional masks, and masks to leave out.
    pub asked: MaskingRequest,
}

impl Training {
    /// Creates a clip of a call or chat that `who` may see; its sound is cut in the background.
    pub async fn create(&self, who: &Principal, new: NewClip) -> Result<ClipId, ClipError> {
        let now = self.now();
        let (clip, looked) = self.prepare(who, new).await?;
        let mut effects = Effects::new().audit(&who.actor(), "clip.created", subject(&clip.id), Some(detail(&clip)));
        let kept = kept(&looked);
        if !kept.is_empty() {
            let detail = serde_json::json!({ "interaction": clip.interaction_id, "masks": kept });
            effects = effects.audit(&who.actor(), "clip.mask_removed", subject(&clip.id), Some(detail));
        }
        // The sound is cut when the transcript is known: it determines the silenced parts.
        effects = match (&clip.source_key, &clip.lines) {
            (Some(_), Some(_)) => effects.job(NewJob::new(cutting::CUT, clip.id.as_str(), now)),
            (_, None) => effects.job(NewJob::new(cutting::WORDS, clip.id.as_str(), now)),
            (None, Some(_)) => effects,
        };
        // The speakers may have been changed since they were read here: the job checks again.
        if let (Some(_), Some(interaction)) = (&clip.source_key, &clip.interaction_id) {
            effects = effects.job(NewJob::new(SPEAKERS_CHANGED, interaction.as_str(), now));
        }
        let mut tx = self.inner.db.begin().await?;
        store::add(tx.conn(), &clip).await?;
        effects.save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(clip.id)
    }

    /// Returns the lines of a clip with their masks, without creating it. Unmasked parts are shown, so the access to
    /// original texts is recorded.
    pub async fn look(&self, who: &Principal, new: NewClip) -> Result<Vec<PreviewLine>, ClipError> {
        let interaction = new.interaction.clone();
        let (_, looked) = self.prepare(who, new).await?;
        if !kept(&looked).is_empty() {
            self.inner.interactions.note_look(who, "transcript.original_viewed", &interaction).await?;
        }
        Ok(looked)
    }

    /// Returns the clip as it would be, with the masks of each line.
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

    /// Checks the span, and copies its text and the source of its sound.
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

    /// Returns a supervisor's text about a conversation with personal data masked.
    pub(super) async fn without_data(&self, interaction: &InteractionId, text: &str) -> Result<String, ClipError> {
        let names = self.inner.interactions.names_in(interaction, [text]).await?;
        Ok(masking::masked(text, &names))
    }
}

/// Returns the masks that are left out.
fn kept(looked: &[PreviewLine]) -> Vec<&str> {
    let masks = looked.iter().flat_map(|line| &line.masks);
    masks.filter(|mask| mask.kept).map(|mask| mask.id.as_str()).collect()
}

/// Returns the span and its source for the audit log, never the text.
fn detail(clip: &Clip) -> serde_json::Value {
    serde_json::json!({ "interaction": clip.interaction_id, "start_ms": clip.start_ms, "end_ms": clip.end_ms })
}
