//! Masking of a clip, in its text and in its sound: masks found in the conversation, and masks that the author adds or
//! leaves out.

use super::stretches::{TimedWord, spoken_letters};
use super::{ClipError, ClipLine, SpokenLine, SpokenWord};
use crate::interactions::Message;
use crate::masking::{self, Kind, Span};
use crate::web::format::clock;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Time silenced before and after a word, as word times are imprecise, in ms.
const PAD_MS: i64 = 80;
/// Time silenced before and after uncertain words, whose times are uncertain too, in ms.
const PAD_DOUBTFUL_MS: i64 = 400;
/// Maximum time between the end of a line and the beginning of the clip for the line to be silenced as well, ms.
const MAX_GAP_MS: i64 = 500;
/// Maximum number of entries of each list.
pub const MAX_ENTRIES: usize = 200;
/// Maximum number of characters of a word or phrase.
pub const MAX_PHRASE_CHARS: usize = 100;

/// Masking decisions of the author.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MaskingRequest {
    /// Further parts to silence: start and end in ms of the recording.
    pub silence: Vec<(i64, i64)>,
    /// Further words or phrases to mask, wherever they occur, case-insensitive.
    pub words: Vec<String>,
    /// Masks to leave out, by their ids ([`Mask::id`]): the text under them stays visible.
    pub keep: Vec<String>,
}

impl MaskingRequest {
    /// Returns the request. Errors: too many entries, or an invalid one.
    pub(super) fn checked(mut self) -> Result<Self, ClipError> {
        let bad = |why: &str| Err(ClipError::BadMasking(why.to_owned()));
        self.words = self.words.iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect();
        if self.silence.len().max(self.words.len()).max(self.keep.len()) > MAX_ENTRIES {
            return bad("that is more than a clip can mask: at most 200 of a kind");
        }
        if self.words.iter().any(|word| word.chars().count() > MAX_PHRASE_CHARS) {
            return bad("a word or phrase to be masked has at most 100 characters");
        }
        if self.silence.iter().any(|(from, to)| *from < 0 || to <= from) {
            return bad("what is to be silent must end after it begins");
        }
        Ok(self)
    }
}

/// A mask of a clip, applied or left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Id: the start of the line (or the position of the message), the number in the line, the kind. Another transcript
    /// has other ids, so that nothing is left out by mistake.
    pub id: String,
    /// Label such as `card number` or `name`.
    pub label: &'static str,
    /// Whether it is left out.
    pub kept: bool,
}

/// A line of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewLine {
    /// Line as it will be in the library.
    pub line: ClipLine,
    /// Masks found in it.
    pub masks: Vec<Mask>,
}

/// A piece of a line, masked or not, for the form's template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinePiece {
    /// Whether it is the placeholder of masked text.
    pub masked: bool,
    /// Text, or the kind of masked text.
    pub text: String,
}

impl PreviewLine {
    /// Returns the position in the clip, as `0:14`.
    pub fn clock(&self) -> String {
        clock(self.line.start_ms)
    }

    /// Returns the speaker, with a capital letter.
    pub fn who(&self) -> String {
        let mut letters = self.line.speaker.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
    }

    /// Returns the text in pieces.
    pub fn bits(&self) -> Vec<LinePiece> {
        let shown = |piece: masking::Piece<'_>| match piece {
            masking::Piece::Plain(text) => LinePiece { masked: false, text: text.to_owned() },
            masking::Piece::Masked(kind) => LinePiece { masked: true, text: kind.to_owned() },
        };
        masking::pieces(&self.line.text).into_iter().map(shown).collect()
    }
}

/// Masked text of a clip, and the silenced parts of its sound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Masked {
    /// Lines in order.
    pub lines: Vec<PreviewLine>,
    /// Start and end in ms of the recording.
    pub silences: Vec<(i64, i64)>,
}

fn masks(line: &str, found: &[Span], asked: &MaskingRequest) -> Vec<Mask> {
    let mask = |(number, span): (usize, &Span)| {
        let id = format!("{line}:{number}:{}", span.kind.label().replace(' ', "-"));
        Mask { kept: asked.keep.contains(&id), id, label: span.kind.label() }
    };
    found.iter().enumerate().map(mask).collect()
}

