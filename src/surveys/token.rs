//! Secret token of a survey link. The database holds its plain hash; the ids of apart answers are keyed hashes of the
//! token itself, so that neither the database nor the database with the key leads from one to the other.

use crate::config::Choice;
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
    pub(super) fn of_key(vault: &Vault, survey: &str, key: &str) -> Self {
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
    pub(super) fn hash(&self) -> String {
        plain_hash(self.0.as_bytes())
    }

    /// Returns the id of the mix record for a question.
    pub(super) fn mix_id(&self, vault: &Vault, question: &str) -> String {
        vault.keyed_hash(&format!("mix:{question}"), self.0.as_bytes())
    }

    /// Returns the id of the mix record for a question of a held answer that was admitted. Differs from
    /// [`Self::mix_id`]: a held answer must not lead to the answer that a person gives later.
    pub(super) fn admitted_id(&self, vault: &Vault, question: &str) -> String {
        vault.keyed_hash(&format!("admitted:{question}"), self.0.as_bytes())
    }

    /// Returns the id of the held answer of a suspected program.
    pub(super) fn suspect_id(&self, vault: &Vault) -> String {
        vault.keyed_hash("suspect", self.0.as_bytes())
    }

    /// Returns the id of the callback request.
    pub(super) fn callback_id(&self, vault: &Vault) -> String {
        vault.keyed_hash("wish", self.0.as_bytes())
    }

    /// Returns the id of the comment's quote. Differs for each choice: a customer who answers linked first and then
    /// apart must not be recognised by it.
    pub(super) fn quote_id(&self, vault: &Vault, choice: Choice) -> String {
        let purpose = match choice {
            Choice::Linked => "quote:linked",
            Choice::Apart => "quote:apart",
        };
        vault.keyed_hash(purpose, self.0.as_bytes())
    }

    /// Returns the mark that a person has used the link in any way other than for an apart answer that still exists: a
    /// held answer is then no longer admitted.
    pub(super) fn person_id(&self, vault: &Vault) -> String {
        vault.keyed_hash("person", self.0.as_bytes())
    }

    /// Returns the mark that there was an apart answer.
    pub(super) fn spent_id(&self, vault: &Vault) -> String {
        vault.keyed_hash("spent", self.0.as_bytes())
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

    #[test]
    fn its_ids_have_nothing_in_common() {
        let (vault, token) = (Vault::ephemeral(), Token::random());
        let ids = [
            token.hash(),
            token.spent_id(&vault),
            token.mix_id(&vault, "score"),
            token.mix_id(&vault, "comment"),
            token.admitted_id(&vault, "score"),
            token.suspect_id(&vault),
            token.person_id(&vault),
            token.quote_id(&vault, Choice::Linked),
            token.quote_id(&vault, Choice::Apart),
        ];
        for (i, id) in ids.iter().enumerate() {
            assert!(ids[i + 1..].iter().all(|other| other != id));
        }
        assert_ne!(token.spent_id(&vault), token.spent_id(&Vault::ephemeral()));
    }
}
