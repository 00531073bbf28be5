//! Repairs a delivery: what is optional never refuses the interaction. A value that can't be kept is repaired or
//! dropped, with a warning; only a source or an id that names no interaction is an error.

use super::{Intake, IntakeError, MessageIn};
use crate::clock::Timestamp;
use crate::interactions::warnings::{WarningCode as Code, Warnings};
use crate::mail::Address;

/// Maximum number of tags.
const MAX_TAGS: usize = 50;
/// Maximum number of messages of a chat.
const MAX_MESSAGES: usize = 10_000;
/// Maximum number of characters of a message.
const MAX_MESSAGE_CHARS: usize = 100_000;
/// Maximum number of characters of a message's id.
const MAX_MESSAGE_ID_CHARS: usize = 200;
/// Maximum duration of a wait, a talk or a hold: a week, in ms.
const MAX_DURATION_MS: i64 = 7 * 86_400_000;
/// Maximum difference between the clocks of sender and receiver, in ms.
const MAX_CLOCK_DIFFERENCE_MS: i64 = 300_000;
/// Maximum number of characters of a locale.
const MAX_LOCALE_CHARS: usize = 35;

impl Intake {
    /// Checks what names the interaction, and repairs everything else.
    ///
    /// Errors: [`IntakeError::Invalid`] if source or id are empty, too long or hold a NUL character.
    pub(super) fn repair(&mut self, now: Timestamp) -> Result<(), IntakeError> {
        check_name("source", &self.source)?;
        check_name("external_id", &self.external_id)?;
        let mut warnings = std::mem::take(&mut self.warnings);
        self.repair_texts(&mut warnings);
        self.repair_customer(&mut warnings);
        self.repair_times(now, &mut warnings);
        self.repair_tags(&mut warnings);
        repair_messages(&mut self.messages, &mut warnings);
        self.warnings = warnings;
        Ok(())
    }

    fn repair_texts(&mut self, warnings: &mut Warnings) {
        text("channel", &mut self.channel, 100, warnings);
        text("direction", &mut self.direction, 100, warnings);
        text("outcome", &mut self.outcome, 100, warnings);
        text("team", &mut self.team, 200, warnings);
        text("queue", &mut self.queue, 200, warnings);
        text("topic", &mut self.topic, 200, warnings);
        if let Some(agent) = &mut self.agent {
            let mut id = Some(std::mem::take(&mut agent.external_id));
            text("agent.external_id", &mut id, 320, warnings);
            agent.external_id = id.unwrap_or_default();
            text("agent.name", &mut agent.name, 200, warnings);
            text("agent.display_name", &mut agent.display_name, 200, warnings);
            text("agent.email", &mut agent.email, 320, warnings);
            text("agent.team", &mut agent.team, 200, warnings);
        }
        self.agent.take_if(|agent| agent.external_id.is_empty());
    }

    fn repair_customer(&mut self, warnings: &mut Warnings) {
        let customer = &mut self.customer;
        text("customer.name", &mut customer.name, 500, warnings);
        text("customer.email", &mut customer.email, 320, warnings);
        if customer.email.as_deref().is_some_and(|email| Address::repair(email).is_none()) {
            let what = "No mail can be sent to this address: the interaction is not surveyed.";
            warnings.add("customer.email", Code::InvalidEmail, what);
        }
        if let Some(locale) = &mut customer.locale {
            let first = locale.split([',', ';']).next().unwrap_or_default().trim();
            let fits = first.len() == locale.len() && first.chars().count() <= MAX_LOCALE_CHARS;
            if !fits && !first.is_empty() {
                let kept: String = first.chars().take(MAX_LOCALE_CHARS).collect();
                warnings.add("customer.locale", Code::InvalidLocale, "Only the first language was kept.");
                *locale = kept;
            }
        }
        text("customer.locale", &mut customer.locale, MAX_LOCALE_CHARS, warnings);
    }

