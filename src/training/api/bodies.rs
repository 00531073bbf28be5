//! Clips as JSON.

use super::super::{Clip, ClipCard, ClipLine, Skill, Sound, may_change};
use crate::access::Principal;
use poem_openapi::Object;

/// A clip to be created.
#[derive(Debug, Object)]
#[oai(rename = "NewClip", example)]
pub(super) struct ClipIn {
    /// Id of the interaction.
    pub interaction: String,
    /// Start, ms from the beginning of the recording or from the first message of the chat.
    pub start_ms: i64,
    /// End, ms from the same time; 1 s to 10 min after the start.
    pub end_ms: i64,
    /// Title; it must not name a customer.
    pub title: String,
    /// Explanation why it is exemplary.
    pub why: String,
    /// Skills that the clip shows.
    #[oai(default)]
    pub skills: Vec<String>,
    /// Spans of the recording to be silenced in addition; their words are masked.
    #[oai(default)]
    pub silence: Vec<Stretch>,
    /// Words or phrases to be masked in addition, throughout the clip.
    #[oai(default)]
    pub mask_words: Vec<String>,
    /// Wrong masks to be removed: `{line}:{number}:{kind}`. The line is its `start_ms` in the recording, or `m` and the index of
    /// the message in a chat; the number counts the masks of the line from 0; the kind is the text of the mask with hyphens:
    /// `21630:0:phone`, `m4:1:card-number`. Unknown masks are ignored; removed ones are recorded in the audit log.
    #[oai(default)]
    pub keep: Vec<String>,
}

/// A span of a recording or of a clip.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ClipSpan")]
pub(super) struct Stretch {
    /// Start, ms from the beginning.
    pub start_ms: i64,
    /// End, ms from the beginning.
    pub end_ms: i64,
}

impl poem_openapi::types::Example for ClipIn {
    fn example() -> Self {
        Self {
            interaction: "3f2a9c10-7c1e-4a8b-9d55-2f6f6f1f9a01".into(),
            start_ms: 12_000,
            end_ms: 48_500,
            title: "Owning the mistake".into(),
            why: "Says sorry once, then what happens next and when.".into(),
            skills: vec!["Empathy".into(), "Next step".into()],
            silence: Vec::new(),
            mask_words: Vec::new(),
            keep: Vec::new(),
        }
    }
}

/// Changes to a clip; missing fields stay as they are.
#[derive(Debug, Default, Object)]
#[oai(rename = "ClipUpdate")]
pub(super) struct ClipPatch {
    /// Title.
    pub title: Option<String>,
    /// Explanation why it is exemplary.
    pub why: Option<String>,
    /// Skills; they replace the current ones.
    pub skills: Option<Vec<String>>,
    /// False restores a deleted clip; true deletes it, as DELETE does.
    pub removed: Option<bool>,
}

/// A line of a clip, masked.
#[derive(Debug, Object)]
#[oai(rename = "ClipLine")]
pub(super) struct LineOut {
    /// Start, ms from the beginning of the clip.
    start_ms: i64,
    /// End, ms from the beginning of the clip.
    end_ms: i64,
    /// Speaker or sender: `agent`, `customer`, …
    speaker: String,
    /// Text; `[e-mail]`, `[phone]`, `[address]`, `[name]` and the like replace personal data.
    text: String,
}

impl From<ClipLine> for LineOut {
    fn from(line: ClipLine) -> Self {
        Self { start_ms: line.start_ms, end_ms: line.end_ms, speaker: line.speaker, text: line.text }
    }
}

