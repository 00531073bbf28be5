//! Asking for the words behind the masks.

use super::access::missing_right;
use super::problem::ApiError;
use crate::access::principal::Principal;
use crate::access::rights::{Right, SeeOriginals};

/// Which form of the words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename_all = "lowercase")]
pub enum Words {
    /// Personal data is taken out: `[card number]`, `[e-mail]`, `[name]` …
    #[default]
    Masked,
    /// As they were said or written.
    Original,
}

impl Words {
    /// Are the original words wanted, and may this one see them? 403 where not; whoever gets them is noted in the audit log
    /// as `transcript.original_viewed` before they are sent.
    pub fn original(asked: Option<Self>, who: &Principal) -> Result<bool, ApiError> {
        let wanted = asked == Some(Self::Original);
        if wanted && !SeeOriginals::has(who) {
            return Err(ApiError::forbidden(missing_right::<SeeOriginals>()));
        }
        Ok(wanted)
    }

    /// The action in the audit log for having seen words.
    pub fn look(original: bool) -> &'static str {
        if original { "transcript.original_viewed" } else { "transcript.viewed" }
    }
}
