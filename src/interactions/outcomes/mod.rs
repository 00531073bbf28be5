//! Outcome words of sources, and their meaning.
//!
//! A code of [`Outcome`] is stored as it is. Any other word is stored beside it, with its meaning where it is a word of
//! a known system (`words`), else as `other`. Administrators map the words of each source; a mapping takes precedence.
//! An interaction whose word has no meaning is not surveyed; once its word is mapped, its survey is decided anew.

mod store;
mod words;

use super::{DECIDE_SURVEY, Interactions, Outcome};
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::ids::InteractionId;
use crate::jobs::{self, NewJob};
use std::collections::BTreeMap;

/// Maximum number of characters of a source and of an outcome word.
const MAX_NAME_CHARS: usize = 200;
/// Maximum number of words listed.
const MAX_WORDS: i64 = 500;
/// Maximum number of mappings changed at once.
pub const MAX_MAPPINGS: usize = 500;

/// Meanings that a word can be mapped to.
pub const MEANINGS: [Outcome; 5] =
    [Outcome::Answered, Outcome::Missed, Outcome::Abandoned, Outcome::Voicemail, Outcome::NotSurveyed];

/// An outcome as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StoredOutcome {
    /// Code; `None`: unknown.
    pub code: Option<&'static str>,
    /// Word as received, where it is no code.
    pub raw: Option<String>,
    /// Key of the word.
    pub key: Option<String>,
}

/// Returns the form in which words are compared: trimmed, in lower case.
fn key(word: &str) -> String {
    word.trim().to_lowercase()
}

/// Returns the outcome that a source's word is stored as. A blank word is none.
pub(super) fn stored(word: Option<&str>) -> StoredOutcome {
    let Some(word) = word.map(str::trim).filter(|word| !word.is_empty()) else { return StoredOutcome::default() };
    // `other` is no meaning.
    match Outcome::known(word).filter(|outcome| *outcome != Outcome::Other) {
        Some(outcome) => StoredOutcome { code: Some(outcome.code()), raw: None, key: None },
        None => {
            let key = key(word);
            let code = words::meaning(&key).unwrap_or(Outcome::Other).code();
            StoredOutcome { code: Some(code), raw: Some(word.to_owned()), key: Some(key) }
        }
    }
}

/// A word of a source that is no code, and its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeWord {
    /// Source.
    pub source: String,
    /// Word in lower case, trimmed.
    pub word: String,
    /// Meaning; `None`: not known.
    pub outcome: Option<Outcome>,
    /// Whether an administrator mapped it; otherwise it is a word of a known system.
    pub mapped: bool,
    /// Number of interactions with it.
    pub interactions: i64,
    /// Last interactions with it, three at most.
    pub examples: Vec<InteractionId>,
}

/// A new meaning of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeMapping {
    /// Source.
    pub source: String,
    /// Word, in any case.
    pub word: String,
    /// Meaning; `None` removes the mapping.
    pub outcome: Option<Outcome>,
}

/// Errors of mappings. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OutcomeError {
    /// A source or a word is empty or too long.
    #[error("a source and an outcome word have 1 to 200 characters")]
    BadWord,
    /// The word is a code, whose meaning is fixed.
    #[error("\"{0}\" is an outcome of Afterword; its meaning can't be changed")]
    FixedMeaning(String),
    /// The meaning is `other`, which says nothing.
    #[error("a word means answered, missed, abandoned, voicemail or not_surveyed")]
    NoMeaning,
    /// Too many mappings at once.
    #[error("there are more than 500 mappings; send them in parts")]
    TooMany,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl OutcomeMapping {
    /// Returns it with its word as key.
    fn checked(&self) -> Result<Self, OutcomeError> {
        let (source, word) = (self.source.trim(), key(&self.word));
        let fits = |text: &str| !text.is_empty() && text.chars().count() <= MAX_NAME_CHARS && !text.contains('\0');
        if !fits(source) || !fits(&word) {
            return Err(OutcomeError::BadWord);
        }
        if stored(Some(&word)).key.is_none() {
            return Err(OutcomeError::FixedMeaning(word));
        }
        if self.outcome.is_some_and(|outcome| !MEANINGS.contains(&outcome)) {
            return Err(OutcomeError::NoMeaning);
        }
        Ok(Self { source: source.to_owned(), word, outcome: self.outcome })
    }
}

