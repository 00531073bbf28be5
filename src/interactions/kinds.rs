//! The field's own distinctions. What a source sends that none of them fits is kept as `other`, with its own word beside.

/// Makes an enum that stands as text in tables and JSON.
macro_rules! text_enum {
    ($($(#[$doc:meta])* $name:ident, otherwise $fallback:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As it stands in tables and JSON.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one of this code, if it is one.
            pub fn known(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code().eq_ignore_ascii_case(text.trim()))
            }
        }
        impl From<String> for $name {
            /// What is in no list counts as the fallback.
            fn from(text: String) -> Self {
                Self::known(&text).unwrap_or(Self::$fallback)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
    )*};
}

text_enum! {
    /// How they spoke.
    Channel, otherwise Other {
        /// By telephone.
        Call = "call",
        /// In writing.
        Chat = "chat",
        /// Some other way.
        Other = "other",
        /// Not said yet.
        Unknown = "unknown",
    }
    /// What is there of a recording.
    RecordingState, otherwise Absent {
        /// None has come in.
        Absent = "absent",
        /// It is stored.
        Stored = "stored",
        /// It was stored, but its file is missing.
        Missing = "missing",
    }
    /// Who began.
    Direction, otherwise Other {
        /// The customer.
        Inbound = "inbound",
        /// The company.
        Outbound = "outbound",
        /// Colleagues among themselves.
        Internal = "internal",
        /// Something else.
        Other = "other",
    }
    /// What became of it.
    Outcome, otherwise Other {
        /// An agent took it.
        Answered = "answered",
        /// Nobody took it.
        Missed = "missed",
        /// The customer gave up.
        Abandoned = "abandoned",
        /// It went to voicemail.
        Voicemail = "voicemail",
        /// Something else.
        Other = "other",
    }
    /// Who wrote a message.
    Sender, otherwise Other {
        /// The customer.
        Customer = "customer",
        /// An agent.
        Agent = "agent",
        /// A program that answers.
        Bot = "bot",
        /// The chat itself.
        System = "system",
        /// Somebody else.
        Other = "other",
    }
    /// What has become of an interaction's survey. Never tells whether it was answered.
    SurveyState, otherwise Waiting {
        /// Not decided yet.
        Waiting = "waiting",
        /// Decided; the mail is on its way.
        Scheduled = "scheduled",
        /// The mail has left.
        Sent = "sent",
        /// The mail is held until a mail server is configured.
        Held = "held",
        /// The mail could not be sent.
        Failed = "failed",
        /// Not asked; the reason says why.
        Skipped = "skipped",
        /// Its time is over.
        Closed = "closed",
    }
}

/// How far an interaction is; it never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Phase {
    /// They are still speaking.
    #[default]
    InProgress,
    /// It is over; more about it may come.
    Ended,
    /// Everything has come.
    Final,
}

impl Phase {
    /// As it stands in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Ended => "ended",
            Self::Final => "final",
        }
    }

    /// The one of this code, if it is one.
    pub fn known(text: &str) -> Option<Self> {
        [Self::InProgress, Self::Ended, Self::Final].into_iter().find(|phase| phase.code() == text)
    }

    /// As it stands in tables: larger is later.
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
