//! Languages, by their tags.

use serde::{Deserialize, Serialize};

/// Languages that are written from right to left.
const RIGHT_TO_LEFT: [&str; 12] = ["ar", "he", "fa", "ur", "ps", "sd", "ug", "yi", "dv", "ckb", "arc", "ks"];
/// Built-in, complete languages with their own names.
const BUILT_IN: [(&str, &str); 5] =
    [("en", "English"), ("zh", "中文"), ("es", "Español"), ("fr", "Français"), ("de", "Deutsch")];
/// Names of languages that are likely to be added.
const KNOWN: [(&str, &str); 22] = [
    ("ar", "العربية"),
    ("bg", "Български"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("el", "Ελληνικά"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hu", "Magyar"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("nb", "Norsk bokmål"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("sv", "Svenska"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
];

/// Other codes of languages (ISO 639-2, and withdrawn ones), with the usual ones.
const ALIASES: [(&str, &str); 22] = [
    ("eng", "en"),
    ("deu", "de"),
    ("ger", "de"),
    ("spa", "es"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("zho", "zh"),
    ("chi", "zh"),
    ("cmn", "zh"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kor", "ko"),
    ("nld", "nl"),
    ("dut", "nl"),
    ("pol", "pl"),
    ("por", "pt"),
    ("rus", "ru"),
    ("swe", "sv"),
    ("tur", "tr"),
    ("ara", "ar"),
    ("iw", "he"),
    ("no", "nb"),
];

/// A language's tag (BCP 47): `en`, `pt-br`; lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

/// The text is not a language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no language's tag, such as en or pt-BR")]
pub struct NotALanguage;

impl Default for Language {
    fn default() -> Self {
        Self("en".into())
    }
}

impl std::str::FromStr for Language {
    type Err = NotALanguage;

    fn from_str(text: &str) -> Result<Self, NotALanguage> {
        let tag = text.trim().replace('_', "-").to_ascii_lowercase();
        let mut parts = tag.split('-');
        let first = parts
            .next()
            .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase()));
        let rest = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        if first && rest && tag.len() <= 35 { Ok(Self(tag)) } else { Err(NotALanguage) }
    }
}

impl TryFrom<String> for Language {
    type Error = NotALanguage;
    fn try_from(text: String) -> Result<Self, NotALanguage> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Language {
    /// Returns the tag.
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// Returns the built-in languages.
    pub fn built_in() -> impl Iterator<Item = Self> {
        BUILT_IN.into_iter().map(|(tag, _)| Self(tag.into()))
    }

    /// Whether the language is built in.
    pub fn is_built_in(&self) -> bool {
        BUILT_IN.iter().any(|(tag, _)| *tag == self.0)
    }

    /// Returns `ltr` or `rtl`.
    pub fn direction(&self) -> &'static str {
        if RIGHT_TO_LEFT.contains(&self.primary()) { "rtl" } else { "ltr" }
    }

    /// Returns its own name, or its tag.
    pub fn name(&self) -> &str {
        let named = |tag: &str| BUILT_IN.iter().chain(&KNOWN).find(|(known, _)| *known == tag).map(|(_, name)| *name);
        named(&self.0).or_else(|| named(self.primary())).unwrap_or(&self.0)
    }

    fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// Returns the best of these for what is wanted, as systems write it: a tag (`en-GB`, `zh-Hans`, `pt_br`), a locale
    /// (`es_MX.UTF-8`), or a list (`de-CH,de;q=0.9`), of which the first language that is there is chosen.
    pub fn choose<'a>(wanted: &str, from: impl Iterator<Item = &'a Self> + Clone) -> Option<&'a Self> {
        wanted_tags(wanted).iter().find_map(|tag| tag.nearest(from.clone()))
    }

    /// Returns the same language, else a shorter tag, else another region of the same language.
    fn nearest<'a>(&self, from: impl Iterator<Item = &'a Self> + Clone) -> Option<&'a Self> {
        let mut tag = self.0.as_str();
        loop {
            if let Some(found) = from.clone().find(|language| language.0 == tag) {
                return Some(found);
            }
            match tag.rfind('-') {
                Some(end) => tag = &tag[..end],
                None => return from.clone().find(|language| language.primary() == self.primary()),
            }
        }
    }
}

/// Returns the languages of a list, the preferred ones first.
fn wanted_tags(text: &str) -> Vec<Language> {
    let mut found: Vec<(f32, Language)> = Vec::new();
    for entry in text.split([',', ':']) {
        let (tag, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let quality = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse().ok()).unwrap_or(0.0);
        // A locale's encoding and modifier: `de_DE.UTF-8@euro`.
        let tag = tag.split(['.', '@']).next().unwrap_or_default();
        let Ok(language) = tag.parse::<Language>() else { continue };
        if quality > 0.0 {
            let alias = ALIASES.iter().find(|(code, _)| *code == language.primary()).map(|(_, usual)| *usual);
            found.push((quality, language));
            found.extend(alias.map(|usual| (quality, Language(usual.into()))));
        }
    }
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found.into_iter().map(|(_, language)| language).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_language_is_chosen() {
        let there: Vec<Language> = ["en", "zh", "pt-br", "ar"].iter().filter_map(|tag| tag.parse().ok()).collect();
        for (wanted, found) in [
            ("en", Some("en")),
            ("en-GB", Some("en")),
            ("zh_Hans_CN", Some("zh")),
            ("zh-Hans", Some("zh")),
            ("EN", Some("en")),
            (" en_GB.UTF-8 ", Some("en")),
            ("pt_br", Some("pt-br")),
            ("pt_PT@euro", Some("pt-br")),
            ("en_US.ISO8859-1@euro", Some("en")),
            ("de-CH,de;q=0.9,ar;q=0.5", Some("ar")),
            ("ar;q=0.5, zh-TW;q=0.8, en;q=0", Some("zh")),
            ("fr:zh", Some("zh")),
            ("eng", Some("en")),
            ("cmn-Hans-CN", Some("zh")),
            ("*", None),
            ("C", None),
            ("C.UTF-8", None),
            ("POSIX", None),
            ("en;q=x", None),
            ("pt", Some("pt-br")),
            ("PT-br", Some("pt-br")),
            ("fr", None),
            ("", None),
            ("<b>", None),
            ("e", None),
        ] {
            assert_eq!(Language::choose(wanted, there.iter()).map(Language::tag), found, "{wanted}");
        }
        let direction = |tag: &str| tag.parse::<Language>().map(|language| language.direction());
        assert_eq!((direction("ar-EG"), direction("de")), (Ok("rtl"), Ok("ltr")));
    }
}
