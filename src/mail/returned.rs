//! The envelope sender, to which bounces come back: `bounces+TAG@northwind.example`.
//!
//! The tag is a keyed hash of the mail's id, so that it names nothing, can't be guessed, and is the same for each try. The
//! database keeps only the tag's hash, in the outbox row: whoever has the tag finds the row, and nothing that the row does
//! not lead to anyway; whoever has the database can't make a tag.

use super::store::{self, Entry};
use super::{Mail, Settings};
use crate::database::DbError;
use crate::ids::MailId;
use crate::vault::{Vault, plain_hash};
use lettre::Address;

/// What the key is used for here.
const PURPOSE: &str = "mail-return";
/// Characters of a tag: 128 bits in hexadecimal.
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

    /// The tag of a mail: 32 lower-case hexadecimal digits.
    fn tag(&self, id: &MailId) -> String {
        let mut tag = self.vault.keyed_hash(PURPOSE, id.as_str().as_bytes());
        tag.truncate(TAG);
        tag
    }

    /// What the database keeps of the tag.
    pub(super) fn hash_of(&self, id: &MailId) -> String {
        plain_hash(self.tag(id).as_bytes())
    }

    /// The envelope sender of a mail.
    pub(super) fn sender(&self, id: &MailId) -> Address {
        let Some(bounces) = &self.bounces else { return self.from.clone() };
        let tagged = Address::new(format!("{}+{}", bounces.user(), self.tag(id)), bounces.domain());
        // The check of the configuration has seen that there is room for the tag.
        tagged.unwrap_or_else(|_| self.from.clone())
    }
}

impl Mail {
    /// The mail that left with this tag in its envelope sender (what stands between `+` and `@`): its kind and reference
    /// say whom to tell. Letters may have changed their case on the way. None where no mail has it, or not any more.
    pub async fn returned(&self, tag: &str) -> Result<Option<Entry>, DbError> {
        let tag = tag.to_ascii_lowercase();
        if tag.len() != TAG || !tag.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        store::returned(self.inner.db.read().await?.conn(), &plain_hash(tag.as_bytes())).await
    }
}
