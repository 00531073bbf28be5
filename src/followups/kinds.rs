//! Reasons, states, outcomes and root causes of follow-ups.

crate::coded_enum! {
    /// Reason of a follow-up.
    #[derive(poem_openapi::Enum)]
    #[oai(rename = "FollowUpReason", rename_all = "snake_case")]
    Reason, otherwise Gone {
        /// A low linked rating.
        Score = "score", "A low rating";
        /// A callback request.
        CallbackRequest = "callback_request", "Callback requested";
        /// Opened by a supervisor.
        #[oai(rename = "manual")]
        Hand = "manual", "Opened by a supervisor";
        /// The rating or request was retracted or erased.
        #[oai(rename = "removed")]
        Gone = "removed", "Withdrawn or erased";
    }

    /// State of a follow-up.
    #[derive(poem_openapi::Enum)]
    #[oai(rename = "FollowUpState", rename_all = "snake_case")]
    State, otherwise Open {
        /// Not assigned.
        Open = "open", "Unassigned";
        /// Assigned.
        Taken = "taken", "Taken";
        /// Closed.
        Closed = "closed", "Closed";
    }

    /// Outcome of a follow-up.
    #[derive(poem_openapi::Enum)]
    #[oai(rename = "FollowUpOutcome", rename_all = "snake_case")]
    Outcome, otherwise NothingToDo {
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
    }

    /// Root cause, so that broken tools are not attributed to agents.
    #[derive(poem_openapi::Enum)]
    #[oai(rename = "FollowUpCause", rename_all = "snake_case")]
    Cause, otherwise Other {
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
    }
}

impl Outcome {
    /// Outcomes that a supervisor can choose.
    pub const CHOICES: &'static [Self] = &[Self::Solved, Self::Reached, Self::NotReached, Self::NothingToDo];

    /// Whether it can't be reopened.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Erased)
    }
}
