//! Request parameter for unmasked text.

use super::access::missing_right;
use super::problem::ApiError;
use crate::access::principal::Principal;
use crate::access::rights::{Right, SeeOriginals};

/// Form of the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename_all = "lowercase")]
pub enum Words {
    /// Personal data is replaced by `[card number]`, `[e-mail]`, `[name]` and the like.
    #[default]
    Masked,
    /// The words as they were said or written.
    Original,
}

impl Words {
    /// Whether the original text is requested, and the caller may see it. Errors: 403 where not. The view is recorded
    /// in the audit log as `transcript.original_viewed` before the text is sent.
    pub fn original(asked: Option<Self>, who: &Principal) -> Result<bool, ApiError> {
        let wanted = asked == Some(Self::Original);
        if wanted && !SeeOriginals::has(who) {
            return Err(ApiError::forbidden(missing_right::<SeeOriginals>()));
        }
        Ok(wanted)
    }

    /// Returns the action in the audit log for a view of the text.
    pub fn look(original: bool) -> &'static str {
        if original { "transcript.original_viewed" } else { "transcript.viewed" }
    }
}
