//! Envelope: a sealed JSON record whose length reveals only its size class.

use super::{Vault, VaultError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes in front of the record that hold its true length.
const PREFIX: usize = 4;

/// Seals records of one kind, padded to one of a few lengths.
#[derive(Debug, Clone, Copy)]
pub struct Envelope {
    purpose: &'static str,
    sizes: &'static [usize],
}

impl Envelope {
    /// Returns the envelope for a purpose of the vault's key. `sizes`: padded lengths in bytes, ascending; a record that
    /// is longer than the last one is padded to the next power of two.
    pub const fn new(purpose: &'static str, sizes: &'static [usize]) -> Self {
        Self { purpose, sizes }
    }

    /// Seals a record. A value that has no JSON becomes an envelope that does not open.
    pub fn seal<T: Serialize>(&self, vault: &Vault, record: &T) -> String {
        let json = serde_json::to_vec(record).unwrap_or_default();
        let needed = PREFIX + json.len();
        let size = self.sizes.iter().copied().find(|size| *size >= needed).unwrap_or(needed.next_power_of_two());
        let mut padded = Vec::with_capacity(size);
        padded.extend(u32::try_from(json.len()).unwrap_or(0).to_be_bytes());
        padded.extend(json);
        padded.resize(size, 0);
        vault.seal(self.purpose, &padded)
    }

    /// Opens a record. Errors: it was sealed with another key or for another purpose, or is of another kind.
    pub fn open<T: DeserializeOwned>(&self, vault: &Vault, sealed: &str) -> Result<T, VaultError> {
        let padded = vault.open(self.purpose, sealed)?;
        let (prefix, rest) = padded.split_first_chunk::<PREFIX>().ok_or(VaultError::DoesNotOpen)?;
        let length = usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX);
        let json = rest.get(..length).ok_or(VaultError::DoesNotOpen)?;
        serde_json::from_slice(json).map_err(|_| VaultError::DoesNotOpen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_with_its_key_and_purpose_only() {
        let (vault, envelope) = (Vault::ephemeral(), Envelope::new("a", &[64, 256]));
        for text in ["", "thank you", &"x".repeat(1000)] {
            let sealed = envelope.seal(&vault, &text);
            assert_eq!(envelope.open::<String>(&vault, &sealed).ok().as_deref(), Some(text));
            assert!(envelope.open::<String>(&Vault::ephemeral(), &sealed).is_err());
            assert!(Envelope::new("b", &[64, 256]).open::<String>(&vault, &sealed).is_err());
        }
    }

    #[test]
    fn lengths_are_those_of_the_envelope() {
        let (vault, envelope) = (Vault::ephemeral(), Envelope::new("a", &[64, 256]));
        let length = |n: usize| envelope.seal(&vault, &"x".repeat(n)).len();
        // The record has two quotation marks and the prefix around its text.
        assert_eq!([length(0), length(1)], [length(58); 2]);
        assert_eq!([length(59), length(100)], [length(250); 2]);
        assert_eq!(length(251), length(500));
        assert!(length(58) < length(59) && length(250) < length(251));
    }
}