/// Returns the spans to mask in a text: found ones that are not left out, and requested ones.
fn spans(text: &str, found: &[Span], masks: &[Mask], asked: &MaskingRequest) -> Vec<Span> {
    let left = found.iter().zip(masks).filter(|(_, mask)| !mask.kept).map(|(span, _)| span.clone());
    let more = asked.words.iter().flat_map(|phrase| masking::occurrences(text, phrase));
    masking::joined(left.chain(more).collect())
}

/// A line of a recording, with the positions of its words in its text.
struct PlacedLine<'l> {
    line: &'l SpokenLine,
    places: Option<Vec<Range<usize>>>,
}

impl<'l> PlacedLine<'l> {
    fn new(line: &'l SpokenLine) -> Self {
        let places = masking::places(&line.text, line.words.iter().map(|word| word.text.as_str()));
        Self { line, places: places.filter(|_| !line.words.is_empty()) }
    }

    /// Returns the words that a range of text touches.
    fn words(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let places = self.places.as_ref()?;
        let first = places.iter().position(|place| place.end > range.start)?;
        let end = places.iter().rposition(|place| place.start < range.end)? + 1;
        (first < end).then_some(first..end)
    }

    /// Returns the time of a range of text: by its words, or the whole line if their times are unreliable.
    fn time(&self, range: &Range<usize>) -> (i64, i64) {
        let whole = (self.line.start_ms - PAD_MS, self.line.end_ms + PAD_MS);
        let Some(words) = self.words(range).filter(|_| !self.line.rough) else { return whole };
        let words = &self.line.words[words];
        let (Some(from), Some(to)) = (words.iter().map(|w| w.start_ms).min(), words.iter().map(|w| w.end_ms).max())
        else {
            return whole;
        };
        let pad = if words.iter().any(|word| word.doubtful) { PAD_DOUBTFUL_MS } else { PAD_MS };
        if to > from { (from - pad, to + pad) } else { whole }
    }

    /// Returns the spans of text that are spoken during silenced parts; they are masked as well.
    fn silenced(&self, silence: &[(i64, i64)]) -> Vec<Span> {
        let other = |range| Span { kind: Kind::Other, range };
        let meets = |from: i64, to: i64| silence.iter().any(|(begin, end)| *begin < to && *end > from);
        if !meets(self.line.start_ms, self.line.end_ms) {
            return Vec::new();
        }
        let Some(places) = self.places.as_ref().filter(|places| !places.is_empty() && !self.line.rough) else {
            return vec![other(0..self.line.text.len())];
        };
        let words = self.line.words.iter().zip(places);
        let quiet = words.filter(|(word, _)| meets(word.start_ms, word.end_ms.max(word.start_ms + 1)));
        // Adjacent ones become one mask.
        quiet.map(|(_, place)| place.clone()).fold(Vec::new(), |mut spans: Vec<Span>, place| {
            match spans.last_mut() {
                Some(last) if self.line.text[last.range.end..place.start].trim().is_empty() => {
                    last.range.end = place.end
                }
                _ => spans.push(other(place)),
            }
            spans
        })
    }

    /// Returns the text spoken between two times: the text reveals no more than the sound.
    fn text(&self, spans: &[Span], start_ms: i64, end_ms: i64) -> String {
        let line = self.line;
        let whole = line.start_ms >= start_ms && line.end_ms <= end_ms;
        if whole || line.words.is_empty() {
            return masking::apply(&line.text, spans);
        }
        let inside = |words: &Range<usize>, masked: bool| {
            let words = &line.words[words.clone()];
            words.iter().any(|word| match masked {
                true => word.start_ms < end_ms && word.end_ms > start_ms,
                false => (start_ms..end_ms).contains(&i64::midpoint(word.start_ms, word.end_ms)),
            })
        };
        let Some(places) = &self.places else {
            // The words under a mask are unknown.
            let kinds = spans.iter().map(|span| span.kind.word());
            return if spans.is_empty() {
                masking::apply(&line.text, &[])
            } else {
                kinds.collect::<Vec<_>>().join(" ")
            };
        };
        let groups = masking::groups(&line.text, places, spans).into_iter();
        let said = groups.filter(|group| inside(&group.words, group.masked.is_some()));
        let text = |group: masking::Group| match group.masked {
            Some(text) => text,
            None => masking::join_words(line.words[group.words].iter().map(|word| word.text.as_str())),
        };
        let said: Vec<String> = said.map(text).collect();
        masking::join_words(said.iter().map(String::as_str))
    }
}

