//! Why there is a follow-up, where it stands, how it ended, and what was at the root.

/// Makes an enum whose values have a code (tables, JSON, forms) and words.
macro_rules! coded {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $value:ident = $code:literal, $words:literal;)* } else $odd:ident)*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, poem_openapi::Enum)]
        $(#[$doc])*
        pub enum $name { $($(#[$vdoc])* $value,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$value),*];
            /// As it stands in tables, forms and JSON.
            pub fn code(self) -> &'static str {
                match self { $(Self::$value => $code,)* }
            }
            /// As people read it.
            pub fn words(self) -> &'static str {
                match self { $(Self::$value => $words,)* }
            }
            /// By its code.
            pub fn known(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }
        }

        impl From<String> for $name {
            /// What a newer version wrote counts as the vaguest.
            fn from(code: String) -> Self {
                Self::known(&code).unwrap_or(Self::$odd)
            }
        }
    )*};
}

coded! {
    /// Reason for a follow-up.
    #[oai(rename = "FollowUpReason", rename_all = "snake_case")]
    Reason {
        /// The linked rating is low.
        Score = "score", "A low rating";
        /// The customer asks to be contacted.
        Wish = "wish", "The customer asks to be contacted";
        /// A supervisor opened it.
        Hand = "hand", "Opened by a supervisor";
        /// What it was about was taken back, or is erased.
        Gone = "gone", "Taken back or erased";
    } else Gone

    /// State of a follow-up.
    #[oai(rename = "FollowUpState", rename_all = "snake_case")]
    State {
        /// Nobody has taken it.
        Open = "open", "Nobody has it";
        /// Somebody sees to it.
        Taken = "taken", "Taken";
        /// It is over.
        Closed = "closed", "Closed";
    } else Open

    /// Outcome of a follow-up.
    #[oai(rename = "FollowUpOutcome", rename_all = "snake_case")]
    Outcome {
        /// It is solved.
        Solved = "solved", "Solved";
        /// They were spoken to.
        Reached = "reached", "Reached";
        /// They could not be reached.
        NotReached = "not_reached", "Not reached";
        /// There was nothing to do.
        NothingToDo = "nothing_to_do", "Nothing to do";
        /// The customer took the wish back.
        Withdrawn = "withdrawn", "Taken back by the customer";
        /// What it was about is erased.
        Erased = "erased", "Erased";
    } else NothingToDo

    /// Root cause of a problem. Only `agent` is the responsibility of the agent.
    #[oai(rename = "FollowUpCause", rename_all = "snake_case")]
    Cause {
        /// How it was handled.
        Agent = "agent", "How it was handled";
        /// How things are done here.
        Process = "process", "Process";
        /// A tool that failed or is missing.
        Tool = "tool", "Tool";
        /// What is sold.
        Product = "product", "Product";
        /// How it gets there.
        Delivery = "delivery", "Delivery";
        /// Terms and prices.
        Policy = "policy", "Terms and prices";
        /// Something else.
        Other = "other", "Something else";
    } else Other
}

impl Outcome {
    /// Those that a supervisor can choose.
    pub const CHOICES: &'static [Self] = &[Self::Solved, Self::Reached, Self::NotReached, Self::NothingToDo];

    /// There is nothing left to see to: it stays closed.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Erased)
    }
}
