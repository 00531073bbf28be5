//! Vault: the key that is not in the database, with its operations: sealing, and keyed hashes.
//!
//! One file holds 32 random bytes; every purpose uses a key of its own, derived from them with HMAC-SHA-256. The
//! database keeps a fingerprint, so that a wrong or missing key prevents the start instead of making sealed records
//! unreadable later.

mod envelope;

pub use envelope::Envelope;

use crate::files::{create_private_folder, private_file, sync_folder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Seals and hashes with the deployment's key. Cheap to clone; `Debug` prints nothing of the key.
#[derive(Clone)]
pub struct Vault {
    key: [u8; KEY_BYTES],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(***)")
    }
}

/// Error of the key file, or of sealed data.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file can't be read or created.
    #[error("the key file {path} can't be used: {why}")]
    File {
        /// Path of the file.
        path: PathBuf,
        /// The system's error.
        why: String,
    },
    /// The file does not hold a key.
    #[error(
        "the key file {0} does not hold a key (64 hexadecimal digits): put the right file back; remove it only if nothing was ever stored"
    )]
    NotAKey(PathBuf),
    /// Sealed with another key, for another purpose, or damaged.
    #[error("a sealed record does not open with this key")]
    DoesNotOpen,
}

impl Vault {
    /// Reads the key file; `None` where there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, VaultError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(VaultError::File { path: path.to_owned(), why: e.to_string() }),
        };
        let mut key = [0; KEY_BYTES];
        hex::decode_to_slice(text.trim(), &mut key).map_err(|_| VaultError::NotAKey(path.to_owned()))?;
        Ok(Some(Self { key }))
    }

    /// Creates a new key and its file, readable only by its owner. Errors: the file exists already. The file is on disk
    /// when this returns, written atomically: after a crash there is a whole key or none.
    pub fn create(path: &Path) -> Result<Self, VaultError> {
        let key: [u8; KEY_BYTES] = rand::random();
        write_whole(path, format!("{}\n", hex::encode(key)).as_bytes())
            .map_err(|e| VaultError::File { path: path.to_owned(), why: e.to_string() })?;
        Ok(Self { key })
    }

    /// Returns a vault with a temporary key: for tests and `afterword openapi`.
    pub fn ephemeral() -> Self {
        Self { key: rand::random() }
    }

    /// Returns the fingerprint of the key, which is kept in the database: it identifies the key without revealing it.
    pub fn fingerprint(&self) -> String {
        self.keyed_hash("fingerprint", b"")[..16].to_owned()
    }

    /// Returns the HMAC-SHA-256 under the purpose's own key, in hexadecimal.
    pub fn keyed_hash(&self, purpose: &str, what: &[u8]) -> String {
        hex::encode(hmac(&self.subkey(purpose), what))
    }

    /// Encrypts and authenticates (XChaCha20-Poly1305, random nonce); opens only for the same purpose. Returns Base64.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> String {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let sealed = self.cipher(purpose).encrypt(&XNonce::from(nonce), plain).unwrap_or_default();
        BASE64.encode([&nonce[..], &sealed].concat())
    }

    /// Opens data sealed by [`Vault::seal`].
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<Vec<u8>, VaultError> {
        let bytes = BASE64.decode(sealed).map_err(|_| VaultError::DoesNotOpen)?;
        let (nonce, body) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::DoesNotOpen)?;
        self.cipher(purpose).decrypt(&XNonce::from(*nonce), body).map_err(|_| VaultError::DoesNotOpen)
    }

    fn cipher(&self, purpose: &str) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.subkey(purpose)))
    }

    fn subkey(&self, purpose: &str) -> [u8; KEY_BYTES] {
        hmac(&self.key, purpose.as_bytes())
    }
}

/// Writes a temporary file and links it to `path`, which must not exist.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_private_folder(folder)?;
    let part = folder.join(format!(".{}.part", uuid::Uuid::new_v4()));
    let mut file = private_file().create_new(true).open(&part)?;
    let linked = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| std::fs::hard_link(&part, path));
    std::fs::remove_file(&part)?;
    linked?;
    sync_folder(folder)
}

fn hmac(key: &[u8; KEY_BYTES], what: &[u8]) -> [u8; KEY_BYTES] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(what);
    mac.finalize().into_bytes().into()
}

/// Returns the SHA-256 in hexadecimal: for secrets with 128 random bits or more, which need no key and no salt.
pub fn plain_hash(what: &[u8]) -> String {
    hex::encode(Sha256::digest(what))
}

/// Returns a secret of 192 random bits that is valid in a URL.
pub fn random_token() -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())
}
