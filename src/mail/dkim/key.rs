//! Private key of signatures.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest, Sha256};
use std::path::Path;

pub(super) enum Key {
    Ed25519(Box<Ed25519KeyPair>),
    Rsa(Box<RsaKeyPair>),
}

impl Key {
    /// Reads a PEM file: PKCS #8, or PKCS #1 for RSA.
    pub fn read(path: &Path) -> Result<Self, String> {
        let unusable = |why: &str| format!("mail.dkim.key_file {} can't be used: {why}", path.display());
        let der = PrivateKeyDer::from_pem_file(path).map_err(|e| unusable(&e.to_string()))?;
        let rsa = match &der {
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    return Ok(Self::Ed25519(Box::new(key)));
                }
                RsaKeyPair::from_pkcs8(der)
            }
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(unusable("it is neither an Ed25519 nor an RSA key")),
        };
        let key = rsa.map_err(|rejected| match rejected.to_string().as_str() {
            "TooSmall" => unusable("it is too short: 2048 bits are the least"),
            _ => unusable("it is neither an Ed25519 nor an RSA key"),
        })?;
        Ok(Self::Rsa(Box::new(key)))
    }

    /// Returns the key type as named in DNS and in the signature.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "ed25519",
            Self::Rsa(_) => "rsa",
        }
    }

    /// Returns the public key as stored in DNS: the bare key of Ed25519, a SubjectPublicKeyInfo of RSA.
    pub fn public(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.public_key().as_ref().to_vec(),
            Self::Rsa(key) => {
                let der: Result<PublicKeyX509Der<'_>, _> = key.public_key().as_der();
                der.map(|der| der.as_ref().to_vec()).unwrap_or_default()
            }
        }
    }

    /// Signs. Ed25519 signs the hash; RSA hashes the text itself.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Ed25519(key) => Ok(key.sign(&Sha256::digest(text)).as_ref().to_vec()),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature);
                signed.map(|()| signature).map_err(|_| "signing failed".to_owned())
            }
        }
    }
}
