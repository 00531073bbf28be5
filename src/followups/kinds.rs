//! Why there is a follow-up, where it stands, how it ended, and what was at the root.

/// Makes an enum whose values have a code (tables, JSON, forms) and words.
macro_rules! coded {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $value:ident = $code:literal, $words:literal;)* } else $odd:ident)*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, poem_openapi::Enum)]
        $(#[$doc])*
        pub enum $name { $($(#[$vdoc])* #[oai(rename = $code)] $value,)* }

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
    /// Why there is a follow-up.
    #[oai(rename = "FollowUpReason")]
    Reason {
        /// The linked rating is low.
        Score = "score", "A low rating";
        /// The customer asks to be contacted.
        CallbackRequest = "callback_request", "The customer asks to be contacted";
        /// A supervisor opened it.
        Hand = "manual", "Opened by a supervisor";
        /// What it was about was taken back, or is erased.
        Gone = "removed", "Taken back or erased";
    } else Gone

    /// Where it stands.
    #[oai(rename = "FollowUpState")]
    State {
        /// Nobody has taken it.
        Open = "open", "Nobody has it";
        /// Somebody sees to it.
        Taken = "taken", "Taken";
        /// It is over.
        Closed = "closed", "Closed";
    } else Open

    /// How it ended.
    #[oai(rename = "FollowUpOutcome")]
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

    /// What was at the root, so that broken tools are not booked on agents.
    #[oai(rename = "FollowUpCause")]
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
