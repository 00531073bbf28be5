//! Phrases of the page, by language. The five built-in languages have all of them; another language brings its own with
//! the survey's texts.

use super::Language;
use crate::surveys::definition::Texts;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// Generates the struct, and the list of its fields' names.
macro_rules! phrases {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Phrases of the customer's pages and mails besides the survey's own texts. Patterns (see [`super::fill`]).
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "the English file says what each says")]
        pub struct Phrases {
            $($(#[$doc])* pub $name: String,)*
        }

        /// Names of all phrases, in the order of the page.
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        impl Phrases {
            fn field(&mut self, name: &str) -> Option<&mut String> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }

            /// Returns the phrase with this name.
            pub fn get(&self, name: &str) -> Option<&str> {
                match name {
                    $(stringify!($name) => Some(&self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

phrases! {
    /// Shown below the heading.
    nothing_yet,
    /// Shown below the heading when an answer is being changed.
    editing,
    /// Shown beside a question that is not required.
    optional,
    /// Label of the hidden field.
    trap,
    /// Shown below a text field.
    no_names,
    /// Shown above the choice.
    choice,
    linked_call,
    linked_chat,
    linked_call_more,
    linked_chat_more,
    apart,
    apart_call_more,
    apart_chat_more,
    only_apart_call,
    only_apart_chat,
    stays_apart,
    only_linked_call,
    only_linked_chat,
    /// Shown above the two choices if the deployment preselects one of them.
    preset_note,
    /// Shown at the choice if none was made.
    choose_use,
    who,
    who_agent,
    who_helper,
    who_totals,
    who_nobody,
    who_nobody_more,
    who_limits,
    who_limits_more,
    who_limits_apart,
    privacy,
    send,
    send_change,
    delete,
    no_more,
    unsubscribe,
    /// Shown at a required question.
    answer_this,
    /// Shown at a text that is too long; `{n}`: maximum number of characters.
    shorten,
    problem_missing,
    problem_long,
    problem_trap,
    problem_odd,
    problem_apart,
    /// The choice is no longer offered.
    problem_offer,
    /// Appended to each of the above.
    problem_safe,
    thanks,
    /// `{answer}`: the chosen answer.
    thanks_answer,
    thanks_apart_call,
    thanks_apart_chat,
    thanks_linked_call,
    thanks_linked_chat,
    change_while,
    change_minutes,
    change_hours,
    change_days,
    change,
    close,
    contact_link,
    contact_intro,
    contact_privacy,
    contact_name,
    contact_reach,
    contact_about,
    contact_about_more,
    contact_join,
    contact_join_more,
    contact_send,
    contact_back,
    contact_missing,
    contact_thanks_title,
    contact_thanks,
    contact_change,
    contact_handed_title,
    contact_handed,
    contact_gone_title,
    contact_gone,
    quote_allow,
    quote_allow_more,
    quote_given,
    quote_back,
    quote_gone_title,
    quote_gone,
    expired_title,
    expired,
    expired_more,
    used_title,
    used,
    used_more,
    counted_title,
    counted,
    rest_title,
    rest,
    delete_rest,
    withdrawn_title,
    withdrawn,
    anew,
    large_title,
    large,
    trouble_title,
    trouble,
    unknown_title,
    unknown,
    nothing,
    off_title,
    off,
    off_note,
    off_done_title,
    off_done,
    mail_subject_call,
    mail_subject_chat,
    mail_before,
    mail_hello,
    mail_call,
    mail_chat,
    mail_how,
    mail_decide,
    mail_decide_call,
    mail_decide_chat,
    mail_button,
    mail_copy,
    mail_why_call,
    mail_why_call_outbound,
    mail_why_chat,
    mail_why_chat_outbound,
    /// Neither call nor chat, or it is not known who called.
    mail_why_contact,
    mail_once,
    mail_often,
    mail_no_pictures,
    mail_stop,
    mail_reminder,
    /// The reminder holds no link; `{until}`: the day on which the first mail's link expires.
    mail_reminder_where,
    /// The twelve months, separated by `|`.
    months,
    /// A day: `{d}`, `{m}`, `{month}`.
    day,
}

/// File of a built-in language.
#[derive(Deserialize)]
struct File {
    phrases: Phrases,
    survey: Texts,
}

static BUILT_IN: LazyLock<HashMap<&'static str, File>> = LazyLock::new(|| {
    let files = [
        ("en", include_str!("../../../templates/surveys/languages/en.json")),
        ("zh", include_str!("../../../templates/surveys/languages/zh.json")),
        ("es", include_str!("../../../templates/surveys/languages/es.json")),
        ("fr", include_str!("../../../templates/surveys/languages/fr.json")),
        ("de", include_str!("../../../templates/surveys/languages/de.json")),
    ];
    let read = |(tag, text): (&'static str, &str)| match serde_json::from_str(text) {
        Ok(file) => Some((tag, file)),
        Err(error) => {
            tracing::error!(tag, %error, "a built-in language can't be read");
            None
        }
    };
    files.into_iter().filter_map(read).collect()
});

/// Returns the phrases of a built-in language.
pub fn built_in(language: &Language) -> Option<&'static Phrases> {
    BUILT_IN.get(language.tag()).map(|file| &file.phrases)
}

/// Returns the texts of the standard survey in a built-in language.
pub fn built_in_texts(language: &Language) -> Option<&'static Texts> {
    BUILT_IN.get(language.tag()).map(|file| &file.survey)
}

/// Returns the English phrases, which replace those missing in another language.
///
/// # Panics
/// If the compiled-in file can't be read, which a test excludes.
#[expect(clippy::expect_used, reason = "the file is compiled in and a test reads it")]
pub fn english() -> &'static Phrases {
    &BUILT_IN.get("en").expect("the English phrases are compiled in").phrases
}

impl Phrases {
    /// Returns a language's phrases with a survey's overrides; English for phrases that neither has.
    pub fn with(language: &Language, own: &BTreeMap<String, String>) -> Self {
        let mut phrases = built_in(language).unwrap_or_else(english).clone();
        for (name, text) in own {
            if let Some(field) = phrases.field(name).filter(|_| !text.trim().is_empty()) {
                field.clone_from(text);
            }
        }
        phrases
    }
}

/// Returns the names of all phrases, in the order of the page.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

/// Returns names that are no phrases.
pub fn unknown_phrases(own: &BTreeMap<String, String>) -> impl Iterator<Item = &str> {
    own.keys().map(String::as_str).filter(|name| !NAMES.contains(name))
}

/// Returns the names of missing phrases.
pub fn missing_phrases(own: &BTreeMap<String, String>) -> impl Iterator<Item = &'static str> {
    names().filter(|name| own.get(*name).is_none_or(|text| text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::wording::check_pattern;

    #[test]
    fn five_languages_are_complete() {
        assert_eq!(BUILT_IN.len(), 5);
        let english = english();
        for (tag, file) in BUILT_IN.iter() {
            assert_eq!(file.phrases.months.split('|').count(), 12, "{tag}");
            for name in names() {
                let (text, original) =
                    (file.phrases.get(name).unwrap_or_default(), english.get(name).unwrap_or_default());
                assert!(!text.trim().is_empty(), "{tag}: {name}");
                assert_eq!(check_pattern(text), Ok(()), "{tag}: {name}");
                let named = |text: &str| {
                    let mut names: Vec<_> = text
                        .split('{')
                        .skip(1)
                        .filter_map(|piece| piece.split('}').next().map(str::to_owned))
                        .collect();
                    names.sort_unstable();
                    names
                };
                if name != "day" {
                    assert_eq!(named(text), named(original), "{tag}: {name}");
                }
            }
        }
    }
}
