//! What a customer left to be contacted by: opened one at a time, and each opening written down.

use super::{FollowUpError, FollowUps, subject};
use crate::audit;
use crate::ids::FollowUpId;
use crate::web::Principal;

/// Who the customer is, as far as they said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Telephone number or e-mail address.
    pub reach: String,
    /// What it is about, in the customer's words.
    pub about: Option<String>,
}

impl FollowUps {
    /// Opens it; the line in the audit log is written first.
    pub async fn contact(&self, who: &Principal, id: &FollowUpId) -> Result<Contact, FollowUpError> {
        let follow_up = self.find(who, id).await?;
        let callback = follow_up.callback_request_id.ok_or(FollowUpError::NoContact)?;
        let opened = self.parts.surveys.open_callback(&callback).await?.ok_or(FollowUpError::NoContact)?;
        audit::look(&self.parts.db, who, "contact.opened", &subject(id), self.now()).await?;
        Ok(Contact { name: opened.name, reach: opened.reach, about: opened.about })
    }
}
