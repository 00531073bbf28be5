//! Codes of the domain. An unknown value of a source is stored as `other`, with the original value beside it.

crate::coded_enum! {
    /// Channel of an interaction.
    Channel, otherwise Other {
        /// By telephone.
        Call = "call";
        /// In writing.
        Chat = "chat";
        /// Another channel.
        Other = "other";
        /// Not reported yet.
        Unknown = "unknown";
    }
    /// State of a recording.
    RecordingState, otherwise Absent {
        /// None was received.
        Absent = "absent";
        /// It is stored.
        Stored = "stored";
        /// It was stored, but its file is missing.
        Missing = "missing";
    }
    /// Direction of an interaction.
    Direction, otherwise Other {
        /// Initiated by the customer.
        Inbound = "inbound";
        /// Initiated by the company.
        Outbound = "outbound";
        /// Between colleagues.
        Internal = "internal";
        /// Another direction.
        Other = "other";
    }
    /// Outcome of an interaction.
    Outcome, otherwise Other {
        /// An agent answered.
        Answered = "answered";
        /// No agent answered.
        Missed = "missed";
        /// The customer hung up or left.
        Abandoned = "abandoned";
        /// It went to voicemail.
        Voicemail = "voicemail";
        /// It is not to be surveyed.
        NotSurveyed = "not_surveyed";
        /// Another outcome.
        Other = "other";
    }
    /// Sender of a message.
    Sender, otherwise Other {
        /// The customer.
        Customer = "customer";
        /// An agent.
        Agent = "agent";
        /// An automatic responder.
        Bot = "bot";
        /// The chat system.
        System = "system";
        /// Another sender.
        Other = "other";
    }
    /// State of an interaction's survey. Never reveals whether it was answered.
    SurveyState, otherwise Waiting {
        /// Not decided yet.
        Waiting = "waiting";
        /// Decided; the mail is queued.
        Scheduled = "scheduled";
        /// The mail was sent.
        Sent = "sent";
        /// The mail is held until a mail server is configured.
        Held = "held";
        /// The mail could not be sent.
        Failed = "failed";
        /// Not surveyed; the reason is recorded.
        Skipped = "skipped";
        /// The link has expired.
        Closed = "closed";
    }
}

/// Reason of a survey that waits: the interaction is final, and no address is known yet.
pub const WAITING_FOR_ADDRESS: &str = "waiting_for_address";
/// Reason for not surveying: the outcome word has no meaning. The customer stays stored until the interaction is too old
/// to be surveyed; if the word is mapped before, the survey is decided anew.
pub const UNKNOWN_OUTCOME: &str = "unknown_outcome";
/// Reason for not surveying: it ended too long ago.
pub const TOO_OLD: &str = "too_old";

/// Phase of an interaction; it never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Phase {
    /// The conversation is going on.
    #[default]
    InProgress,
    /// The conversation is over; more data may come.
    Ended,
    /// All data have come.
    Final,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 3] = [Self::InProgress, Self::Ended, Self::Final];

    /// Returns the code for JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Ended => "ended",
            Self::Final => "final",
        }
    }

    /// Returns the phase with this code.
    pub fn known(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.code() == text)
    }

    /// Returns the rank for tables: larger is later.
    pub fn rank(self) -> i64 {
        match self {
            Self::InProgress => 0,
            Self::Ended => 1,
            Self::Final => 2,
        }
    }
}

impl From<i64> for Phase {
    fn from(rank: i64) -> Self {
        match rank {
            ..=0 => Self::InProgress,
            1 => Self::Ended,
            2.. => Self::Final,
        }
    }
}
