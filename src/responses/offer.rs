//! Choices that a form offered. A customer's choice is recorded as it was made or not at all, also if the configuration
//! has changed since the page was loaded: the form carries its offer, signed, and nothing is stored for it.

use super::Responses;
use crate::config::{Choice, Choices};
use crate::invitations::Token;
use crate::surveys::Settings;
use crate::vault::Vault;
use subtle::ConstantTimeEq;

/// Choices that a form offers, and the minimum batch size that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Whether linked is offered.
    pub linked: bool,
    /// Whether apart is offered.
    pub apart: bool,
    /// Minimum batch size for apart answers.
    pub k: u32,
}

impl Offer {
    /// Returns the offer of the current configuration.
    pub(super) fn of(settings: &Settings) -> Self {
        let Settings { choices, k, .. } = settings;
        Self { linked: *choices != Choices::Apart, apart: *choices != Choices::Linked, k: *k }
    }

    /// Whether this choice can be made.
    pub fn has(self, choice: Choice) -> bool {
        match choice {
            Choice::Linked => self.linked,
            Choice::Apart => self.apart,
        }
    }

    /// Returns this offer with the earlier promise of a form: apart stays on offer and the larger batch size holds.
    /// Linked does not stay: the operator may end it at any time.
    fn keeping(self, form: Self) -> Self {
        Self { linked: self.linked, apart: self.apart || form.apart, k: self.k.max(form.k) }
    }

    /// Returns the signed form of the offer.
    fn stamp(self, vault: &Vault, token: &Token) -> String {
        let text = format!("{}{}-{}", u8::from(self.linked), u8::from(self.apart), self.k);
        let signed = sign(vault, token, &text);
        format!("{text}-{signed}")
    }

    /// Returns the offer of a submitted form; `None` if the signature is not valid.
    fn read(vault: &Vault, token: &Token, stamp: &str) -> Option<Self> {
        let (text, signed) = stamp.rsplit_once('-')?;
        let ours: bool = sign(vault, token, text).as_bytes().ct_eq(signed.as_bytes()).into();
        let (choices, k) = text.split_once('-').filter(|_| ours)?;
        let mut offered = choices.bytes().map(|byte| byte == b'1');
        Some(Self { linked: offered.next()?, apart: offered.next()?, k: k.parse().ok()? })
    }
}

fn sign(vault: &Vault, token: &Token, text: &str) -> String {
    vault.keyed_hash("survey:offer", format!("{} {text}", token.secret()).as_bytes())[..32].to_owned()
}

impl Responses {
    /// Returns the offer of a form with this stamp.
    pub fn offer(&self, token: &Token, stamp: Option<&str>) -> Offer {
        let now = Offer::of(self.settings());
        stamp.and_then(|text| Offer::read(&self.inner.vault, token, text)).map_or(now, |form| now.keeping(form))
    }

    /// Returns the stamp of a form with this offer.
    pub(super) fn offer_stamp(&self, token: &Token, offer: Offer) -> String {
        offer.stamp(&self.inner.vault, token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_it_offered_and_nobody_else_can() {
        let (vault, token) = (Vault::ephemeral(), Token::random());
        for offer in [Offer { linked: true, apart: true, k: 5 }, Offer { linked: false, apart: true, k: 12 }] {
            let stamp = offer.stamp(&vault, &token);
            assert_eq!(Offer::read(&vault, &token, &stamp), Some(offer));
            assert_eq!(Offer::read(&vault, &Token::random(), &stamp), None);
            assert_eq!(Offer::read(&Vault::ephemeral(), &token, &stamp), None);
            for forged in ["", "-", "11-5-", &stamp.replace("1-", "0-"), &format!("{stamp}0")] {
                assert_eq!(Offer::read(&vault, &token, forged), None, "{forged}");
            }
        }
    }

    #[test]
    fn nothing_weaker_than_what_was_promised_holds() {
        let (both, linked) = (Offer { linked: true, apart: true, k: 5 }, Offer { linked: true, apart: false, k: 3 });
        let apart = Offer { linked: false, apart: true, k: 9 };
        assert_eq!(linked.keeping(both), both);
        assert_eq!(apart.keeping(both), apart);
        assert_eq!(apart.keeping(linked), apart);
        assert!(linked.has(Choice::Linked) && !linked.has(Choice::Apart) && !apart.has(Choice::Linked));
    }
}
