//! The customer's address: sealed while the mail needs it, a keyed hash afterwards.

use crate::mail::{Address, ComposeError};
use crate::masking::customer_text;
use crate::vault::{Vault, VaultError};
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

/// Purposes of the vault.
const SEAL: &str = "invitation.address";
const HASH: &str = "address";

/// Recipient of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recipient {
    /// The address, as [`Address`] writes it.
    pub email: String,
    /// The name to greet, as [`crate::masking::customer_text::name`] returns it.
    pub name: Option<String>,
}

impl Recipient {
    /// Returns a recipient who is greeted by name where the text can be one.
    pub fn new(address: &Address, name: Option<&str>) -> Self {
        Self { email: address.to_string(), name: name.and_then(customer_text::name) }
    }

    /// Returns the address with the name for the mail. Errors: it is no address.
    pub fn mailbox(&self) -> Result<Mailbox, ComposeError> {
        let address =
            Address::parse(&self.email).ok_or_else(|| ComposeError::Impossible("the address is none".into()))?;
        Ok(Mailbox::new(self.name.clone(), address.for_mail()))
    }

    pub fn seal(&self, vault: &Vault) -> String {
        vault.seal(SEAL, &serde_json::to_vec(self).unwrap_or_default())
    }

    pub fn open(vault: &Vault, sealed: &str) -> Result<Self, VaultError> {
        serde_json::from_slice(&vault.open(SEAL, sealed)?).map_err(|_| VaultError::DoesNotOpen)
    }
}

/// Returns the keyed hash of an address; the same for every spelling of the address.
pub fn hash(vault: &Vault, address: &str) -> String {
    let key = Address::repair(address).map_or_else(|| address.trim().to_lowercase(), |address| address.key());
    vault.keyed_hash(HASH, key.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        let vault = Vault::ephemeral();
        assert_eq!(hash(&vault, " Jerry@Example.NET\n"), hash(&vault, "jerry@example.net"));
        assert_eq!(hash(&vault, "user@exämple.de"), hash(&vault, "USER@xn--exmple-cua.de."));
        assert_eq!(hash(&vault, "\"john doe\"@example.com"), hash(&vault, "\"John Doe\"@example.com"));
        assert_ne!(hash(&vault, "jerry@example.net"), hash(&vault, "gerry@example.net"));
    }

    #[test]
    fn a_recipient_opens_again() {
        let vault = Vault::ephemeral();
        let jerry = Recipient { email: "jerry@example.net".into(), name: Some("Jerry".into()) };
        assert_eq!(Recipient::open(&vault, &jerry.seal(&vault)).ok(), Some(jerry.clone()));
        assert!(Recipient::open(&Vault::ephemeral(), &jerry.seal(&vault)).is_err());
    }
}
