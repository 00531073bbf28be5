//! Applies the rules to one conversation, when its survey is decided.

use super::judge::DRAWS;
use super::{About, Passed, Rule, Rules, Verdict, judge, store};
use crate::database::DbError;
use crate::ids::InteractionId;
use crate::interactions::ForSurvey;
use crate::surveys::Surveys;
use crate::vault::Vault;
use std::collections::HashMap;
use std::time::Duration;

/// Selected survey, and its time limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Version of the survey.
    pub version: String,
    /// Quiet period after the survey.
    pub quiet_period: Duration,
    /// Time for which the link can be answered.
    pub expires_after: Duration,
    /// Time after which customers with an open survey are reminded; `None`: no reminder.
    pub remind_after: Option<Duration>,
}

/// Reason for which the rules select no survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotChosen {
    /// A rule excludes the conversation.
    Rule,
    /// The conversation is not in the rule's share.
    Share,
    /// No rule applies.
    NoRule,
}

pub(super) fn days(n: u16) -> Duration {
    Duration::from_secs(u64::from(n) * 86_400)
}

/// Returns the draw of a conversation for a rule: the same every time, and unpredictable without the key.
fn draw(vault: &Vault, rule: &Rule, id: &InteractionId) -> u16 {
    let hash = vault.keyed_hash("survey share", format!("{}:{id}", rule.id).as_bytes());
    let number = hash.get(..12).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0);
    u16::try_from(number % u64::from(DRAWS)).unwrap_or(0)
}

impl About {
    fn of(about: &ForSurvey) -> Self {
        Self {
            channel: about.channel.code().to_owned(),
            direction: about.direction.map(|direction| direction.code().to_owned()),
            team: about.team_id.clone(),
            queue: about.queue.clone(),
            tags: about.tags.clone(),
        }
    }
}

impl Surveys {
    /// Returns the verdict as if the conversation were in every share.
    pub async fn try_rules(&self, rules: &Rules, about: &About) -> Result<(Verdict, Vec<Passed>), DbError> {
        let askable = self.askable().await?;
        Ok(judge(rules, about, |_| 0, |survey| askable.contains_key(survey)))
    }

    /// Returns the surveys that can be sent, with their current versions.
    pub(in crate::surveys) async fn askable(&self) -> Result<HashMap<String, String>, DbError> {
        Ok(store::askable(self.inner.db.read().await?.conn()).await?.into_iter().collect())
    }

    /// Returns the survey for a conversation, or the reason for none.
    pub async fn choose(&self, about: &ForSurvey) -> Result<Result<Chosen, NotChosen>, DbError> {
        let (rules, askable) = (self.rules().await?.rules, self.askable().await?);
        let draw = |rule: &Rule| draw(&self.inner.vault, rule, &about.id);
        let (survey, rule) = match judge(&rules, &About::of(about), draw, |survey| askable.contains_key(survey)).0 {
            Verdict::Ask(survey, at) => (survey, at.and_then(|at| rules.rules.get(at))),
            Verdict::Nobody(_) => return Ok(Err(NotChosen::Rule)),
            Verdict::OutOfShare(_) => return Ok(Err(NotChosen::Share)),
            Verdict::NoRule => return Ok(Err(NotChosen::NoRule)),
        };
        let settings = &self.inner.settings;
        let expires_after = rule.and_then(|rule| rule.expires_days).map_or(settings.expires_after, days);
        let remind_after = match rule.and_then(|rule| rule.remind_days) {
            Some(0) => None,
            Some(n) => Some(days(n)),
            None => settings.remind_after,
        };
        Ok(Ok(Chosen {
            version: askable.get(&survey).cloned().unwrap_or_default(),
            // Never shorter than configured, as every mail promises.
            quiet_period: rule
                .and_then(|rule| rule.quiet_days)
                .map_or(settings.quiet_period, days)
                .max(settings.quiet_period),
            // No reminder of a link that has expired by then.
            remind_after: remind_after.filter(|after| *after < expires_after),
            expires_after,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::rules::rule;

    #[test]
    fn a_draw_is_the_same_every_time_and_fair() {
        let (vault, first) = (Vault::ephemeral(), rule(None));
        let second = Rule { id: "other".into(), ..first.clone() };
        let (mut low, mut both) = (0, 0);
        for _ in 0..4000 {
            let id = InteractionId::random();
            let number = draw(&vault, &first, &id);
            assert_eq!(number, draw(&vault, &first, &id));
            assert!(number < DRAWS);
            low += u32::from(number < DRAWS / 2);
            both += u32::from(number < DRAWS / 2 && draw(&vault, &second, &id) < DRAWS / 2);
        }
        // Six standard deviations around a half and a quarter.
        assert!((1810..2190).contains(&low) && (836..1164).contains(&both), "{low} {both}");
    }
}
