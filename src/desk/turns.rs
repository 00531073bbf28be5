//! Turns of a conversation, as the page shows them.

use super::words::{self, When};
use crate::interactions::{Message, Sender};
use crate::masking;
use crate::training::moments;
use crate::transcription::{Correction, Segment};

/// Minimum length of a silence that gets a line, in ms.
const MIN_SHOWN_SILENCE_MS: i64 = 5_000;
/// Minimum length of a pause in a chat that gets a line, in ms.
const MIN_SHOWN_PAUSE_MS: i64 = 120_000;
/// Confidence of the model below which a word is marked as uncertain.
const MAX_DOUBTFUL_CONFIDENCE: f32 = 0.4;

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Text of the piece.
    pub text: String,
    /// Whether the model was uncertain.
    pub unsure: bool,
    /// Whether it is the placeholder of masked text.
    pub masked: bool,
}

/// Returns the pieces with masked parts separated.
fn with_masks(pieces: Vec<Piece>) -> Vec<Piece> {
    let split = |piece: &Piece| -> Vec<Piece> {
        let one = |part: masking::Piece<'_>| match part {
            masking::Piece::Plain(text) => Piece { text: text.to_owned(), ..piece.clone() },
            masking::Piece::Masked(kind) => Piece { text: kind.to_owned(), unsure: false, masked: true },
        };
        masking::pieces(&piece.text).into_iter().map(one).collect()
    };
    pieces.iter().flat_map(split).collect()
}

/// A turn: consecutive speech or a message of one speaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Line before it about a long silence.
    pub pause: Option<String>,
    /// Start, in ms from the beginning.
    pub start_ms: i64,
    /// End, in ms from the beginning.
    pub end_ms: i64,
    /// `start_ms` as text: "0:31".
    pub clock: String,
    /// Time of the day, if known (chats).
    pub at: Option<When>,
    /// `agent`, `customer`, `bot`, `system` or `other`: gives the colour.
    pub speaker: String,
    /// Name of the speaker.
    pub who: String,
    /// Whether it is a note among staff.
    pub private: bool,
    /// Text in pieces.
    pub text: Vec<Piece>,
    /// Start of each word in the displayed text, in UTF-16 units, and its time, in ms: "0-1200 6-1480"; empty if
    /// unknown.
    pub words: String,
    /// Correction of the transcript, if there is one.
    pub corrected: Option<Corrected>,
}

/// Correction of a line: its author, and the model's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// Name of the last author.
    pub by: String,
    /// Time of the correction.
    pub at: When,
    /// Text of the model.
    pub machine: String,
}

impl From<Correction> for Corrected {
    fn from(correction: Correction) -> Self {
        Self { by: correction.author, at: correction.at.into(), machine: correction.machine_text }
    }
}

/// Returns the messages of a chat as turns. Times count from the first one, so that waits are visible; clips are
/// selected by the same times.
pub fn of_chat(messages: Vec<Message>) -> Vec<Turn> {
    let moments = moments(&messages);
    let mut before = 0;
    let turn = |(message, (start_ms, end_ms)): (Message, (i64, i64))| {
        let pause = (start_ms - before >= MIN_SHOWN_PAUSE_MS)
            .then(|| format!("No message for {}", words::stretch(start_ms - before)));
        before = start_ms;
        Turn { pause, ..written(message, start_ms, end_ms) }
    };
    messages.into_iter().zip(moments).map(turn).collect()
}

/// Returns the transcript of a recording as turns, with its corrections.
pub fn of_call(segments: Vec<Segment>, corrections: Vec<Correction>) -> Vec<Turn> {
    let mut before: Option<i64> = None;
    let mut turns = Vec::with_capacity(segments.len());
    for segment in segments {
        let ms = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
        let (start_ms, end_ms) = (ms(segment.start_ms), ms(segment.end_ms));
        let quiet = start_ms - before.unwrap_or(start_ms);
        let pause = (quiet >= MIN_SHOWN_SILENCE_MS).then(|| format!("Silence of {}", words::stretch(quiet)));
        before = Some(before.map_or(end_ms, |last| last.max(end_ms)));
        turns.push(Turn {
            pause,
            start_ms,
            end_ms,
            clock: words::clock(start_ms),
            at: None,
            speaker: segment.speaker.to_string(),
            who: segment.speaker.label(),
            private: false,
            words: word_times(&segment),
            text: with_masks(pieces(segment)),
            corrected: None,
        });
    }
    for correction in corrections {
        if let Some(turn) = turns.get_mut(correction.seq) {
            turn.corrected = Some(correction.into());
        }
    }
    turns
}

/// Returns the value of [`Turn::words`].
fn word_times(segment: &Segment) -> String {
    let joined = masking::join_words(segment.words.iter().map(|word| word.text.as_str()));
    if joined != segment.text.trim() {
        return String::new();
    }
    let mut at = 0;
    let mut before = "";
    let mut times = Vec::with_capacity(segment.words.len());
    for word in &segment.words {
        if !before.is_empty() && !masking::goes_on(before, &word.text) {
            at += 1;
        }
        times.push(format!("{at}-{}", word.start_ms));
        at += masking::pieces(&word.text).iter().map(|piece| piece.shown().encode_utf16().count()).sum::<usize>();
        before = &word.text;
    }
    times.join(" ")
}

