//! Texts of the pages: built-in phrases in every language, patterns with placeholders, days in words.
//!
//! Five languages are built in, complete (`templates/surveys/languages/*.json`); a survey may add more, or override
//! phrases. Phrases are plain text: templates escape them.

pub mod contrast;
mod language;
mod pattern;
mod phrases;

pub use language::Language;
pub use pattern::{Facts, check_pattern, fill};
pub use phrases::{Phrases, built_in, built_in_texts, english, missing_phrases, names, unknown_phrases};

use crate::clock::{Timestamp, Zone};

/// Returns the day of a time in this language: `20 November`, `11月20日`.
pub fn day(phrases: &Phrases, zone: &Zone, at: Timestamp) -> String {
    let date = zone.date(at);
    let month = usize::try_from(date.month()).unwrap_or(1);
    let name = phrases.months.split('|').nth(month - 1).unwrap_or_default();
    let facts = Facts::default().with("d", date.day()).with("m", month).with("month", name);
    fill(&phrases.day, &facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_as_people_say_them() {
        let at = Timestamp(1_795_132_800_000); // 2026-11-20
        for (language, wanted) in [
            ("en", "20 November"),
            ("de", "20. November"),
            ("fr", "20 novembre"),
            ("es", "20 de noviembre"),
            ("zh", "11月20日"),
        ] {
            let phrases = built_in(&language.parse().unwrap_or_default()).unwrap_or_else(english);
            assert_eq!(day(phrases, &Zone::default(), at), wanted);
        }
    }
}
