//! Reasons, states, outcomes and root causes of follow-ups.

/// Makes an enum whose values have a code (tables, JSON, forms) and a label.
macro_rules! coded {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $value:ident = $code:literal, $words:literal;)* } else $odd:ident)*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, poem_openapi::Enum)]
        $(#[$doc])*
        pub enum $name { $($(#[$vdoc])* #[oai(rename = $code)] $value,)* }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$value),*];
            /// Returns the code for tables, forms and JSON.
            pub fn code(self) -> &'static str {
                match self { $(Self::$value => $code,)* }
            }
            /// Returns the label for people.
            pub fn words(self) -> &'static str {
                match self { $(Self::$value => $words,)* }
            }
            /// Returns the value with this code.
            pub fn known(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }
        }

        impl From<String> for $name {
            /// An unknown code of a newer version becomes the most general value.
            fn from(code: String) -> Self {
                Self::known(&code).unwrap_or(Self::$odd)
            }
        }
    )*};
}

coded! {
    /// Reason of a follow-up.
    #[oai(rename = "FollowUpReason", rename_all = "snake_case")]
    Reason {
        /// A low linked rating.
        Score = "score", "A low rating";
        /// A callback request.
        CallbackRequest = "callback_request", "Callback requested";
        /// Opened by a supervisor.
        Hand = "manual", "Opened by a supervisor";
        /// The rating or request was retracted or erased.
        Gone = "removed", "Withdrawn or erased";
    } else Gone

    /// State of a follow-up.
    #[oai(rename = "FollowUpState")]
    State {
        /// Not assigned.
        Open = "open", "Unassigned";
        /// Assigned.
        Taken = "taken", "Taken";
        /// Closed.
        Closed = "closed", "Closed";
    } else Open

    /// Outcome of a follow-up.
    #[oai(rename = "FollowUpOutcome")]
    Outcome {
        /// The problem was solved.
        Solved = "solved", "Solved";
        /// The customer was reached.
        Reached = "reached", "Reached";
        /// The customer could not be reached.
        NotReached = "not_reached", "Not reached";
        /// No action was needed.
        NothingToDo = "nothing_to_do", "Nothing to do";
        /// The customer retracted the request.
        Withdrawn = "withdrawn", "Withdrawn by the customer";
        /// The subject was erased.
        Erased = "erased", "Erased";
    } else NothingToDo

    /// Root cause, so that broken tools are not attributed to agents.
    #[oai(rename = "FollowUpCause", rename_all = "snake_case")]
    Cause {
        /// Handling by the agent.
        Agent = "agent", "Handling by the agent";
        /// Process.
        Process = "process", "Process";
        /// A tool that failed or is missing.
        Tool = "tool", "Tool";
        /// Product.
        Product = "product", "Product";
        /// Delivery.
        Delivery = "delivery", "Delivery";
        /// Terms and prices.
        Policy = "policy", "Terms and prices";
        /// Another cause.
        Other = "other", "Something else";
    } else Other
}

impl Outcome {
    /// Outcomes that a supervisor can choose.
    pub const CHOICES: &'static [Self] = &[Self::Solved, Self::Reached, Self::NotReached, Self::NothingToDo];

    /// Whether it can't be reopened.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Erased)
    }
}
