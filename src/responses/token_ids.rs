//! Ids that are made from the token of a survey link. They are keyed hashes of the token itself, while an invitation
//! holds its plain hash: neither the database nor the database with the key leads from one to the other.

use crate::config::Choice;
use crate::invitations::Token;
use crate::vault::Vault;

impl Token {
    /// Returns the id of the mix record for a question.
    pub(super) fn mix_id(&self, vault: &Vault, question: &str) -> String {
        vault.keyed_hash(&format!("mix:{question}"), self.secret().as_bytes())
    }

    /// Returns the id of the mix record for a question of a held answer that was admitted. Differs from
    /// [`Self::mix_id`]: a held answer must not lead to the answer that a person gives later.
    pub(super) fn admitted_id(&self, vault: &Vault, question: &str) -> String {
        vault.keyed_hash(&format!("admitted:{question}"), self.secret().as_bytes())
    }

    /// Returns the id of the held answer of a suspected program.
    pub(super) fn suspect_id(&self, vault: &Vault) -> String {
        vault.keyed_hash("suspect", self.secret().as_bytes())
    }

    /// Returns the id of the callback request.
    pub(super) fn callback_id(&self, vault: &Vault) -> String {
        vault.keyed_hash("callback request", self.secret().as_bytes())
    }

    /// Returns the id of the comment's quote. Differs for each choice: a customer who answers linked first and then
    /// apart must not be recognised by it.
    pub(super) fn quote_id(&self, vault: &Vault, choice: Choice) -> String {
        let purpose = match choice {
            Choice::Linked => "quote:linked",
            Choice::Apart => "quote:apart",
        };
        vault.keyed_hash(purpose, self.secret().as_bytes())
    }

    /// Returns the mark that a person has used the link in any way other than for an apart answer that still exists: a
    /// held answer is then no longer admitted.
    pub(super) fn person_id(&self, vault: &Vault) -> String {
        vault.keyed_hash("person", self.secret().as_bytes())
    }

    /// Returns the mark that there was an apart answer.
    pub(super) fn spent_id(&self, vault: &Vault) -> String {
        vault.keyed_hash("spent", self.secret().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_nothing_in_common() {
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
