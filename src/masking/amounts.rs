//! Numbers that count something: amounts, years, lists. They identify no person.

use super::numbers::{Atom, Run};
use super::tokens::Token;

/// Units and other counted things.
const UNITS: &[&str] = &[
    "euro",
    "euros",
    "eur",
    "dollar",
    "dollars",
    "usd",
    "pound",
    "pounds",
    "quid",
    "bucks",
    "cent",
    "cents",
    "percent",
    "prozent",
    "bytes",
    "kb",
    "mb",
    "gb",
    "km",
    "kilometers",
    "kilometres",
    "miles",
    "units",
    "pieces",
    "stück",
    "元",
    "块",
    "people",
    "users",
    "steps",
    "views",
    "customers",
    "points",
    "hours",
    "minutes",
    "days",
    "years",
    "watts",
    "volts",
    "grams",
    "items",
];

/// Whether a currency or a unit is next to the number.
pub(super) fn has_unit(tokens: &[Token<'_>], atoms: &[Atom]) -> bool {
    let (Some(first), Some(last)) = (atoms.first(), atoms.last()) else { return false };
    let next = tokens.get(last.tokens.end).filter(|next| !next.begins);
    let unit = next.is_some_and(|next| {
        UNITS.contains(&next.lower.as_str()) && !next.gap.contains(['.', '!', '?'])
            || next.gap.starts_with(['%', '€', '$', '£'])
            || next.gap.starts_with(" €")
    });
    unit || tokens[first.tokens.start].gap.contains(['$', '€', '£', '¥', '%'])
}

/// Whether the number is an amount: with a unit, with thousands separated by commas or points, or with "thousand" and
/// "hundred".
pub(super) fn is_amount(tokens: &[Token<'_>], atoms: &[Atom]) -> bool {
    let thousands = atoms.len() > 1
        && !atoms[0].digits.starts_with('0')
        && atoms[0].digits.len() <= 3
        && atoms[1..].iter().all(|a| a.digits.len() == 3 && [",", "."].contains(&tokens[a.tokens.start].gap));
    has_unit(tokens, atoms) || thousands || is_cardinal(tokens, atoms)
}

/// Whether it is a cardinal: "one thousand two hundred and thirty four".
fn is_cardinal(tokens: &[Token<'_>], atoms: &[Atom]) -> bool {
    let says = |atom: &Atom, word: &str| tokens[atom.tokens.clone()].iter().any(|token| token.lower == word);
    atoms.len() <= 4 && atoms.iter().any(|atom| says(atom, "thousand"))
        || atoms.len() > 1 && atoms.len() <= 3 && says(&atoms[0], "hundred")
}

/// Whether one of the numbers is a year.
pub(super) fn has_year(run: &Run) -> bool {
    run.atoms
        .iter()
        .any(|atom| atom.digits.len() == 4 && (atom.digits.starts_with("19") || atom.digits.starts_with("20")))
}

/// Whether they are years, an ascending list, an IP address, or counting.
pub(super) fn is_list(tokens: &[Token<'_>], atoms: &[Atom]) -> bool {
    let values: Vec<u32> = atoms.iter().filter_map(|atom| atom.digits.parse().ok()).collect();
    if values.len() < atoms.len() || values.len() < 2 {
        return false;
    }
    let years = values.len() <= 3 && values.iter().all(|year| (1900..2100).contains(year));
    let counting = values.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let short = atoms.iter().all(|atom| atom.digits.len() == 2) && atoms.len() <= 6;
    let joined =
        |pair: &[Atom]| tokens[pair[1].tokens.start].gap.contains(',') || pair[1].tokens.start > pair[0].tokens.end;
    let commas = atoms.windows(2).all(joined);
    let rising = short && commas && values.windows(2).all(|pair| pair[1] > pair[0]);
    let dotted = values.len() == 4
        && values.iter().all(|value| *value < 256)
        && atoms[1..].iter().all(|atom| tokens[atom.tokens.start].gap == ".");
    years || counting || rising || dotted
}
