//! Form for flagging and changing clips: its field values, and parsing.
//!
//! A page that flags shows `templates/training/flag_form.html` and has a field `flag: FlagForm`.

use super::{ClipError, PreviewLine, Skill};
use crate::ids::InteractionId;

/// Maximum number of skills offered by the form; others can be typed.
const MAX_OFFERED_SKILLS: usize = 12;

/// A skill in use, with a check box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Name of the skill.
    pub name: String,
    /// Whether it is checked.
    pub ticked: bool,
}

/// Values of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlagForm {
    /// URL that it is sent to.
    pub action: String,
    /// Start of the span: `0:52.0`.
    pub start: String,
    /// End of the span.
    pub end: String,
    /// Title of the clip.
    pub title: String,
    /// Reason that it is exemplary.
    pub why: String,
    /// Skills in use.
    pub ticks: Vec<Tick>,
    /// Further skills, separated by commas.
    pub skills: String,
    /// Further parts to silence, one per line: `0:14.5 to 0:16`.
    pub silence: String,
    /// Further words to mask, separated by commas.
    pub mask_words: String,
    /// Preview of the clip, if requested.
    pub looked: Option<Vec<PreviewLine>>,
    /// Rejected field: `span`, `title`, `why`, `skills` or `masks`; empty if none.
    pub refused: &'static str,
    /// Reason of the rejection.
    pub problem: String,
}

impl FlagForm {
    /// Returns an empty form for a clip of this call or chat.
    pub fn new(interaction: &InteractionId, known: &[Skill]) -> Self {
        Self { action: format!("/interactions/{interaction}/clips"), ..Self::with_skills(&[], known) }
    }

    /// Returns a form with these skills: checked if they are offered, typed otherwise.
    pub(super) fn with_skills(chosen: &[String], known: &[Skill]) -> Self {
        let mut offered: Vec<&Skill> = known.iter().collect();
        // The sort is stable: equally frequent ones stay in the order of their names.
        offered.sort_by_key(|skill| std::cmp::Reverse(skill.clips));
        offered.truncate(MAX_OFFERED_SKILLS);
        let tick = |skill: &&Skill| Tick { name: skill.name.clone(), ticked: chosen.contains(&skill.name) };
        let typed = chosen.iter().filter(|one| !offered.iter().any(|skill| skill.name == **one));
        let skills = typed.map(String::as_str).collect::<Vec<_>>().join(", ");
        Self { ticks: offered.iter().map(tick).collect(), skills, ..Self::default() }
    }

    /// Returns the form with its problem; `None` if the problem is not in a field.
    pub(super) fn refused(mut self, error: &ClipError) -> Option<Self> {
        self.refused = match error {
            ClipError::BadSpan(_) => "span",
            ClipError::BadTitle => "title",
            ClipError::BadWhy => "why",
            ClipError::BadSkills => "skills",
            ClipError::BadMasking(_) => "masks",
            ClipError::NotFound
            | ClipError::NoInteraction
            | ClipError::NoRecording
            | ClipError::MasksStay
            | ClipError::NotAPerson
            | ClipError::Database(_) => return None,
        };
        let mut text = error.to_string();
        if let Some(first) = text.get(..1).map(str::to_uppercase) {
            text.replace_range(..1, &first);
        }
        self.problem = format!("{text}.");
        Some(self)
    }
}

/// Returns the skills that were checked and typed (separated by commas or line breaks).
pub(super) fn read_skills(ticked: &[String], typed: &str) -> Vec<String> {
    let all = ticked.iter().map(String::as_str).chain(typed.split([',', ';', '\n']));
    all.map(|skill| skill.trim().to_owned()).filter(|skill| !skill.is_empty()).collect()
}

/// Parses time ranges `0:14.5 to 0:16`, `14.5-16`, one per line or separated by commas. Errors: the text of the invalid
/// one.
pub(super) fn read_stretches(text: &str) -> Result<Vec<(i64, i64)>, String> {
    let stretch = |piece: &str| {
        let (from, to) = piece.split_once(" to ").or_else(|| piece.split_once(['-', '–', '—']))?;
        Some((read_clock(from)?, read_clock(to)?))
    };
    let pieces = text.split(['\n', ';', ',']).map(str::trim).filter(|piece| !piece.is_empty());
    pieces.map(|piece| stretch(piece).ok_or_else(|| piece.to_owned())).collect()
}

/// Parses `1:12.5`, `72.5` or `1:02:05` into ms; `None` if it is no time.
pub(super) fn read_clock(text: &str) -> Option<i64> {
    let mut parts = text.trim().rsplit(':');
    let (whole, tenths) = parts.next().map(|seconds| seconds.split_once(['.', ',']).unwrap_or((seconds, "")))?;
    let number = |text: &str| -> Option<i64> {
        let plain = !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
        if plain { text.parse().ok() } else { None }
    };
    let fraction = match tenths {
        "" => 0,
        digits => {
            number(digits)?;
            format!("{digits:0<3}").get(..3)?.parse::<i64>().ok()?
        }
    };
    let (minutes, hours) = (parts.next().map_or(Some(0), number)?, parts.next().map_or(Some(0), number)?);
    let too_many = parts.next().is_some();
    (!too_many).then_some(((hours * 60 + minutes) * 60 + number(whole)?) * 1000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::format::clock;

    #[test]
    fn times_are_read_as_the_page_writes_them() {
        for (text, ms) in [
            ("0:52.0", 52_000),
            ("1:12.5", 72_500),
            (" 72,25 ", 72_250),
            ("1:02:05", 3_725_000),
            ("5", 5_000),
            ("0:05.1239", 5_123),
        ] {
            assert_eq!(read_clock(text), Some(ms), "{text}");
        }
        for text in ["", "a", "1:2:3:4", "-5", "1:-2", "1.x", "1e3", "9999999", ":5:"] {
            assert_eq!(read_clock(text), None, "{text}");
        }
        assert_eq!((clock(72_500), clock(3_725_000), clock(-1)), ("1:12".into(), "1:02:05".into(), "0:00".into()));
    }

    #[test]
    fn stretches_are_read_as_people_write_them() {
        assert_eq!(
            read_stretches("0:14.5 to 0:16\n 1:02-1:05; 70 – 72"),
            Ok(vec![(14_500, 16_000), (62_000, 65_000), (70_000, 72_000)])
        );
        assert_eq!(read_stretches("  "), Ok(vec![]));
        assert_eq!(read_stretches("0:14 to soon"), Err("0:14 to soon".into()));
    }

    #[test]
    fn skills_are_ticked_or_typed() {
        let known = [Skill { name: "Empathy".into(), clips: 1 }, Skill { name: "Next step".into(), clips: 3 }];
        let form = FlagForm::with_skills(&["Empathy".into(), "Own words".into()], &known);
        assert_eq!(form.ticks[0], Tick { name: "Next step".into(), ticked: false });
        assert_eq!(form.ticks[1], Tick { name: "Empathy".into(), ticked: true });
        assert_eq!(form.skills, "Own words");
        assert_eq!(
            read_skills(&["Empathy".into(), "Next step".into()], "Own words,, another "),
            ["Empathy", "Next step", "Own words", "another"]
        );
    }
}
