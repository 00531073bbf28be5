//! Passwords: argon2id with the library's default (OWASP) parameters, off the runtime's threads; and rejection of weak
//! passwords. As in NIST SP 800-63B, there are no rules of composition: only length and guessability count.

use super::StaffError;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zxcvbn::Score;

/// Minimum and maximum number of characters of a password.
const LENGTH: std::ops::RangeInclusive<usize> = 10..=200;
/// Minimum score: passwords that can be guessed with less than 10^8 attempts are rejected.
const MIN_SCORE: Score = Score::Three;
/// Minimum length of a part of the name or address that is not allowed in a password.
const MIN_PART_CHARS: usize = 4;

/// Number of hashes that are computed concurrently: each takes 19 MiB and a core.
static CONCURRENT: Semaphore = Semaphore::const_new(4);

/// Returns the text normalised, so that it is the same on every keyboard (NIST SP 800-63B, 3.1.1.2).
fn normalized(password: &str) -> String {
    password.nfkc().collect()
}

/// Rejects a password that is too short, too long, or easily guessed with the account's address and name.
pub(super) async fn check(password: String, email: String, name: String) -> Result<String, StaffError> {
    let checked = tokio::task::spawn_blocking(move || weakness(&password, &email, &name).map_or(Ok(password), Err));
    checked.await.map_err(|_| StaffError::BadPassword)?
}

fn weakness(password: &str, email: &str, name: &str) -> Option<StaffError> {
    let password = normalized(password);
    if !LENGTH.contains(&password.chars().count()) {
        return Some(StaffError::BadPassword);
    }
    let weak = |why: &str| Some(StaffError::WeakPassword(why.to_owned()));
    if password.trim().is_empty() {
        return weak("it consists of spaces");
    }
    let known = parts(email, name);
    let lower = password.to_lowercase();
    if lower == email || known.iter().any(|part| lower.trim() == *part) {
        return weak("it is the account's own address or name");
    }
    let inputs: Vec<&str> = known.iter().map(String::as_str).chain([email, "afterword"]).collect();
    // The parts of the address or the name do not count for its length.
    let rest = known
        .iter()
        .filter(|part| part.len() >= MIN_PART_CHARS)
        .fold(lower, |rest, part| rest.replace(part.as_str(), ""));
    let entropy = zxcvbn::zxcvbn(&password, &inputs).score().min(zxcvbn::zxcvbn(&rest, &inputs).score());
    if entropy >= MIN_SCORE {
        return None;
    }
    let estimate = zxcvbn::zxcvbn(&password, &inputs);
    let warning = estimate.feedback().and_then(|feedback| feedback.warning()).map(|warning| warning.to_string());
    let reason = warning.map(|text| format!("it is soon guessed ({})", text.trim_end_matches('.').to_lowercase()));
    weak(&reason.unwrap_or_else(|| "it is soon guessed".to_owned()))
}

/// Returns the words of an address and a name, lower case.
fn parts(email: &str, name: &str) -> Vec<String> {
    let split = |text: &str| -> Vec<String> {
        text.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
    };
    let whole = [email.split('@').next().unwrap_or_default().to_owned(), name.to_lowercase()];
    let mut all: Vec<String> = split(email).into_iter().chain(split(name)).chain(whole).collect();
    all.retain(|part| !part.is_empty());
    // The longest first, so that a whole is removed before its parts.
    all.sort_by_key(|part| std::cmp::Reverse(part.len()));
    all.dedup();
    all
}

/// Returns the hash of a password as a PHC string.
pub(super) async fn hash(password: String) -> Result<String, StaffError> {
    let _permit = CONCURRENT.acquire().await;
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(normalized(&password).as_bytes()).map(|h| h.to_string())
    })
    .await;
    match hashed {
        Ok(Ok(hash)) => Ok(hash),
        _ => Err(StaffError::BadPassword),
    }
}

/// A hash without a known password, of the same cost as the others: attempts at an unknown account are verified against
/// it, so that the response time reveals nothing.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdDAx$qk3mXo3wV0j8Zq7Jm1Yx5b0u9m4s6tq2o8p1n7r3c5E";

/// Whether the password matches the hash. Without an account the same work is done.
pub(super) async fn fits(password: String, hash: Option<String>) -> bool {
    let _permit = CONCURRENT.acquire().await;
    let checked = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.as_deref().unwrap_or(NOBODY);
        let password = normalized(&password);
        let fits =
            PasswordHash::new(hash).is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok());
        known && fits
    });
    checked.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<String> {
        weakness(password, "carl.brandt@northwind.example", "Carl Brandt").map(|error| error.to_string())
    }

    #[test]
    fn passwords_that_are_soon_guessed_are_refused_with_the_reason() {
        for (password, why) in [
            ("short", "10 to 200"),
            ("          ", "spaces"),
            ("\u{3000}\u{3000}\u{3000}\u{3000}\u{3000}\u{3000}\u{3000}\u{3000}\u{3000}\u{3000}", "spaces"),
            ("carl.brandt@northwind.example", "own address"),
            ("Carl.Brandt@Northwind.example", "own address"),
            ("carl brandt", "own address or name"),
            ("Carl.Brandt1", "guessed"),
            ("northwind.example1", "guessed"),
            ("password12", "guessed"),
            ("1234567890", "guessed"),
            ("aaaaaaaaaa", "guessed"),
            ("qwertyuiop", "guessed"),
            ("Passw0rd123!", "guessed"),
        ] {
            let said = refused(password).unwrap_or_else(|| panic!("{password:?} was taken"));
            assert!(said.contains(why), "{password:?}: {said}");
        }
        assert!(refused(&"long enough ".repeat(20)).is_some_and(|said| said.contains("10 to 200")));
    }

    #[test]
    fn sentences_and_random_characters_are_taken() {
        for password in [
            "correct horse battery",
            "Zx8#kQ2!vN",
            "my kettle whistles at noon",
            "这是一个很长的句子真的很长",
            "\"; DROP TABLE staff",
        ] {
            assert_eq!(refused(password), None, "{password}");
        }
    }

    #[tokio::test]
    async fn a_password_fits_however_it_is_composed_and_nobodys_never() {
        let hash = super::hash("cafe\u{301} noir, sans sucre".into()).await.unwrap();
        assert!(fits("caf\u{e9} noir, sans sucre".into(), Some(hash.clone())).await);
        assert!(!fits("cafe noir, sans sucre".into(), Some(hash.clone())).await);
        assert!(!fits("anything at all".into(), None).await);
        // The same parameters, so the same time.
        let parameters = |text: &str| PasswordHash::new(text).unwrap().params.to_string();
        assert_eq!(parameters(NOBODY), parameters(&hash));
        assert_eq!(PasswordHash::new(NOBODY).unwrap().hash.unwrap().as_bytes().len(), 32);
    }
}
