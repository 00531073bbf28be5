//! Removal of words that models invent: loops, the ends of videos, the credits of subtitles. Words that a person may have said stay.

mod loops;
mod phrases;

use crate::transcription::Word;
use loops::{Limits, without_loops};
use phrases::Phrase;

/// A segment before invented words are removed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    /// At least one.
    pub(super) words: Vec<Word>,
    /// The model's own doubt that anybody speaks: 0 to 1.
    pub(super) no_speech: f32,
    /// The span of the window in which it is said.
    pub(super) piece: usize,
    /// How much is spoken in that span.
    pub(super) speech_ms: u64,
}

/// Maximum number of letters that a person says in a second: quick speech has 25.
const MAX_LETTERS_PER_S: u64 = 45;
/// Quicker than this, words in a row that are the same are taken for a loop sooner.
const MAX_WORDS_PER_S: u64 = 6;
/// The model doubts that there is speech, and itself.
const NO_SPEECH: f32 = 0.6;
const MAX_DOUBTFUL_CONFIDENCE: f32 = 0.4;
/// Confidence below which a stretch is taken for invented: of 120 stretches of real telephone calls one was below it, a breath.
const MIN_CONFIDENCE: f32 = 0.3;
/// With less doubt than this, what might be the end of a video was said.
const MIN_SURE_CONFIDENCE: f32 = 0.6;
/// Shorter than this nobody says a word of thanks.
const MIN_THANKS_MS: u64 = 240;

impl Draft {
    fn confidence(&self) -> f32 {
        self.words.iter().map(|word| word.confidence).sum::<f32>() / self.words.len().max(1) as f32
    }

    /// Words without case and punctuation.
    fn plain(&self) -> Vec<String> {
        self.words.iter().map(|word| plain(&word.text)).filter(|word| !word.is_empty()).collect()
    }
}

/// Removes invented words from one window with speech of `speech_ms`.
pub(super) fn remove_hallucinations(mut drafts: Vec<Draft>, speech_ms: u64) -> Vec<Draft> {
    for draft in &mut drafts {
        unroll(draft);
    }
    let drafts = once(drafts);
    let letters: usize = drafts.iter().flat_map(|draft| &draft.words).map(|word| word.text.chars().count()).sum();
    // More than anybody could say: none of it can be told from the invented rest.
    if letters as u64 * 1000 > MAX_LETTERS_PER_S * speech_ms.max(MIN_THANKS_MS) {
        return Vec::new();
    }
    drafts.into_iter().filter(|draft| !is_invented(draft)).collect()
}

/// Places of the words of a whole window that are left when loops are cut down to their first round: models fall into loops across
/// pauses too.
pub(super) fn first_rounds(words: &[&str]) -> Vec<usize> {
    without_loops(&words.iter().map(|word| plain(word)).collect::<Vec<_>>(), &Limits::WINDOW)
}

/// Takes loops out of the words, and out of long words: Chinese and Japanese have no spaces.
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

/// The same sentence again and again in one breath: the model's segments loop too. In another span it may have been said
/// again, as announcements are.
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