/// Returns the masked text of a span of a recording, and the silenced parts of its sound.
pub(super) fn of_call(spoken: &[SpokenLine], start_ms: i64, end_ms: i64, asked: &MaskingRequest) -> Masked {
    let mut masked = Masked::default();
    for line in spoken.iter().filter(|line| line.start_ms < end_ms + MAX_GAP_MS && line.end_ms > start_ms - MAX_GAP_MS)
    {
        let heard = PlacedLine::new(line);
        let masks = masks(&line.start_ms.to_string(), &line.masks, asked);
        let spans = spans(&line.text, &line.masks, &masks, asked);
        masked.silences.extend(spans.iter().map(|span| heard.time(&span.range)));
        let all = masking::joined(spans.into_iter().chain(heard.silenced(&asked.silence)).collect());
        let text = heard.text(&all, start_ms, end_ms);
        if line.start_ms < end_ms && line.end_ms > start_ms && !text.is_empty() {
            let (from, to) = ((line.start_ms - start_ms).max(0), line.end_ms.min(end_ms) - start_ms);
            masked.lines.push(PreviewLine {
                line: ClipLine { start_ms: from, end_ms: to, speaker: line.speaker.clone(), text },
                masks,
            });
        }
    }
    masked.silences.extend(&asked.silence);
    masked.silences = joined(masked.silences, start_ms, end_ms);
    masked
}

/// Returns every word of a recording, with its time and whether it is masked.
pub(super) fn timed_words(spoken: &[SpokenLine], asked: &MaskingRequest) -> Vec<TimedWord> {
    let words = |line| {
        let heard = PlacedLine::new(line);
        let spans = spans(&line.text, &line.masks, &masks(&line.start_ms.to_string(), &line.masks, asked), asked);
        let timed = |time, masked, text: &str| TimedWord {
            speaker: line.speaker.clone(),
            time,
            masked,
            letters: spoken_letters(text),
        };
        match heard.places.as_ref().filter(|_| !line.rough) {
            Some(places) => {
                let touched = |place: &Range<usize>| {
                    spans.iter().any(|span| span.range.start < place.end && span.range.end > place.start)
                };
                let word =
                    |(word, place): (&SpokenWord, _)| timed(word.start_ms..word.end_ms, touched(place), &word.text);
                line.words.iter().zip(places).map(word).collect::<Vec<_>>()
            }
            None => vec![timed(line.start_ms..line.end_ms, !spans.is_empty(), &line.text)],
        }
    };
    spoken.iter().flat_map(words).collect()
}

/// Returns the parts within the clip, sorted and without overlaps.
pub(super) fn joined(mut silences: Vec<(i64, i64)>, start_ms: i64, end_ms: i64) -> Vec<(i64, i64)> {
    silences.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, to) in silences {
        let (from, to) = (from.max(start_ms), to.min(end_ms));
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ if from < to => joined.push((from, to)),
            _ => {}
        }
    }
    joined
}

