//! Secrets and signatures: HMAC-SHA-256 over `id.timestamp.body`, as in Standard Webhooks.

use crate::vault::{Vault, VaultError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Purpose of the vault's key.
const SEAL: &str = "webhook.secret";
/// Prefix of a secret in the form that receivers keep.
const PREFIX: &str = "whsec_";

/// Signing secret. Printed in the form that receivers keep: `whsec_…`.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{PREFIX}{}", BASE64.encode(self.0))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Secret {
    /// Returns 256 random bits.
    pub fn random() -> Self {
        Self(rand::random())
    }

    pub(super) fn seal(&self, vault: &Vault) -> String {
        vault.seal(SEAL, &self.0)
    }

    pub(super) fn open(vault: &Vault, sealed: &str) -> Result<Self, VaultError> {
        let bytes = vault.open(SEAL, sealed)?;
        bytes.try_into().map(Self).map_err(|_| VaultError::DoesNotOpen)
    }
}

/// Returns the header `webhook-signature`: one `v1,…` a secret, the newest first. `at`: seconds since 1970.
pub fn sign(secrets: &[Secret], id: &str, at: i64, body: &str) -> String {
    let signed = format!("{id}.{at}.{body}");
    let one = |secret: &Secret| {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&secret.0).expect("HMAC takes any key");
        mac.update(signed.as_bytes());
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `openssl dgst -sha256 -mac HMAC`.
    #[test]
    fn a_signature_is_what_others_compute() {
        let secret = Secret(*b"0123456789abcdef0123456789abcdef");
        assert_eq!(secret.to_string(), "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
        let signature = sign(std::slice::from_ref(&secret), "msg_1", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,aTF4+pE6A/FmvKM0YSVBBUfRhLIlBiaBUR+EjGls6Mc=");
        assert_eq!(sign(&[secret.clone(), secret], "msg_1", 1_614_265_330, "{}").split(' ').count(), 2);
    }

    #[test]
    fn a_secret_opens_with_its_key_alone() {
        let (vault, secret) = (Vault::ephemeral(), Secret::random());
        let sealed = secret.seal(&vault);
        assert_eq!(Secret::open(&vault, &sealed).ok().map(|s| s.to_string()), Some(secret.to_string()));
        assert!(Secret::open(&Vault::ephemeral(), &sealed).is_err());
    }
}