    fn repair_times(&mut self, now: Timestamp, warnings: &mut Warnings) {
        let latest = now.plus_ms(MAX_CLOCK_DIFFERENCE_MS);
        if self.as_of.is_some_and(|at| at > latest) {
            warnings.add("as_of", Code::InTheFuture, "It lies in the future; the time of receipt was used.");
            self.as_of = None;
        }
        let mut before: Option<Timestamp> = None;
        for (field, time) in
            [("answered_at", self.started_at), ("ended_at", self.answered_at), ("ended_at", self.ended_at)]
        {
            let Some(time) = time else { continue };
            if before.is_some_and(|before| time < before) {
                let what = "The times of start, answer and end contradict each other; they were kept as sent.";
                warnings.add(field, Code::TimesOutOfOrder, what);
            }
            before = before.max(Some(time));
        }
        for (field, ms) in
            [("wait_ms", &mut self.wait_ms), ("talk_ms", &mut self.talk_ms), ("hold_ms", &mut self.hold_ms)]
        {
            if ms.take_if(|ms| !(0..=MAX_DURATION_MS).contains(ms)).is_some() {
                warnings.add(field, Code::OutOfRange, "It must lie between 0 and a week, in ms; it was dropped.");
            }
        }
    }

    fn repair_tags(&mut self, warnings: &mut Warnings) {
        let Some(tags) = &mut self.tags else { return };
        if tags.len() > MAX_TAGS {
            warnings.add("tags", Code::TooMany, format!("Only the first {MAX_TAGS} were kept."));
            tags.truncate(MAX_TAGS);
        }
        for tag in tags.iter_mut() {
            let mut one = Some(std::mem::take(tag));
            text("tags", &mut one, 200, warnings);
            *tag = one.unwrap_or_default();
        }
        tags.retain(|tag| !tag.is_empty());
    }
}

/// Checks a part of the name of an interaction.
fn check_name(field: &'static str, name: &str) -> Result<(), IntakeError> {
    let invalid = |code, what: &str| Err(IntakeError::Invalid { field, code, what: what.to_owned() });
    if name.trim().is_empty() {
        invalid("missing", "it is empty")
    } else if name.chars().count() > 200 {
        invalid("too_long", "it has more than 200 characters")
    } else if name.contains('\0') {
        invalid("invalid_text", "it holds a NUL character")
    } else {
        Ok(())
    }
}

/// Trims a text, removes NUL characters and cuts it; a blank one is none.
fn text(field: &'static str, value: &mut Option<String>, max_chars: usize, warnings: &mut Warnings) {
    let Some(text) = value else { return };
    if text.contains('\0') {
        text.retain(|c| c != '\0');
        warnings.add(field, Code::RepairedText, "NUL characters were removed.");
    }
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        text.truncate(end);
        warnings.add(field, Code::TooLong, format!("Only the first {max_chars} characters were kept."));
    }
    let trimmed = text.trim();
    if trimmed.len() < text.len() {
        *text = trimmed.to_owned();
    }
    if text.is_empty() {
        *value = None;
    }
}

fn repair_messages(messages: &mut Vec<MessageIn>, warnings: &mut Warnings) {
    if messages.len() > MAX_MESSAGES {
        warnings.add("messages", Code::TooMany, format!("Only the first {MAX_MESSAGES} were kept."));
        messages.truncate(MAX_MESSAGES);
    }
    for message in messages.iter_mut() {
        text("messages.id", &mut message.id, MAX_MESSAGE_ID_CHARS, warnings);
        let mut from = Some(std::mem::take(&mut message.from));
        text("messages.from", &mut from, 100, warnings);
        message.from = from.unwrap_or_default();
        let mut body = Some(std::mem::take(&mut message.text));
        text("messages.text", &mut body, MAX_MESSAGE_CHARS, warnings);
        message.text = body.unwrap_or_default();
        if message.id.is_none() && message.at.is_none() {
            let what = "A message without id and time is known by its sender and text only; send ids.";
            warnings.add("messages.id", Code::NoMessageId, what);
        }
    }
}
