//! Secret token of a survey link. The database holds its plain hash.

use crate::vault::{Vault, plain_hash, random_token};

/// Length of a token in characters: 192 bits as URL-safe Base64.
const LENGTH: usize = 32;

/// A token. Its `Debug` output is empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

impl Token {
    /// Returns a new random token.
    pub fn random() -> Self {
        Self(random_token())
    }

    /// Returns the token of an external answer, made from the caller's random key; no invitation has it.
    pub fn of_key(vault: &Vault, survey: &str, key: &str) -> Self {
        let mut hash =
            vault.keyed_hash("key of an answer", format!("{survey}:{}", key.to_ascii_lowercase()).as_bytes());
        hash.truncate(LENGTH);
        Self(hash)
    }

    /// Parses the token of a link; `None` if it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| Self(text.to_owned()))
    }

    /// Returns the token as it occurs in a link. Not for logs.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Returns the hash that the invitation stores.
    pub fn hash(&self) -> String {
        plain_hash(self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_a_link_and_nowhere_else() {
        let token = Token::random();
        assert_eq!(Token::parse(token.secret()), Some(token.clone()));
        assert_ne!(token, Token::random());
        assert_eq!(format!("{token:?}"), "Token(***)");
        for wrong in ["", "short", &"x".repeat(33), &"!".repeat(32), &"é".repeat(16)] {
            assert_eq!(Token::parse(wrong), None, "{wrong}");
        }
    }
}
