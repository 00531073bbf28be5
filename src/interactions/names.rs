//! The customer's name, for masking it in texts, also after it was erased.
//!
//! The name itself is sealed, and erased when the survey has been decided, often before the texts exist. What stays are
//! *marks*: a keyed hash of each word of the name, salted with the interaction. They find the name in a given text, and
//! reveal no name. Messages of chats are also masked here.

use super::intake::MessageIn;
use super::kinds::Sender;
use super::store::ForNamesRow;
use super::{Interactions, Message, store};
use crate::database::DbError;
use crate::ids::InteractionId;
use crate::masking::{self, Names, Span, Utterance};
use crate::vault::Vault;

/// Purpose of the vault's key.
const MARK: &str = "interaction.name.mark";
/// Number of hexadecimal digits kept of a mark: enough to avoid collisions.
const MARK_DIGITS: usize = 32;

/// Returns the mark of a word of a name, specific to this interaction.
fn mark(vault: &Vault, source: &str, external_id: &str, word: &str) -> String {
    let salted = serde_json::json!([source, external_id, word]).to_string();
    vault.keyed_hash(MARK, salted.as_bytes()).chars().take(MARK_DIGITS).collect()
}

/// Returns the marks of a name, word by word, as JSON.
pub(super) fn marks(vault: &Vault, source: &str, external_id: &str, name: &str) -> String {
    let words = Names::words(name);
    serde_json::json!(words.iter().map(|word| mark(vault, source, external_id, word)).collect::<Vec<_>>()).to_string()
}

/// Returns the words of the marked name that occur in these texts.
fn marked<'t>(vault: &Vault, row: &ForNamesRow, texts: impl IntoIterator<Item = &'t str>) -> Option<String> {
    let marks: Vec<String> = serde_json::from_str(row.name_hashes.as_deref()?).ok()?;
    let words = masking::distinct(texts);
    let known: Vec<(String, String)> =
        words.into_iter().map(|word| (mark(vault, &row.source, &row.external_id, &word), word)).collect();
    let of = |mark: &String| known.iter().find(|(other, _)| other == mark).map(|(_, word)| word.clone());
    Some(marks.iter().filter_map(of).collect::<Vec<_>>().join(" "))
}

impl Interactions {
    /// Returns the names to mask in these texts of an interaction: the customer's, but not the agent's.
    pub async fn names_in<'t>(
        &self,
        id: &InteractionId,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Result<Names, DbError> {
        let found = store::for_names(self.inner.db.read().await?.conn(), id).await?;
        let Some(row) = found else { return Ok(Names::none()) };
        let name = row.open(&self.inner.vault).or_else(|| marked(&self.inner.vault, &row, texts));
        let names = name.as_deref().map_or_else(Names::none, Names::of);
        Ok(names.but(row.agent_name.as_deref().unwrap_or_default()))
    }

    /// Returns a chat's messages and notes in the order of their times, with personal data masked.
    pub async fn messages(&self, id: &InteractionId) -> Result<Vec<Message>, DbError> {
        let mut messages = self.original_messages(id).await?;
        for message in &mut messages {
            message.text = masking::apply(&message.text, &std::mem::take(&mut message.masks));
        }
        Ok(messages)
    }

    /// Returns the original messages and notes, with the spans to mask. For viewers that may see originals
    /// ([`crate::access::rights::SeeOriginals`]), after the access is recorded in the audit log, and for callers that mask
    /// them.
    pub async fn original_messages(&self, id: &InteractionId) -> Result<Vec<Message>, DbError> {
        let (mut messages, masks) = store::messages::messages(self.inner.db.read().await?.conn(), id).await?;
        let masks = match masks {
            Some(masks) => masks,
            None => {
                let names = self.names_in(id, messages.iter().map(|message| message.text.as_str())).await?;
                let said = messages.iter().map(|m| (m.sender == Sender::Customer, m.sender.code(), m.text.as_str()));
                find(said, &names)
            }
        };
        for (message, masks) in messages.iter_mut().zip(masks) {
            message.masks = masks;
        }
        Ok(messages)
    }
}

/// Takes whether the sender is the customer, the sender, and the text; returns the spans to mask.
fn find<'t>(messages: impl Iterator<Item = (bool, &'t str, &'t str)>, names: &Names) -> Vec<Vec<Span>> {
    let said = |(customer, speaker, text)| Utterance { speaker, customer, time_ms: None, text };
    let said: Vec<Utterance<'_>> = messages.map(said).collect();
    masking::find_in_talk(&said, names)
}

/// Returns the spans to mask in messages that are received together with the customer's name.
pub(super) fn masks_of(messages: &[MessageIn], name: &str, agent: Option<&str>) -> Vec<Vec<Span>> {
    let customer = |from: &str| Sender::known(from) == Some(Sender::Customer);
    let said = messages.iter().map(|message| (customer(&message.from), message.from.as_str(), message.text.as_str()));
    find(said, &Names::of(name).but(agent.unwrap_or_default()))
}
