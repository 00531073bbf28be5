//! Visibility of interactions, in SQL: defined once, as this alone separates the teams' conversations.

use crate::access::principal::Visible;
use crate::ids::AgentId;

/// Condition that the agent in a column is the same person as the agent of a parameter.
#[macro_export]
macro_rules! same_person {
    ($column:literal, $agent:literal) => {
        concat!(
            $column,
            " IN (
                SELECT p.id
                FROM agents p
                WHERE p.person_id = (SELECT o.person_id FROM agents o WHERE o.id = ",
            $agent,
            ")
            )"
        )
    };
}

/// Condition on interactions `i`: $1 all, $2 a JSON array of teams, $3 an agent, as in [`VisibleBinds`].
#[macro_export]
macro_rules! visible_to {
    () => {
        concat!("($1 = 1 OR i.team_id IN {list $2} OR ", $crate::same_person!("i.agent_id", "$3"), ")")
    };
}

/// Parameters of `visible_to!`.
#[derive(Debug, Clone)]
pub struct VisibleBinds {
    /// 1: all interactions.
    pub all: i64,
    /// Teams, a JSON array.
    pub teams: String,
    /// An agent.
    pub agent: Option<AgentId>,
}

impl From<&Visible> for VisibleBinds {
    fn from(visible: &Visible) -> Self {
        let none = Self { all: 0, teams: "[]".into(), agent: None };
        match visible {
            Visible::All => Self { all: 1, ..none },
            Visible::Teams(teams) => Self { teams: serde_json::json!(teams).to_string(), ..none },
            Visible::Own(agent) => Self { agent: Some(agent.clone()), ..none },
            Visible::None => none,
        }
    }
}
