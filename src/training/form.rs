//! The form by which clips are flagged and changed: what stands in its fields, and reading them.
//!
//! A page that flags shows `templates/training/flag_form.html` and has a field `flag: FlagForm`.

use super::{ClipError, PreviewLine, Skill};
use crate::ids::InteractionId;

/// Maximum number of skills that the form offers; others can be typed.
const MAX_OFFERED_SKILLS: usize = 12;

/// A skill in use, to be ticked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Its name.
    pub name: String,
    /// Is it ticked?
    pub ticked: bool,
}

/// What stands in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlagForm {
    /// Where it is sent.
    pub action: String,
    /// Where the span begins: `0:52.0`.
    pub start: String,
    /// Where it ends.
    pub end: String,
    /// Title.
    pub title: String,
    /// Why it is exemplary.
    pub why: String,
    /// Skills in use.
    pub ticks: Vec<Tick>,
    /// Further skills, with commas between them.
    pub skills: String,
    /// What is to be silent as well, a stretch a line: `0:14.5 to 0:16`.
    pub silence: String,
    /// Words to be masked as well, with commas between them.
    pub mask_words: String,
    /// What the clip would show, where that was asked for.
    pub looked: Option<Vec<PreviewLine>>,
    /// Which field was refused: `span`, `title`, `why`, `skills` or `masks`; empty where none was.
    pub refused: &'static str,
    /// Why it was refused.
    pub problem: String,
}

impl FlagForm {
    /// An empty form that makes a clip of this call or chat.
    pub fn new(interaction: &InteractionId, known: &[Skill]) -> Self {
        Self { action: format!("/interactions/{interaction}/clips"), ..Self::with_skills(&[], known) }
    }

    /// A form with these skills in it: ticked where they are offered, typed otherwise.
    pub(super) fn with_skills(chosen: &[String], known: &[Skill]) -> Self {
        let mut offered: Vec<&Skill> = known.iter().collect();
        // Stable: those in equal use stay in the order of their names.
        offered.sort_by_key(|skill| std::cmp::Reverse(skill.clips));
        offered.truncate(MAX_OFFERED_SKILLS);
        let tick = |skill: &&Skill| Tick { name: skill.name.clone(), ticked: chosen.contains(&skill.name) };
        let typed = chosen.iter().filter(|one| !offered.iter().any(|skill| skill.name == **one));
        let skills = typed.map(String::as_str).collect::<Vec<_>>().join(", ");
        Self { ticks: offered.iter().map(tick).collect(), skills, ..Self::default() }
    }

    /// The same form with what was wrong in it; `None` where the fault is not in a field.
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

/// Skills out of what was ticked (a line each) and typed (with commas or line breaks between them).
pub(super) fn read_skills(ticked: &str, typed: &str) -> Vec<String> {
    let all = ticked.lines().chain(typed.split([',', ';', '\n']));
    all.map(|skill| skill.trim().to_owned()).filter(|skill| !skill.is_empty()).collect()
}

/// `0:14.5 to 0:16`, `14.5-16`, one a line or with commas between them; `Err` is the one that is none.
pub(super) fn read_stretches(text: &str) -> Result<Vec<(i64, i64)>, String> {
    let stretch = |piece: &str| {
        let (from, to) = piece.split_once(" to ").or_else(|| piece.split_once(['-', '–', '—']))?;
        Some((read_clock(from)?, read_clock(to)?))
    };
    let pieces = text.split(['\n', ';', ',']).map(str::trim).filter(|piece| !piece.is_empty());
    pieces.map(|piece| stretch(piece).ok_or_else(|| piece.to_owned())).collect()
}

/// `1:12.5`, `72.5` or `1:02:05` in ms; `None` for what is no time.
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
            read_skills("Empathy\nNext step", "Own words,, another "),
            ["Empathy", "Next step", "Own words", "another"]
        );
    }
}
