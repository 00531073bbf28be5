//! Segments of the transcript from the tokens of a window.

use super::hallucinations::{Draft, first_rounds, remove_hallucinations};
use super::inference::{DecodedWindow, Token};
use super::windows::Window;
use super::word_timing::{Boundary, DecodedWord, assign};
use crate::masking::join_words;
use crate::transcription::models::Times;
use crate::transcription::{Segment, Speaker, Word};

/// Minimum number of digits of a number that is read out in groups.
const MIN_GROUPED_DIGITS: usize = 5;

/// A word of the decoder's output, with its times in the window.
struct Raw {
    text: String,
    /// Sum of the tokens' probabilities, and their number.
    weight: (f32, u16),
    /// End of its last letter or digit in the window, ms.
    end_ms: Option<u64>,
    /// End of its last character in the window, ms, which includes the pause after it.
    until_ms: Option<u64>,
}

impl Raw {
    fn confidence(&self) -> f32 {
        self.weight.0 / f32::from(self.weight.1.max(1))
    }

    fn word(&self, start_ms: u64, end_ms: u64) -> Word {
        Word { start_ms, end_ms, text: self.text.clone(), confidence: self.confidence() }
    }
}

/// Returns the segments of one window, in order, without hallucinations.
pub(super) fn segments(window: &Window, heard: &DecodedWindow, speaker: Speaker, times: Times) -> Vec<Segment> {
    let drafts = match times {
        Times::Spans => whole(window, heard).into_iter().collect(),
        Times::Model => by_stretch(window, heard),
    };
    remove_hallucinations(drafts, window.speech_ms())
        .iter()
        .filter_map(|draft| segment(&draft.words, speaker))
        .collect()
}

/// Returns the words of each stretch of speech.
fn by_stretch(window: &Window, heard: &DecodedWindow) -> Vec<Draft> {
    let stretches = window.stretches();
    let all = raws(&heard.tokens);
    let texts: Vec<&str> = all.iter().map(|raw| raw.text.as_str()).collect();
    let raws: Vec<&Raw> = first_rounds(&texts).into_iter().map(|at| &all[at]).collect();
    let decoded = decoded(&raws);
    let mut drafts: Vec<Draft> = Vec::new();
    for (raw, (stretch, start_ms, end_ms)) in raws.iter().zip(assign(&decoded, &stretches)) {
        let word = raw.word(start_ms, end_ms);
        match drafts.last_mut() {
            Some(draft) if draft.piece == stretch => draft.words.push(word),
            _ => drafts.push(Draft {
                words: vec![word],
                no_speech: heard.no_speech,
                piece: stretch,
                speech_ms: stretches[stretch].window.1 - stretches[stretch].window.0,
            }),
        }
    }
    drafts
}

fn decoded(raws: &[&Raw]) -> Vec<DecodedWord> {
    let mut before = 0;
    let shape = |raw: &&Raw| {
        let end = raw.end_ms.unwrap_or(before).max(before);
        let boundary = match raw.text.trim_end_matches(['"', '\'', ')']).chars().next_back() {
            Some('.' | '?' | '!' | '。' | '？' | '！' | '…') => Boundary::Sentence,
            Some(',' | ';' | ':' | '-' | '、' | '，') => Boundary::Clause,
            _ => Boundary::None,
        };
        let letters = spoken_letters(&raw.text);
        let until = raw.until_ms.unwrap_or(end).max(end);
        DecodedWord { letters, window: (std::mem::replace(&mut before, until), end), boundary }
    };
    raws.iter().map(shape).collect()
}

/// Returns the approximate number of letters of a word as spoken: a digit is a word of its own.
fn spoken_letters(text: &str) -> u32 {
    text.chars().map(|c| if c.is_ascii_digit() { 4 } else { u32::from(c.is_alphanumeric()) }).sum()
}

/// Returns all words of a model without times, distributed over the spans of speech.
fn whole(window: &Window, heard: &DecodedWindow) -> Option<Draft> {
    let raws = raws(&heard.tokens);
    let speech: Vec<_> = window.pieces.iter().flat_map(|piece| piece.speech.iter().copied()).collect();
    Some(Draft { words: spread(&raws, &speech), no_speech: heard.no_speech, piece: 0, speech_ms: window.speech_ms() })
        .filter(|draft| !draft.words.is_empty())
}

/// Joins tokens to words: a token that begins with a space begins a word. So does each group of digits after a hyphen
/// of a long number: Whisper writes a number that is read out in groups, seconds apart, as one word.
fn raws(tokens: &[Token]) -> Vec<Raw> {
    let begins = |token: &Token| token.bytes.first().is_some_and(u8::is_ascii_whitespace) || is_unspaced(&token.bytes);
    let words = tokens.chunk_by(|_, next| !begins(next));
    let groups = words.flat_map(|word| {
        let long = digits(word) >= MIN_GROUPED_DIGITS;
        word.chunk_by(move |token, next| !(long && parts(token, next)))
    });
    groups.map(raw).filter(|raw| !raw.text.is_empty()).collect()
}

