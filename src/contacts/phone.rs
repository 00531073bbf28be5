//! Telephone numbers: one form for all spellings, and its keyed hash.

use crate::vault::Vault;

/// Purpose of the vault's key.
const HASH: &str = "contact.phone";
/// Maximum number of digits (ITU-T E.164).
const MAX_DIGITS: usize = 15;
/// Minimum number of digits: shorter ones are extensions.
const MIN_DIGITS: usize = 4;
/// Country codes whose national numbers keep their leading zero.
const ZERO_KEPT: [&str; 2] = ["39", "378"];

/// Returns the keyed hash of a telephone number, the same for every spelling; `None`: it is none. `country_code`: that
/// of numbers without one; empty: these are compared as written.
pub fn phone_hash(vault: &Vault, phone: &str, country_code: &str) -> Option<String> {
    Some(vault.keyed_hash(HASH, normal(phone, country_code)?.as_bytes()))
}

/// Returns `+` and the digits of an international number, or the digits alone of a national one without a known country.
fn normal(phone: &str, country_code: &str) -> Option<String> {
    let phone = phone.trim().trim_start_matches('\'');
    let phone = ["tel:", "TEL:", "Tel:"].iter().find_map(|scheme| phone.strip_prefix(scheme)).unwrap_or(phone);
    // Parameters of RFC 3966.
    let phone = phone.split(';').next().unwrap_or_default().trim();
    let (is_international, rest) = match phone.strip_prefix('+') {
        // The trunk prefix of +44 (0)306.
        Some(rest) => (true, rest.replacen("(0)", "", 1)),
        None => (false, phone.to_owned()),
    };
    let separators = [' ', '\u{a0}', '\u{202f}', '-', '\u{2010}', '\u{2011}', '\u{2013}', '.', '/', '(', ')'];
    let digits: String = rest.chars().filter(|c| !separators.contains(c)).collect();
    if digits.len() < MIN_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = match digits.strip_prefix("00") {
        _ if is_international => format!("+{digits}"),
        Some(international) => format!("+{international}"),
        None if country_code.is_empty() => digits,
        None => international(&digits, country_code),
    };
    let count = number.trim_start_matches('+').len();
    (count <= MAX_DIGITS).then_some(number)
}

/// Returns a national number with its country code, and without its trunk prefix.
fn international(digits: &str, country_code: &str) -> String {
    let national = match country_code {
        code if ZERO_KEPT.contains(&code) => digits,
        "1" if digits.len() == 11 => digits.strip_prefix('1').unwrap_or(digits),
        "7" if digits.len() == 11 => digits.strip_prefix('8').unwrap_or(digits),
        _ => digits.strip_prefix('0').unwrap_or(digits),
    };
    format!("+{country_code}{national}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_form() {
        for phone in [
            "+44 306 999 0123",
            "0044 306 999 0123",
            "+44 (0)306 999-0123",
            "tel:+44-306-999-0123;ext=5",
            "'+44.306/999\u{a0}0123",
            "0306 9990123",
            "(0306) 999 0123",
        ] {
            assert_eq!(normal(phone, "44").as_deref(), Some("+443069990123"), "{phone}");
        }
        assert_eq!(normal("0306 999 0123", "").as_deref(), Some("03069990123"), "as written");
        assert_eq!(normal("+44 306 999 0123", "").as_deref(), Some("+443069990123"));
        for phone in ["(555) 010-1234", "1-555-010-1234", "+1 555 010 1234"] {
            assert_eq!(normal(phone, "1").as_deref(), Some("+15550101234"), "{phone}");
        }
        assert_eq!(normal("06 1234 5678", "39").as_deref(), Some("+390612345678"));
        assert_eq!(normal("8 912 345-67-89", "7").as_deref(), Some("+79123456789"));
    }

    #[test]
    fn other_texts_are_no_number() {
        for text in ["", "anonymous", "+", "123", "sip:jerry@example.net", "+44 306 CALL ME", "1234567890123456"] {
            assert_eq!(normal(text, "44"), None, "{text}");
        }
    }

    #[test]
    fn the_hash_needs_the_key() {
        let vault = Vault::ephemeral();
        let hash = phone_hash(&vault, "+44 306 999 0123", "");
        assert_eq!(hash, phone_hash(&vault, "0306 9990123", "44"));
        assert_ne!(hash, phone_hash(&Vault::ephemeral(), "+44 306 999 0123", ""));
    }
}
