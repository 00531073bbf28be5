//! What clips look like on the wire.

use super::super::{Clip, ClipCard, ClipLine, Skill, Sound, may_change};
use crate::access::Principal;
use poem_openapi::Object;

/// A clip to be made.
#[derive(Debug, Object)]
#[oai(rename = "NewClip", example)]
pub(super) struct ClipIn {
    /// The call or chat that it is a part of.
    pub interaction: String,
    /// Where it begins in the recording, or since the chat's first message; in ms.
    pub start_ms: i64,
    /// Where it ends; 1 s to 10 min later.
    pub end_ms: i64,
    /// 1 to 120 characters. Name no customer.
    pub title: String,
    /// Why it is exemplary: 1 to 2000 characters.
    pub why: String,
    /// What it shows: at most 10, of at most 40 characters each.
    #[oai(default)]
    pub skills: Vec<String>,
    /// Stretches of the recording that are to be silent as well; their words are masked.
    #[oai(default)]
    pub silence: Vec<Stretch>,
    /// Words or phrases to be masked as well, wherever they stand in the clip.
    #[oai(default)]
    pub mask_words: Vec<String>,
    /// Masks that were a mistake and are left out: `{line}:{number}:{kind}`, where the line is its `start_ms` in the recording
    /// (`m` and its place in a chat), the number counts the line's masks from 0, and the kind is the mask's word with hyphens:
    /// `21630:0:phone`, `m4:1:card-number`. What fits no mask is ignored; what does is noted in the audit log.
    #[oai(default)]
    pub keep: Vec<String>,
}

/// A stretch of a recording, or of a clip.
#[derive(Debug, Clone, Object)]
pub(super) struct Stretch {
    /// From the beginning.
    pub start_ms: i64,
    /// From the beginning.
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

/// What is to be different; what is missing stays as it is.
#[derive(Debug, Default, Object)]
#[oai(rename = "ClipChange")]
pub(super) struct ClipPatch {
    /// 1 to 120 characters.
    pub title: Option<String>,
    /// 1 to 2000 characters.
    pub why: Option<String>,
    /// At most 10, of at most 40 characters each; they replace the ones there are.
    pub skills: Option<Vec<String>>,
    /// False puts a clip back that was taken out; true takes it out, as DELETE does.
    pub removed: Option<bool>,
}

/// A line of a clip, masked.
#[derive(Debug, Object)]
#[oai(rename = "ClipLine")]
pub(super) struct LineOut {
    /// From the clip's beginning.
    start_ms: i64,
    /// From the clip's beginning.
    end_ms: i64,
    /// `agent`, `customer`, …
    speaker: String,
    /// What was said or written; `[e-mail]`, `[phone]`, `[address]`, `[name]` and the like stand where personal data was.
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
    /// Its id.
    id: String,
    /// The call or chat that it was cut from, for those who may change the clip, while it is there.
    interaction: Option<String>,
    /// `call` or `chat`.
    channel: String,
    /// Title.
    title: String,
    /// Why it is exemplary.
    why: String,
    /// What it shows.
    skills: Vec<String>,
    /// How long it is.
    length_ms: i64,
    /// Its words; null while the recording is not transcribed.
    lines: Option<Vec<LineOut>>,
    /// `none` (a chat), `cutting`, `ready` or `failed`.
    sound: String,
    /// Why there will be no sound.
    sound_problem: Option<String>,
    /// Where the sound is silent, from the clip's beginning.
    silences: Vec<Stretch>,
    /// Who speaks on which channel of the sound.
    speakers: Vec<String>,
    /// Who flagged it.
    flagged_by: String,
    /// When (RFC 3339).
    created_at: String,
    /// When whoever asks finished it.
    finished_at: Option<String>,
    /// When it was taken out of the library, to be put back within 30 days.
    removed_at: Option<String>,
    /// May whoever asks change it?
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
#[oai(rename = "ClipCard")]
pub(super) struct CardOut {
    /// Its id.
    id: String,
    /// `call` or `chat`.
    channel: String,
    /// Title.
    title: String,
    /// Why it is exemplary.
    why: String,
    /// What it shows.
    skills: Vec<String>,
    /// How long it is.
    length_ms: i64,
    /// Who flagged it.
    flagged_by: String,
    /// When (RFC 3339).
    created_at: String,
    /// When whoever asks finished it.
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
    /// Its name.
    name: String,
    /// How many clips show it.
    clips: i64,
}

impl From<Skill> for SkillOut {
    fn from(skill: Skill) -> Self {
        Self { name: skill.name, clips: skill.clips }
    }
}

/// Clips of the library, newest first.
#[derive(Debug, Object)]
pub(super) struct ClipPage {
    /// The clips.
    pub items: Vec<CardOut>,
    /// Send it as `cursor` for the next page; null on the last.
    pub next: Option<String>,
    /// Skills in use in the whole library, by name.
    pub skills: Vec<SkillOut>,
}

/// A clip that whoever asks has finished.
#[derive(Debug, Object)]
pub(super) struct Completion {
    /// The clip.
    pub clip: String,
    /// When it was finished first (RFC 3339).
    pub finished_at: String,
}
