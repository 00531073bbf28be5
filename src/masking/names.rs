//! Known names: the customer's.

use super::Kind;
use super::tokens::{self, Token, TokenKind};
use std::ops::Range;

/// Minimum number of letters of a part that is a name by itself.
const MIN_PART_LETTERS: usize = 3;
/// Maximum number of words of one name.
const MAX_PARTS: usize = 8;

/// First and last names that are words too: they count as names only where the sentence indicates it.
pub(super) const WORDS: &[&str] = &[
    "will",
    "may",
    "mark",
    "rose",
    "grace",
    "hope",
    "joy",
    "art",
    "bill",
    "sue",
    "pat",
    "rob",
    "drew",
    "chase",
    "grant",
    "faith",
    "dawn",
    "june",
    "april",
    "august",
    "summer",
    "young",
    "long",
    "brown",
    "white",
    "black",
    "green",
    "gray",
    "grey",
    "king",
    "price",
    "day",
    "best",
    "rich",
    "good",
    "small",
    "little",
    "stone",
    "wood",
    "woods",
    "street",
    "park",
    "hill",
    "law",
    "case",
    "page",
    "bell",
    "cook",
    "baker",
    "carter",
    "fisher",
    "hunter",
    "mason",
    "miller",
    "porter",
    "potter",
    "smith",
    "taylor",
    "turner",
    "walker",
    "weaver",
    "frank",
    "jack",
    "dean",
    "earl",
    "duke",
    "guy",
    "gene",
    "iris",
    "ivy",
    "lily",
    "daisy",
    "holly",
    "heather",
    "ruby",
    "pearl",
    "amber",
    "crystal",
    "penny",
    "sandy",
    "sunny",
    "christian",
    "christmas",
    "winter",
    "north",
    "west",
    "field",
    "fields",
    "banks",
    "bank",
    "bush",
    "church",
    "cross",
    "fox",
    "wolf",
    "bird",
    "fish",
    "lamb",
    "love",
    "major",
    "marsh",
    "moon",
    "moss",
    "pike",
    "pool",
    "poole",
    "post",
    "power",
    "powers",
    "reed",
    "rice",
    "rivers",
    "sharp",
    "short",
    "silver",
    "snow",
    "sparks",
    "strong",
    "swift",
    "wise",
    "worth",
    "wright",
    "early",
    "ray",
    "rusty",
    "skip",
    "van",
    "von",
    "the",
    "and",
    "sir",
    "phone",
    "order",
    "box",
    "call",
    "klein",
    "gross",
    "groß",
    "lang",
    "kurz",
    "weiß",
    "schwarz",
    "braun",
    "koch",
    "richter",
    "könig",
    "sommer",
    "freitag",
    "petit",
    "grand",
    "blanc",
    "noir",
    "roi",
    "leroy",
    "del",
    "der",
    "den",
    "dos",
    "las",
    "los",
    "paz",
    "rey",
    "bueno",
    "blanco",
    "victor",
    "mike",
];

/// Words in front of a person's name.
const CUES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "sir",
    "madam",
    "hi",
    "hello",
    "hey",
    "dear",
    "thanks",
    "thank",
    "sorry",
    "name",
    "called",
    "am",
    "m",
    "morning",
    "afternoon",
    "evening",
    "bye",
    "goodbye",
    "welcome",
    "herr",
    "frau",
    "hallo",
    "liebe",
    "lieber",
    "geehrte",
    "geehrter",
    "bonjour",
    "madame",
    "monsieur",
    "mme",
    "chère",
    "cher",
    "hola",
    "señor",
    "señora",
    "sr",
    "sra",
    "estimado",
    "estimada",
];

/// Titles, after which a full stop does not end a sentence.
const TITLES: &[&str] = &["mr", "mrs", "ms", "mx", "dr", "mme", "sr", "sra"];

/// Names to be masked in a conversation, and names to be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Full names, word by word, in lower case.
    wholes: Vec<Vec<String>>,
    /// Words that are also the agent's name.
    agent: Vec<String>,
}

impl Names {
    /// Returns no names.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns the customer's name.
    pub fn of(name: &str) -> Self {
        Self { wholes: parts(name).into_iter().collect(), agent: Vec::new() }
    }

    /// Adds one more name of a customer.
    #[must_use]
    pub fn and(mut self, name: &str) -> Self {
        self.wholes.extend(parts(name).filter(|parts| !self.wholes.contains(parts)));
        self
    }

    /// Excludes a name: the agent's. Where the customer has the same, it is masked only within the full name.
    #[must_use]
    pub fn but(mut self, agent: &str) -> Self {
        self.agent.extend(parts(agent).unwrap_or_default());
        self
    }

    /// Whether there are no names.
    pub fn is_empty(&self) -> bool {
        self.wholes.is_empty()
    }

    /// Returns the words of a name for comparison, for a list that can be stored as hashes: lower case, in order.
    pub fn words(name: &str) -> Vec<String> {
        parts(name).unwrap_or_default()
    }

