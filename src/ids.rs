//! Typed ids. Each is a random UUID (version 4), so that ids reveal neither time nor order of creation.

/// Defines a newtype over the text of a UUIDv4.
macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// Returns a new random id.
            pub fn random() -> Self {
                Self(uuid::Uuid::new_v4().to_string())
            }
            /// Returns the id as in URLs and tables.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = NotAnId;
            /// Parses the hyphenated form in either case; other forms are rejected.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                uuid::Uuid::try_parse(text).map(|id| Self(id.to_string())).map_err(|_| NotAnId)
            }
        }
    )*};
}

/// Error: the text is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an id")]
pub struct NotAnId;

typed_id! {
    /// Id of an interaction: a call or chat.
    InteractionId;
    /// Id of an agent, who handles interactions and is rated.
    AgentId;
    /// Id of a merge of two agents.
    AgentMergeId;
    /// Id of a team of agents.
    TeamId;
    /// Id of a staff account.
    StaffId;
    /// Id of an API key.
    ApiKeyId;
    /// Id of a survey invitation.
    InvitationId;
    /// Id of a mail in the outbox.
    MailId;
    /// Id of an alternative transcript.
    AlternativeId;
    /// Id of a correction of a transcript.
    CorrectionId;
    /// Id of a background job.
    JobId;
    /// Id of a release: a batch of responses.
    ReleaseId;
    /// Id of a clip in the training library.
    ClipId;
    /// Id of a follow-up.
    FollowUpId;
    /// Id of a commendation.
    KudosId;
    /// Id of a webhook.
    WebhookId;
    /// Id of a delivery to a webhook.
    DeliveryId;
    /// Id of a line of the audit log.
    AuditId;
}
