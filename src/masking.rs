//! Taking personal data out of text that outlives its interaction: library clips and released comments.
//!
//! What is found becomes a plain word in brackets (`[e-mail]`, `[phone]`, `[number]`), so that a reader sees that
//! something stood there. Rather too much is taken than too little: a date or a sum of five digits goes too. Names of
//! people stay, but for those that are known ([`mask_name`]): no list can tell names from words, which is why whoever
//! puts a text into the library reads it.

mod digits;
mod email;
mod name;
mod spoken;

/// What stands where an address was.
pub const EMAIL: &str = "[e-mail]";
/// What stands where a phone number was.
pub const PHONE: &str = "[phone]";
/// What stands where a card, account, order or other long number was.
pub const NUMBER: &str = "[number]";

/// What stands where a known name was.
pub const NAME: &str = "[name]";

/// Masks the name of somebody who is known, whole or in part: `Laura Brown` takes out Laura and Brown. Parts count where
/// they are written as names are, with a capital; those of one or two letters only within the whole.
pub fn mask_name(text: &str, name: &str) -> String {
    replace(text, &name::find(text, name), |_| NAME)
}

/// Masks e-mail addresses, phone numbers and runs of digits, written (`+44 306 999 0123`) or spoken in English as a
/// transcript has them (`four seven two nine one`, `emma at example dot com`). Masking twice changes nothing more.
pub fn mask(text: &str) -> String {
    let text = replace(text, &email::find(text), |_| EMAIL);
    let text = replace(&text, &spoken::find_addresses(&text), |_| EMAIL);
    let text = replace(&text, &digits::find(&text), digits::kind);
    replace(&text, &spoken::find_numbers(&text), |_| NUMBER)
}

/// A piece of masked text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it was.
    Plain(&'a str),
    /// What kind of thing stood here: `e-mail`, `phone`, `number`, `name`.
    Masked(&'a str),
}

/// Masked text in pieces, for pages that show what was taken out as such.
pub fn pieces(masked: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = masked;
    let first = |text: &str| {
        [EMAIL, PHONE, NUMBER, NAME].into_iter().filter_map(|word| Some((text.find(word)?, word.len()))).min()
    };
    while let Some((at, length)) = first(rest) {
        let (before, after) = rest.split_at(at);
        let (word, after) = after.split_at(length);
        if !before.is_empty() {
            pieces.push(Piece::Plain(before));
        }
        pieces.push(Piece::Masked(word.trim_matches(['[', ']'])));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

/// A stretch of bytes, on character borders.
type Span = std::ops::Range<usize>;

/// Puts a word in the place of each span; they are in order and do not overlap.
fn replace(text: &str, spans: &[Span], word: impl Fn(&str) -> &'static str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        out.push_str(&text[at..span.start]);
        out.push_str(word(&text[span.clone()]));
        at = span.end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_phones_and_numbers_are_taken_out() {
        for (given, wanted) in [
            ("Write to emma.clark+news@mail.example.co.uk, please.", "Write to [e-mail], please."),
            ("<jerry@example.net>", "<[e-mail]>"),
            ("grüße@müller.example!", "[e-mail]!"),
            ("Call +44 306 999 0123 today", "Call [phone] today"),
            ("(030) 123 45-67.", "[phone]."),
            ("Ring 0306.999.0123", "Ring [phone]"),
            ("Card 4111 1111 1111 1111 expired", "Card [number] expired"),
            ("order 47291, two items", "order [number], two items"),
            ("IBAN DE89370400440532013000", "IBAN [number]"),
            ("IBAN DE89 3704 0044 0532 0130 00 it is", "IBAN [number] it is"),
            ("٠٣٠٦٩٩٩٠١٢٣", "[phone]"),
            ("AB-1234567-X", "AB-[phone]-X"),
        ] {
            assert_eq!(mask(given), wanted, "{given}");
        }
    }

    #[test]
    fn what_is_spoken_is_taken_out_too() {
        for (given, wanted) in [
            ("Sure, it is four seven two nine one.", "Sure, it is [number]."),
            ("Oh three oh six, double nine, zero.", "[number]."),
            ("It is Emma dot Clark at example dot com, thanks", "It is [e-mail], thanks"),
            ("twelve Park Street", "twelve Park Street"),
            ("one or two days, maybe three", "one or two days, maybe three"),
            ("one at a time", "one at a time"),
            ("Oh, one more thing", "Oh, one more thing"),
        ] {
            assert_eq!(mask(given), wanted, "{given}");
        }
    }

    #[test]
    fn a_known_name_is_taken_out() {
        for (text, name, wanted) in [
            ("Laura Brown has joined the chat.", "Laura Brown", "[name] has joined the chat."),
            ("Good morning Laura, Ms Brown!", "Laura Brown", "Good morning [name], Ms [name]!"),
            ("LAURA BROWN wrote; laura wrote brown bread", "Laura Brown", "[name] wrote; laura wrote brown bread"),
            ("Will you call Will Al-Amin? I will.", "will al-amin", "[name] you call [name]? I will."),
            ("Brownie and Lauras", "Laura Brown", "Brownie and Lauras"),
            ("Jo and Joanna", "Jo", "[name] and Joanna"),
            ("A X said x", "A X", "[name] said x"),
            ("Γειά σου Ελένη", "Ελένη", "Γειά σου [name]"),
            ("no name", "  ", "no name"),
        ] {
            assert_eq!(mask_name(text, name), wanted, "{text}");
        }
    }

    #[test]
    fn what_was_taken_out_can_be_shown_as_such() {
        use Piece::{Masked, Plain};
        let masked = mask("Ring 0306 999 0123 or jerry@example.net.");
        assert_eq!(pieces(&masked), [Plain("Ring "), Masked("phone"), Plain(" or "), Masked("e-mail"), Plain(".")]);
        assert_eq!(pieces(""), []);
        assert_eq!(pieces("[x] ["), [Plain("[x] [")]);
    }

    #[test]
    fn ordinary_words_stay() {
        for text in [
            "",
            "It took 25 minutes and cost 1,200 dollars.",
            "Fridays at 10:30, room 12",
            "a @ b, @home, me@, me@home",
            "version 2.0.1",
            "🙂 très bien — שלום",
            "50% of 4-5 stars in 2026",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_masked_without_harm(text in "\\PC{0,80}") {
            let once = mask(&text);
            prop_assert_eq!(mask(&once), once.clone());
        }

        #[test]
        fn no_long_number_is_left(before in "[a-z ]{0,8}", number in "[0-9]{5,16}", after in "[a-z ]{0,8}") {
            let masked = mask(&format!("{before}{number}{after}"));
            prop_assert!(!masked.contains(|c: char| c.is_ascii_digit()), "{}", masked);
        }

        #[test]
        fn no_address_is_left(name in "[a-z0-9._-]{1,12}", host in "[a-z0-9]{1,8}\\.[a-z]{2,5}") {
            let masked = mask(&format!("to {name}@{host} now"));
            prop_assert!(!masked.contains('@'), "{}", masked);
        }
    }
}
