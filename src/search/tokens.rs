//! Normalisation of words: the same rules for the index and for queries, on both databases.
//!
//! Lower case, no accents (`Müller` is `muller`), one form for equivalent Unicode. A word ends at any character that is
//! not a letter or digit; an apostrophe or hyphen separates two (`don’t` is `don t`). Scripts without spaces between
//! words, and Korean, where endings are joined to words, are indexed letter by letter: a run of them in a query is a
//! phrase, so 包裹 is found within 我的包裹丢了.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Maximum number of letters of a word that are compared.
const MAX_WORD_CHARS: usize = 64;

/// A word, and its range in the text (bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Normalised text; never empty, only letters, digits and their marks.
    pub text: String,
    /// Start.
    pub start: usize,
    /// End.
    pub end: usize,
}

/// Returns the words of a text, in order.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut open: Option<Token> = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if is_alone(c) {
            all.extend(open.take());
            all.push(Token { text: c.nfkc().flat_map(char::to_lowercase).collect(), start: at, end });
        } else if is_part_of_word(c) {
            let word = open.get_or_insert_with(|| Token { text: String::new(), start: at, end });
            fold(c, &mut word.text);
            word.end = end;
        } else if !(c == ',' && groups_digits(open.as_ref(), &text[end..])) {
            all.extend(open.take());
        }
    }
    all.extend(open);
    for word in &mut all {
        if let Some((at, _)) = word.text.char_indices().nth(MAX_WORD_CHARS) {
            word.text.truncate(at);
        }
    }
    all.retain(|word| !word.text.is_empty());
    all
}

/// Whether it is a letter of a script without spaces between words, or a Korean syllable; not the punctuation of their
/// blocks.
fn is_alone(c: char) -> bool {
    is_part_of_word(c)
        && matches!(c,
        '\u{e01}'..='\u{e3a}' | '\u{e40}'..='\u{e4e}' | '\u{e80}'..='\u{eff}' // Thai, Lao
        | '\u{1000}'..='\u{104f}' | '\u{1780}'..='\u{17d3}' // Burmese, Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9d}' | '\u{20000}'..='\u{3ffff}' // Japanese, Chinese
        | '\u{ac00}'..='\u{d7a3}') // Korean
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Whether this comma is within a number, as in 1,200.
fn groups_digits(before: Option<&Token>, after: &str) -> bool {
    let digit_before = before.is_some_and(|word| word.text.ends_with(|c: char| c.is_ascii_digit()));
    let digits = after.chars().take_while(char::is_ascii_digit).count();
    digit_before && digits == 3
}

/// Appends the letter without case and accents.
fn fold(c: char, to: &mut String) {
    for c in std::iter::once(c).nfkd().flat_map(char::to_lowercase) {
        match c {
            _ if is_accent(c) => {}
            'ß' => to.push_str("ss"),
            'æ' => to.push_str("ae"),
            'œ' => to.push_str("oe"),
            'þ' => to.push_str("th"),
            'ø' => to.push('o'),
            'ł' => to.push('l'),
            'đ' | 'ð' => to.push('d'),
            'ħ' => to.push('h'),
            'ŧ' => to.push('t'),
            'ı' => to.push('i'),
            'ς' => to.push('σ'),
            'أ' | 'إ' | 'آ' | 'ٱ' => to.push('ا'),
            _ if is_part_of_word(c) => to.push(plain_digit(c)),
            _ => {}
        }
    }
}

/// Whether it is a mark that does not change the word. Vowel signs of Indian scripts are not among them.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}')
}

/// Returns Arabic and Indian digits as 0 to 9.
fn plain_digit(c: char) -> char {
    let zeros = [0x660, 0x6f0, 0x966, 0x9e6];
    let digit = zeros.into_iter().find_map(|zero| u32::from(c).checked_sub(zero).filter(|n| *n < 10));
    digit.and_then(|n| char::from_digit(n, 10)).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> String {
        tokens(text).into_iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_made_alike() {
        for (given, wanted) in [
            ("Müller, MÜLLER, Mu\u{308}ller", "muller muller muller"),
            ("Straße ŁÓDŹ Ærø İzmir ﬁne", "strasse lodz aero izmir fine"),
            ("don't don’t", "don t don t"),
            ("e-mail; order #47,291 for 1,200.50", "e mail order 47291 for 1200 50"),
            ("1,20 and 10,2000 and ,123", "1 20 and 10 2000 and 123"),
            ("我的包裹丢了。OK", "我 的 包 裹 丢 了 ok"),
            ("ｶﾀｶﾅ カタカナ ＡＢＣ１２", "カ タ カ ナ カ タ カ ナ abc12"),
            ("택배를", "택 배 를"),
            ("ကခ၊ဂ။", "က ခ ဂ"),
            ("شُكْرًا أحمد ٣٤", "شكرا احمد 34"),
            ("हिन्दी में", "हिन्दी में"),
            ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
            ("🙂 — ' \" *", ""),
        ] {
            assert_eq!(words(given), wanted, "{given}");
        }
    }

    #[test]
    fn a_token_knows_where_it_stands() {
        let text = "Ja, Mu\u{308}ller: 包裹!";
        let seen: Vec<_> = tokens(text).into_iter().map(|t| &text[t.start..t.end]).collect();
        assert_eq!(seen, ["Ja", "Mu\u{308}ller", "包", "裹"]);
        assert_eq!(tokens(&"x".repeat(5000))[0].text.len(), MAX_WORD_CHARS);
    }

    proptest! {
        #[test]
        fn any_text_gives_plain_tokens(text in "\\PC{0,60}") {
            for token in tokens(&text) {
                prop_assert!(!token.text.is_empty() && text.is_char_boundary(token.start) && text.is_char_boundary(token.end));
                prop_assert!(token.text.chars().all(is_part_of_word), "{:?}", token);
                // A word copied from a result finds it again.
                let again: String = tokens(&text[token.start..token.end]).into_iter().map(|t| t.text).collect();
                prop_assert_eq!(again, token.text);
            }
        }
    }
}
