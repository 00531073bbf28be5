//! A person reads before sending again; a program does not. The form carries the signed time at which it was shown.
//! Nothing is stored for it.

use crate::clock::Timestamp;
use crate::invitations::Token;
use crate::vault::Vault;
use subtle::ConstantTimeEq;

/// Minimum reading time of a person, in ms.
const READS: i64 = 2000;
/// Maximum age of the confirmation: a day, in ms.
const LASTS: i64 = 86_400_000;

fn sign(vault: &Vault, token: &Token, at: &str) -> String {
    vault.keyed_hash("suspect:confirm", format!("{} {at}", token.secret()).as_bytes())[..32].to_owned()
}

/// Returns the signed time for a form that is shown now.
pub(super) fn stamp(vault: &Vault, token: &Token, now: Timestamp) -> String {
    let at = now.0.to_string();
    format!("{at}-{}", sign(vault, token, &at))
}

/// Whether the form was shown by this service, for this link, long enough ago to have been read.
pub(super) fn is_read(vault: &Vault, token: &Token, text: &str, now: Timestamp) -> bool {
    let Some((at, signed)) = text.split_once('-') else { return false };
    let ours: bool = sign(vault, token, at).as_bytes().ct_eq(signed.as_bytes()).into();
    let shown = at.parse().ok().map(Timestamp);
    ours && shown.is_some_and(|shown| (READS..LASTS).contains(&now.ms_since(shown)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_believed_after_a_moment_and_from_nobody_else() {
        let (vault, token, now) = (Vault::ephemeral(), Token::random(), Timestamp(1_795_176_000_000));
        let text = stamp(&vault, &token, now);
        for (ms, wanted) in [(0, false), (1999, false), (2000, true), (60_000, true), (LASTS, false), (-5, false)] {
            assert_eq!(is_read(&vault, &token, &text, now.plus_ms(ms)), wanted, "{ms}");
        }
        let later = now.plus_ms(5000);
        assert!(!is_read(&vault, &Token::random(), &text, later));
        assert!(!is_read(&Vault::ephemeral(), &token, &text, later));
        for forged in ["", "-", "1795176000000-", &text.replace('1', "2"), &format!("{text}0")] {
            assert!(!is_read(&vault, &token, forged, later), "{forged}");
        }
    }
}
