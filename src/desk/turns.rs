//! What was said or written, turn by turn, as the page shows it.

use super::words::{self, When};
use crate::interactions::{Message, Sender};

/// A stretch in which nobody spoke is worth a line from here on, ms.
const LONG_SILENCE_MS: i64 = 5_000;
/// A stretch in which nobody wrote is worth a line from here on, ms.
const LONG_PAUSE_MS: i64 = 120_000;

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// As it stands.
    pub text: String,
    /// The model was not sure of it.
    pub unsure: bool,
}

/// Something said or written in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// A line in front of it where nobody spoke or wrote for long.
    pub pause: Option<String>,
    /// From the beginning, ms.
    pub start_ms: i64,
    /// From the beginning, ms.
    pub end_ms: i64,
    /// `start_ms` as "0:31".
    pub clock: String,
    /// The moment, where it is known (chats).
    pub at: Option<When>,
    /// `agent`, `customer`, `bot`, `system` or `other`: how it is coloured.
    pub speaker: String,
    /// Who, in a word.
    pub who: String,
    /// What.
    pub text: Vec<Piece>,
}

/// A chat's messages. Times count from the first one, so that waiting can be seen; what has no time stands where the
/// one before it does.
pub fn of_chat(messages: Vec<Message>) -> Vec<Turn> {
    let Some(begin) = messages.iter().find_map(|m| m.at) else {
        return messages.into_iter().map(|m| written(m, 0, None)).collect();
    };
    let mut last = 0;
    let mut turns: Vec<Turn> = Vec::with_capacity(messages.len());
    for message in messages {
        let at = message.at.map_or(last, |at| at.ms_since(begin).max(0));
        let pause = (at - last >= LONG_PAUSE_MS).then(|| format!("Nobody wrote for {}", words::stretch(at - last)));
        last = last.max(at);
        turns.push(written(message, at, pause));
    }
    // A message lasts until the next one: spans for the library are chosen by lines.
    for i in 0..turns.len() {
        let next = turns.get(i + 1).map_or(turns[i].start_ms + 1000, |turn| turn.start_ms);
        turns[i].end_ms = next.max(turns[i].start_ms + 1);
    }
    turns
}

fn written(message: Message, start_ms: i64, pause: Option<String>) -> Turn {
    let who = match message.sender {
        Sender::Agent => "Agent",
        Sender::Customer => "Customer",
        Sender::Bot => "Bot",
        Sender::System => "Chat",
        Sender::Other => "Somebody",
    };
    Turn {
        pause,
        start_ms,
        end_ms: start_ms + 1,
        clock: words::clock(start_ms),
        at: message.at.map(When::from),
        speaker: message.sender.code().to_owned(),
        who: who.to_owned(),
        text: vec![Piece { text: message.text, unsure: false }],
    }
}

/// A line about the silence between two turns of a call, where it is long.
pub fn silence(from_ms: i64, to_ms: i64) -> Option<String> {
    (to_ms - from_ms >= LONG_SILENCE_MS).then(|| format!("Nobody speaks for {}", words::stretch(to_ms - from_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn message(seq: i64, at: Option<i64>) -> Message {
        Message { seq, at: at.map(Timestamp), sender: Sender::Customer, text: "<b>hello</b>".into() }
    }

    #[test]
    fn a_chat_counts_from_its_first_message_and_shows_long_waits() {
        let turns = of_chat(vec![message(0, Some(60_000)), message(1, None), message(2, Some(540_000)), message(3, Some(541_000))]);
        let seen: Vec<_> = turns.iter().map(|t| (t.clock.as_str(), t.pause.as_deref())).collect();
        assert_eq!(seen, [("0:00", None), ("0:00", None), ("8:00", Some("Nobody wrote for 8 minutes")), ("8:01", None)]);
        assert!(turns.windows(2).all(|pair| pair[0].end_ms > pair[0].start_ms && pair[0].start_ms <= pair[1].start_ms));
    }

    #[test]
    fn a_chat_without_times_still_shows() {
        let turns = of_chat(vec![message(0, None), message(1, None)]);
        assert_eq!((turns.len(), turns[1].start_ms, turns[1].at.clone()), (2, 0, None));
        assert!(of_chat(Vec::new()).is_empty());
        assert_eq!((silence(0, 4_000), silence(1_000, 13_000)), (None, Some("Nobody speaks for 12 seconds".into())));
    }
}
