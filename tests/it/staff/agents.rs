//! Agents: facts with their times, one person with several logins, merges and splits.

use crate::app::{TestApp, call_body};
use afterword::access::Role;
use afterword::clock::Timestamp;
use afterword::effects::Actor;
use afterword::staff::{AgentMention, AgentRef, AgentSummary, Directory, TeamRef, agent_by_source, upsert_teams};
use reqwest::Method;
use serde_json::json;

/// Names and address of an agent, with the time of the event: source, external id, hour, name, display name, address,
/// home team.
type Told<'a> = (&'a str, &'a str, i64, Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

const HOUR: i64 = 3_600_000;

fn mention(told: Told<'_>, begin: Timestamp) -> AgentMention {
    let (source, external_id, hour, name, display_name, email, team) = told;
    let text = |text: Option<&str>| text.map(str::to_owned);
    AgentMention {
        agent: AgentRef {
            source: source.into(),
            external_id: external_id.into(),
            name: text(name),
            display_name: text(display_name),
            email: text(email),
            team: text(team),
        },
        as_of: begin.plus_ms(hour * HOUR),
        worked_for: None,
    }
}

async fn say(app: &TestApp, mentions: &[AgentMention]) {
    let now = app.app.clock.now();
    let teams: Vec<TeamRef> =
        mentions.iter().flat_map(|one| [&one.agent.team, &one.worked_for]).flatten().map(|t| TeamRef::new(t)).collect();
    let mut tx = app.app.db.begin().await.unwrap();
    upsert_teams(tx.conn(), &teams, now).await.unwrap();
    app.app.directory.upsert_agents(tx.conn(), mentions, now).await.unwrap();
    tx.commit().await.unwrap();
}

/// Returns what is known about a person, without ids.
fn record(agent: &AgentSummary) -> String {
    let names: Vec<String> = agent
        .identities
        .iter()
        .map(|one| format!("{}/{} {:?} {:?}", one.source, one.external_id, one.name, one.email))
        .collect();
    format!("{} {:?} {:?} {:?} {}", agent.name, agent.display_name, agent.email, agent.team_name, names.join("; "))
}

async fn agents(app: &TestApp) -> Vec<AgentSummary> {
    app.app.directory.agents().await.unwrap()
}

/// Returns the one agent with this name.
async fn named(app: &TestApp, name: &str) -> AgentSummary {
    let mut found = agents(app).await;
    found.retain(|agent| agent.name == name);
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found.remove(0)
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(n - 1);
    let longer = |one: Vec<usize>| {
        (0..n).map(move |at| {
            let mut one = one.clone();
            one.insert(at, n - 1);
            one
        })
    };
    shorter.into_iter().flat_map(longer).collect()
}

