//! Passwords: argon2id with the library's own (OWASP) parameters, off the runtime's threads.

use super::StaffError;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::sync::LazyLock;

/// Hashes a new password; a PHC string.
pub(super) async fn hash(password: String) -> Result<String, StaffError> {
    if !(10..=200).contains(&password.chars().count()) {
        return Err(StaffError::BadPassword);
    }
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string())
    })
    .await;
    match hashed {
        Ok(Ok(hash)) => Ok(hash),
        _ => Err(StaffError::BadPassword),
    }
}

/// A hash that no password fits: what a try at an unknown account is checked against, so that time tells nothing.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let nobody: [u8; 32] = rand::random();
    Argon2::default().hash_password(&nobody).map(|hash| hash.to_string()).unwrap_or_default()
});

/// Does the password fit? Where there is no account the same work is done.
pub(super) async fn fits(password: String, hash: Option<String>) -> bool {
    let checked = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.as_deref().unwrap_or(&NOBODY);
        let fits =
            PasswordHash::new(hash).is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok());
        known && fits
    });
    checked.await.unwrap_or(false)
}
