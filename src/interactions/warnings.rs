//! Warnings of intake: optional data of a delivery that were repaired or dropped. They never refuse the interaction.

use super::{Interactions, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::InteractionId;

/// Maximum number of warnings kept of one delivery.
const MAX_WARNINGS: usize = 100;

crate::coded_enum! {
    /// Kind of a warning.
    WarningCode {
        /// The field is not known.
        UnknownField = "unknown_field", "Unknown field";
        /// The value had another type and was dropped.
        WrongType = "wrong_type", "Wrong type";
        /// The value had another type and was converted.
        Converted = "converted", "Converted";
        /// The text was not valid Unicode, or held NUL characters.
        RepairedText = "repaired_text", "Repaired text";
        /// The text was too long and was cut.
        TooLong = "too_long", "Too long";
        /// The list was too long and was cut.
        TooMany = "too_many", "Too many";
        /// The time could not be read and was dropped.
        InvalidTime = "invalid_time", "Invalid time";
        /// The times contradict each other; they are kept as sent.
        TimesOutOfOrder = "times_out_of_order", "Times out of order";
        /// The time lies in the future.
        InTheFuture = "in_the_future", "Time in the future";
        /// The number is outside the range and was dropped.
        OutOfRange = "out_of_range", "Out of range";
        /// The phase is not known and was dropped.
        UnknownPhase = "unknown_phase", "Unknown phase";
        /// No mail can be sent to the address.
        InvalidEmail = "invalid_email", "Invalid e-mail address";
        /// The telephone number is none and was dropped.
        InvalidPhone = "invalid_phone", "Invalid telephone number";
        /// The locale was not a language tag.
        InvalidLocale = "invalid_locale", "Invalid locale";
        /// Messages without id and time can't be told apart.
        NoMessageId = "no_message_id", "Message without id and time";
        /// The interaction was erased; nothing was stored.
        Erased = "erased", "Erased interaction";
    }
}

/// One warning. It holds no value of the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Path of the field in the body, without positions: `customer.email`, `messages.at`.
    pub field: String,
    /// Kind.
    pub code: WarningCode,
    /// Result for the value, as a sentence.
    pub message: String,
}

/// Warnings of one delivery: each field and kind once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    items: Vec<Warning>,
}

impl Warnings {
    /// Adds a warning, unless one of this field and kind is there, or there are too many.
    pub fn add(&mut self, field: impl Into<String>, code: WarningCode, message: impl Into<String>) {
        let field = field.into();
        let known = self.items.iter().any(|warning| warning.field == field && warning.code == code);
        if !known && self.items.len() < MAX_WARNINGS {
            self.items.push(Warning { field, code, message: message.into() });
        }
    }

    /// Returns the warnings in order.
    pub fn items(&self) -> &[Warning] {
        &self.items
    }
}

/// Number of warnings of one source, field and kind.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct WarningCount {
    /// Source of the interactions.
    pub source: String,
    /// Path of the field in the body.
    pub field: String,
    /// Code of the [`WarningCode`].
    pub code: String,
    /// Text of the newest one.
    pub message: String,
    /// Number of interactions with this warning.
    pub interactions: i64,
    /// Time of the newest one.
    pub last_at: Timestamp,
    /// Interaction of the newest one.
    pub example: InteractionId,
}

impl Interactions {
    /// Returns the warnings since then by source, field and kind, most frequent first.
    pub async fn warning_counts(&self, since: Timestamp) -> Result<Vec<WarningCount>, DbError> {
        store::warnings::counts(self.inner.db.read().await?.conn(), since).await
    }

    /// Returns the warnings of one interaction.
    pub async fn warnings(&self, id: &InteractionId) -> Result<Vec<Warning>, DbError> {
        store::warnings::of(self.inner.db.read().await?.conn(), id).await
    }
}