impl Interactions {
    /// Returns the words of all sources: those without a meaning first, then the most frequent; 500 at most.
    pub async fn outcome_words(&self) -> Result<Vec<OutcomeWord>, DbError> {
        let mut reader = self.inner.db.read().await?;
        let mut found: BTreeMap<(String, String), OutcomeWord> = BTreeMap::new();
        for (source, word, interactions) in store::used(reader.conn(), MAX_WORDS).await? {
            let (outcome, key) = (words::meaning(&word), (source.clone(), word.clone()));
            found.insert(key, OutcomeWord { source, word, outcome, mapped: false, interactions, examples: Vec::new() });
        }
        for (source, word, outcome) in store::mappings(reader.conn()).await? {
            let key = (source.clone(), word.clone());
            let unused =
                OutcomeWord { source, word, outcome: None, mapped: true, interactions: 0, examples: Vec::new() };
            let entry = found.entry(key).or_insert(unused);
            (entry.outcome, entry.mapped) = (Some(Outcome::from(outcome)), true);
        }
        for entry in found.values_mut().filter(|entry| entry.interactions > 0) {
            entry.examples = store::examples(reader.conn(), &entry.source, &entry.word).await?;
        }
        let mut all: Vec<_> = found.into_values().collect();
        all.sort_by_key(|word| (word.outcome.is_some(), std::cmp::Reverse(word.interactions)));
        Ok(all)
    }

    /// Sets or removes mappings, all or none. Surveys that were not decided for want of a meaning are decided anew.
    /// Returns the number of such interactions.
    pub async fn map_outcomes(&self, mappings: &[OutcomeMapping], by: &Actor) -> Result<usize, OutcomeError> {
        if mappings.len() > MAX_MAPPINGS {
            return Err(OutcomeError::TooMany);
        }
        let mappings = mappings.iter().map(OutcomeMapping::checked).collect::<Result<Vec<_>, _>>()?;
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        let (mut postponed, mut waiting) = (Vec::new(), Vec::new());
        let mut effects = Effects::new();
        for OutcomeMapping { source, word, outcome } in &mappings {
            store::set_mapping(tx.conn(), source, word, outcome.map(Outcome::code)).await?;
            for row in store::undecided(tx.conn(), source, word).await? {
                if row.is_postponed == 1 { postponed.push(row.id) } else { waiting.push(row.id) }
            }
            let detail = serde_json::json!({ "word": word, "outcome": outcome.map(Outcome::code) });
            effects = effects.audit(by, "outcome.mapped", format!("source:{source}"), Some(detail));
        }
        // A decision that is running now has read the old meaning: its job is queued again.
        let jobs = postponed.iter().chain(&waiting).map(|id| NewJob::new(DECIDE_SURVEY, id.as_str(), now));
        effects.jobs(jobs).save(tx.conn(), now).await?;
        jobs::bring_forward(tx.conn(), DECIDE_SURVEY, &postponed, now).await?;
        tx.commit().await?;
        Ok(postponed.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_words_and_unknown_words_are_told_apart() {
        let of = |word| {
            let stored = stored(Some(word));
            (stored.code, stored.raw, stored.key)
        };
        assert_eq!(of(" ANSWERED "), (Some("answered"), None, None));
        assert_eq!(of("No Answer"), (Some("missed"), Some("No Answer".into()), Some("no answer".into())));
        assert_eq!(of(" Émis "), (Some("other"), Some("Émis".into()), Some("émis".into())));
        assert_eq!(of("other"), (Some("other"), Some("other".into()), Some("other".into())));
        assert_eq!((of("  "), stored(None)), ((None, None, None), StoredOutcome::default()));
    }

    #[test]
    fn only_words_without_a_fixed_meaning_can_be_mapped() {
        let mapping =
            |word: &str, outcome| OutcomeMapping { source: "pbx".into(), word: word.into(), outcome: Some(outcome) };
        assert_eq!(mapping(" Done ", Outcome::Answered).checked().unwrap().word, "done");
        assert!(mapping("completed", Outcome::NotSurveyed).checked().is_ok(), "a word of a known system");
        assert!(matches!(mapping("Missed", Outcome::Answered).checked(), Err(OutcomeError::FixedMeaning(_))));
        assert!(matches!(mapping("done", Outcome::Other).checked(), Err(OutcomeError::NoMeaning)));
        assert!(matches!(mapping(" ", Outcome::Missed).checked(), Err(OutcomeError::BadWord)));
    }
}
