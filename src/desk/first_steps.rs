//! Setup steps of a new deployment; each is ticked by existing data.

use super::Desk;
use crate::staff::StaffError;

/// Setup steps; `true`: done. The account is done, as the reader is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstSteps {
    /// Whether there is a team.
    pub team: bool,
    /// Whether there is an agent.
    pub agent: bool,
    /// Whether there is an API key.
    pub key: bool,
    /// Whether an interaction was received.
    pub interaction: bool,
    /// Whether a survey's mail was sent. Not whether it was answered: that would reveal when.
    pub survey: bool,
}

impl FirstSteps {
    /// Whether all steps are done.
    pub fn complete(&self) -> bool {
        self.next() > 6
    }

    /// Returns the number of the first open step, from 1 (the account); 7 if all are done.
    pub fn next(&self) -> usize {
        let done = [true, self.team, self.agent, self.key, self.interaction, self.survey];
        done.iter().position(|done| !done).map_or(7, |at| at + 1)
    }
}

impl Desk {
    /// Returns the state of the setup.
    pub async fn first_steps(&self) -> Result<FirstSteps, StaffError> {
        Ok(FirstSteps {
            team: !self.directory.teams().await?.is_empty(),
            agent: !self.directory.agents().await?.is_empty(),
            key: !self.staff.keys().await?.is_empty(),
            interaction: self.interactions.any().await?,
            survey: self.invitations.any_sent().await?,
        })
    }

    /// Returns a shell command that sends a first interaction. With `email` the survey is sent to the person who tries
    /// it.
    pub fn first_line(&self, email: &str) -> String {
        let body = serde_json::json!({
            "channel": "call", "direction": "inbound", "phase": "final", "outcome": "answered",
            "wait_ms": 31_000, "talk_ms": 280_000,
            "agent": { "external_id": "17", "name": "Sydney Carton" }, "team": "Orders", "tags": ["lost parcel"],
            "customer": { "email": email, "name": "Jerry" },
        });
        format!(
            "curl -X PUT {}/api/v1/interactions/phone/first-1 \\\n  -H \"Authorization: Bearer $AFTERWORD_KEY\" -H 'Content-Type: application/json' \\\n  -d '{}'",
            self.site.public_url,
            for_shell(&body.to_string())
        )
    }
}

/// Returns the text escaped for single quotes of a shell.
fn for_shell(text: &str) -> String {
    text.replace('\'', r"'\''")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_is_the_first_that_is_open() {
        let none = FirstSteps { team: false, agent: false, key: false, interaction: false, survey: false };
        assert_eq!((none.next(), none.complete()), (2, false));
        let some = FirstSteps { team: true, agent: true, interaction: true, ..none };
        assert_eq!((some.next(), some.complete()), (4, false));
        let all = FirstSteps { key: true, survey: true, ..some };
        assert_eq!((all.next(), all.complete()), (7, true));
    }

    #[test]
    fn an_address_with_a_quote_does_not_leave_the_shells_quotes() {
        assert_eq!(for_shell("o'hara@example.com"), r"o'\''hara@example.com");
    }
}
