//! Numbers, written or spoken: as digits, and in runs.

use super::tokens::{Token, TokenKind};
use super::topics::Topics;
use std::ops::Range;

/// A unit of a number: `4111`, `double four`, `forty five`.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    /// Tokens.
    pub tokens: Range<usize>,
    /// Digits.
    pub digits: String,
    /// Whether it is written in digits rather than words.
    pub written: bool,
}

/// Atoms in close succession.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// Atoms, at least one.
    pub atoms: Vec<Atom>,
}

impl Run {
    /// Returns the number of digits.
    pub fn len(&self) -> usize {
        self.atoms.iter().map(|atom| atom.digits.len()).sum()
    }

    /// Returns the digits.
    pub fn digits(&self) -> String {
        self.atoms.iter().map(|atom| atom.digits.as_str()).collect()
    }

    /// Returns the range of tokens.
    pub fn tokens(&self) -> Range<usize> {
        let (first, last) = (self.atoms.first(), self.atoms.last());
        first.map_or(0, |a| a.tokens.start)..last.map_or(0, |a| a.tokens.end)
    }
}

const ONES: &[(&str, &str)] = &[
    ("zero", "0"),
    ("oh", "0"),
    ("o", "0"),
    ("nought", "0"),
    ("null", "0"),
    ("zéro", "0"),
    ("cero", "0"),
    ("one", "1"),
    ("eins", "1"),
    ("un", "1"),
    ("une", "1"),
    ("uno", "1"),
    ("two", "2"),
    ("zwei", "2"),
    ("zwo", "2"),
    ("deux", "2"),
    ("dos", "2"),
    ("three", "3"),
    ("drei", "3"),
    ("trois", "3"),
    ("tres", "3"),
    ("four", "4"),
    ("vier", "4"),
    ("quatre", "4"),
    ("cuatro", "4"),
    ("five", "5"),
    ("fünf", "5"),
    ("cinq", "5"),
    ("cinco", "5"),
    ("six", "6"),
    ("sechs", "6"),
    ("seis", "6"),
    ("seven", "7"),
    ("sieben", "7"),
    ("sept", "7"),
    ("siete", "7"),
    ("eight", "8"),
    ("acht", "8"),
    ("huit", "8"),
    ("ocho", "8"),
    ("nine", "9"),
    ("niner", "9"),
    ("neun", "9"),
    ("neuf", "9"),
    ("nueve", "9"),
    ("〇", "0"),
    ("零", "0"),
    ("一", "1"),
    ("幺", "1"),
    ("二", "2"),
    ("三", "3"),
    ("四", "4"),
    ("五", "5"),
    ("六", "6"),
    ("七", "7"),
    ("八", "8"),
    ("九", "9"),
];

const TEENS: &[(&str, &str)] = &[
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("thirteen", "13"),
    ("fourteen", "14"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("seventeen", "17"),
    ("eighteen", "18"),
    ("nineteen", "19"),
    ("zehn", "10"),
    ("elf", "11"),
    ("zwölf", "12"),
    ("dix", "10"),
    ("onze", "11"),
    ("douze", "12"),
    ("treize", "13"),
    ("quatorze", "14"),
    ("quinze", "15"),
    ("seize", "16"),
    ("diez", "10"),
    ("once", "11"),
    ("doce", "12"),
    ("trece", "13"),
    ("catorce", "14"),
    ("quince", "15"),
];

const TENS: &[(&str, &str)] = &[
    ("twenty", "2"),
    ("thirty", "3"),
    ("forty", "4"),
    ("fourty", "4"),
    ("fifty", "5"),
    ("sixty", "6"),
    ("seventy", "7"),
    ("eighty", "8"),
    ("ninety", "9"),
    ("vingt", "2"),
    ("trente", "3"),
    ("quarante", "4"),
    ("cinquante", "5"),
    ("soixante", "6"),
];

/// Filler words between digits that are not part of the number.
const FILLERS: &[&str] = &[
    "um", "uh", "er", "erm", "hm", "and", "then", "dash", "hyphen", "space", "slash", "minus", "okay", "ok", "äh",
    "und", "euh", "et", "y",
];

fn among<'t>(table: &'t [(&str, &str)], word: &str) -> Option<&'t str> {
    table.iter().find(|(known, _)| *known == word).map(|(_, digits)| *digits)
}

