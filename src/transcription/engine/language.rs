//! Detection of the language of a recording.

use super::language_code;
use std::collections::{BTreeMap, BTreeSet};

/// Probability of each language in the speech of one channel.
pub(super) struct Evidence {
    /// Language codes with their probabilities, 0 to 1.
    pub(super) shares: Vec<(&'static str, f32)>,
    /// Length of the speech, ms.
    pub(super) speech_ms: u64,
}

/// Maximum length of speech that adds weight, ms.
const MAX_SPEECH_MS: u64 = 10_000;
/// Factor on the probability of the expected language.
const HINT_WEIGHT: f32 = 4.0;

/// Language of a recording, for the decoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DecoderLanguage {
    /// Whisper's code.
    pub(super) code: String,
    /// Prompt that the decoder continues; empty: none.
    pub(super) prompt: &'static str,
}

/// "These are sentences in Mandarin, with punctuation." Without it Whisper mixes both scripts and leaves the
/// punctuation out.
const SIMPLIFIED: &str = "以下是普通话的句子，有标点符号。";
const TRADITIONAL: &str = "以下是國語的句子，有標點符號。";
/// Subtags of regions and scripts where Chinese is written in traditional characters.
const WITH_TRADITIONAL: [&str; 4] = ["hant", "tw", "hk", "mo"];

impl DecoderLanguage {
    /// Returns the language of a Whisper code. `tag`: the given or expected language tag, for the script.
    pub(super) fn new(code: String, tag: Option<&str>) -> Self {
        let mut subtags = tag.unwrap_or_default().split(['-', '_']).map(str::to_ascii_lowercase);
        let traditional = subtags.any(|subtag| WITH_TRADITIONAL.contains(&subtag.as_str()));
        let prompt = match (code.as_str(), traditional) {
            ("zh", false) => SIMPLIFIED,
            ("zh", true) => TRADITIONAL,
            _ => "",
        };
        Self { code, prompt }
    }
}

/// Returns Whisper's codes of language tags.
fn codes(tags: &[String]) -> BTreeSet<String> {
    tags.iter().filter_map(|tag| language_code(tag).ok()).collect()
}

/// Returns the language of every recording where only one is allowed: it needs no detection.
pub(super) fn only_allowed(allowed: &[String]) -> Option<String> {
    let mut codes = codes(allowed);
    codes.pop_first().filter(|_| codes.is_empty())
}

/// Returns the most probable language of all channels together. `allowed`: possible tags; empty: any. `hint`: tag of
/// the expected one.
pub(super) fn likeliest(evidence: &[Evidence], allowed: &[String], hint: Option<&str>) -> Option<String> {
    let (any, allowed) = (allowed.is_empty(), codes(allowed));
    let hint = hint.and_then(|tag| language_code(tag).ok());
    let mut weights: BTreeMap<&str, f32> = BTreeMap::new();
    for Evidence { shares, speech_ms } in evidence {
        for (code, share) in shares.iter().filter(|(code, _)| any || allowed.contains(*code)) {
            let expected = if hint.as_deref() == Some(*code) { HINT_WEIGHT } else { 1.0 };
            *weights.entry(code).or_default() += share * expected * (*speech_ms).min(MAX_SPEECH_MS) as f32;
        }
    }
    weights.into_iter().max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(code, _)| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(evidence: &[(u64, &[(&'static str, f32)])], allowed: &[&str], hint: Option<&str>) -> Option<String> {
        let evidence: Vec<_> = evidence
            .iter()
            .map(|(speech_ms, shares)| Evidence { shares: shares.to_vec(), speech_ms: *speech_ms })
            .collect();
        likeliest(&evidence, &allowed.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>(), hint)
    }

    #[test]
    fn channels_decide_together_by_how_much_is_said() {
        assert_eq!(found(&[], &[], None), None);
        let short = (500, &[("cy", 0.9), ("de", 0.05)][..]);
        let long = (8_000, &[("de", 0.6), ("nl", 0.3)][..]);
        assert_eq!(found(&[short], &[], None).as_deref(), Some("cy"), "better than nothing");
        assert_eq!(found(&[short, long], &[], None).as_deref(), Some("de"), "a word weighs little");
        assert_eq!(found(&[(60_000, long.1), (9_000, &[("en", 0.9)][..])], &[], None).as_deref(), Some("en"));
    }

    #[test]
    fn one_allowed_language_needs_no_detection() {
        let only = |tags: &[&str]| only_allowed(&tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        assert_eq!(only(&["de"]).as_deref(), Some("de"));
        assert_eq!(only(&["de-DE", "de_AT"]).as_deref(), Some("de"));
        assert_eq!((only(&[]), only(&["de", "en"]), only(&["xx"])), (None, None, None));
        assert_eq!(found(&[(8_000, &[("de", 0.6)][..])], &["xx"], None), None, "unknown tags allow nothing");
    }

    #[test]
    fn chinese_is_written_as_it_is_where_the_customer_lives() {
        let prompt = |code: &str, tag| DecoderLanguage::new(code.to_owned(), tag).prompt;
        assert_eq!((prompt("zh", None), prompt("zh", Some("zh-CN"))), (SIMPLIFIED, SIMPLIFIED));
        assert_eq!((prompt("zh", Some("zh_TW")), prompt("zh", Some("zh-Hant-US"))), (TRADITIONAL, TRADITIONAL));
        assert_eq!((prompt("en", Some("zh-TW")), prompt("ja", None)), ("", ""));
    }

    #[test]
    fn the_expected_language_is_preferred_and_only_configured_ones_are_found() {
        let unsure = (5_000, &[("nn", 0.4), ("da", 0.3), ("en", 0.1)][..]);
        assert_eq!(found(&[unsure], &[], Some("da-DK")).as_deref(), Some("da"));
        assert_eq!(found(&[unsure], &[], Some("fr")).as_deref(), Some("nn"));
        assert_eq!(found(&[unsure], &["en", "de-AT"], None).as_deref(), Some("en"));
        let plain = (5_000, &[("es", 0.95), ("en", 0.02)][..]);
        assert_eq!(found(&[plain], &[], Some("en-US")).as_deref(), Some("es"), "what is plainly heard wins");
    }
}
