//! Envelope sender, to which bounces return: `bounces+TAG@northwind.example`.
//!
//! The tag is a keyed hash of the mail's id: it reveals no name, can't be guessed, and is the same for each attempt.
//! The database keeps only the tag's hash, in the outbox row: the tag leads to the row and to nothing that the row does
//! not lead to anyway; the database alone does not suffice to make a tag.

use super::store::{self, Entry};
use super::{Mail, Settings};
use crate::database::DbError;
use crate::ids::MailId;
use crate::vault::{Vault, plain_hash};
use lettre::Address;

/// Purpose of the derived key.
const PURPOSE: &str = "mail-return";
/// Length of a tag in characters: 128 bits in hexadecimal.
const TAG: usize = 32;

/// Makes envelope senders.
pub(super) struct ReturnPath {
    vault: Vault,
    from: Address,
    bounces: Option<Address>,
}

impl ReturnPath {
    pub(super) fn new(vault: Vault, settings: &Settings) -> Self {
        Self { vault, from: settings.from.email.clone(), bounces: settings.bounces.clone() }
    }

    /// Returns the tag of a mail: 32 lower-case hexadecimal digits.
    fn tag(&self, id: &MailId) -> String {
        let mut tag = self.vault.keyed_hash(PURPOSE, id.as_str().as_bytes());
        tag.truncate(TAG);
        tag
    }

    /// Returns the hash of the tag, as the database keeps it.
    pub(super) fn hash_of(&self, id: &MailId) -> String {
        plain_hash(self.tag(id).as_bytes())
    }

    /// Returns the envelope sender of a mail.
    pub(super) fn sender(&self, id: &MailId) -> Address {
        let Some(bounces) = &self.bounces else { return self.from.clone() };
        let tagged = Address::new(format!("{}+{}", bounces.user(), self.tag(id)), bounces.domain());
        // The check of the configuration has verified that there is room for the tag.
        tagged.unwrap_or_else(|_| self.from.clone())
    }
}

impl Mail {
    /// Returns the mail that left with this tag in its envelope sender (between `+` and `@`): its kind and reference
    /// select the feature to be informed. Case-insensitive, as mail servers may change the case. `None` where no mail
    /// has it, or none any more.
    pub async fn returned(&self, tag: &str) -> Result<Option<Entry>, DbError> {
        let tag = tag.to_ascii_lowercase();
        if tag.len() != TAG || !tag.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        store::returned(self.inner.db.read().await?.conn(), &plain_hash(tag.as_bytes())).await
    }
}
