//! `afterword staff add`, `afterword key add`.

use super::{Failure, say};
use crate::access::{Role, Scope};
use crate::config::Config;
use crate::effects::Actor;
use crate::staff::{NewAccount, TeamRef};
use clap::Args;

/// Arguments of `staff add`.
#[derive(Debug, Args)]
pub(super) struct StaffAdd {
    /// Address to sign in with
    email: String,
    /// admin, supervisor, agent or hr
    #[arg(long)]
    role: Role,
    /// Display name
    #[arg(long, default_value = "")]
    name: String,
    /// Team that a supervisor sees, by name; repeatable. Created where there is none of this name.
    #[arg(long, value_name = "NAME")]
    team: Vec<String>,
    /// Agent of the account: SOURCE/ID
    #[arg(long, value_name = "SOURCE/ID")]
    agent: Option<String>,
}

/// Arguments of `key add`.
#[derive(Debug, Args)]
pub(super) struct KeyAdd {
    /// Purpose of the key
    name: String,
    /// ingest, read or admin; repeatable
    #[arg(long, required = true)]
    scope: Vec<Scope>,
    /// Source that the key may send for; repeatable; by default all
    #[arg(long)]
    source: Vec<String>,
}

/// Creates the account, and the teams that it names.
pub(super) async fn add_staff(config: Config, add: StaffAdd) -> Result<(), Failure> {
    let app = super::serve::open(config, false).await?;
    let mut teams = Vec::new();
    for name in &add.team {
        let key = TeamRef::new(name).key;
        let known = app.directory.teams().await?.into_iter().find(|team| TeamRef::new(&team.name).key == key);
        teams.push(match known {
            Some(team) => team.id,
            None => app.directory.add_team(name, &Actor::System, app.clock.now()).await?.id,
        });
    }
    let agent = match &add.agent {
        None => None,
        Some(wanted) => {
            let agents = app.directory.agents().await?;
            let mut identities = agents.into_iter().flat_map(|agent| agent.identities);
            let found = identities.find(|one| format!("{}/{}", one.source, one.external_id) == *wanted);
            Some(
                found
                    .ok_or_else(|| {
                        Failure::usage(format!(
                            "there is no agent {wanted}; agents are known once an interaction has named them"
                        ))
                    })?
                    .id,
            )
        }
    };
    let new = NewAccount { email: add.email, name: add.name, role: add.role, teams, agent };
    let made = app.staff.add(new, &Actor::System).await?;
    say(format!(
        "The account is there. This link sets its password, works once and is not shown again:\n  {}/welcome/{}",
        app.site.public_url, made.secret
    ));
    app.db.close().await;
    Ok(())
}

/// Creates the key and prints it.
pub(super) async fn add_key(config: Config, add: KeyAdd) -> Result<(), Failure> {
    let app = super::serve::open(config, false).await?;
    let made = app.staff.add_key(&add.name, &add.scope, &add.source, &Actor::System).await?;
    say(made.secret);
    app.db.close().await;
    Ok(())
}
