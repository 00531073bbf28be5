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
    /// Where it is published; nothing for what is built in.
    pub url: Option<String>,
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
    /// For whoever chooses.
    pub notes: String,
}

#[derive(serde::Deserialize)]
struct File {
    model: Vec<Entry>,
}

static CATALOGUE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let file: Result<File, _> = toml::from_str(include_str!("../../../models/catalogue.toml"));
    file.expect("the catalogue is built in, and a test reads it").model
});

/// All models that are known, the shipped one first.
pub fn catalogue() -> &'static [Entry] {
    &CATALOGUE
}

/// The model with this name, which may also be its file's name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    catalogue().iter().find(|entry| entry.name == name || entry.file == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_catalogue_is_whole() {
        let all = catalogue();
        assert_eq!(all[0].name, super::super::SHIPPED);
        assert_eq!(all.iter().map(|entry| &entry.name).collect::<HashSet<_>>().len(), all.len());
        assert_eq!(all.iter().map(|entry| &entry.sha256).collect::<HashSet<_>>().len(), all.len());
        for entry in all {
            assert!(entry.sha256.len() == 64 && hex::decode(&entry.sha256).is_ok(), "{}", entry.name);
            assert!((1_000..=28_000).contains(&entry.max_span_ms), "{}", entry.name);
            assert!(!entry.languages.is_empty(), "{}", entry.name);
            assert!(entry.url.as_ref().is_none_or(|url| url.starts_with("https://") && url.ends_with(&entry.file)));
        }
        assert!(all.iter().skip(1).all(|entry| entry.url.is_some()));
    }
}
