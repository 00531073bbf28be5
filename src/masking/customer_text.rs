//! Text of others that customers read: names of customers and agents, topics. It comes from contact forms and
//! from other systems, nobody has checked it, and the mail carries the company's signature: text that can't be a name, or
//! that holds a link or a number, is left out.

use super::mask;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Maximum number of characters of a name, and of a topic.
const MAX_CHARS: usize = 60;
/// Minimum number of digits in a row, in a topic, that may be a telephone or order number.
const MIN_DIGIT_ROW: usize = 3;
/// Titles before a name, in lower case and without dots.
const TITLES: [&str; 31] = [
    "dr",
    "prof",
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "sir",
    "dame",
    "lady",
    "lord",
    "rev",
    "herr",
    "frau",
    "hr",
    "fr",
    "dipl-ing",
    "ing",
    "mag",
    "m",
    "mme",
    "mlle",
    "mgr",
    "sr",
    "sra",
    "srta",
    "don",
    "doña",
    "د",
    "السيد",
    "السيدة",
];
/// Additions behind a name, in lower case and without dots.
const ADDITIONS: [&str; 14] =
    ["jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "msc", "bsc", "ma", "ba", "esq", "dipl-ing"];
/// Words that stand for a function, and for no name.
const FUNCTIONS: [&str; 21] = [
    "agent",
    "support",
    "operator",
    "team",
    "service",
    "helpdesk",
    "admin",
    "administrator",
    "user",
    "unknown",
    "none",
    "null",
    "n/a",
    "anonymous",
    "system",
    "bot",
    "queue",
    "extension",
    "ext",
    "reception",
    "test",
];
/// First words of a given name of two words.
const COMPOUND_BEGINNINGS: [&str; 11] =
    ["عبد", "أبو", "ابو", "أم", "ام", "abd", "abdul", "abdel", "abdal", "abu", "abou"];
/// Second words of a given name of two words.
const COMPOUND_ENDS: [&str; 8] = ["الدين", "الله", "al-din", "el-din", "ad-din", "eddin", "eddine", "uddin"];
/// Particles between the two words of a given name.
const PARTICLES: [&str; 3] = ["al", "el", "ul"];
/// Vietnamese family names, which stand first; the given name stands last.
const FAMILY_FIRST: [&str; 18] = [
    "nguyễn", "nguyen", "trần", "tran", "phạm", "pham", "huỳnh", "huynh", "hoàng", "lê", "vũ", "võ", "đặng", "bùi",
    "đỗ", "hồ", "ngô", "dương",
];

/// Returns the name as it may be told, with single spaces; `None` if it can't be a name: longer than 60 characters,
/// without a letter, or with anything but letters, the punctuation of names and one digit. So it holds no URL, host,
/// address, number, control character or direction mark.
pub fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = text.chars().count() <= MAX_CHARS
        && text.chars().all(is_of_names)
        && text.chars().any(char::is_alphabetic)
        && text.chars().filter(|c| c.is_numeric()).count() <= 1
        && !holds_host(text);
    is_name.then(|| single_spaced(text))
}

/// Returns the topic as it may be told, with single spaces and at most 60 characters; `None` if it is blank, or if it holds
/// personal data, an address, a URL, a number of three digits or more, a control character or a direction mark.
pub fn topic(text: &str) -> Option<String> {
    let text = text.trim();
    let folded: String = text.nfkc().collect();
    let shown = single_spaced(text);
    let is_told = !shown.is_empty()
        && !text.chars().any(|c| c.is_control() || is_invisible(c))
        && !folded.contains(['@', '\\', '<', '>'])
        && !folded.contains("://")
        && !holds_host(text)
        && !holds_number(&folded)
        && mask(&shown) == shown;
    is_told.then(|| shown.chars().take(MAX_CHARS).collect())
}

/// Returns the agent's name for customers: the one that was given for them, else the given name within the name for staff.
/// `None` if there is none that can be told.
pub fn agent_name(given: Option<&str>, for_staff: Option<&str>) -> Option<String> {
    given.and_then(name).or_else(|| given_name(for_staff?))
}

/// Returns the given name within a display name such as `Carton, Sydney (Support)`.
fn given_name(display_name: &str) -> Option<String> {
    let shown = name(&without_brackets(display_name))?;
    if shown.chars().any(char::is_numeric) || is_login(&shown) {
        return None;
    }
    let (ordered, is_inverted) = in_order(&shown);
    let words: Vec<&str> = ordered.split_whitespace().collect();
    let titles = words.iter().take_while(|word| TITLES.contains(&folded(word).as_str())).count();
    let (title, rest) = words.split_at(titles);
    match rest {
        [] => None,
        [first, ..] if FUNCTIONS.contains(&folded(first).as_str()) => None,
        [only] if !title.is_empty() && !is_inverted => Some(format!("{} {only}", title.join(" "))),
        _ => Some(first_name(rest)),
    }
}

