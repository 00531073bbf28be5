//! Why an interaction is not asked about: stable codes for programs, a sentence for people.

macro_rules! skip_reasons {
    ($($(#[$doc:meta])* $name:ident $code:literal $sentence:literal;)*) => {
        /// Why an interaction is not asked about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SkipReason { $($(#[$doc])* $name,)* }

        impl SkipReason {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As it stands in tables and JSON.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// As people read it.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

skip_reasons! {
    /// Nobody took it.
    NotAnswered "not_answered" "Nobody of ours spoke with the customer.";
    /// Colleagues among themselves.
    Internal "internal" "Colleagues spoke among themselves.";
    /// The source says so.
    ExcludedBySource "excluded_by_source" "The system that sent it in says that no survey is wanted.";
    /// Hardly anything was said.
    TooShort "too_short" "They talked for less than survey.min_talk.";
    /// A rule says so.
    Rule "rule" "A rule says that such conversations are not asked about.";
    /// Not drawn.
    Share "share" "A rule asks about a share of such conversations, and this one was not drawn.";
    /// Nothing fits.
    NoRule "no_rule" "No rule asks about such conversations.";
    /// Nobody knows where to write to.
    NoAddress "no_address" "No e-mail address of the customer is known.";
    /// What is known is no address.
    BadAddress "bad_address" "What was sent as the customer's address is none.";
    /// The customer asked not to be asked.
    Unsubscribed "unsubscribed" "The customer asked for no more surveys.";
    /// Mail came back.
    Bounced "bounced" "An earlier mail to this address came back.";
    /// The customer called a mail unwanted.
    Complained "complained" "An earlier mail to this address was reported as unwanted.";
    /// An administrator put the address on the list.
    Added "added" "An administrator put this address on the list of those who are not asked.";
    /// Nobody ever said that it is over.
    NeverFinal "never_final" "Nobody said that the conversation is over, so its survey was never due.";
    /// The quiet period is not over.
    AskedRecently "asked_recently" "The customer was asked within survey.quiet_period, by mail or otherwise.";
}

impl SkipReason {
    /// The one of this code.
    pub fn known(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }

    /// What a suppression of this reason means; one that this version does not know counts as added.
    pub(super) fn of_suppression(code: &str) -> Self {
        match Self::known(code) {
            Some(reason @ (Self::Unsubscribed | Self::Bounced | Self::Complained)) => reason,
            _ => Self::Added,
        }
    }
}
