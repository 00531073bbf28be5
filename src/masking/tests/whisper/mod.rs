//! Lines as Whisper writes speech: digits misheard, at signs lost, sentences cut at a breath.

mod masked;
mod unmasked;
mod variants;

use super::*;
use masked::MASKED;
use unmasked::UNMASKED;
use variants::VARIANTS;

/// A line: speaker, output of Whisper, and the masked form.
type Line = (&'static str, &'static str, &'static str);

/// Returns the masked conversation.
fn left(lines: &[(&str, &str)]) -> Vec<String> {
    let said: Vec<Utterance<'_>> = lines
        .iter()
        .map(|(speaker, text)| Utterance { speaker, customer: *speaker == "customer", time_ms: None, text })
        .collect();
    let found = find_in_talk(&said, &Names::none());
    said.iter().zip(found).map(|(line, spans)| apply(line.text, &spans)).collect()
}

#[test]
fn what_people_say_of_themselves_goes_however_it_is_written() {
    let mut wrong = Vec::new();
    let cases = MASKED.iter().chain(VARIANTS);
    for (name, lines) in cases.clone() {
        let said: Vec<(&str, &str)> = lines.iter().map(|(speaker, text, _)| (*speaker, *text)).collect();
        let wanted: Vec<&str> = lines.iter().map(|(.., left)| *left).collect();
        let got = left(&said);
        if got != wanted {
            wrong.push(format!("{name}\n    wanted {wanted:?}\n    got    {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.count(), wrong.join("\n"));
}

#[test]
fn references_amounts_dates_and_times_stay_in_a_conversation() {
    for (name, lines) in UNMASKED {
        let wanted: Vec<&str> = lines.iter().map(|(_, text)| *text).collect();
        assert_eq!(left(lines), wanted, "{name}");
    }
}
