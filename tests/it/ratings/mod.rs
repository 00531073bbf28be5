//! Ratings: whole releases only, each role within its view, every access recorded.

mod exclusions;
mod export;
mod figures;
mod other_teams;
mod results;
mod view;

use crate::app::TestApp;
use afterword::database::Sql;
use afterword::effects::Actor;
use afterword::execute;
use afterword::ids::{AgentId, InvitationId, ReleaseId, TeamId};
use afterword::staff::AgentRef;
use uuid::Uuid;

const RELEASE: Sql = Sql::both(
    "INSERT INTO releases (id, scope, agent_id, team_id, question, kind, month, min_batch_size, n) VALUES ($1, $2, $3, $4, $5, $6, $7, 5, $8)",
);
const COUNT: Sql = Sql::both("INSERT INTO release_counts (release_id, value, n) VALUES ($1, $2, $3)");
const TOTALS: Sql = Sql::both(
    "INSERT INTO release_totals (scope, agent_id, team_id, question, block, month, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10) \
     VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
     ON CONFLICT (scope, agent_id, team_id, question, block, month) DO UPDATE SET v0 = release_totals.v0 + excluded.v0, \
     v1 = release_totals.v1 + excluded.v1, v2 = release_totals.v2 + excluded.v2, v3 = release_totals.v3 + excluded.v3, \
     v4 = release_totals.v4 + excluded.v4, v5 = release_totals.v5 + excluded.v5, v6 = release_totals.v6 + excluded.v6, \
     v7 = release_totals.v7 + excluded.v7, v8 = release_totals.v8 + excluded.v8, v9 = release_totals.v9 + excluded.v9, \
     v10 = release_totals.v10 + excluded.v10",
);
const COMMENT: Sql = Sql::both("INSERT INTO released_comments (id, release_id, text) VALUES ($1, $2, $3)");
const INVITATION: Sql = Sql::both(
    "INSERT INTO invitations (id, interaction_id, agent_id, team_id, survey, channel, address_hash, token_hash, state, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, 'csat-1', 'call', $5, $5, 'closed', $6, $6)",
);

/// A release to insert.
struct Release<'a> {
    scope: &'a str,
    agent: Option<&'a AgentId>,
    team: Option<&'a TeamId>,
    question: &'a str,
    month: &'a str,
}

/// Writes a release with its counts and comments, as the mix would.
async fn release(app: &TestApp, what: Release<'_>, counts: &[(i64, i64)], comments: &[&str]) {
    let id = ReleaseId::random();
    let comments_n = i64::try_from(comments.len()).unwrap();
    let n = counts.iter().map(|(_, n)| n).sum::<i64>() + comments_n;
    let mut tx = app.app.db.begin().await.unwrap();
    execute!(tx.conn(), RELEASE, &id, what.scope, what.agent, what.team, what.question, "apart", what.month, n)
        .unwrap();
    for (value, n) in counts {
        execute!(tx.conn(), COUNT, &id, *value, *n).unwrap();
    }
    let mut v = [0i64; 11];
    counts.iter().for_each(|(value, n)| v[usize::try_from(*value).unwrap()] += n);
    let (agent, team) = (what.agent.map_or("", AgentId::as_str), what.team.map_or("", TeamId::as_str));
    execute!(
        tx.conn(),
        TOTALS,
        what.scope,
        agent,
        team,
        what.question,
        what.month,
        v[0],
        v[1],
        v[2],
        v[3],
        v[4],
        v[5],
        v[6],
        v[7],
        v[8],
        v[9],
        v[10]
    )
    .unwrap();
    for text in comments {
        execute!(tx.conn(), COMMENT, Uuid::new_v4().to_string(), &id, *text).unwrap();
    }
    tx.commit().await.unwrap();
}

/// Writes released scores of one agent in a month.
async fn scores(app: &TestApp, agent: &AgentId, team: &TeamId, month: &str, counts: &[(i64, i64)]) {
    let what = Release { scope: "agent", agent: Some(agent), team: Some(team), question: "score", month };
    release(app, what, counts, &[]).await;
}

/// Adds invitations about an agent, at the app's time.
async fn invite(app: &TestApp, agent: &AgentId, team: &TeamId, n: usize) {
    for at in 0..n {
        let interaction = app.call(&format!("{agent}-{at}"), "jerry@example.net").await;
        let now = app.app.clock.now();
        let mut tx = app.app.db.begin().await.unwrap();
        execute!(
            tx.conn(),
            INVITATION,
            InvitationId::random(),
            interaction,
            agent,
            team,
            Uuid::new_v4().to_string(),
            now
        )
        .unwrap();
        tx.commit().await.unwrap();
    }
    // Each pass counts the invitations.
    app.app.releases.release_full().await.unwrap();
}

/// Two teams, and three agents: Sydney (17) and Jarvis (19) of Orders, Lucie (18) of Billing.
struct Stage {
    orders: TeamId,
    billing: TeamId,
    sydney: AgentId,
    lucie: AgentId,
}

async fn agent(app: &TestApp, external_id: &str, name: &str, team: &str) -> AgentId {
    let new = AgentRef {
        source: "phone".into(),
        external_id: external_id.into(),
        name: Some(name.into()),
        team: Some(team.into()),
        ..AgentRef::default()
    };
    app.app.directory.add_agent(new, &Actor::System, app.app.clock.now()).await.unwrap().id
}

impl Stage {
    async fn set(app: &TestApp) -> Self {
        let (orders, billing) = (app.team("Orders").await, app.team("Billing").await);
        // Nothing is ever released about this agent.
        agent(app, "19", "Jarvis Lorry", "Orders").await;
        Self {
            sydney: agent(app, "17", "Sydney Carton", "Orders").await,
            lucie: agent(app, "18", "Lucie Manette", "Billing").await,
            orders,
            billing,
        }
    }
}
