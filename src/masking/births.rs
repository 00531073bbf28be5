//! Dates of birth: dates in the context of a birth.

use super::Kind;
use super::numbers::{Run, atom_at};
use super::talk::Stream;
use super::tokens::{Token, TokenKind};
use super::topics::{Topic, Topics};
use std::collections::HashSet;
use std::ops::Range;

const MONTHS: &[&str] = &[
    "january jan januar jänner janvier enero",
    "february feb februar février febrero",
    "march mar märz mars marzo",
    "april apr avril abril",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet julio",
    "august aug août agosto",
    "september sep sept septembre septiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre diciembre",
];

const DAYS: &[(&str, u8)] = &[
    ("first", 1),
    ("second", 2),
    ("third", 3),
    ("fourth", 4),
    ("fifth", 5),
    ("sixth", 6),
    ("seventh", 7),
    ("eighth", 8),
    ("ninth", 9),
    ("tenth", 10),
    ("eleventh", 11),
    ("twelfth", 12),
    ("thirteenth", 13),
    ("fourteenth", 14),
    ("fifteenth", 15),
    ("sixteenth", 16),
    ("seventeenth", 17),
    ("eighteenth", 18),
    ("nineteenth", 19),
    ("twentieth", 20),
    ("thirtieth", 30),
    ("ersten", 1),
    ("zweiten", 2),
    ("dritten", 3),
    ("vierten", 4),
    ("fünften", 5),
    ("premier", 1),
    ("primero", 1),
];

/// Latest year of birth of a person who is asked for it.
const MAX_YEAR: u32 = 2016;

/// Returns the month that a word names, from 1.
pub(super) fn month(word: &str) -> Option<u8> {
    let at = MONTHS.iter().position(|names| names.split(' ').any(|name| name == word))?;
    u8::try_from(at + 1).ok()
}

/// A date: its tokens, and its year where it has one.
#[derive(Debug, Clone)]
pub(super) struct Date {
    /// Tokens of the date.
    pub tokens: Range<usize>,
    year: Option<u32>,
}

/// Returns dates in digits with separators between them, not part of other numbers.
pub(super) fn written(tokens: &[Token<'_>]) -> Vec<Date> {
    let mut dates = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match written_at(tokens, at) {
            Some(date) => {
                at = date.tokens.end;
                dates.push(date);
            }
            None => at += 1,
        }
    }
    dates
}

fn small(token: &Token<'_>, most: u8) -> Option<u8> {
    let short = token.is_digits() && token.lower.len() <= 2;
    short.then(|| token.lower.parse().ok()).flatten().filter(|value| (1..=most).contains(value))
}

fn year_of(token: &Token<'_>) -> Option<u32> {
    let year: u32 = token.is_digits().then(|| token.lower.parse().ok()).flatten()?;
    match token.lower.len() {
        2 => Some(if year > 26 { 1900 + year } else { 2000 + year }),
        4 => (1900..2100).contains(&year).then_some(year),
        _ => None,
    }
}

