//! Outcome words of known systems.

use crate::interactions::Outcome;

/// Words and their meaning; `_` stands for any separator. Sources: Twilio `CallStatus`; Asterisk CDR `disposition`;
/// FreeSWITCH hangup causes; Aircall `missed_call_reason`; vCon `disposition`. Words that do not tell whether an agent
/// spoke with the customer are left out, such as NORMAL_CLEARING and `resolved`: administrators map them.
const KNOWN: &[(&str, Outcome)] = &[
    // Twilio
    ("completed", Outcome::Answered),
    ("busy", Outcome::Missed),
    ("no_answer", Outcome::Missed),
    ("failed", Outcome::Missed),
    ("canceled", Outcome::Abandoned),
    ("cancelled", Outcome::Abandoned),
    // Asterisk
    ("congestion", Outcome::Missed),
    // FreeSWITCH
    ("user_busy", Outcome::Missed),
    ("no_user_response", Outcome::Missed),
    ("call_rejected", Outcome::Missed),
    ("originator_cancel", Outcome::Abandoned),
    // Aircall
    ("agents_did_not_answer", Outcome::Missed),
    ("no_available_agent", Outcome::Missed),
    ("out_of_opening_hours", Outcome::Missed),
    ("abandoned_in_ivr", Outcome::Abandoned),
    ("abandoned_in_classic", Outcome::Abandoned),
    ("short_abandoned", Outcome::Abandoned),
    // vCon
    ("hung_up", Outcome::Abandoned),
    // Usual in several systems
    ("unanswered", Outcome::Missed),
    ("not_answered", Outcome::Missed),
    ("voice_mail", Outcome::Voicemail),
];

/// Returns the meaning of a word as [`super::key`] returns it, the same for every separator: `no-answer`, `NO ANSWER`.
pub(super) fn meaning(key: &str) -> Option<Outcome> {
    let separated: String = key.chars().map(|c| if c == '-' || c.is_whitespace() { '_' } else { c }).collect();
    KNOWN.iter().find(|(word, _)| *word == separated).map(|(_, outcome)| *outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_do_not_matter() {
        for word in ["no-answer", "no answer", "no_answer"] {
            assert_eq!(meaning(word), Some(Outcome::Missed), "{word}");
        }
        assert_eq!(meaning("completed"), Some(Outcome::Answered));
        assert_eq!(meaning("noanswer"), None);
    }
}
