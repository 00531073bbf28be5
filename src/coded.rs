//! Enums whose values have a code in tables, JSON and forms.

/// Makes enums whose values have a code and, if given, a sentence or label for people. An enum that names a value after
/// `otherwise` is read from any code: unknown ones become that value.
///
/// ```
/// afterword::coded_enum! {
///     /// Channel of an interaction.
///     Channel, otherwise Other {
///         /// By telephone.
///         Call = "call";
///         /// Another channel.
///         Other = "other";
///     }
///     /// Root cause of a problem.
///     Cause {
///         Tool = "tool", "A tool";
///     }
/// }
/// assert_eq!(Channel::from("fax".to_owned()), Channel::Other);
/// assert_eq!(Channel::known(" Call "), Some(Channel::Call));
/// assert_eq!(Cause::known("tool").map(Cause::words), Some("A tool"));
/// ```
#[macro_export]
macro_rules! coded_enum {
    ($($(#[$doc:meta])* $name:ident $(, otherwise $fallback:ident)? {
        $($(#[$value_doc:meta])* $value:ident = $code:literal $(, $words:literal)?;)*
    })*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $(#[$doc])*
        pub enum $name { $($(#[$value_doc])* $(#[doc = $words])? $value,)* }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$value),*];

            /// Returns the code for tables, JSON and forms.
            pub fn code(self) -> &'static str {
                match self { $(Self::$value => $code,)* }
            }

            /// Returns the value with this code, ignoring case and surrounding white space.
            pub fn known(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code().eq_ignore_ascii_case(code.trim()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        $(impl From<String> for $name {
            /// Unknown codes become the fallback.
            fn from(code: String) -> Self {
                Self::known(&code).unwrap_or(Self::$fallback)
            }
        })?

        $crate::coded_enum!(@words $name [$($value $(, $words)?;)*]);
    )*};
    (@words $name:ident [$($value:ident, $words:literal;)+]) => {
        impl $name {
            /// Returns the sentence or label for people.
            pub fn words(self) -> &'static str {
                match self { $(Self::$value => $words,)* }
            }
        }
    };
    (@words $name:ident [$($value:ident;)+]) => {};
}
