//! Times of chat messages, so that a chat has spans as a recording has.

use super::masks::{MaskingRequest, PreviewLine, of_message};
use super::{ClipError, ClipLine};
use crate::interactions::Message;

/// Duration of a message without a time after the one before it, and of the last one, in ms.
const A_MOMENT_MS: i64 = 1000;

/// Returns start and end of each message, in ms since the first: until the next one. A message whose time is unknown or
/// earlier than the one before it comes a second after that.
pub fn moments(messages: &[Message]) -> Vec<(i64, i64)> {
    let first = messages.iter().find_map(|message| message.at);
    let mut starts: Vec<i64> = Vec::with_capacity(messages.len());
    for message in messages {
        let told = message.at.zip(first).map(|(at, first)| at.ms_since(first));
        let start = match (told, starts.last()) {
            (Some(told), Some(before)) if told > *before => told,
            (Some(told), None) => told.max(0),
            (_, Some(before)) => before + A_MOMENT_MS,
            (None, None) => 0,
        };
        starts.push(start);
    }
    let ends = starts.iter().skip(1).copied().chain(starts.last().map(|last| last + A_MOMENT_MS));
    starts.iter().copied().zip(ends).collect()
}

/// Returns the length of a chat in ms.
pub(super) fn length_ms(messages: &[Message]) -> i64 {
    moments(messages).last().map_or(0, |(_, end)| *end)
}

/// Returns the messages that a span touches, masked, with times from its beginning.
pub(super) fn lines(
    messages: &[Message],
    start_ms: i64,
    end_ms: i64,
    asked: &MaskingRequest,
) -> Result<Vec<PreviewLine>, ClipError> {
    let touched = messages.iter().zip(moments(messages));
    // Notes among staff have their moment on the page, and are never part of a clip.
    let touched = touched.filter(|(m, (from, to))| !m.private && *from < end_ms && *to > start_ms);
    let looked = |(message, (from, to)): (&Message, (i64, i64))| {
        let (text, masks) = of_message(message, asked);
        let (start_ms, end_ms) = ((from - start_ms).max(0), to.min(end_ms) - start_ms);
        PreviewLine { line: ClipLine { start_ms, end_ms, speaker: message.sender.code().to_owned(), text }, masks }
    };
    let lines: Vec<PreviewLine> = touched.map(looked).collect();
    if lines.is_empty() { Err(ClipError::BadSpan("nobody wrote anything in this span".into())) } else { Ok(lines) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::interactions::Sender;
    use crate::masking::{Names, find};

    fn message(seq: i64, at: Option<i64>, text: &str) -> Message {
        Message {
            seq,
            at: at.map(Timestamp),
            sender: Sender::Customer,
            text: text.to_owned(),
            masks: Vec::new(),
            private: false,
        }
    }

    #[test]
    fn every_message_has_a_moment() {
        let chat = [
            message(0, None, ""),
            message(1, Some(5_000), ""),
            message(2, None, ""),
            message(3, Some(4_000), ""),
            message(4, Some(9_000), ""),
        ];
        assert_eq!(moments(&chat), [(0, 1000), (1000, 2000), (2000, 3000), (3000, 4000), (4000, 5000)]);
        let timed = [message(0, Some(5_000), ""), message(1, Some(15_000), "")];
        assert_eq!(moments(&timed), [(0, 10_000), (10_000, 11_000)]);
        assert_eq!(moments(&[]), []);
    }

    #[test]
    fn a_span_takes_what_it_touches() {
        let mut chat = [
            message(0, Some(0), "Hi"),
            message(1, Some(10_000), "Jerry here, I am on 0306 999 0123"),
            message(2, Some(20_000), "Bye"),
        ];
        chat[1].masks = find(&chat[1].text, &Names::of("Jerry"));
        let asked =
            MaskingRequest { keep: vec!["m1:0:name".into()], words: vec!["here".into()], ..MaskingRequest::default() };
        for (asked, wanted) in
            [(MaskingRequest::default(), "[name] here, I am on [phone]"), (asked, "Jerry [masked], I am on [phone]")]
        {
            let lines = lines(&chat, 12_000, 20_000, &asked).unwrap();
            assert_eq!(lines.len(), 1);
            let line = &lines[0].line;
            assert_eq!((line.start_ms, line.end_ms, line.text.as_str()), (0, 8_000, wanted));
        }
        assert!(super::lines(&chat, 60_000, 70_000, &MaskingRequest::default()).is_err());
        chat[1].private = true;
        assert!(super::lines(&chat, 12_000, 20_000, &MaskingRequest::default()).is_err());
        let open = super::lines(&chat, 0, 30_000, &MaskingRequest::default()).unwrap();
        assert_eq!(open.iter().map(|line| line.line.text.as_str()).collect::<Vec<_>>(), ["Hi", "Bye"]);
    }
}