/// Returns the given name of a name without titles.
fn first_name(words: &[&str]) -> String {
    let is_initial = |word: &&&str| word.trim_end_matches('.').chars().filter(|c| !is_combining_mark(*c)).count() == 1;
    let initials = words.iter().take_while(is_initial).count();
    let full = &words[initials..];
    let (Some(first), second) = (full.first(), full.get(1)) else { return words.join(" ") };
    let has = |list: &[&str], word: &str| list.contains(&folded(word).as_str());
    let is_compound = has(&COMPOUND_BEGINNINGS, first) || second.is_some_and(|word| has(&COMPOUND_ENDS, word));
    if is_compound {
        let length = if second.is_some_and(|word| has(&PARTICLES, word)) { 3 } else { 2 };
        full[..length.min(full.len())].join(" ")
    } else if second.is_some() && has(&FAMILY_FIRST, first) {
        full.last().unwrap_or(first).to_string()
    } else if first.chars().any(is_east_asian) || (initials > 0 && second.is_none()) {
        words.join(" ")
    } else {
        first.trim_end_matches(',').to_owned()
    }
}

/// Returns the name with its given name first, and whether it was inverted: the part behind a comma, unless that is an
/// addition such as `PhD`.
fn in_order(name: &str) -> (&str, bool) {
    let Some((before, behind)) = name.split_once(',') else { return (name, false) };
    let behind = behind.split(',').next().unwrap_or_default().trim();
    let is_addition = behind.split_whitespace().all(|word| ADDITIONS.contains(&folded(word).as_str()));
    if is_addition { (before, false) } else { (behind, true) }
}