/// Returns the text with uncertain words separated. If the words do not make up the text it stays whole.
fn pieces(segment: Segment) -> Vec<Piece> {
    let joined = masking::join_words(segment.words.iter().map(|word| word.text.as_str()));
    if joined != segment.text.trim() {
        return vec![Piece { text: segment.text, unsure: false, masked: false }];
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for word in segment.words {
        let unsure = word.confidence < MAX_DOUBTFUL_CONFIDENCE;
        let Some(last) = pieces.last_mut() else {
            pieces.push(Piece { text: word.text, unsure, masked: false });
            continue;
        };
        let goes_on = masking::goes_on(&last.text, &word.text);
        let space = if goes_on { "" } else { " " };
        // Groups of one number are certain or uncertain together.
        let same_number = goes_on && last.text.ends_with('-');
        if last.unsure == unsure || same_number {
            last.text.push_str(space);
            last.text.push_str(&word.text);
            last.unsure |= unsure;
        } else if last.unsure {
            // The space belongs to the certain piece, so that no underline extends below it.
            pieces.push(Piece { text: format!("{space}{}", word.text), unsure, masked: false });
        } else {
            last.text.push_str(space);
            pieces.push(Piece { text: word.text, unsure, masked: false });
        }
    }
    pieces
}

fn written(message: Message, start_ms: i64, end_ms: i64) -> Turn {
    let who = match message.sender {
        Sender::Agent => "Agent",
        Sender::Customer => "Customer",
        Sender::Bot => "Bot",
        Sender::System => "Chat",
        Sender::Other => "Somebody",
    };
    Turn {
        pause: None,
        start_ms,
        end_ms,
        clock: words::clock(start_ms),
        at: message.at.map(When::from),
        speaker: message.sender.code().to_owned(),
        who: who.to_owned(),
        private: message.private,
        words: String::new(),
        text: with_masks(vec![Piece { text: message.text, unsure: false, masked: false }]),
        corrected: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::transcription::{Speaker, Word};

    fn message(seq: i64, at: Option<i64>) -> Message {
        Message {
            seq,
            at: at.map(Timestamp),
            sender: Sender::Customer,
            text: "<b>hello</b>".into(),
            masks: Vec::new(),
            private: false,
        }
    }

    #[test]
    fn a_chat_counts_from_its_first_message_and_shows_long_waits() {
        let turns = of_chat(vec![
            message(0, Some(60_000)),
            message(1, None),
            message(2, Some(540_000)),
            message(3, Some(541_000)),
        ]);
        let seen: Vec<_> = turns.iter().map(|t| (t.clock.as_str(), t.pause.as_deref())).collect();
        assert_eq!(seen, [("0:00", None), ("0:01", None), ("8:00", Some("No message for 8 minutes")), ("8:01", None)]);
        assert!(turns.windows(2).all(|pair| pair[0].end_ms == pair[1].start_ms));
    }

    #[test]
    fn a_chat_without_times_still_shows() {
        let turns = of_chat(vec![message(0, None), message(1, None)]);
        assert_eq!((turns.len(), turns[1].start_ms, turns[1].at.clone()), (2, 1_000, None));
        assert!(of_chat(Vec::new()).is_empty());
    }

    fn heard(start_ms: u64, end_ms: u64, words: &[(&str, f32)], text: &str) -> Segment {
        let word =
            |(text, confidence): &(&str, f32)| Word { start_ms, end_ms, text: (*text).into(), confidence: *confidence };
        Segment {
            start_ms,
            end_ms,
            speaker: Speaker::Agent,
            text: text.into(),
            confidence: 0.9,
            words: words.iter().map(word).collect(),
        }
    }

    #[test]
    fn doubtful_words_stand_apart_and_the_text_stays_whole() {
        let turns = of_call(
            vec![
                heard(
                    0,
                    2_000,
                    &[("Thank", 0.9), ("you", 0.1), ("Alice.", 0.2), ("Bye.", 0.9)],
                    "Thank you Alice. Bye.",
                ),
                heard(14_000, 15_000, &[("我", 0.9), ("们", 0.1)], "我们"),
            ],
            Vec::new(),
        );
        let seen: Vec<_> = turns[0].text.iter().map(|p| (p.text.as_str(), p.unsure)).collect();
        assert_eq!(seen, [("Thank ", false), ("you Alice.", true), (" Bye.", false)]);
        let seen: Vec<_> = turns[1].text.iter().map(|p| (p.text.as_str(), p.unsure)).collect();
        assert_eq!(seen, [("我", false), ("们", true)]);
        assert_eq!((turns[0].words.as_str(), turns[1].words.as_str()), ("0-0 6-0 10-0 17-0", "0-14000 1-14000"));
        assert_eq!(turns[1].pause.as_deref(), Some("Silence of 12 seconds"));
        assert_eq!((turns[0].who.as_str(), turns[0].speaker.as_str()), ("Agent", "agent"));
    }
}
