//! Removal of hallucinations, words that models invent: loops, the ends of videos, the credits of subtitles. Words that
//! a person may have said stay.

mod loops;
mod phrases;

use crate::transcription::Word;
use loops::{Limits, without_loops};
use phrases::Phrase;

/// A segment before hallucinations are removed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    /// Words, at least one.
    pub(super) words: Vec<Word>,
    /// Probability that there is no speech, by the model: 0 to 1.
    pub(super) no_speech: f32,
    /// Index of the span within the window.
    pub(super) piece: usize,
    /// Length of the speech in that span, ms.
    pub(super) speech_ms: u64,
}

/// Maximum number of letters that a person says in a second: quick speech has 25.
const MAX_LETTERS_PER_S: u64 = 45;
/// Speed above which consecutive equal words count as a loop sooner, in words per second.
const MAX_WORDS_PER_S: u64 = 6;
/// Probability of no speech above which the model's confidence is checked too.
const NO_SPEECH: f32 = 0.6;
const MAX_DOUBTFUL_CONFIDENCE: f32 = 0.4;
/// Confidence below which a stretch counts as a hallucination: of 120 stretches of real telephone calls one was below
/// it, a breath.
const MIN_CONFIDENCE: f32 = 0.3;
/// Confidence above which a phrase like the end of a video counts as said.
const MIN_SURE_CONFIDENCE: f32 = 0.6;
/// Minimum duration of a word of thanks, ms.
const MIN_THANKS_MS: u64 = 240;

impl Draft {
    fn confidence(&self) -> f32 {
        self.words.iter().map(|word| word.confidence).sum::<f32>() / self.words.len().max(1) as f32
    }

    /// Returns the words without case and punctuation.
    fn plain(&self) -> Vec<String> {
        self.words.iter().map(|word| plain(&word.text)).filter(|word| !word.is_empty()).collect()
    }
}

/// Removes hallucinations from one window with speech of `speech_ms`.
pub(super) fn remove_hallucinations(mut drafts: Vec<Draft>, speech_ms: u64) -> Vec<Draft> {
    for draft in &mut drafts {
        unroll(draft);
    }
    let drafts = once(drafts);
    let letters: usize = drafts.iter().flat_map(|draft| &draft.words).map(|word| word.text.chars().count()).sum();
    // More letters than anybody could say in the time: what was said cannot be told from the hallucinated rest.
    if letters as u64 * 1000 > MAX_LETTERS_PER_S * speech_ms.max(MIN_THANKS_MS) {
        return Vec::new();
    }
    drafts.into_iter().filter(|draft| !is_invented(draft)).collect()
}

/// Returns the indices of the words of a whole window that remain when loops are reduced to their first round: models
/// fall into loops across pauses too.
pub(super) fn first_rounds(words: &[&str]) -> Vec<usize> {
    without_loops(&words.iter().map(|word| plain(word)).collect::<Vec<_>>(), &Limits::WINDOW)
}

/// Removes loops from the words, and from within long words: Chinese and Japanese have no spaces.
fn unroll(draft: &mut Draft) {
    let quick = draft.words.len() as u64 * 1000 > MAX_WORDS_PER_S * draft.speech_ms.max(1);
    let plain: Vec<String> = draft.words.iter().map(|word| plain(&word.text)).collect();
    let kept = without_loops(&plain, &if quick { Limits::QUICK_WORDS } else { Limits::WORDS });
    draft.words = kept.into_iter().map(|at| draft.words[at].clone()).collect();
    for word in &mut draft.words {
        let letters: Vec<char> = word.text.chars().collect();
        word.text = without_loops(&letters, &Limits::LETTERS).into_iter().map(|at| letters[at]).collect();
    }
}

/// Removes repetitions of a sentence within one span: the model's segments loop too. In another span it may have been
/// said again, as announcements are.
fn once(drafts: Vec<Draft>) -> Vec<Draft> {
    let sentences: Vec<(usize, String)> = drafts.iter().map(|draft| (draft.piece, draft.plain().join(" "))).collect();
    let kept = without_loops(&sentences, &Limits::SENTENCES);
    let is_long = |at: usize| sentences[at].1.split(' ').count() >= 3;
    let stays = |at: usize| kept.contains(&at) || !is_long(at);
    drafts.into_iter().enumerate().filter(|(at, _)| stays(*at)).map(|(_, draft)| draft).collect()
}

fn is_invented(draft: &Draft) -> bool {
    let (confidence, doubt) = (draft.confidence(), draft.no_speech > NO_SPEECH);
    let known = phrases::of(&draft.plain().join(" "));
    match known {
        Some(Phrase::Credits) => true,
        Some(Phrase::Farewell) => doubt || confidence < MIN_SURE_CONFIDENCE,
        Some(Phrase::Polite) if confidence < MIN_CONFIDENCE => true,
        Some(Phrase::Polite) => confidence < MAX_DOUBTFUL_CONFIDENCE && (doubt || draft.speech_ms < MIN_THANKS_MS),
        None => confidence < MIN_CONFIDENCE || (doubt && confidence < MAX_DOUBTFUL_CONFIDENCE),
    }
}

fn plain(text: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || *c == '\'' || *c == '.';
    text.to_lowercase().chars().filter(kept).collect::<String>().trim_matches(['.', '\'']).to_owned()
}

#[cfg(test)]
mod tests;
