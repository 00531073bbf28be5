//! Text of the reminder.

use crate::clock::Timestamp;
use crate::surveys::{Language, LocalizedText, Phrases, fill};
use askama::Template;

/// Subject and both parts.
#[derive(Debug)]
pub(super) struct Words {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Values that both parts are rendered from.
struct Parts<'a> {
    lang: &'a str,
    dir: &'static str,
    company: &'a str,
    w: &'a Phrases,
    hello: String,
    reminder: String,
    place: String,
    why: String,
    unsubscribe: &'a str,
}

#[derive(Template)]
#[template(path = "mail/reminder.html")]
struct HtmlPart<'a> {
    p: &'a Parts<'a>,
}

#[derive(Template)]
#[template(path = "mail/reminder.txt")]
struct TextPart<'a> {
    p: &'a Parts<'a>,
}

/// Writes the reminder. Its subject is the first mail's, so that mail programs show the two together.
pub(super) fn write(
    company: &str,
    speech: &LocalizedText<'_>,
    chat: bool,
    (customer, reason): (Option<&str>, &str),
    unsubscribe: &str,
    expires_at: Timestamp,
) -> Result<Words, askama::Error> {
    let w = speech.words;
    let facts = speech.facts().clone().with_some("customer", customer).with("until", speech.day(expires_at));
    let subject = speech.say(if chat { &w.mail_subject_chat } else { &w.mail_subject_call });
    let parts = Parts {
        lang: Language::tag(&speech.language),
        dir: speech.language.direction(),
        company,
        w,
        hello: fill(&w.mail_hello, &facts),
        reminder: fill(&w.mail_reminder, &facts),
        place: fill(&w.mail_reminder_where, &facts),
        why: fill(reason, &facts),
        unsubscribe,
    };
    Ok(Words { subject, text: TextPart { p: &parts }.render()?, html: HtmlPart { p: &parts }.render()? })
}