#[tokio::test]
async fn events_in_every_order_give_the_same_agent() {
    for app in TestApp::on_both(|_| {}).await {
        let begin = app.app.clock.now().plus_ms(-100 * HOUR);
        let mut seen: Option<String> = None;
        for (n, order) in permutations(6).into_iter().enumerate() {
            // Each order has systems and an address of its own.
            let mark = format!("-{n}-");
            let (phone, chat, email) =
                (format!("phone{mark}"), format!("chat{mark}"), format!("sydney{mark}@example.com"));
            let told: [Told<'_>; 6] = [
                (&phone, "17", 1, Some("S. Carton"), None, Some(&email), Some("Trainees")),
                (&phone, "17", 3, Some("Sydney Carton"), Some("Sydney"), None, Some("Orders")),
                (&phone, "17", 2, Some("Sydney Stryver"), Some("Syd"), Some(&email), Some("Sales")),
                (&chat, "sc", 4, Some("Sydney C."), None, Some(&email), None),
                (&chat, "sc", 5, None, Some("Mr. Carton"), None, None),
                (&chat, "sc", 0, Some("scarton"), Some("sc"), None, Some("Chat")),
            ];
            // One by one, and in batches.
            if n % 2 == 0 {
                for at in &order {
                    say(&app, &[mention(told[*at], begin)]).await;
                }
            } else {
                let mentions: Vec<AgentMention> = order.iter().map(|at| mention(told[*at], begin)).collect();
                say(&app, &mentions[..n % 7 % 6]).await;
                say(&app, &mentions[n % 7 % 6..]).await;
            }
            let known = agent_by_source(app.app.db.read().await.unwrap().conn(), &phone, "17").await.unwrap();
            let found = app.app.directory.agent(&known.unwrap().0).await.unwrap().unwrap();
            let text = record(&found).replace(&mark, "");
            match &seen {
                None => seen = Some(text),
                Some(first) => assert_eq!(*first, text, "order {order:?}"),
            }
        }
        let seen = seen.unwrap();
        assert!(
            seen.starts_with("Sydney C. Some(\"Mr. Carton\") Some(\"sydney@example.com\") Some(\"Orders\") chat/sc"),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn an_older_event_changes_no_fact_and_staff_have_the_last_word() {
    for app in TestApp::on_both(|_| {}).await {
        let now = app.app.clock.now();
        let tell = |hour, name, team| mention(("phone", "17", hour, Some(name), None, None, Some(team)), now);
        say(&app, &[tell(-2, "Sydney Carton", "Orders")]).await;
        say(&app, &[tell(-100, "Sydney Stryver", "Trainees")]).await;
        let found = named(&app, "Sydney Carton").await;
        assert_eq!(found.team_name.as_deref(), Some("Orders"));
        // A call of yesterday that is sent after an administrator has corrected the name.
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let body = json!({ "source": "phone", "external_id": "17", "name": "Charles Darnay", "team": "Sales" });
        assert_eq!(admin.api(Method::POST, "/api/v1/agents", Some(&body)).await.status(), 201);
        say(&app, &[tell(-1, "Sydney Carton", "Orders")]).await;
        assert_eq!(named(&app, "Charles Darnay").await.team_name.as_deref(), Some("Sales"));
        // The clock of a system that runs ahead does not keep later facts out.
        say(&app, &[tell(1000, "Jerry Cruncher", "Orders")]).await;
        app.clock.advance(std::time::Duration::from_secs(60));
        say(&app, &[mention(("phone", "17", 0, Some("Sydney Carton"), None, None, None), app.app.clock.now())]).await;
        assert_eq!(named(&app, "Sydney Carton").await.team_name.as_deref(), Some("Orders"));
    }
}

#[tokio::test]
async fn one_address_in_two_systems_is_one_person() {
    let shared = |c: &mut afterword::config::Config| c.staff.shared_addresses = vec!["Help@example.com".into()];
    for app in TestApp::on_both(shared).await {
        let now = app.app.clock.now();
        let tell = |source, id, name, email| mention((source, id, -1, Some(name), None, Some(email), None), now);
        say(&app, &[tell("phone", "17", "Sydney Carton", "sydney@example.com")]).await;
        say(&app, &[tell("chat", "sc", "Sydney C.", "sydney@example.com")]).await;
        assert_eq!(named(&app, "Sydney C.").await.identities.len(), 2);
        // The address comes later than the agent.
        say(&app, &[mention(("desk", "x", -2, Some("sydney"), None, None, None), now)]).await;
        assert_eq!(agents(&app).await.len(), 2);
        say(&app, &[tell("desk", "x", "sydney", "sydney@example.com")]).await;
        assert_eq!(agents(&app).await.len(), 1);
        // No address, shared by configuration, and used by one system for two agents.
        for (id, email) in [("a", "n/a"), ("b", "help@example.com")] {
            say(&app, &[tell("phone", id, "Somebody", email)]).await;
            say(&app, &[tell("chat", id, "Somebody", email)]).await;
        }
        say(&app, &[tell("phone", "c1", "C1", "team@example.com"), tell("phone", "c2", "C2", "team@example.com")])
            .await;
        say(&app, &[tell("chat", "c3", "C3", "team@example.com")]).await;
        assert_eq!(agents(&app).await.len(), 8, "{:?}", agents(&app).await);
    }
}

#[tokio::test]
async fn the_team_of_the_first_interaction_is_the_home_team_until_one_is_named() {
    for app in TestApp::on_both(|_| {}).await {
        let mut body = call_body("jerry@example.net");
        for (n, team) in ["Orders", "Sales"].iter().enumerate() {
            body["team"] = json!(team);
            app.interaction(&n.to_string(), &body).await;
        }
        let home = async || agents(&app).await.remove(0).team_name.unwrap();
        assert_eq!(home().await, "Orders");
        body["agent"]["team"] = json!("Returns");
        app.interaction("2", &body).await;
        assert_eq!(home().await, "Returns");
        body["agent"].as_object_mut().unwrap().remove("team");
        app.interaction("3", &body).await;
        assert_eq!(home().await, "Returns");
    }
}

async fn add(directory: &Directory, source: &str, external_id: &str, name: &str, now: Timestamp) -> AgentSummary {
    let new = AgentRef {
        source: source.into(),
        external_id: external_id.into(),
        name: Some(name.into()),
        ..AgentRef::default()
    };
    directory.add_agent(new, &Actor::System, now).await.unwrap()
}

#[tokio::test]
async fn merges_and_splits_over_the_api() {
    for app in TestApp::on_both(|_| {}).await {
        let (now, directory) = (app.app.clock.now(), &app.app.directory);
        let one = add(directory, "phone", "17", "Sydney Carton", now).await;
        app.clock.advance(std::time::Duration::from_secs(1));
        let two = add(directory, "chat", "sc", "Sydney C.", app.app.clock.now()).await;
        let three = add(directory, "desk", "x", "Lucie Manette", now).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let path = format!("/api/v1/agents/{}", one.id);
        let merge = async |other: &AgentSummary| {
            let body = json!({ "agent": other.id.as_str() });
            let answer = admin.api(Method::POST, &format!("{path}/merges"), Some(&body)).await;
            (answer.status().as_u16(), answer.json::<serde_json::Value>().await.unwrap())
        };
        let (status, first) = merge(&two).await;
        assert_eq!(status, 201, "{first}");
        let (_, last) = merge(&three).await;
        let (status, again) = merge(&three).await;
        assert_eq!((status, &again["code"]), (409, &json!("same_agent")));
        let agent: serde_json::Value = admin.api(Method::GET, &path, None).await.json().await.unwrap();
        assert_eq!((&agent["name"], agent["identities"].as_array().unwrap().len()), (&json!("Sydney C."), 3));
        // Found by the id of a part, too; and listed once.
        let by_part = admin.api(Method::GET, &format!("/api/v1/agents/{}", two.id), None).await;
        assert_eq!(by_part.json::<serde_json::Value>().await.unwrap(), agent);
        assert_eq!(agents(&app).await.len(), 1);
        // In any order.
        let undo = async |merge: &serde_json::Value| {
            let path = format!("{path}/merges/{}", merge["id"].as_str().unwrap());
            admin.api(Method::DELETE, &path, None).await.status().as_u16()
        };
        assert_eq!((undo(&first).await, undo(&first).await, undo(&last).await), (204, 404, 204));
        let names: Vec<String> = agents(&app).await.into_iter().map(|a| a.name).collect();
        assert_eq!(names, ["Lucie Manette", "Sydney C.", "Sydney Carton"]);
        assert_eq!(merge(&two).await.0, 201);
        assert_eq!(
            agents(&app).await.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(),
            ["Lucie Manette", "Sydney C."]
        );
        // A split: the first identity stays.
        let split = async |identity: &AgentSummary| {
            let path = format!("{path}/identities/{}", identity.id);
            admin.api(Method::DELETE, &path, None).await.status().as_u16()
        };
        assert_eq!(
            (split(&one).await, split(&three).await, split(&two).await, split(&two).await),
            (409, 404, 200, 404)
        );
        let names: Vec<String> = agents(&app).await.into_iter().map(|a| a.name).collect();
        assert_eq!(names, ["Lucie Manette", "Sydney C.", "Sydney Carton"]);
        // Nothing is left to undo, and each act is in the log.
        let merges: serde_json::Value =
            admin.api(Method::GET, &format!("{path}/merges"), None).await.json().await.unwrap();
        assert_eq!(merges["items"], json!([]));
        let log = admin.page("/admin/audit").await;
        for words in ["Merged two agents", "Undid the merge", "Split an identity"] {
            assert!(log.contains(words), "{words}");
        }
    }
}

#[tokio::test]
async fn an_address_in_common_does_not_merge_again_what_staff_have_split() {
    for app in TestApp::on_both(|_| {}).await {
        let now = app.app.clock.now();
        let tell =
            |source, id, hour| mention((source, id, hour, Some("Sydney"), None, Some("sydney@example.com"), None), now);
        say(&app, &[tell("phone", "17", -3), tell("chat", "sc", -3)]).await;
        let both = named(&app, "Sydney").await;
        let merges = app.app.directory.merges().await.unwrap();
        assert_eq!((merges.len(), merges[0].actor_name.as_str()), (1, "Afterword"));
        app.app.directory.undo_merge(&both.id, &merges[0].id, &Actor::System, now).await.unwrap();
        say(&app, &[tell("phone", "17", -2), tell("chat", "sc", -2)]).await;
        assert_eq!(agents(&app).await.len(), 2);
        // Whoever merges them by hand merges them.
        let found = agents(&app).await;
        app.app.directory.merge(&found[0].id, &found[1].id, &Actor::System, now).await.unwrap();
        assert_eq!(agents(&app).await.len(), 1);
    }
}

#[tokio::test]
async fn an_account_sees_the_interactions_of_all_its_agents() {
    for app in TestApp::on_both(|_| {}).await {
        let (mut phone, mut chat) = (call_body("jerry@example.net"), call_body("jerry@example.net"));
        phone["agent"] = json!({ "external_id": "17", "name": "Sydney Carton" });
        chat["agent"] = json!({ "external_id": "sc", "name": "Sydney C." });
        let ids = [app.interaction("1", &phone).await, app.interaction("2", &chat).await];
        let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
        let seen = async || {
            let mut statuses = Vec::new();
            for id in &ids {
                statuses.push(agent.get(&format!("/interactions/{id}")).await.status().as_u16());
            }
            statuses
        };
        assert_eq!(seen().await, [200, 404]);
        let (one, two) = (app.agent("17").await, app.agent("sc").await);
        // The account belongs to the part, not to the agent that remains.
        let merge = app.app.directory.merge(&two, &one, &Actor::System, app.app.clock.now()).await.unwrap();
        assert_eq!(seen().await, [200, 200]);
        let admin = app.sign_in(Role::Admin, &[], None).await;
        for id in [&one, &two] {
            let list: serde_json::Value =
                admin.api(Method::GET, &format!("/api/v1/interactions?agent={id}"), None).await.json().await.unwrap();
            let people: Vec<_> = list["items"].as_array().unwrap().iter().map(|i| i["agent"]["id"].clone()).collect();
            assert_eq!(people, [json!(two.as_str()), json!(two.as_str())]);
        }
        app.app.directory.undo_merge(&two, &merge.id, &Actor::System, app.app.clock.now()).await.unwrap();
        assert_eq!(seen().await, [200, 404]);
    }
}

#[tokio::test]
async fn the_page_asks_before_a_merge_and_undoes_it() {
    let app = TestApp::start().await;
    let (mut phone, mut chat) = (call_body("jerry@example.net"), call_body("lucie@example.net"));
    phone["agent"] = json!({ "external_id": "17", "name": "Sydney Carton" });
    chat["agent"] = json!({ "external_id": "sc", "name": "Syd <b>" });
    app.interaction("1", &phone).await;
    app.interaction("2", &chat).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let (one, two) = (app.agent("17").await, app.agent("sc").await);
    assert!(admin.page("/admin/agents?q=CARTON").await.contains("phone/17"));
    assert!(!admin.page("/admin/agents?q=carton").await.contains("phone/sc"));
    let question = admin.page(&format!("/admin/agents/{one}/merge?agent={two}")).await;
    assert!(question.contains("1 interaction and 0 surveys") && question.contains("Syd &#60;b&#62;"), "{question}");
    assert_eq!(agents(&app).await.len(), 2, "a question merges nothing");
    let merged = admin.post(&format!("/admin/agents/{one}/merges"), &[("agent", two.as_str())]).await;
    assert_eq!(merged.headers()["location"], format!("/admin/agents/{one}?did=merged"));
    let page = admin.page(&format!("/admin/agents/{one}")).await;
    let undo = page.split('"').find(|text| text.ends_with("/undo")).expect("an undo button").to_owned();
    admin.post(&undo, &[]).await;
    assert_eq!(agents(&app).await.len(), 2);
    admin.post(&format!("/admin/agents/{one}/merges"), &[("agent", two.as_str())]).await;
    let split = admin.post(&format!("/admin/agents/{one}/identities/{two}/split"), &[]).await;
    assert_eq!(split.headers()["location"], format!("/admin/agents/{two}?did=split"));
    assert_eq!(agents(&app).await.len(), 2);
}
