//! Reasons for not surveying an interaction: stable codes for programs, a sentence for people.

macro_rules! skip_reasons {
    ($($(#[$doc:meta])* $name:ident $code:literal $sentence:literal;)*) => {
        /// Reason for not surveying an interaction.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SkipReason { $($(#[$doc])* $name,)* }

        impl SkipReason {
            /// All reasons.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the code for tables and JSON.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Returns the sentence for people.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

skip_reasons! {
    /// No agent answered.
    NotAnswered "not_answered" "Nobody of ours spoke with the customer.";
    /// An internal conversation.
    Internal "internal" "Colleagues spoke among themselves.";
    /// The source excluded it.
    ExcludedBySource "excluded_by_source" "The system that sent it in says that no survey is wanted.";
    /// Too little talk time.
    TooShort "too_short" "They talked for less than survey.min_talk.";
    /// A rule excludes it.
    Rule "rule" "A rule says that such conversations are not asked about.";
    /// Not drawn into the rule's share.
    Share "share" "A rule asks about a share of such conversations, and this one was not drawn.";
    /// No rule applies.
    NoRule "no_rule" "No rule asks about such conversations.";
    /// No address is known.
    NoAddress "no_address" "No e-mail address of the customer is known.";
    /// The address is not valid.
    BadAddress "bad_address" "What was sent as the customer's address is none.";
    /// The customer has unsubscribed.
    Unsubscribed "unsubscribed" "The customer asked for no more invitations.";
    /// An earlier mail bounced.
    Bounced "bounced" "An earlier mail to this address came back.";
    /// The customer reported a mail as spam.
    Complained "complained" "An earlier mail to this address was reported as unwanted.";
    /// An administrator suppressed the address.
    Added "added" "An administrator put this address on the list of those who are not asked.";
    /// The interaction was never reported as over.
    NeverFinal "never_final" "Nobody said that the conversation is over, so its survey was never due.";
    /// The quiet period is not over.
    AskedRecently "asked_recently" "The customer was asked within survey.quiet_period, by mail or otherwise.";
}

impl SkipReason {
    /// Returns the reason with this code.
    pub fn known(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }

    /// Returns the reason for a suppression with this code; an unknown one counts as added.
    pub(super) fn of_suppression(code: &str) -> Self {
        match Self::known(code) {
            Some(reason @ (Self::Unsubscribed | Self::Bounced | Self::Complained)) => reason,
            _ => Self::Added,
        }
    }
}
