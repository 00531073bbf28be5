//! An agent who handles interactions of several teams: each team sees its own, and the home team stays.

use crate::app::TestApp;
use afterword::access::Role;
use serde_json::{Value, json};

fn call(started_at: &str, team: &str, name: &str, email: &str) -> Value {
    let (day, hour) = started_at.split_once('T').unwrap();
    json!({
        "channel": "call", "direction": "inbound", "phase": "final", "outcome": "answered",
        "started_at": format!("{day}T{hour}:00Z"), "answered_at": format!("{day}T{hour}:31Z"), "ended_at": format!("{day}T{hour}:50Z"),
        "agent": { "external_id": "17", "name": name }, "team": team, "customer": { "email": email },
    })
}

#[tokio::test]
async fn a_call_of_another_team_does_not_move_the_agent() {
    for app in TestApp::on_both(|_| {}).await {
        let supervisors = [
            app.sign_in(Role::Supervisor, &["Orders"], None).await,
            app.sign_in(Role::Supervisor, &["Sales"], None).await,
            app.sign_in(Role::Supervisor, &["Trainees"], None).await,
        ];
        let listed = async || {
            let mut listed = Vec::new();
            for who in &supervisors {
                listed.push(who.page("/ratings").await.contains("Sydney Carton"));
            }
            listed
        };
        app.interaction("a", &call("2026-11-20T10:24", "Orders", "Sydney Carton", "jerry@example.net")).await;
        assert_eq!(listed().await, [true, false, false]);
        // He helps out in a call of Sales: both teams list him.
        app.interaction("b", &call("2026-11-20T10:24", "Sales", "Sydney Carton", "m@example.net")).await;
        assert_eq!(listed().await, [true, true, false]);
        // A call of two years ago, sent now, renames nobody and moves nobody.
        let old = app.interaction("c", &call("2024-01-10T14:24", "Trainees", "Sydney Stryver", "o@example.net")).await;
        assert_eq!(listed().await, [true, true, false]);
        let agent = app.app.directory.agents().await.unwrap().remove(0);
        assert_eq!((agent.name.as_str(), agent.team_name.as_deref()), ("Sydney Carton", Some("Orders")));
        // The call itself is one of Trainees: they see it, and him in the months of then.
        assert!(supervisors[2].page(&format!("/interactions/{old}")).await.contains("Sydney Carton"));
        assert!(!supervisors[2].page("/interactions").await.contains(&format!("value=\"{}\"", agent.id)));
        assert!(supervisors[2].page("/ratings?from=2023-12&to=2024-02").await.contains("Sydney Carton"));
        assert!(
            supervisors[2]
                .page(&format!("/ratings/agents/{}?from=2024-01&to=2024-01", agent.id))
                .await
                .contains("Sydney Carton")
        );
        assert_eq!(supervisors[2].get(&format!("/ratings/agents/{}", agent.id)).await.status(), 404);
        // A supervisor of Sales finds his call by his name.
        assert!(supervisors[1].page("/interactions").await.contains(&format!("value=\"{}\"", agent.id)));
        // The report of skipped interactions names the teams of the interactions.
        app.pass(std::time::Duration::from_secs(121)).await;
        let report = app.app.invitations.skips_of_days(3).await.unwrap();
        assert_eq!(report.agents.iter().map(|one| one.team.as_str()).collect::<Vec<_>>(), ["Orders, Sales"]);
    }
}
