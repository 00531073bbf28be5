//! Normalisation of words for the rules here.

/// Words that signal listening.
const LISTENING: &str =
    "ah aha alright good great hm hmm huh i mhm mm mmhm mmm no oh ok okay right see sure uh uhhuh um yeah yep yes";

/// Contractions and their full forms.
const LONG_FORMS: &[(&str, &str)] = &[
    ("can't", "can not"),
    ("won't", "will not"),
    ("n't", " not"),
    ("'re", " are"),
    ("'ve", " have"),
    ("'ll", " will"),
    ("'m", " am"),
    ("'d", " would"),
    ("'s", " is"),
];

/// Whether the word is in this list, separated by spaces.
pub(super) fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// Returns the words in lower case, contractions in full, without punctuation: `You're there?` → `you are there`.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut text = text.to_lowercase().replace(['\u{2019}', '\u{2bc}', '`', '\u{b4}'], "'");
    if text.contains('\'') {
        for (short, long) in LONG_FORMS {
            text = text.replace(short, long);
        }
    }
    let text = text.replace(['\'', '-'], " ");
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Whether the words only signal listening.
pub(super) fn only_listening(words: &[String]) -> bool {
    words.iter().all(|word| listed(LISTENING, word))
}

/// Whether the script has no spaces between words (Chinese, Japanese, Thai …), so that words can't be counted.
pub(super) fn is_unspaced(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
    })
}
