//! What the attacker has of one history, and the truth that the test keeps to itself.

use super::super::Dump;
use std::collections::BTreeMap;

/// Everything at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Each table with its rows as they lie on the disk.
    pub tables: Dump,
    /// What every role sees and exports, by role and path.
    pub views: BTreeMap<String, String>,
    pub metrics: String,
    /// The log lines since the snapshot before.
    pub logs: String,
}

/// What happened in a step, as far as everybody may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Apart,
    Other,
}

/// An apart answer in the mix, and whose it is.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Under this id its first question stands.
    pub record: String,
    /// With the token this one marks it as spent.
    pub spent: String,
    /// The conversation that it is about.
    pub truth: String,
    /// Conversations that it can be about, by what everybody knows when it is first seen.
    pub candidates: Vec<String>,
    /// Those of the agent.
    pub of_agent: Vec<String>,
}

/// A history as it was seen.
pub struct Evidence {
    pub snapshots: Vec<(Seen, Snapshot)>,
    pub answers: Vec<Answer>,
    /// Every conversation, with the words that lead to it: its id, those of its invitation and customer.
    pub words: BTreeMap<String, Vec<String>>,
    /// The key.
    pub vault: afterword::vault::Vault,
}

impl Evidence {
    pub fn last(&self) -> &Snapshot {
        &self.snapshots[self.snapshots.len() - 1].1
    }

    /// Before and after each step of somebody who answers apart.
    pub fn apart_steps(&self) -> impl Iterator<Item = (&Snapshot, &Snapshot)> {
        self.snapshots.windows(2).filter(|pair| pair[1].0 == Seen::Apart).map(|pair| (&pair[0].1, &pair[1].1))
    }

    /// The conversation to which some word of this text leads.
    pub fn led_to(&self, text: &str) -> Vec<&str> {
        let leads = |words: &Vec<String>| words.iter().any(|word| text.contains(word.as_str()));
        self.words.iter().filter(|(_, words)| leads(words)).map(|(id, _)| id.as_str()).collect()
    }

    pub fn names_somebody(&self, text: &str) -> bool {
        !self.led_to(text).is_empty()
    }

    /// The step in which a row of the mix was first there.
    pub fn first_seen(&self, table: &str, id: &str) -> Option<usize> {
        self.snapshots.iter().position(|(_, one)| one.tables[table].iter().any(|row| row.contains(id)))
    }
}
