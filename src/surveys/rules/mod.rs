//! Rules that select a conversation's survey. They are evaluated in order; the first that applies decides.
//!
//! All rules are one document with an edition: saving from an older edition is a conflict, and the previous edition can
//! be restored. Whether a conversation is in a rule's share is decided by a keyed hash of its id: the same every time,
//! and a sender of conversations can't influence it.

mod choose;
mod judge;
mod limits;
mod store;
mod words;

pub use choose::{Chosen, NotChosen};
pub use judge::{About, Passed, Verdict, judge};
pub use limits::{Limits, LimitsCache};
pub use words::{Names, in_words};

use super::Surveys;
use super::definition::STANDARD_SURVEY;
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::ids::TeamId;
use crate::interactions::{Channel, Direction};
use serde::{Deserialize, Serialize};

/// Maximum number of rules.
pub const MAX_RULES: usize = 50;
/// Maximum number of teams, queues or tags of a rule.
const MAX_VALUES: usize = 50;
/// Maximum number of days of a quiet period, of a link and of a reminder.
const MAX_DAYS: u16 = 365;

/// All rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Rules in the order of evaluation.
    pub rules: Vec<Rule>,
    /// Survey if no rule applies; `None`: no survey.
    pub otherwise: Option<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { rules: Vec::new(), otherwise: Some(STANDARD_SURVEY.into()) }
    }
}

/// A rule. A condition that is absent matches everything; an unknown fact of a conversation matches no condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Random id; the share is drawn with it.
    pub id: String,
    /// `call`, `chat` or `other`; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// `inbound` or `outbound`; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Any of these teams; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<TeamId>,
    /// Any of these queues, case-insensitive; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<String>,
    /// At least one of these tags, case-insensitive; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Share in percent, 1 to 100.
    pub share: u8,
    /// Whether matching conversations outside the share continue to the next rule; otherwise they are not surveyed.
    #[serde(default)]
    pub rest_goes_on: bool,
    /// Id of the survey; `None`: no survey.
    pub ask: Option<String>,
    /// Longer quiet period of its own, in days; never shorter than configured, as every mail promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_days: Option<u16>,
    /// Time for which a link can be answered, in days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_days: Option<u16>,
    /// Days until a reminder; 0: none, whatever is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_days: Option<u16>,
}

/// Stored rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Edition of the rules; 0: never saved.
    pub edition: i64,
    /// Content of the edition.
    pub rules: Rules,
}

/// Errors of saving rules.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A rule is not valid.
    #[error("rule {0}: {1}")]
    Wrong(usize, &'static str),
    /// There are too many rules.
    #[error("there can be {MAX_RULES} rules at most")]
    TooMany,
    /// Someone else saved in the meantime.
    #[error("{0} has changed the rules in the meantime; look at them again, then save")]
    Conflict(String),
    /// There is no such rule, or nothing to restore.
    #[error("there is no such rule")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Rule {
    /// Returns the problem of a rule, if it has one.
    fn fault(&self, surveys: &[String]) -> Option<&'static str> {
        let known_channel = self.channel.as_deref().is_none_or(|code| Channel::known(code).is_some());
        let known_direction = self.direction.as_deref().is_none_or(|code| Direction::known(code).is_some());
        let days = [self.quiet_days, self.expires_days, self.remind_days];
        let expires = self.expires_days.unwrap_or(MAX_DAYS);
        if !(1..=100).contains(&self.share) {
            Some("a share is 1 to 100 of a hundred")
        } else if !known_channel || !known_direction {
            Some("there is no such channel or direction")
        } else if [self.teams.len(), self.queues.len(), self.tags.len()].into_iter().any(|n| n > MAX_VALUES) {
            Some("it names too many teams, queues or tags: 50 of each at most")
        } else if self.ask.as_ref().is_some_and(|id| !surveys.contains(id)) {
            Some("there is no such survey")
        } else if days.into_iter().flatten().any(|days| days > MAX_DAYS) || self.expires_days == Some(0) {
            Some("days are 1 to 365")
        } else if self.remind_days.is_some_and(|days| days >= expires) {
            Some("a reminder comes before the link stops working")
        } else {
            None
        }
    }
}

