//! Clips, and checks of their texts.

use super::fold::fold;
use super::masks::{self, MaskingRequest};
use super::{ClipError, MAX_SKILL_CHARS, MAX_SKILLS, MAX_TITLE_CHARS, MAX_WHY_CHARS, SpokenLine};
use crate::clock::Timestamp;
use crate::ids::{ClipId, InteractionId, TeamId};
use serde::{Deserialize, Serialize};

/// A line of a clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipLine {
    /// Start, in ms from the clip's beginning.
    pub start_ms: i64,
    /// End, in ms from the clip's beginning.
    pub end_ms: i64,
    /// `agent`, `customer`, `bot`, `system`, or another speaker of the transcript.
    pub speaker: String,
    /// Masked text.
    pub text: String,
}

/// State of a clip's sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound {
    /// A chat has none.
    None,
    /// It is being cut.
    Cutting,
    /// It is available.
    Ready,
    /// It failed permanently, with the reason.
    Failed(String),
}

impl Sound {
    /// Returns the code for JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Cutting => "cutting",
            Self::Ready => "ready",
            Self::Failed(_) => "failed",
        }
    }
}

/// A clip of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// Its id.
    pub id: ClipId,
    /// Interaction that it was cut from, while that exists.
    pub interaction_id: Option<InteractionId>,
    /// Team of the interaction.
    pub team_id: Option<TeamId>,
    /// `call` or `chat`.
    pub channel: String,
    /// Title of the clip.
    pub title: String,
    /// Reason that it is exemplary.
    pub why: String,
    /// Skills that it demonstrates.
    pub skills: Vec<String>,
    /// Start, in ms of the recording, or since the chat's first message.
    pub start_ms: i64,
    /// End, in ms of the recording, or since the chat's first message.
    pub end_ms: i64,
    /// Masked lines; `None` while the recording is not transcribed.
    pub lines: Option<Vec<ClipLine>>,
    /// Speakers of the sound's channels.
    pub speakers: Vec<String>,
    /// Recording that it is cut from; `None` for a chat.
    pub(super) source_key: Option<String>,
    pub(super) audio_key: Option<String>,
    pub(super) audio_problem: Option<String>,
    /// Masking decisions of the author.
    pub(super) asked: MaskingRequest,
    /// Number of times that its text was remade with other speakers.
    pub(super) words_version: i64,
    /// Silenced parts: start and end in ms of the recording, within the clip.
    pub silences: Vec<(i64, i64)>,
    /// Waveform as JSON, once it has been cut.
    pub peaks: Option<String>,
    /// Account of the author.
    pub(super) created_by: String,
    /// Name of the author at that time.
    pub created_name: String,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of removal from the library.
    pub removed_at: Option<Timestamp>,
    /// Time at which the viewer finished it.
    pub finished_at: Option<Timestamp>,
}

impl Clip {
    /// Returns the length in ms.
    pub fn length_ms(&self) -> i64 {
        (self.end_ms - self.start_ms).max(0)
    }

    /// Returns the state of its sound.
    pub fn sound(&self) -> Sound {
        match (&self.source_key, &self.audio_key, &self.audio_problem) {
            (None, ..) => Sound::None,
            (_, Some(_), _) => Sound::Ready,
            (_, None, Some(why)) => Sound::Failed(why.clone()),
            (_, None, None) => Sound::Cutting,
        }
    }

    /// Returns title, reason and skills, for the library's search.
    pub(super) fn search_text(&self) -> String {
        let parts = [self.title.as_str(), self.why.as_str()].into_iter().chain(self.skills.iter().map(String::as_str));
        fold(&parts.collect::<Vec<_>>().join("\n"))
    }
}

/// Masked text of a call's clip, and the silenced parts of its sound.
pub(super) struct Words {
    pub(super) lines: Vec<ClipLine>,
    /// Start and end in ms of the recording.
    pub(super) silences: Vec<(i64, i64)>,
}

impl Words {
    /// Reads them from the lines of the recording.
    pub(super) fn of(spoken: &[SpokenLine], clip: &Clip) -> Self {
        let masked = masks::of_call(spoken, clip.start_ms, clip.end_ms, &clip.asked);
        let lines = masked.lines.into_iter().map(|looked| looked.line).collect();
        Self { lines, silences: masked.silences }
    }
}

/// Returns the text of lines, for the library's search.
pub(super) fn search_words(lines: &[ClipLine]) -> String {
    fold(&lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n"))
}

/// Returns the title as one line. Errors: empty or too long.
pub(super) fn checked_title(title: &str) -> Result<String, ClipError> {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() || title.chars().count() > MAX_TITLE_CHARS { Err(ClipError::BadTitle) } else { Ok(title) }
}

/// Returns the reason, with its line breaks. Errors: empty or too long.
pub(super) fn checked_why(why: &str) -> Result<String, ClipError> {
    let why = why.replace("\r\n", "\n").trim().to_owned();
    if why.is_empty() || why.chars().count() > MAX_WHY_CHARS { Err(ClipError::BadWhy) } else { Ok(why) }
}

/// Returns the skills, each once regardless of spelling; a skill in use keeps its spelling. Errors: too many or too
/// long.
pub(super) fn checked_skills(skills: &[String], known: &[String]) -> Result<Vec<String>, ClipError> {
    if skills.len() > MAX_SKILLS {
        return Err(ClipError::BadSkills);
    }
    let mut checked: Vec<String> = Vec::new();
    for skill in skills {
        let skill = skill.split_whitespace().collect::<Vec<_>>().join(" ");
        let same = |other: &&String| fold(other) == fold(&skill);
        if skill.is_empty() || checked.iter().any(|other| same(&other)) {
            continue;
        }
        if skill.chars().count() > MAX_SKILL_CHARS {
            return Err(ClipError::BadSkills);
        }
        checked.push(known.iter().find(same).cloned().unwrap_or(skill));
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skills_are_written_one_way() {
        let skills = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let known = skills(&["Empathy", "Next step"]);
        let checked = checked_skills(&skills(&["  empathy ", "EMPATHY", "", "next  step", "Café"]), &known).unwrap();
        assert_eq!(checked, ["Empathy", "Next step", "Café"]);
        assert!(matches!(checked_skills(&skills(&["x".repeat(41).as_str()]), &known), Err(ClipError::BadSkills)));
        let many: Vec<String> = (0..11).map(|n| format!("skill {n}")).collect();
        assert!(matches!(checked_skills(&many, &[]), Err(ClipError::BadSkills)));
        assert!(matches!(checked_skills(&vec![String::new(); 11], &[]), Err(ClipError::BadSkills)));
    }

    #[test]
    fn texts_are_trimmed_and_bounded() {
        assert_eq!(checked_title("  Owning \n it ").unwrap(), "Owning it");
        assert!(matches!(checked_title(" \t"), Err(ClipError::BadTitle)));
        assert_eq!(checked_title(&"ü".repeat(120)).unwrap().chars().count(), 120);
        assert!(checked_title(&"ü".repeat(121)).is_err());
        assert_eq!(checked_why(" a\r\nb ").unwrap(), "a\nb");
        assert!(checked_why("").is_err() && checked_why(&"x".repeat(2001)).is_err());
    }
}
