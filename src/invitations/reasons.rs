//! Reasons for not surveying an interaction, or not yet: stable codes for programs, a sentence for people.

crate::coded_enum! {
    /// Reason for not surveying an interaction, or not yet.
    SkipReason {
        /// No agent answered.
        NotAnswered = "not_answered", "Not answered: no agent spoke with the customer.";
        /// It ended too long ago.
        TooOld = "too_old", "Too old: it ended longer ago than survey.max_age.";
        /// The outcome word has no meaning.
        UnknownOutcome = "unknown_outcome", "Outcome not mapped: an administrator has not set the meaning of the source's word.";
        /// The mapping of its outcome word excludes it.
        OutcomeNotSurveyed = "outcome_not_surveyed", "Excluded by its outcome: conversations that end so are not surveyed.";
        /// An internal conversation.
        Internal = "internal", "Internal: a conversation among colleagues.";
        /// The source excluded it.
        ExcludedBySource = "excluded_by_source", "Excluded by the system that sent the conversation.";
        /// Too little talk time.
        TooShort = "too_short", "Too short: the talk time is less than survey.min_talk.";
        /// A rule excludes it.
        Rule = "rule", "Excluded by a survey rule.";
        /// Not drawn into the rule's share.
        Share = "share", "Not in the sample of the survey rule.";
        /// No rule applies.
        NoRule = "no_rule", "No survey rule matches.";
        /// No address is known.
        NoAddress = "no_address", "No e-mail address of the customer is known.";
        /// No address is known yet.
        WaitingForAddress = "waiting_for_address", "Waiting for an address of the customer, for survey.address_wait at most.";
        /// The address is not valid.
        BadAddress = "bad_address", "The customer's e-mail address is not valid.";
        /// The address is the company's own.
        OwnDomain = "own_domain", "Company address: it belongs to an agent, an account or a domain of the company.";
        /// The customer has unsubscribed.
        Unsubscribed = "unsubscribed", "The customer unsubscribed.";
        /// An earlier mail bounced.
        Bounced = "bounced", "An earlier mail to this address bounced.";
        /// The customer reported a mail as spam.
        Complained = "complained", "An earlier mail to this address was reported as spam.";
        /// An administrator suppressed the address.
        Added = "added", "An administrator suppressed this address.";
        /// The interaction was never reported as over.
        NeverFinal = "never_final", "The source never reported the end of the conversation, so no survey was due.";
        /// The quiet period is not over.
        AskedRecently = "asked_recently", "Asked recently: within survey.quiet_period, by mail or otherwise.";
    }
}

impl SkipReason {
    /// Returns the reason for a suppression with this code; an unknown one counts as added.
    pub(super) fn of_suppression(code: &str) -> Self {
        match Self::known(code) {
            Some(reason @ (Self::Unsubscribed | Self::Bounced | Self::Complained)) => reason,
            _ => Self::Added,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interactions;

    #[test]
    fn the_codes_that_intake_writes_are_known() {
        assert_eq!(SkipReason::TooOld.code(), interactions::TOO_OLD);
        assert_eq!(SkipReason::UnknownOutcome.code(), interactions::UNKNOWN_OUTCOME);
        assert_eq!(SkipReason::WaitingForAddress.code(), interactions::WAITING_FOR_ADDRESS);
    }
}
