//! Forms of the rules: one rule, and the test of the rules.

use crate::surveys::rules::{About, Rule};
use serde::Deserialize;

/// Form value for a rule that sends no survey.
const NOBODY: &str = "-";

/// Entered values of a rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RuleForm {
    pub edition: String,
    pub channel: String,
    pub direction: String,
    /// Ids, joined by line feeds.
    pub teams: Vec<String>,
    /// One per line, or separated by commas.
    pub queues: String,
    pub tags: String,
    pub share: String,
    pub rest: String,
    pub ask: String,
    pub quiet_days: String,
    pub expires_days: String,
    pub remind_days: String,
}

fn names(text: &str) -> Vec<String> {
    let clean = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split(['\n', ',']).map(clean).filter(|name| !name.is_empty()).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn days(text: &str) -> Result<Option<u16>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| "days are whole numbers"),
    }
}

impl RuleForm {
    /// Returns the form filled in for an existing rule, or for a new one.
    pub fn of(rule: Option<&Rule>) -> Self {
        let Some(rule) = rule else { return Self { share: "100".into(), ..Self::default() } };
        let days = |days: Option<u16>| days.map(|n| n.to_string()).unwrap_or_default();
        Self {
            edition: String::new(),
            channel: rule.channel.clone().unwrap_or_default(),
            direction: rule.direction.clone().unwrap_or_default(),
            teams: rule.teams.iter().map(ToString::to_string).collect(),
            queues: rule.queues.join(", "),
            tags: rule.tags.join(", "),
            share: rule.share.to_string(),
            rest: if rule.rest_goes_on { "on" } else { "" }.into(),
            ask: rule.ask.clone().unwrap_or_else(|| NOBODY.into()),
            quiet_days: days(rule.quiet_days),
            expires_days: days(rule.expires_days),
            remind_days: days(rule.remind_days),
        }
    }

    /// Returns the entered rule; `id`: its own, or `new`.
    pub fn rule(&self, id: &str) -> Result<Rule, &'static str> {
        let id = if id == "new" { uuid::Uuid::new_v4().to_string() } else { id.to_owned() };
        let teams = self.teams.iter().filter(|id| !id.is_empty()).map(|id| id.parse()).collect::<Result<_, _>>();
        Ok(Rule {
            id,
            channel: some(&self.channel),
            direction: some(&self.direction),
            teams: teams.map_err(|_| "there is no such team")?,
            queues: names(&self.queues),
            tags: names(&self.tags),
            share: self.share.trim().parse().map_err(|_| "a share is a whole number, 1 to 100")?,
            rest_goes_on: self.rest == "on",
            ask: match self.ask.as_str() {
                "" => return Err("say who is asked, or that nobody is"),
                NOBODY => None,
                survey => some(survey),
            },
            quiet_days: days(&self.quiet_days)?,
            expires_days: days(&self.expires_days)?,
            remind_days: days(&self.remind_days)?,
        })
    }
}

/// Conversation that the rules are tested with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tried {
    pub channel: String,
    pub direction: String,
    pub team: String,
    pub queue: String,
    pub tags: String,
}

impl Tried {
    pub fn is_asked(&self) -> bool {
        !self.channel.is_empty()
    }

    pub fn about(&self) -> About {
        About {
            channel: self.channel.clone(),
            direction: some(&self.direction),
            team: self.team.parse().ok(),
            queue: some(&self.queue),
            tags: names(&self.tags),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_comes_back_as_it_was_typed() {
        let form = RuleForm {
            share: "50".into(),
            queues: " orders-en,\r\nbilling ,, ".into(),
            ask: "standard".into(),
            rest: "on".into(),
            ..RuleForm::default()
        };
        let rule = form.rule("new").unwrap_or_else(|why| unreachable!("{why}"));
        assert_eq!(
            (rule.queues.as_slice(), rule.share, rule.rest_goes_on),
            (&["orders-en".to_owned(), "billing".into()][..], 50, true)
        );
        assert_eq!(RuleForm::of(Some(&rule)).rule(&rule.id), Ok(rule));
        for (share, days, team) in
            [("", "", ""), ("half", "", ""), ("300", "", ""), ("50", "x", ""), ("50", "-1", ""), ("50", "", "orders")]
        {
            let wrong = RuleForm {
                share: share.into(),
                quiet_days: days.into(),
                teams: vec![team.into()],
                ask: NOBODY.into(),
                ..RuleForm::default()
            };
            assert!(wrong.rule("new").is_err(), "{share} {days} {team}");
        }
    }
}