/// Whether a token begins with a Chinese character or kana, by the first bytes: the rest of the character may be in the
/// next token.
fn is_unspaced(bytes: &[u8]) -> bool {
    matches!(bytes, [0xE4..=0xE9, ..] | [0xE3, 0x81..=0x83 | 0x90..=0xBF, ..] | [0xF0, 0xA0..=0xBF, ..])
}

/// Whether a group of digits begins with `next`, after the hyphen that `token` ends with.
fn parts(token: &Token, next: &Token) -> bool {
    token.bytes.ends_with(b"-") && next.bytes.first().is_some_and(u8::is_ascii_digit)
}

fn digits(tokens: &[Token]) -> usize {
    tokens.iter().flat_map(|token| &token.bytes).filter(|byte| byte.is_ascii_digit()).count()
}

/// Returns one word from its tokens.
fn raw(tokens: &[Token]) -> Raw {
    let bytes: Vec<u8> = tokens.iter().flat_map(|token| &token.bytes).copied().collect();
    let spoken = |token: &&Token| String::from_utf8_lossy(&token.bytes).contains(char::is_alphanumeric);
    let end_ms = tokens.iter().rev().filter(spoken).find_map(|token| token.end_ms);
    let until_ms = tokens.iter().rev().find_map(|token| token.end_ms);
    // An incomplete character becomes a replacement character; the rest of the text is kept.
    let text = String::from_utf8_lossy(&bytes).split_whitespace().collect::<Vec<_>>().join(" ");
    let weight = tokens.iter().map(|token| token.probability).sum();
    Raw { text, weight: (weight, u16::try_from(tokens.len()).unwrap_or(u16::MAX)), end_ms, until_ms }
}

/// Distributes words over stretches of time, each in proportion to its letters.
fn spread(raws: &[Raw], stretches: &[(u64, u64)]) -> Vec<Word> {
    let size = |raw: &Raw| raw.text.chars().count() as u64 + 1;
    let length: u64 = stretches.iter().map(|(start, end)| end.saturating_sub(*start)).sum();
    let all = raws.iter().map(size).sum::<u64>().max(1);
    let mut before = 0;
    let place = |raw: &Raw| {
        let from = length * before / all;
        before += size(raw);
        let to = length * before / all;
        raw.word(along(stretches, from, false), along(stretches, to, true))
    };
    raws.iter().map(place).collect()
}

/// Returns the time at this distance along the stretches. At the border of two of them a word ends in the first, or
/// begins in the second.
fn along(stretches: &[(u64, u64)], mut way: u64, ends: bool) -> u64 {
    for (start, end) in stretches {
        let length = end.saturating_sub(*start);
        if way < length || (ends && way == length) {
            return start + way;
        }
        way -= length;
    }
    stretches.last().map_or(0, |(_, end)| *end)
}

/// Removes the hyphen of a group of digits whose next group is in another span.
fn without_last_hyphen(words: &[Word]) -> Vec<Word> {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut()
        && let Some(group) = last.text.strip_suffix('-').filter(|group| group.ends_with(|c: char| c.is_alphanumeric()))
    {
        last.text = group.to_owned();
    }
    words
}

fn segment(words: &[Word], speaker: Speaker) -> Option<Segment> {
    let words = without_last_hyphen(words);
    let text = join_words(words.iter().map(|word| word.text.as_str()));
    // Whisper writes dots, dashes and notes for noise.
    let bracketed = (text.starts_with('[') && text.ends_with(']')) || (text.starts_with('(') && text.ends_with(')'));
    if bracketed || !text.chars().any(char::is_alphanumeric) {
        return None;
    }
    let round = |value: f32| (value.clamp(0.0, 1.0) * 1000.0).round() / 1000.0;
    let confidence = words.iter().map(|word| word.confidence).sum::<f32>() / words.len() as f32;
    let start_ms = words.iter().map(|word| word.start_ms).min()?;
    // The model's times may go back; those of a transcript do not.
    let mut at = start_ms;
    let in_order = |word: &Word| {
        at = at.max(word.start_ms);
        let end_ms = at.max(word.end_ms);
        let word = Word { start_ms: at, end_ms, confidence: round(word.confidence), ..word.clone() };
        at = end_ms;
        word
    };
    let words: Vec<Word> = words.iter().map(in_order).collect();
    Some(Segment { start_ms, end_ms: at, speaker, text, confidence: round(confidence), words })
}

#[cfg(test)]
mod tests {
    use super::super::windows::Packer;
    use super::*;
    use crate::transcription::speech::Span;

    fn token(text: &[u8], probability: f32, end_ms: Option<u64>) -> Token {
        Token { bytes: text.to_vec(), probability, end_ms }
    }

    #[test]
    fn tokens_make_words_and_broken_letters_do_no_harm() {
        let tokens = [
            token(b" Hel", 0.5, Some(100)),
            token(b"lo", 1.0, Some(200)),
            token(b",", 0.9, Some(900)),
            token(b" caf\xC3", 0.8, None),
            token(b"\xA9 ", 0.8, None),
            token(b" \xF0\x9F", 0.1, None),
        ];
        let words = raws(&tokens);
        assert_eq!(words.iter().map(|raw| raw.text.as_str()).collect::<Vec<_>>(), ["Hello,", "café", "\u{FFFD}"]);
        assert_eq!((words[0].end_ms, words[0].until_ms), (Some(200), Some(900)), "a comma's time is the pause");
        assert!((words[0].confidence() - 0.8).abs() < 1e-6);
    }

