//! Times for a person's words, from the times of the words that the model recognised.

use super::Word;
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::ops::Range;

/// Returns a word for comparison: without case and punctuation.
pub(super) fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns the words of a corrected text with times: a recognised word keeps its own; those between two such share the
/// time between them in proportion to their length. A person's word has confidence 1.
pub(super) fn realign(heard: &[Word], text: &str, start_ms: u64, end_ms: u64) -> Vec<Word> {
    let written: Vec<&str> = text.split_whitespace().collect();
    let old: Vec<String> = heard.iter().map(|word| plain(&word.text)).collect();
    let new: Vec<String> = written.iter().map(|word| plain(word)).collect();
    let mut words = Vec::with_capacity(written.len());
    // Recognised words that are not in the text, up to the next common word: their time is given to the new words
    // instead.
    let (mut gone, mut fresh) = (0..0, 0..0);
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (tag, from, to) = op.as_tag_tuple();
        if tag != DiffTag::Equal {
            gone.end += from.len();
            fresh.end += to.len();
            continue;
        }
        words.extend(between(heard, gone.clone(), &written[fresh.clone()], start_ms, end_ms));
        // Counted here: the diff does not report the place of an insertion in the old words reliably.
        let (old_at, new_at) = (gone.end, fresh.end);
        let both = heard[old_at..old_at + from.len()].iter().zip(&written[new_at..]);
        words.extend(both.map(|(heard, text)| kept(heard, text)));
        gone = old_at + from.len()..old_at + from.len();
        fresh = new_at + to.len()..new_at + to.len();
    }
    words.extend(between(heard, gone, &written[fresh], start_ms, end_ms));
    words
}

/// Returns words for the place of the removed ones; where there are none, for the pause between their neighbours.
fn between(heard: &[Word], gone: Range<usize>, texts: &[&str], start_ms: u64, end_ms: u64) -> Vec<Word> {
    let (start, end) = match heard.get(gone.clone()) {
        Some([first, .., last]) => (first.start_ms, last.end_ms),
        Some([only]) => (only.start_ms, only.end_ms),
        _ => {
            let before = gone.start.checked_sub(1).and_then(|at| heard.get(at));
            (before.map_or(start_ms, |word| word.end_ms), heard.get(gone.end).map_or(end_ms, |word| word.start_ms))
        }
    };
    spread(texts, start, end.max(start))
}

/// Returns the same word, perhaps with other letter case or punctuation.
fn kept(heard: &Word, text: &str) -> Word {
    let confidence = if heard.text == text { heard.confidence } else { 1.0 };
    Word { text: text.to_owned(), confidence, ..heard.clone() }
}

/// Distributes a span among words in proportion to their length.
fn spread(texts: &[&str], start_ms: u64, end_ms: u64) -> Vec<Word> {
    let length = |text: &&str| text.chars().count().max(1) as u64;
    let (all, time) = (texts.iter().map(length).sum::<u64>().max(1), end_ms - start_ms);
    let mut before = 0;
    let word = |text: &&str| {
        let from = start_ms + time * before / all;
        before += length(text);
        Word { start_ms: from, end_ms: start_ms + time * before / all, text: (*text).to_owned(), confidence: 1.0 }
    };
    texts.iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heard(words: &[(&str, u64, u64)]) -> Vec<Word> {
        let word = |(text, start_ms, end_ms): &(&str, u64, u64)| Word {
            start_ms: *start_ms,
            end_ms: *end_ms,
            text: (*text).to_owned(),
            confidence: 0.5,
        };
        words.iter().map(word).collect()
    }

    fn times(words: &[Word]) -> Vec<(&str, u64, u64)> {
        words.iter().map(|word| (word.text.as_str(), word.start_ms, word.end_ms)).collect()
    }

    #[test]
    fn what_was_heard_keeps_its_time_and_the_rest_lies_between() {
        let before = heard(&[("The", 0, 100), ("parcel", 100, 500), ("is", 500, 600), ("last.", 700, 1000)]);
        let after = realign(&before, "The parcel is lost.", 0, 1000);
        assert_eq!(times(&after), [("The", 0, 100), ("parcel", 100, 500), ("is", 500, 600), ("lost.", 700, 1000)]);
        assert_eq!(after.iter().map(|word| word.confidence).collect::<Vec<_>>(), [0.5, 0.5, 0.5, 1.0]);
        let longer = realign(&before, "the red parcel is at last here", 0, 2000);
        assert_eq!(
            longer.iter().find(|word| word.text == "red").map(|word| (word.start_ms, word.end_ms)),
            Some((100, 100))
        );
        assert_eq!(
            longer.last().map(|word| (word.text.as_str(), word.start_ms, word.end_ms)),
            Some(("here", 1000, 2000))
        );
        assert_eq!(times(&realign(&[], "Hello there", 10, 20)), [("Hello", 10, 15), ("there", 15, 20)]);
        assert!(realign(&before, " ", 0, 1000).is_empty());
        let many = heard(&["c", "c", "c", "aa", "c", "b"].map(|text| (text, 0, 0)));
        let many: Vec<_> =
            many.into_iter().zip(0..).map(|(w, at)| Word { start_ms: at * 100, end_ms: at * 100 + 80, ..w }).collect();
        let turned = realign(&many, "b a a b", 0, 600);
        assert!(turned.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms), "{turned:?}");
    }

    proptest! {
        #[test]
        fn times_never_go_back_and_stay_inside(old in prop::collection::vec("[a-d]{1,3}", 0..12), new in prop::collection::vec("[a-d]{1,3}", 0..12)) {
            let words: Vec<_> = old.iter().enumerate().map(|(at, text)| (text.as_str(), at as u64 * 100, at as u64 * 100 + 80)).collect();
            let end = 1500;
            let after = realign(&heard(&words), &new.join(" "), 0, end);
            prop_assert_eq!(after.iter().map(|word| word.text.clone()).collect::<Vec<_>>(), new);
            prop_assert!(after.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms), "{:?}", after);
            prop_assert!(after.iter().all(|word| word.start_ms <= word.end_ms && word.end_ms <= end), "{:?}", after);
        }
    }
}