    /// Whether a word is the agent's name or a part of it.
    pub(super) fn is_agent(&self, word: &str) -> bool {
        self.agent.iter().any(|part| part == word)
    }

    fn is_part(&self, word: &str) -> bool {
        self.wholes.iter().flatten().any(|part| part == word)
    }
}

/// Returns the words of a name; `None` where it has none.
fn parts(name: &str) -> Option<Vec<String>> {
    let said = tokens::of_line(name, 0, &[]);
    let words: Vec<String> = said
        .into_iter()
        .filter(|t| t.is_letters() || t.what == TokenKind::Han)
        .map(|t| t.lower)
        .take(MAX_PARTS)
        .collect();
    (!words.is_empty()).then_some(words)
}

/// Returns the ranges of known names: the full name in any case, or a part that is written like a name, as separate
/// words.
pub(super) fn find(tokens: &[Token<'_>], names: &Names) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let whole = names.wholes.iter().filter(|whole| stands(tokens, at, whole)).map(Vec::len).max();
        let length = whole.unwrap_or_else(|| usize::from(is_name(tokens, at, names)));
        if length > 0 {
            found.push(at..at + length);
        }
        at += length.max(1);
    }
    found
}

fn stands(tokens: &[Token<'_>], at: usize, whole: &[String]) -> bool {
    let said = tokens.get(at..at + whole.len()).unwrap_or_default();
    let same = said.len() == whole.len() && said.iter().zip(whole).all(|(token, part)| token.lower == *part);
    let together = said.iter().skip(1).all(|token| !token.begins && token.gap.chars().count() <= 3);
    // A name of one word counts as the full name only when it is written like a name; a Chinese one always.
    let alone = whole.len() == 1 && !said.first().is_some_and(|token| token.what == TokenKind::Han);
    same && together && (!alone || is_name_like(tokens, at, &whole[0]))
}

/// Whether it is a part of a name, by itself.
fn is_name(tokens: &[Token<'_>], at: usize, names: &Names) -> bool {
    let word = &tokens[at].lower;
    if !names.is_empty() && tokens[at].is_letters() && tokens[at].capital && !names.is_part(word) {
        return !names.is_agent(word) && is_like_part(names, word);
    }
    tokens[at].is_letters() && names.is_part(word) && word.chars().count() >= MIN_PART_LETTERS && {
        let neighbour = |place: Option<usize>| {
            place.and_then(|place| tokens.get(place)).is_some_and(|token| {
                token.what == TokenKind::Masked(Kind::Name)
                    || token.capital && names.is_part(&token.lower) && !names.agent.contains(&token.lower)
            })
        };
        let together = |token: &Token<'_>| matches!(token.gap, " " | "-") && !token.begins;
        let beside = together(&tokens[at]) && neighbour(at.checked_sub(1))
            || tokens.get(at + 1).is_some_and(together) && neighbour(Some(at + 1));
        if names.agent.contains(word) {
            tokens[at].capital && beside
        } else {
            tokens[at].capital && beside || is_name_like(tokens, at, word)
        }
    }
}

/// Whether it is a variant spelling of a part of a name: "Elisabeth" for "Elizabeth".
fn is_like_part(names: &Names, word: &str) -> bool {
    let letters = word.chars().count();
    let most = if letters >= 7 { 2 } else { 1 };
    let close = |part: &String| {
        part.chars().next() == word.chars().next()
            && part.chars().count().abs_diff(letters) <= most
            && distance(part, word) <= most
    };
    letters >= MIN_SIMILAR && !WORDS.contains(&word) && names.wholes.iter().flatten().any(close)
}

/// Minimum number of letters for variant spellings; shorter words resemble too many others.
const MIN_SIMILAR: usize = 5;

/// Returns the edit distance (Levenshtein): letters changed, added or left out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, a) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (place, b) in other.iter().enumerate() {
            let changed = before + usize::from(a != *b);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

/// Whether it is written like a name: capitalised, and where the word has another meaning, in the position of a name.
fn is_name_like(tokens: &[Token<'_>], at: usize, word: &str) -> bool {
    let token = &tokens[at];
    if !token.capital {
        return false;
    }
    if !WORDS.contains(&word) {
        return true;
    }
    let before = at.checked_sub(1).map(|before| &tokens[before]).filter(|_| !token.begins);
    let two = at.checked_sub(2).map_or("", |before| tokens[before].lower.as_str());
    let cue = before.is_some_and(|before| {
        let said = before.lower.as_str();
        let title = token.gap != ". " || TITLES.contains(&said);
        title
            && !token.gap.contains(['!', '?', '\n'])
            && (CUES.contains(&said)
                || matches!((two, said), ("this" | "name" | "it", "is") | ("thank", "you") | ("name", "s")))
    });
    // "…, Mark." and "Mark, …": a person who is addressed.
    let next = tokens.get(at + 1).map_or(".", |next| if next.begins || next.goes_on { "." } else { next.gap });
    let ends = next.starts_with(['.', '!', '?']) || next.is_empty() && at + 1 == tokens.len();
    let spoken_to = token.gap.trim_start().starts_with(',') && ends;
    cue || spoken_to
}