    #[test]
    fn chinese_words_have_no_spaces_and_keep_their_punctuation() {
        let tokens =
            ["秋天", "，", "\u{6811}", "叶", "。", " OK", "了"].map(|text| token(text.as_bytes(), 0.9, Some(100)));
        let words: Vec<String> = raws(&tokens).into_iter().map(|raw| raw.text).collect();
        assert_eq!(words, ["秋天，", "树", "叶。", "OK", "了"]);
        assert_eq!(join_words(words.iter().map(String::as_str)), "秋天，树叶。 OK 了");
        // The second half of a character begins no word.
        let halves = [token(&"树".as_bytes()[..2], 0.9, None), token(&"树".as_bytes()[2..], 0.9, None)];
        assert_eq!(raws(&halves).len(), 1);
    }

    #[test]
    fn groups_of_a_long_number_are_words() {
        let number = |tokens: &[(&str, u64)]| {
            let tokens: Vec<Token> = tokens.iter().map(|(text, at)| token(text.as_bytes(), 0.9, Some(*at))).collect();
            raws(&tokens).into_iter().map(|raw| (raw.text, raw.end_ms)).collect::<Vec<_>>()
        };
        let card =
            [(" 45", 400), ("39", 900), ("-", 1_300), ("1488", 3_400), ("-", 3_800), ("034", 6_400), ("3.", 6_900)];
        let words = [("4539-", 900), ("1488-", 3_400), ("0343.", 6_900)];
        assert_eq!(number(&card), words.map(|(text, time)| (text.to_owned(), Some(time))));
        // Short ones stay whole, and so do words of letters.
        assert_eq!(number(&[(" 24", 0), ("-", 100), ("7", 200)]).len(), 1);
        assert_eq!(number(&[(" well", 0), ("-", 100), ("known", 200)]).len(), 1);
    }

    #[test]
    fn a_long_number_is_split_where_its_groups_are_spoken_in_stretches_of_their_own() {
        let piece =
            |at: u64| Span { audio_start_ms: at, samples: vec![0.1; 1_000 * 16], speech: vec![(at + 100, at + 900)] };
        let mut packer = Packer::new(0, 28_000, Times::Model);
        assert!([6_000, 11_000].into_iter().all(|at| packer.push(piece(at)).is_none()));
        let window = packer.finish().expect("it holds two spans");
        let tokens = vec![
            token(b" 4539", 0.9, Some(850)),
            token(b"-", 0.9, Some(1_050)),
            token(b"14", 0.9, Some(1_500)),
            token(b"88", 0.9, Some(1_900)),
        ];
        let heard = DecodedWindow { language: "en".into(), tokens, no_speech: 0.0 };
        let found = segments(&window, &heard, Speaker::Customer, Times::Model);
        let said: Vec<_> =
            found.iter().map(|segment| (segment.text.as_str(), segment.start_ms, segment.end_ms)).collect();
        assert_eq!(said, [("4539", 6_100, 6_900), ("1488", 11_100, 11_900)]);
    }

    #[test]
    fn words_share_the_time_of_the_speech_by_length() {
        let times = |stretches: &[(u64, u64)]| {
            let words = spread(&raws(&[token(b" a", 1.0, None), token(b" bcdef", 1.0, None)]), stretches);
            words.iter().map(|word| (word.start_ms, word.end_ms)).collect::<Vec<_>>()
        };
        assert_eq!(times(&[(1_000, 2_000)]), [(1_000, 1_250), (1_250, 2_000)]);
        assert_eq!(times(&[(1_000, 1_250), (9_000, 9_750)]), [(1_000, 1_250), (9_000, 9_750)], "not in the pause");
        assert_eq!(times(&[]), [(0, 0), (0, 0)]);
    }

    #[test]
    fn times_that_go_back_are_put_in_order() {
        let word = |text: &str, start_ms, end_ms| Word { start_ms, end_ms, text: text.to_owned(), confidence: 0.9 };
        let words = [word("one", 500, 900), word("two", 300, 600), word("three", 1_000, 950)];
        let segment = segment(&words, Speaker::Agent).expect("it is text");
        let times: Vec<_> = segment.words.iter().map(|word| (word.start_ms, word.end_ms)).collect();
        assert_eq!(times, [(500, 900), (900, 900), (1_000, 1_000)]);
        assert_eq!((segment.start_ms, segment.end_ms), (300, 1_000));
    }

    #[test]
    fn noise_is_not_a_segment() {
        let of = |text: &str| segment(&spread(&raws(&[token(text.as_bytes(), 1.0, None)]), &[(0, 10)]), Speaker::Agent);
        assert!(of(" ...").is_none() && of(" [BLANK_AUDIO]").is_none() && of(" (coughs)").is_none());
        assert!(of(" Yes.").is_some());
    }
}