/// Returns a message's text, masked, and the masks found in it.
pub(super) fn of_message(message: &Message, asked: &MaskingRequest) -> (String, Vec<Mask>) {
    let masks = masks(&format!("m{}", message.seq), &message.masks, asked);
    let spans = spans(&message.text, &message.masks, &masks, asked);
    (masking::apply(&message.text, &spans), masks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masking::{Names, find};
    use crate::training::SpokenWord;

    fn line(start_ms: i64, text: &str) -> SpokenLine {
        let words = text.split(' ').enumerate().map(|(at, word)| {
            let start_ms = start_ms + at as i64 * 500;
            SpokenWord { start_ms, end_ms: start_ms + 400, text: word.to_owned(), doubtful: false }
        });
        let words: Vec<SpokenWord> = words.collect();
        let end_ms = words.last().map_or(start_ms, |word| word.end_ms);
        let masks = find(text, &Names::of("Emma Clark"));
        SpokenLine { start_ms, end_ms, speaker: "customer".into(), text: text.to_owned(), words, masks, rough: false }
    }

    fn texts(masked: &Masked) -> Vec<&str> {
        masked.lines.iter().map(|looked| looked.line.text.as_str()).collect()
    }

    #[test]
    fn what_is_masked_is_silent_with_a_little_more() {
        let spoken = [line(1_000, "My name is Emma Clark, hello."), line(5_000, "Order 47291.")];
        let masked = of_call(&spoken, 0, 10_000, &MaskingRequest::default());
        assert_eq!(texts(&masked), ["My name is [name], hello.", "Order 47291."]);
        assert_eq!(masked.silences, [(2_420, 3_480)]);
    }

    #[test]
    fn the_text_says_no_more_than_the_sound_and_the_sound_no_more_than_the_text() {
        let spoken = [line(1_000, "My name is Emma Clark, hello.")];
        // The clip begins in the middle of the name.
        let masked = of_call(&spoken, 3_100, 5_000, &MaskingRequest::default());
        assert_eq!(texts(&masked), ["[name], hello."]);
        assert_eq!(masked.silences, [(3_100, 3_480)]);
        // The clip ends before the name.
        let masked = of_call(&spoken, 0, 2_300, &MaskingRequest::default());
        assert_eq!(texts(&masked), ["My name is"]);
        assert!(masked.silences.is_empty());
    }

    #[test]
    fn where_times_are_not_to_be_trusted_the_whole_line_is_silent() {
        let mut rough = line(1_000, "My name is Emma Clark, hello.");
        rough.rough = true;
        let masked = of_call(std::slice::from_ref(&rough), 0, 10_000, &MaskingRequest::default());
        assert_eq!(masked.silences, [(920, 3_980)]);
        let mut odd = line(1_000, "My name is Emma Clark, hello.");
        odd.words[0].text = "Mine".into();
        assert_eq!(of_call(&[odd], 0, 10_000, &MaskingRequest::default()).silences, [(920, 3_980)]);
        let mut doubtful = line(1_000, "My name is Emma Clark, hello.");
        doubtful.words[3].doubtful = true;
        assert_eq!(of_call(&[doubtful], 0, 10_000, &MaskingRequest::default()).silences, [(2_100, 3_800)]);
    }

    #[test]
    fn more_is_masked_on_request_and_mistakes_are_left_in() {
        let spoken = [line(1_000, "It is Emma at the Blue Lagoon now")];
        let asked =
            MaskingRequest { silence: vec![(4_000, 4_100)], words: vec!["blue lagoon".into()], keep: Vec::new() };
        let masked = of_call(&spoken, 0, 10_000, &asked);
        assert_eq!(texts(&masked), ["It is [name] at the [masked] now"]);
        assert_eq!(masked.lines[0].masks, [Mask { id: "1000:0:name".into(), label: "name", kept: false }]);
        let quiet = MaskingRequest { silence: vec![(4_600, 4_700)], ..MaskingRequest::default() };
        assert_eq!(texts(&of_call(&spoken, 0, 10_000, &quiet)), ["It is [name] at the Blue Lagoon [masked]"]);
        let keep =
            MaskingRequest { keep: vec!["1000:0:name".into(), "1000:0:phone".into()], ..MaskingRequest::default() };
        let kept = of_call(&spoken, 0, 10_000, &keep);
        assert_eq!((texts(&kept), kept.silences.len()), (vec!["It is Emma at the Blue Lagoon now"], 0));
        let other =
            MaskingRequest { keep: vec!["1000:0:phone".into(), "999:0:name".into()], ..MaskingRequest::default() };
        assert_eq!(texts(&of_call(&spoken, 0, 10_000, &other)), ["It is [name] at the Blue Lagoon now"]);
    }

    #[test]
    fn what_can_t_be_meant_is_refused() {
        let asked = |silence: &[(i64, i64)], words: &[&str]| MaskingRequest {
            silence: silence.to_vec(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            keep: Vec::new(),
        };
        assert!(asked(&[(5, 5)], &[]).checked().is_err() && asked(&[(-1, 5)], &[]).checked().is_err());
        assert!(asked(&[], &["x".repeat(101).as_str()]).checked().is_err());
        assert_eq!(asked(&[(0, 5)], &[" a ", " "]).checked().unwrap(), asked(&[(0, 5)], &["a"]));
    }
}