fn without_brackets(text: &str) -> String {
    let (mut depth, mut kept) = (0_usize, String::with_capacity(text.len()));
    for c in text.chars() {
        match c {
            '(' | '[' | '（' => depth += 1,
            ')' | ']' | '）' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// Whether a single word in lower case is more likely the name of an account than of a person.
fn is_login(name: &str) -> bool {
    !name.contains(' ') && name.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '.')
}

fn folded(word: &str) -> String {
    word.to_lowercase().replace('.', "").trim_end_matches(',').to_owned()
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the character occurs in names. Joiners do, in Persian and Indic ones; marks of direction do not.
fn is_of_names(c: char) -> bool {
    const PUNCTUATION: &str = " \u{a0}\u{202f}\u{3000}'’‘`´-‐‑–.,·・&()\u{200c}\u{200d}";
    c.is_alphanumeric() || is_combining_mark(c) || PUNCTUATION.contains(c)
}

/// Whether the character can't be seen, or changes the direction of the text around it.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}')
}

/// Whether mail programs may show a part of the text as a link: `www.`, or a dot between a letter and two letters.
fn holds_host(text: &str) -> bool {
    let plain: Vec<char> = text
        .nfkc()
        .filter(|c| !matches!(c, '\u{200c}' | '\u{200d}'))
        .map(|c| if c == '。' { '.' } else { c })
        .collect();
    let is_letter = |at: usize| plain.get(at).is_some_and(|c| c.is_alphanumeric());
    let is_dot = |at: usize| plain[at] == '.' && at > 0 && is_letter(at - 1) && is_letter(at + 1) && is_letter(at + 2);
    (0..plain.len()).any(is_dot) || plain.iter().collect::<String>().to_lowercase().contains("www.")
}

/// Whether digits stand in a row, with or without separators.
fn holds_number(text: &str) -> bool {
    let rows = text.split(|c: char| !c.is_numeric() && !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '+'));
    rows.into_iter().any(|row| row.chars().filter(|c| c.is_numeric()).count() >= MIN_DIGIT_ROW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_where_they_can_be_names() {
        let sixty = "A".repeat(60);
        for good in [
            "Jerry",
            "Jerry Cruncher",
            "Jean-Luc O’Brien",
            "Nguyễn Thị Lan",
            "عبد الرحمن",
            "Дмитрий",
            "山田 太郎",
            "ジョン・スミス",
            "कृष्ण",
            "رضا\u{200c}زاده",
            "J. R. R. Tolkien",
            "J.R.R. Tolkien",
            "Müller & Söhne",
            "Cruncher, Jerry",
            "Jerry Cruncher 3rd",
            "Cafe\u{301}",
            sixty.as_str(),
        ] {
            assert_eq!(name(good).as_deref(), Some(good), "{good}");
        }
        assert_eq!(name("  Jerry \u{a0}Cruncher\n").as_deref(), Some("Jerry Cruncher"));
        for bad in [
            "",
            "  ",
            "…",
            "42",
            "You have won 5000 EUR, claim at https://evil.example/x or www.evil.example now",
            "https://evil.example",
            "Jerry evil.example",
            "Jerry evil。example",
            "Jerry evil．example",
            "Jerry evil.\u{200d}example",
            "www.e",
            "jerry@example.net",
            "jerry＠example",
            "Call 0800 123456",
            "Call 0 8 0 0",
            "Jerry\nBcc: x",
            "Jerry\tCruncher",
            "Jerry\u{202e}rehcnurC",
            "Jerry\u{200f}",
            "Jer\u{200b}ry",
            "Jerry <b>",
            "Jerry/1002",
            "Prize: yours!",
            "A\u{ad}",
            &"A".repeat(61),
        ] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn agents_are_told_by_their_given_name() {
        for (written, told) in [
            ("Sydney Carton", Some("Sydney")),
            ("Carton, Sydney (Support)", Some("Sydney")),
            ("Carton, Sydney", Some("Sydney")),
            ("Carton, Dr. Sydney", Some("Sydney")),
            ("Sydney Carton, PhD", Some("Sydney")),
            ("Sydney Carton [Orders]", Some("Sydney")),
            ("Dr. Sydney Carton", Some("Sydney")),
            ("Prof. Dr. Sydney Carton", Some("Sydney")),
            ("Dr. Carton", Some("Dr. Carton")),
            ("Frau Carton", Some("Frau Carton")),
            ("Sydney", Some("Sydney")),
            ("J. Edgar Hoover", Some("Edgar")),
            ("S. Carton", Some("S. Carton")),
            ("عبد الرحمن", Some("عبد الرحمن")),
            ("عبد الرحمن محمد", Some("عبد الرحمن")),
            ("نور الدين حسن", Some("نور الدين")),
            ("أحمد محمد", Some("أحمد")),
            ("Abdul Rahman Khan", Some("Abdul Rahman")),
            ("Abd al Rahman Khan", Some("Abd al Rahman")),
            ("Nguyễn Thị Lan", Some("Lan")),
            ("山田 太郎", Some("山田 太郎")),
            ("Jean-Claude Lorry", Some("Jean-Claude")),
            ("Agent/1002", None),
            ("Agent 1002", None),
            ("Agent", None),
            ("Support Team", None),
            ("1002", None),
            ("s.carton@northwind.example", None),
            ("s.carton", None),
            ("scarton", None),
            ("NORTHWIND\\scarton", None),
            ("s_carton", None),
            ("n/a", None),
            ("(Support)", None),
            (",", None),
            ("", None),
        ] {
            assert_eq!(agent_name(None, Some(written)).as_deref(), told, "{written}");
        }
        assert_eq!(agent_name(Some("Syd C."), Some("Carton, Sydney")).as_deref(), Some("Syd C."));
        assert_eq!(agent_name(Some("syd@northwind.example"), Some("Carton, Sydney")).as_deref(), Some("Sydney"));
        assert_eq!(agent_name(None, None), None);
    }

    #[test]
    fn topics_are_told_without_links_and_numbers() {
        for good in ["lost parcel", "Rückgabe", "你的包裹", "5% off", "two-year guarantee", "C++ / C#", "iPhone 15"]
        {
            assert_eq!(topic(good).as_deref(), Some(good), "{good}");
        }
        assert_eq!(topic(" lost\u{a0} parcel ").as_deref(), Some("lost parcel"));
        assert_eq!(topic(&"x".repeat(80)).map(|told| told.len()), Some(60));
        for bad in [
            "",
            " ",
            "order 4711",
            "call 0 8 0 0 1",
            "+44 306 999 0123",
            "jerry@example.net",
            "see evil.example",
            "https://evil",
            "www.evil",
            "lost\nparcel",
            "lost\u{202e}parcel",
            "<b>lost</b>",
        ] {
            assert_eq!(topic(bad), None, "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_told_holds_a_link(text in "\\PC{0,40}") {
            for told in [name(&text), agent_name(None, Some(&text)), topic(&text)].into_iter().flatten() {
                proptest::prop_assert!(!told.contains("://") && !told.contains('@') && !told.chars().any(char::is_control));
                proptest::prop_assert!(!told.is_empty() && told.chars().count() <= MAX_CHARS);
            }
        }
    }
}
