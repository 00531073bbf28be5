//! Passwords: argon2id with the library's own (OWASP) parameters, off the runtime's threads.

use super::StaffError;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

/// Hashes a new password; a PHC string.
pub(super) async fn hash(password: String) -> Result<String, StaffError> {
    if !(10..=200).contains(&password.chars().count()) {
        return Err(StaffError::BadPassword);
    }
    let hashed = tokio::task::spawn_blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string())).await;
    match hashed {
        Ok(Ok(hash)) => Ok(hash),
        _ => Err(StaffError::BadPassword),
    }
}

/// Does the password fit? Without an account the same work is done on a hash that nothing fits, so that time tells nothing.
pub(super) async fn fits(password: String, hash: Option<String>) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$YWZ0ZXJ3b3JkLW5vYm9keQ$3Zx4i9Cn6m3U2kqXYyJ5dR4hD0oQ5rQJ0kq8m1mZb1E";
    let checked = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let fits = PasswordHash::new(&hash).is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok());
        known && fits
    });
    checked.await.unwrap_or(false)
}