fn written_at(tokens: &[Token<'_>], at: usize) -> Option<Date> {
    if at > 0 && tokens[at].gap.is_empty() && !tokens[at].begins {
        return None;
    }
    // 1982年5月3日
    if let Some([year, y, month, m, day, d]) = tokens.get(at..at + 6)
        && (y.lower.as_str(), m.lower.as_str(), d.lower.as_str()) == ("年", "月", "日")
    {
        small(month, 12)?;
        small(day, 31)?;
        return Some(Date { tokens: at..at + 6, year: Some(year_of(year)?) });
    }
    let [a, b, c] = tokens.get(at..at + 3)? else { return None };
    let sign = b.gap.trim();
    // A part of a longer sequence of numbers is not a date.
    let longer = |place: usize| {
        place > 0
            && tokens.get(place).is_some_and(|next| {
                next.is_digits() && !next.begins && next.gap.trim() == sign && tokens[place - 1].is_digits()
            })
    };
    if longer(at) || longer(at + 3) {
        return None;
    }
    if !matches!(sign, "/" | "." | "-" | "–")
        || c.gap.trim() != sign
        || b.begins
        || c.begins
        || b.gap.len() > 4
        || c.gap.len() > 4
    {
        return None;
    }
    let year = if a.lower.len() == 4 {
        (small(b, 12).is_some() && small(c, 31).is_some()).then(|| year_of(a)).flatten()?
    } else {
        let one = small(a, 31).is_some() && small(b, 12).is_some();
        let other = small(a, 12).is_some() && small(b, 31).is_some();
        (one || other).then(|| year_of(c)).flatten()?
    };
    Some(Date { tokens: at..at + 3, year: Some(year) })
}

/// Returns dates with a month in words.
pub(super) fn in_words(tokens: &[Token<'_>]) -> Vec<Date> {
    let mut dates: Vec<Date> = Vec::new();
    for at in 0..tokens.len() {
        if !tokens[at].is_letters() || month(&tokens[at].lower).is_none() {
            continue;
        }
        let from = dates.last().map_or(0, |date| date.tokens.end);
        let before = day_before(tokens, at).filter(|first| *first >= from);
        let (start, mut end) = match before {
            Some(first) => (first, at + 1),
            None => match day_behind(tokens, at + 1) {
                Some(end) => (at, end),
                None => continue,
            },
        };
        let year = year_behind(tokens, end);
        end = year.map_or(end, |(_, end)| end);
        dates.push(Date { tokens: start..end, year: year.map(|(year, _)| year) });
    }
    dates
}

fn close(token: &Token<'_>) -> bool {
    !token.begins
        && token.gap.chars().count() <= 3
        && token.gap.chars().all(|c| c.is_whitespace() || ",.'’-".contains(c))
}

/// Returns the start of a day that ends before this token: "3rd of", "the third of", "3.", "twenty third".
fn day_before(tokens: &[Token<'_>], month: usize) -> Option<usize> {
    let mut at = month.checked_sub(1)?;
    if !close(&tokens[month]) {
        return None;
    }
    if matches!(tokens[at].lower.as_str(), "of" | "de" | "the") {
        at = at.checked_sub(1)?;
    }
    if matches!(tokens[at].lower.as_str(), "st" | "nd" | "rd" | "th" | "er") && tokens[at].gap.is_empty() {
        at = at.checked_sub(1)?;
    }
    if small(&tokens[at], 31).is_some() {
        return Some(at);
    }
    let word = tokens[at].lower.as_str();
    let day = DAYS.iter().find(|(name, _)| *name == word).map(|(_, day)| *day);
    let tens = |at: usize| matches!(tokens[at].lower.as_str(), "twenty" | "thirty");
    match day {
        Some(day) => Some(if day < 10 && at > 0 && tens(at - 1) && close(&tokens[at]) { at - 1 } else { at }),
        // "twenty three May", "three May"
        None if tokens[at].is_letters() => {
            let first = if at > 0 && tens(at - 1) { at - 1 } else { at };
            let atom = atom_at(tokens, first)?;
            let day: u8 = atom.digits.parse().ok()?;
            (atom.tokens.end == at + 1 && (1..=31).contains(&day)).then_some(first)
        }
        None => None,
    }
}

/// Returns the end of a day that begins with this token: "3rd", "the third", "twenty third", "3".
fn day_behind(tokens: &[Token<'_>], first: usize) -> Option<usize> {
    let mut at = first;
    if tokens.get(at)?.lower == "the" {
        at += 1;
    }
    let token = tokens.get(at).filter(|token| close(token))?;
    if small(token, 31).is_some() {
        let suffix = tokens
            .get(at + 1)
            .is_some_and(|next| next.gap.is_empty() && matches!(next.lower.as_str(), "st" | "nd" | "rd" | "th"));
        return Some(at + 1 + usize::from(suffix));
    }
    let is_day = |at: usize| tokens.get(at).is_some_and(|token| DAYS.iter().any(|(name, _)| *name == token.lower));
    if is_day(at) {
        return Some(at + 1);
    }
    if matches!(token.lower.as_str(), "twenty" | "thirty") && is_day(at + 1) {
        return Some(at + 2);
    }
    None
}

/// Returns a year after the date, and its end: ", 1982", "nineteen eighty two", "of '82", "two thousand and five".
fn year_behind(tokens: &[Token<'_>], first: usize) -> Option<(u32, usize)> {
    let mut at = first;
    if tokens.get(at).is_some_and(|token| matches!(token.lower.as_str(), "of" | "de" | "del" | "in" | "year")) {
        at += 1;
    }
    let token = tokens.get(at).filter(|token| close(token))?;
    if token.is_digits() {
        return year_of(token).map(|year| (year, at + 1));
    }
    let one = atom_at(tokens, at)?;
    let mut next = one.tokens.end;
    if one.digits.len() == 4 {
        if tokens.get(next).is_some_and(|and| and.lower == "and") {
            next += 1;
        }
        let rest = atom_at(tokens, next).filter(|rest| rest.digits.len() <= 2 && close(&tokens[next]));
        let (more, end) = rest.map_or((0, one.tokens.end), |rest| (rest.digits.parse().unwrap_or(0), rest.tokens.end));
        return Some((one.digits.parse::<u32>().ok()? + more, end)).filter(|(year, _)| (1900..2100).contains(year));
    }
    if let Some(two) =
        atom_at(tokens, next).filter(|two| close(&tokens[next]) && one.digits.len() + two.digits.len() == 4)
    {
        let year = format!("{}{}", one.digits, two.digits).parse().ok().filter(|year| (1900..2100).contains(year))?;
        return Some((year, two.tokens.end));
    }
    let short: u32 = (one.digits.len() == 2).then(|| one.digits.parse().ok()).flatten()?;
    (short > 26).then_some((1900 + short, one.tokens.end))
}

/// Returns partial dates that suffice where a birth was asked for just before: a month with adjacent numbers, a year,
/// or numbers of at least four digits in all.
fn parts_asked_for(tokens: &[Token<'_>], topics: &Topics) -> Vec<Range<usize>> {
    let asked = |token: &Token<'_>| {
        [Topic::Birth, Topic::Birthday].into_iter().any(|topic| topics.asked(token.at, topic, ASKED_WITHIN))
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let done = found.last().is_some_and(|before| at < before.end);
        if !done && !token.is_masked() && asked(token) {
            found.extend(month_at(tokens, at).or_else(|| year_at(tokens, at)).or_else(|| numbers_at(tokens, at)));
        }
    }
    found
}

/// Returns a month with adjacent numbers: "March, I-D-783".
fn month_at(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    month(&tokens[at].lower).filter(|_| tokens[at].lower != "may" || tokens[at].capital)?;
    let number = |place: usize| {
        let token = &tokens[place];
        let word = matches!(token.lower.as_str(), "the" | "of" | "th" | "st" | "nd" | "rd");
        let day = DAYS.iter().any(|(day, _)| *day == token.lower);
        // A spelled letter, not the word "I".
        let spelled =
            token.is_letter() && (token.gap == "-" || tokens.get(place + 1).is_some_and(|next| next.gap == "-"));
        word || day || token.is_digits() || spelled || atom_at(tokens, place).is_some()
    };
    let before =
        (0..at).rev().take(3).take_while(|place| number(*place) && close(&tokens[place + 1])).last().unwrap_or(at);
    let article = |token: &&Token<'_>| matches!(token.lower.as_str(), "the" | "of");
    let start = before + tokens[before..at].iter().take_while(article).count();
    let behind = (at + 1..tokens.len()).take(6).take_while(|place| number(*place) && close(&tokens[*place])).last();
    let behind = behind.unwrap_or(at);
    let end = behind + 1 - tokens[at..=behind].iter().rev().take_while(article).count();
    Some(start..end)
}

/// Minimum number of digits of an answer without month and year: "The 10th, 19th, 47".
const MIN_DIGITS: usize = 4;

/// Returns consecutive numbers and ordinals, as a misheard date is written: "10th, 19th, 47", "2019-47".
fn numbers_at(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    let (mut end, mut next, mut digits) = (at, at, 0);
    while let Some(token) = tokens.get(next).filter(|token| next == at || close(token)) {
        if token.is_digits() {
            (digits, next) = (digits + token.lower.len(), next + 1);
        } else if let Some(atom) = atom_at(tokens, next) {
            (digits, next) = (digits + atom.digits.len(), atom.tokens.end);
        } else if DAYS.iter().any(|(day, _)| *day == token.lower) {
            (digits, next) = (digits + 2, next + 1);
        } else if next > at && matches!(token.lower.as_str(), "the" | "of" | "and" | "th" | "st" | "nd" | "rd") {
            next += 1;
            continue;
        } else {
            break;
        }
        end = next;
    }
    let suffix = tokens.get(end).is_some_and(|token| matches!(token.lower.as_str(), "th" | "st" | "nd" | "rd"));
    (digits >= MIN_DIGITS).then_some(at..end + usize::from(suffix))
}

/// Returns a year of four digits, alone.
fn year_at(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    let (year, end) = year_behind(tokens, at)?;
    ((1900..=MAX_YEAR).contains(&year) && digits_of(tokens, at, end) == 4).then_some(at..end)
}

/// Maximum distance of an answer from the question, in tokens.
const ASKED_WITHIN: usize = 14;

fn digits_of(tokens: &[Token<'_>], from: usize, end: usize) -> usize {
    let (mut at, mut digits) = (from, 0);
    while at < end {
        let Some(atom) = atom_at(tokens, at) else { return 0 };
        (digits, at) = (digits + atom.digits.len(), atom.tokens.end);
    }
    digits
}

/// Whether a date with a month in words and a year can be a customer's date of birth.
fn is_of_somebody(tokens: &[Token<'_>], date: &Date) -> bool {
    let before = date.tokens.start.checked_sub(1).map_or("", |before| tokens[before].lower.as_str());
    let words = tokens[date.tokens.clone()].iter().any(|token| month(&token.lower).is_some());
    words
        && date.year.is_some_and(|year| (1915..=MAX_ADULT_YEAR).contains(&year))
        && !matches!(before, "since" | "from" | "until")
}

/// Returns days and years of birth in one number: "November 2321".
fn in_one_number(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let odd = |token: &Token<'_>| {
        token.is_digits() && close(token) && matches!(token.lower.len(), 4..=6) && year_of(token).is_none()
    };
    (1..tokens.len())
        .filter(|at| month(&tokens[at - 1].lower).is_some() && tokens[at - 1].capital && odd(&tokens[*at]))
        .map(|at| at - 1..at + 1)
        .collect()
}

/// Latest year of birth of an adult: most customers are adults.
const MAX_ADULT_YEAR: u32 = 2010;

/// Tokens of a speaker and a date in them.
type Utterance<'t, 'a> = (&'t [Token<'a>], Date);

/// Returns the dates that are dates of birth: one for each word that asks for one, of either speaker.
pub(super) fn of_birth<'t, 'a>(
    mut dates: Vec<Utterance<'t, 'a>>,
    streams: &'t [Stream<'a>],
    topics: &Topics,
) -> Vec<(&'t [Token<'a>], Range<usize>)> {
    let of_customer = streams.iter().any(|stream| stream.customer);
    // An already masked date has answered its question.
    for stream in streams {
        let done =
            stream.tokens.iter().enumerate().filter(|(_, token)| token.what == TokenKind::Masked(Kind::BirthDate));
        dates.extend(done.map(|(at, _)| (stream.tokens.as_slice(), Date { tokens: at..at + 1, year: Some(0) })));
    }
    dates.sort_by_key(|(tokens, date)| (tokens[date.tokens.start].at, std::cmp::Reverse(date.tokens.len())));
    let mut answered: HashSet<usize> = HashSet::new();
    let mut found = Vec::new();
    for (tokens, date) in dates {
        let masked = tokens[date.tokens.start].is_masked();
        if date.year.is_some_and(|year| year > MAX_YEAR) {
            continue;
        }
        if let Some(word) = topics.word(tokens[date.tokens.start].at, &[Topic::Birth, Topic::Birthday]) {
            let enough = word.topic == Topic::Birth || date.year.is_some();
            if enough && answered.insert(word.at) && !masked {
                found.push((tokens, date.tokens));
                continue;
            }
        }
        if of_customer && !masked && is_of_somebody(tokens, &date) {
            found.push((tokens, date.tokens));
            continue;
        }
        let behind = tokens.get(date.tokens.end).and_then(|next| topics.next(next.at, 6));
        if !masked && (behind == Some(Topic::Birth) || behind == Some(Topic::Birthday) && date.year.is_some()) {
            found.push((tokens, date.tokens));
        }
    }
    for stream in streams.iter().filter(|stream| stream.customer) {
        let tokens = stream.tokens.as_slice();
        let parts = parts_asked_for(tokens, topics).into_iter().chain(in_one_number(tokens));
        found.extend(parts.map(|part| (tokens, part)));
    }
    found
}

/// Returns a number that may be a date said digit by digit.
pub(super) fn digit_by_digit(run: &Run) -> Option<Date> {
    spoken_date(run).then(|| Date { tokens: run.tokens(), year: Some(0) })
}

/// Whether six to eight digits can be day, month and year: "oh three oh five eighty two".
fn spoken_date(run: &Run) -> bool {
    let digits = run.digits();
    let number = |range: Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    let small = |value: u32| (1..=31).contains(&value);
    match digits.len() {
        5 => small(number(0..1)),
        6 | 7 => small(number(0..2)) || small(number(0..1)),
        8 => (small(number(0..2)) && small(number(2..4))) || (1900..2100).contains(&number(0..4)),
        _ => false,
    }
}