/// Returns one digit, as a word or written.
fn one(token: &Token<'_>) -> Option<&'static str> {
    match token.what {
        TokenKind::Letters | TokenKind::Han => among(ONES, &token.lower),
        TokenKind::Digits if token.lower.len() == 1 => {
            const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
            DIGITS.get(usize::from(token.lower.as_bytes()[0] - b'0')).copied()
        }
        TokenKind::Digits | TokenKind::Masked(_) => None,
    }
}

/// Returns the number that begins at a token: `double four`, `forty-five`, `sixteen`, `4111`, `eight hundred`.
pub(super) fn atom_at(tokens: &[Token<'_>], at: usize) -> Option<Atom> {
    let token = tokens.get(at)?;
    let next = tokens.get(at + 1).filter(|next| next.follows_with(&[' ', '-', ','], 2));
    let (mut digits, mut end) = match token.what {
        TokenKind::Digits => (token.lower.clone(), at + 1),
        TokenKind::Masked(_) => return None,
        TokenKind::Letters | TokenKind::Han => {
            let word = token.lower.as_str();
            let times = match word {
                "double" | "doppel" | "doble" => 2,
                "triple" | "treble" => 3,
                _ => 1,
            };
            if times > 1 {
                (one(next?)?.repeat(times), at + 2)
            } else if let Some(digit) = among(ONES, word).or_else(|| among(TEENS, word)) {
                (digit.to_owned(), at + 1)
            } else {
                let tens = among(TENS, word)?;
                let unit = next.filter(|next| next.is_letters()).and_then(one).filter(|unit| *unit != "0");
                (format!("{tens}{}", unit.unwrap_or("0")), at + 1 + usize::from(unit.is_some()))
            }
        }
    };
    // "eight hundred", "two thousand": zeros, as in a telephone number.
    if let Some(many) = tokens.get(end).filter(|many| many.is_letters() && digits.len() <= 2) {
        let noughts = match many.lower.as_str() {
            "hundred" => "00",
            "thousand" => "000",
            _ => "",
        };
        digits.push_str(noughts);
        end += usize::from(!noughts.is_empty());
    }
    Some(Atom { tokens: at..end, digits, written: token.is_digits() })
}

/// Returns runs of numbers that are close together, with filler words between them; every token is in at most one run.
pub(super) fn runs(tokens: &[Token<'_>], skip: &[Range<usize>], topics: &Topics) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut skips = skip.iter().peekable();
    let mut at = 0;
    let mut open = false;
    while at < tokens.len() {
        while skips.peek().is_some_and(|range| range.end <= at) {
            skips.next();
        }
        if let Some(range) = skips.peek().filter(|range| range.start <= at) {
            at = range.end;
            open = false;
            continue;
        }
        let Some(atom) = atom_at(tokens, at) else {
            at += 1;
            continue;
        };
        let next = atom.tokens.end;
        match runs.last_mut().filter(|run| open && joins(tokens, run, &atom, topics)) {
            Some(run) => run.atoms.push(atom),
            None => runs.push(Run { atoms: vec![atom] }),
        }
        (open, at) = (true, next);
    }
    runs
}

/// Whether the atom continues the run.
fn joins(tokens: &[Token<'_>], run: &Run, atom: &Atom, topics: &Topics) -> bool {
    let from = run.tokens().end;
    let between = atom.tokens.start - from;
    between <= 2
        && tokens[from..atom.tokens.start].iter().all(|token| FILLERS.contains(&token.lower.as_str()) || is_misheard(token, run, atom))
        && tokens[from..=atom.tokens.start].iter().all(|token| token.goes_on || close(token))
        // A new question begins a new number.
        && !topics.between(tokens[from - 1].at, tokens[atom.tokens.start].at)
}

/// Whether it is a misheard digit: "5 to 6, 7, 1 for 7" has a two and a four.
fn is_misheard(token: &Token<'_>, run: &Run, atom: &Atom) -> bool {
    let year = |atom: &Atom| atom.digits.len() == 4 && (atom.digits.starts_with("19") || atom.digits.starts_with("20"));
    let plain = |atom: &Atom| !atom.digits.ends_with("00") && !year(atom) && atom.digits != "10";
    matches!(token.lower.as_str(), "to" | "too" | "for" | "ate" | "won" | "tree" | "so")
        && plain(atom)
        && run.atoms.last().is_some_and(plain)
}

/// Whether the gap holds only separators of one number.
fn close(token: &Token<'_>) -> bool {
    let signs = |c: char| {
        c.is_whitespace() || matches!(c, '-' | '.' | '/' | ',' | '(' | ')' | '…' | '_' | '·' | '\u{2010}'..='\u{2015}')
    };
    !token.begins && token.gap.chars().count() <= 5 && token.gap.chars().all(signs)
}