impl Surveys {
    /// Returns the current rules.
    pub async fn rules(&self) -> Result<Current, DbError> {
        let row = store::current(self.inner.db.read().await?.conn()).await?;
        Ok(row.map_or_else(|| Current { edition: 0, rules: Rules::default() }, Current::from))
    }

    /// Saves rules that were made from this edition; returns the new edition.
    pub async fn save_rules(&self, edition: i64, rules: &Rules, by: &Actor) -> Result<i64, RuleError> {
        if rules.rules.len() > MAX_RULES {
            return Err(RuleError::TooMany);
        }
        let surveys: Vec<String> = self.all().await?.into_iter().map(|survey| survey.id).collect();
        let fault = rules.rules.iter().enumerate().find_map(|(at, rule)| Some((at + 1, rule.fault(&surveys)?)));
        if let Some((at, fault)) = fault {
            return Err(RuleError::Wrong(at, fault));
        }
        if rules.otherwise.as_ref().is_some_and(|id| !surveys.contains(id)) {
            return Err(RuleError::Wrong(rules.rules.len() + 1, "there is no such survey"));
        }
        let (now, json) = (self.now(), serde_json::to_string(rules).unwrap_or_default());
        let mut tx = self.inner.db.begin().await?;
        if !store::save(tx.conn(), edition, &json, by.name(), now).await? {
            let by = store::current(tx.conn()).await?.map_or_else(|| "Somebody".to_owned(), |row| row.saved_by);
            return Err(RuleError::Conflict(by));
        }
        Effects::new()
            .audit(by, "survey_rules.changed", format!("rules:{}", edition + 1), None)
            .save(tx.conn(), now)
            .await?;
        tx.commit().await?;
        self.inner.limits.clear();
        Ok(edition + 1)
    }

    /// Restores the rules before this edition.
    pub async fn undo_rules(&self, edition: i64, by: &Actor) -> Result<i64, RuleError> {
        let before = match edition {
            ..=0 => return Err(RuleError::NotFound),
            1 => Rules::default(),
            _ => {
                let row = store::edition(self.inner.db.read().await?.conn(), edition - 1).await?;
                row.map(Current::from).ok_or(RuleError::NotFound)?.rules
            }
        };
        self.save_rules(edition, &before, by).await
    }
}

impl From<store::RulesRow> for Current {
    fn from(row: store::RulesRow) -> Self {
        let rules = serde_json::from_str(&row.rules).inspect_err(
            |error| tracing::error!(%error, "the rules of surveys can't be read; the standard ones stand in"),
        );
        Self { edition: row.edition, rules: rules.unwrap_or_default() }
    }
}

#[cfg(test)]
pub(super) fn rule(ask: Option<&str>) -> Rule {
    Rule {
        id: "r".into(),
        channel: None,
        direction: None,
        teams: Vec::new(),
        queues: Vec::new(),
        tags: Vec::new(),
        share: 100,
        rest_goes_on: false,
        ask: ask.map(str::to_owned),
        quiet_days: None,
        expires_days: None,
        remind_days: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_cannot_be_are_refused() {
        let surveys = ["standard".to_owned()];
        let good = rule(Some("standard"));
        assert_eq!(good.fault(&surveys), None);
        assert_eq!(rule(None).fault(&[]), None);
        for wrong in [
            Rule { share: 0, ..good.clone() },
            Rule { share: 101, ..good.clone() },
            Rule { channel: Some("fax".into()), ..good.clone() },
            Rule { direction: Some("".into()), ..good.clone() },
            Rule { ask: Some("gone".into()), ..good.clone() },
            Rule { tags: vec!["x".into(); 51], ..good.clone() },
            Rule { quiet_days: Some(366), ..good.clone() },
            Rule { expires_days: Some(0), ..good.clone() },
            Rule { expires_days: Some(3), remind_days: Some(3), ..good.clone() },
        ] {
            assert!(wrong.fault(&surveys).is_some(), "{wrong:?}");
        }
    }
}
