//! Typed ids. Each is a random UUID (version 4), so that no id tells when or in which order things were made.

/// Makes a newtype over the text of a UUIDv4.
macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new random id.
            pub fn random() -> Self {
                Self(uuid::Uuid::new_v4().to_string())
            }
            /// The id as it stands in URLs and tables.
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
            /// Takes the hyphenated form in either case; anything else is no id.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                uuid::Uuid::try_parse(text).map(|id| Self(id.to_string())).map_err(|_| NotAnId)
            }
        }
    )*};
}

/// The text is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an id")]
pub struct NotAnId;

typed_id! {
    /// A call or chat.
    InteractionId;
    /// Somebody who handles interactions and is rated.
    AgentId;
    /// A team of agents.
    TeamId;
    /// Somebody who signs in.
    StaffId;
    /// An API key.
    ApiKeyId;
    /// A survey invitation.
    InvitationId;
    /// A mail in the outbox.
    MailId;
    /// Once that a recording was transcribed.
    AlternativeId;
    /// What somebody corrected in a transcript.
    CorrectionId;
    /// A background job.
    JobId;
    /// A batch of answers released together.
    ReleaseId;
    /// A clip in the training library.
    ClipId;
    /// Something that somebody has to see to.
    FollowUpId;
    /// A commendation.
    KudosId;
    /// Where events are sent.
    WebhookId;
    /// An event on its way to a webhook.
    DeliveryId;
    /// A line of the audit log.
    AuditId;
}
