//! Evidence of the attacker for one history, and the truth that the test keeps.

use super::super::Dump;
use std::collections::BTreeMap;

/// The complete state at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Tables with their rows in the order on the disk.
    pub tables: Dump,
    /// Pages and exports of every role, by role and path.
    pub views: BTreeMap<String, String>,
    pub metrics: String,
    /// Log lines since the previous snapshot.
    pub logs: String,
}

/// Publicly known event of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Apart,
    Other,
}

/// An apart answer in the mix, and the conversation that it is about.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Id of the record of its first question.
    pub record: String,
    /// Mark of the spent token.
    pub spent: String,
    /// Conversation of the answer.
    pub truth: String,
    /// Conversations that it can be about, by public knowledge when it is first seen.
    pub candidates: Vec<String>,
    /// Those of the agent.
    pub of_agent: Vec<String>,
}

/// Evidence of a history.
pub struct Evidence {
    pub snapshots: Vec<(Seen, Snapshot)>,
    pub answers: Vec<Answer>,
    /// Conversations, with the words that lead to each: its id, those of its invitation and customer.
    pub words: BTreeMap<String, Vec<String>>,
    /// Vault with the key.
    pub vault: afterword::vault::Vault,
}

impl Evidence {
    pub fn last(&self) -> &Snapshot {
        &self.snapshots[self.snapshots.len() - 1].1
    }

    /// Returns the snapshots before and after each step of an apart answer.
    pub fn apart_steps(&self) -> impl Iterator<Item = (&Snapshot, &Snapshot)> {
        self.snapshots.windows(2).filter(|pair| pair[1].0 == Seen::Apart).map(|pair| (&pair[0].1, &pair[1].1))
    }

    /// Returns the conversations to which a word of this text leads.
    pub fn led_to(&self, text: &str) -> Vec<&str> {
        let leads = |words: &Vec<String>| words.iter().any(|word| text.contains(word.as_str()));
        self.words.iter().filter(|(_, words)| leads(words)).map(|(id, _)| id.as_str()).collect()
    }

    pub fn names_somebody(&self, text: &str) -> bool {
        !self.led_to(text).is_empty()
    }

    /// Returns the step in which a row of the mix first existed.
    pub fn first_seen(&self, table: &str, id: &str) -> Option<usize> {
        self.snapshots.iter().position(|(_, one)| one.tables[table].iter().any(|row| row.contains(id)))
    }
}
