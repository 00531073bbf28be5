//! The customer's address: sealed while the mail needs it, a keyed hash afterwards.

use crate::vault::{Vault, VaultError};
use lettre::Address;
use serde::{Deserialize, Serialize};

/// Purposes of the vault.
const SEAL: &str = "invitation.address";
const HASH: &str = "address";

/// Recipient of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recipient {
    /// The address.
    pub email: String,
    /// The name to greet.
    pub name: Option<String>,
}

impl Recipient {
    pub fn seal(&self, vault: &Vault) -> String {
        vault.seal(SEAL, &serde_json::to_vec(self).unwrap_or_default())
    }

    pub fn open(vault: &Vault, sealed: &str) -> Result<Self, VaultError> {
        serde_json::from_slice(&vault.open(SEAL, sealed)?).map_err(|_| VaultError::DoesNotOpen)
    }
}

/// Returns the keyed hash of an address; the same for every spelling of the address.
pub fn hash(vault: &Vault, address: &str) -> String {
    vault.keyed_hash(HASH, normal(address).as_bytes())
}

fn normal(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Whether mail can be sent to the address: a valid mailbox at a host name with a dot.
pub(super) fn is_sendable(address: &str) -> bool {
    let address = address.trim();
    let host = address.rsplit_once('@').map_or("", |(_, host)| host);
    let dotted = host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && !host.contains("..");
    dotted && email_address::EmailAddress::is_valid(address) && address.parse::<Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        let vault = Vault::ephemeral();
        assert_eq!(hash(&vault, " Jerry@Example.NET\n"), hash(&vault, "jerry@example.net"));
        assert_ne!(hash(&vault, "jerry@example.net"), hash(&vault, "gerry@example.net"));
    }

    #[test]
    fn only_addresses_that_mail_servers_take_are_written_to() {
        for good in ["jerry@example.net", "j.o-k+x@sub.example.co.uk", " a@b.example "] {
            assert!(is_sendable(good), "{good}");
        }
        for bad in [
            "",
            "jerry",
            "jerry@",
            "@example.net",
            "jerry@localhost",
            "a b@example.net",
            "a@example..net",
            "a@.net",
            "a@b.",
            "a@b.c\nBcc: d@e.f",
        ] {
            assert!(!is_sendable(bad), "{bad}");
        }
    }

    #[test]
    fn a_recipient_opens_again() {
        let vault = Vault::ephemeral();
        let jerry = Recipient { email: "jerry@example.net".into(), name: Some("Jerry".into()) };
        assert_eq!(Recipient::open(&vault, &jerry.seal(&vault)).ok(), Some(jerry.clone()));
        assert!(Recipient::open(&Vault::ephemeral(), &jerry.seal(&vault)).is_err());
    }
}
