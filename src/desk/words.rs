//! Texts of the desk for durations, times and outcomes.

use crate::interactions::{Channel, Interaction, SurveyState};
use crate::invitations::SkipReason;
pub use crate::web::format::{When, clock};

/// Returns a duration in words: "12 seconds", "8 minutes", "2 hours".
pub fn stretch(ms: i64) -> String {
    let said = |n: i64, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    match (ms.max(0) + 500) / 1000 {
        seconds @ ..100 => said(seconds, "second"),
        seconds @ 100..5400 => said((seconds + 30) / 60, "minute"),
        seconds @ 5400..129_600 => said((seconds + 1800) / 3600, "hour"),
        seconds => said((seconds + 43_200) / 86_400, "day"),
    }
}

/// Returns a count with its noun: "1 call", "3 calls".
pub fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// Returns the name of a channel: "Call", "Chat".
pub fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Call => "Call",
        Channel::Chat => "Chat",
        Channel::Other | Channel::Unknown => "Conversation",
    }
}

/// Returns its icon in `layout/icons.html`.
pub fn channel_icon(channel: Channel) -> &'static str {
    if channel == Channel::Chat { "chat" } else { "call" }
}

/// Returns a short topic: that for customers, else the first tag, the queue, the channel.
pub fn title(interaction: &Interaction) -> String {
    let named = interaction.topic.clone().into_iter().chain(interaction.tags()).chain(interaction.queue.clone());
    let mut named = named.filter(|text| !text.trim().is_empty());
    named.next().map_or_else(|| channel(interaction.channel).to_owned(), |text| capitalised(text.trim()))
}

/// Returns the text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Returns an outcome in words.
pub fn outcome(code: &str) -> &'static str {
    match code {
        "answered" => "Answered",
        "missed" => "Missed",
        "abandoned" => "Given up by the customer",
        "voicemail" => "Went to voicemail",
        "not_surveyed" => "Ended so that it is not surveyed",
        _ => "Ended otherwise",
    }
}

/// Returns a direction in words.
pub fn direction(code: &str) -> &'static str {
    match code {
        "inbound" => "from a customer",
        "outbound" => "to a customer",
        "internal" => "among colleagues",
        _ => "begun otherwise",
    }
}

/// Returns a survey's state in a word, and the class of its badge.
pub fn survey(state: SurveyState) -> (&'static str, &'static str) {
    match state {
        SurveyState::Waiting => ("not decided yet", ""),
        SurveyState::Scheduled => ("on its way", "info"),
        SurveyState::Sent => ("sent", "ok"),
        SurveyState::Held => ("held", "warn"),
        SurveyState::Failed => ("not delivered", "bad"),
        SurveyState::Skipped => ("not surveyed", ""),
        SurveyState::Closed => ("closed", ""),
    }
}

/// Returns why a survey was skipped or failed, or why it waits, in words. An unknown code is returned as it is: it is already a
/// sentence.
pub fn survey_reason(reason: Option<&str>) -> Option<String> {
    let reason = reason.filter(|text| !text.trim().is_empty())?;
    Some(SkipReason::known(reason).map_or_else(|| capitalised(reason), |known| known.words().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_people_say_them() {
        assert_eq!([0, 31_000, 331_999, 3_725_000, -5].map(clock), ["0:00", "0:31", "5:31", "1:02:05", "0:00"]);
        let said = [1_000, 12_400, 99_000, 480_000, 7_200_000, 86_400_000 * 3].map(stretch);
        assert_eq!(said, ["1 second", "12 seconds", "99 seconds", "8 minutes", "2 hours", "3 days"]);
        assert_eq!((count(1, "clip", "clips"), count(0, "clip", "clips")), ("1 clip".into(), "0 clips".into()));
        assert_eq!(
            (capitalised("lost parcel"), capitalised("ñandú"), capitalised("")),
            ("Lost parcel".into(), "Ñandú".into(), String::new())
        );
    }
}
