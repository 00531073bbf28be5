//! Contact data of a callback request: opened one at a time, each access recorded in the audit log.

use super::{FollowUpError, FollowUps, subject};
use crate::access::Principal;
use crate::audit;
use crate::ids::FollowUpId;

/// Contact data, as the customer entered them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Name of the customer.
    pub name: String,
    /// Telephone number or e-mail address.
    pub reach: String,
    /// Subject of the request, in the customer's words.
    pub about: Option<String>,
}

impl FollowUps {
    /// Opens the contact data; the audit entry is written before it is returned.
    pub async fn contact(&self, who: &Principal, id: &FollowUpId) -> Result<Contact, FollowUpError> {
        let follow_up = self.find(who, id).await?;
        let callback = follow_up.callback_request_id.ok_or(FollowUpError::NoContact)?;
        let opened = self.parts.responses.open_callback(&callback).await?.ok_or(FollowUpError::NoContact)?;
        audit::look(&self.parts.db, who, "contact.opened", &subject(id), self.now()).await?;
        Ok(Contact { name: opened.name, reach: opened.reach, about: opened.about })
    }
}
