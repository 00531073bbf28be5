//! Normalises text for searching: lower case, Latin letters without their accents.

/// Letters with their replacements.
const LETTERS: &[(&str, &str)] = &[
    ("a", "àáâãäåāăąǎ"),
    ("ae", "æ"),
    ("c", "çćĉċč"),
    ("d", "ďđð"),
    ("e", "èéêëēĕėęěё"),
    ("g", "ĝğġģ"),
    ("h", "ĥħ"),
    ("i", "ìíîïĩīĭįıǐ"),
    ("j", "ĵ"),
    ("k", "ķ"),
    ("l", "ĺļľŀł"),
    ("n", "ñńņňŉ"),
    ("o", "òóôõöøōŏőǒ"),
    ("oe", "œ"),
    ("r", "ŕŗř"),
    ("s", "śŝşšș"),
    ("ss", "ß"),
    ("t", "ţťŧț"),
    ("th", "þ"),
    ("u", "ùúûüũūŭůűųǔ"),
    ("w", "ŵ"),
    ("y", "ýÿŷ"),
    ("z", "źżž"),
];

/// Returns the normalised text: `Żółć, Straße` → `zolc, strasse`. Other scripts are unchanged except for their case.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii() {
            folded.push(c);
        } else if let Some((plain, _)) = LETTERS.iter().find(|(_, accented)| accented.contains(c)) {
            folded.push_str(plain);
        } else if !('\u{300}'..='\u{36f}').contains(&c) {
            // Combining accents are dropped: the same word may come in either form.
            folded.push(c);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn accents_and_case_do_not_matter() {
        assert_eq!(fold("Żółć, Straße, CAFÉ"), "zolc, strasse, cafe");
        assert_eq!(fold("cafe\u{301}"), "cafe");
        assert_eq!(fold("İstanbul"), "istanbul");
        assert_eq!(fold("שלום Привет 🙂"), "שלום привет 🙂");
    }
}