/// A clip of the training library.
#[derive(Debug, Object)]
#[oai(rename = "Clip")]
pub(super) struct ClipOut {
    /// Id.
    id: String,
    /// Id of the interaction; null for callers who may not change the clip, and once the interaction is deleted.
    interaction: Option<String>,
    /// Channel.
    channel: String,
    /// Title.
    title: String,
    /// Explanation why it is exemplary.
    why: String,
    /// Skills that the clip shows.
    skills: Vec<String>,
    /// Duration, ms.
    length_ms: i64,
    /// Lines of text; null until the recording is transcribed.
    lines: Option<Vec<LineOut>>,
    /// State of the audio; `none` for a chat.
    sound: String,
    /// Reason why the audio failed.
    sound_problem: Option<String>,
    /// Silenced spans of the audio.
    silences: Vec<Stretch>,
    /// Speakers of the channels in their order.
    speakers: Vec<String>,
    /// Name of the person who created it.
    flagged_by: String,
    /// Time of creation, RFC 3339, UTC.
    created_at: String,
    /// Time when the caller completed it, RFC 3339, UTC; null if not completed.
    finished_at: Option<String>,
    /// Time of deletion, RFC 3339, UTC; it can be restored for 30 days.
    removed_at: Option<String>,
    /// Whether the caller may change it.
    may_change: bool,
}

impl ClipOut {
    pub(super) fn new(who: &Principal, clip: Clip) -> Self {
        let (sound, length_ms, may_change) = (clip.sound(), clip.length_ms(), may_change(who, &clip));
        Self {
            id: clip.id.to_string(),
            interaction: clip.interaction_id.filter(|_| may_change).map(|id| id.to_string()),
            channel: clip.channel,
            title: clip.title,
            why: clip.why,
            skills: clip.skills,
            length_ms,
            lines: clip.lines.map(|lines| lines.into_iter().map(LineOut::from).collect()),
            sound: sound.code().to_owned(),
            sound_problem: if let Sound::Failed(why) = sound { Some(why) } else { None },
            silences: {
                let stretch =
                    |(from, to): (i64, i64)| Stretch { start_ms: from - clip.start_ms, end_ms: to - clip.start_ms };
                clip.silences.into_iter().map(stretch).collect()
            },
            speakers: clip.speakers,
            flagged_by: clip.created_name,
            created_at: clip.created_at.to_rfc3339(),
            finished_at: clip.finished_at.map(crate::clock::Timestamp::to_rfc3339),
            removed_at: clip.removed_at.map(crate::clock::Timestamp::to_rfc3339),
            may_change,
        }
    }
}

/// A clip in a list.
#[derive(Debug, Object)]
#[oai(rename = "ClipSummary")]
pub(super) struct CardOut {
    /// Id.
    id: String,
    /// Channel.
    channel: String,
    /// Title.
    title: String,
    /// Explanation why it is exemplary.
    why: String,
    /// Skills that the clip shows.
    skills: Vec<String>,
    /// Duration, ms.
    length_ms: i64,
    /// Name of the person who created it.
    flagged_by: String,
    /// Time of creation, RFC 3339, UTC.
    created_at: String,
    /// Time when the caller completed it, RFC 3339, UTC; null if not completed.
    finished_at: Option<String>,
}

impl From<ClipCard> for CardOut {
    fn from(card: ClipCard) -> Self {
        Self {
            id: card.id.to_string(),
            channel: card.channel,
            title: card.title,
            why: card.why,
            skills: card.skills,
            length_ms: card.length_ms,
            flagged_by: card.created_name,
            created_at: card.created_at.to_rfc3339(),
            finished_at: card.finished_at.map(crate::clock::Timestamp::to_rfc3339),
        }
    }
}

/// A skill that clips show.
#[derive(Debug, Object)]
#[oai(rename = "Skill")]
pub(super) struct SkillOut {
    /// Name.
    name: String,
    /// Number of clips that show it.
    clips: i64,
}

impl From<Skill> for SkillOut {
    fn from(skill: Skill) -> Self {
        Self { name: skill.name, clips: skill.clips }
    }
}

/// A page of clips.
#[derive(Debug, Object)]
pub(super) struct ClipPage {
    /// Clips, newest first.
    pub items: Vec<CardOut>,
    /// `cursor` of the next page; null on the last page.
    pub next: Option<String>,
    /// All skills in the library, by name.
    pub skills: Vec<SkillOut>,
}

/// The completion of a clip by the caller.
#[derive(Debug, Object)]
pub(super) struct Completion {
    /// Id of the clip.
    pub clip: String,
    /// Time of the first completion, RFC 3339, UTC.
    pub finished_at: String,
}
