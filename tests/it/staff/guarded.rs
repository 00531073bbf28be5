//! Every endpoint and every page is guarded: access needs a right, and the public ones are listed here.

use crate::app::TestApp;
use afterword::access::Role;
use afterword::access::principal::Scope;
use serde_json::Value;

/// Public endpoints. The list may only shrink.
const PUBLIC: &[&str] = &[];

/// Returns method and path of every endpoint in the specification, with ids filled in.
async fn endpoints(app: &TestApp) -> Vec<(reqwest::Method, String, Value)> {
    let spec = app.get("/openapi.yaml").await.text().await.unwrap();
    let spec: Value = serde_yaml::from_str(&spec).unwrap();
    let mut all = Vec::new();
    for (path, methods) in spec["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = "7d8f6c1e-0000-4000-8000-000000000000";
            let path: String = path
                .split('/')
                .map(|part| {
                    if part.starts_with('{') {
                        part.find('}').map_or(part.to_owned(), |end| format!("{id}{}", &part[end + 1..]))
                    } else {
                        part.to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join("/");
            all.push((method.to_uppercase().parse().unwrap(), path, operation.clone()));
        }
    }
    assert!(all.len() > 10, "the specification has no endpoints");
    all
}

#[tokio::test]
async fn no_endpoint_answers_without_a_key() {
    let app = TestApp::start().await;
    for (method, path, operation) in endpoints(&app).await {
        if PUBLIC.contains(&path.as_str()) {
            continue;
        }
        for key in [None, Some("aw_wrong")] {
            let mut request = app.client.request(method.clone(), format!("{}{path}", app.url));
            if let Some(key) = key {
                request = request.bearer_auth(key);
            }
            let answer = request.json(&serde_json::json!({})).send().await.unwrap();
            assert_eq!(answer.status(), 401, "{method} {path}");
            assert!(answer.headers().contains_key("www-authenticate"), "{method} {path}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
        }
        assert!(operation["security"].as_array().is_some_and(|s| !s.is_empty()), "{method} {path} names no security");
        assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{method} {path} has no summary");
        assert!(operation["operationId"].is_string(), "{method} {path} has no operationId");
    }
}

#[tokio::test]
async fn an_ingest_key_reads_nothing_and_a_read_key_changes_nothing() {
    let app = TestApp::start().await;
    let (ingest, read) = (app.key(Scope::Ingest).await, app.key(Scope::Read).await);
    for (method, path, _) in endpoints(&app).await {
        let ask = |key: &str| {
            app.client
                .request(method.clone(), format!("{}{path}", app.url))
                .bearer_auth(key)
                .json(&serde_json::json!({}))
                .send()
        };
        if method == reqwest::Method::GET {
            assert_eq!(ask(&ingest).await.unwrap().status(), 403, "ingest: {method} {path}");
        } else {
            assert_eq!(ask(&read).await.unwrap().status(), 403, "read: {method} {path}");
        }
    }
}

/// Pages, and the roles that may open them.
const PAGES: &[(&str, &[Role])] = &[
    ("/", &Role::ALL),
    ("/interactions", &[Role::Admin, Role::Supervisor, Role::Agent]),
    ("/search", &[Role::Admin, Role::Supervisor, Role::Agent]),
    ("/library", &[Role::Admin, Role::Supervisor, Role::Agent]),
    ("/learn", &[Role::Admin, Role::Supervisor, Role::Agent]),
    ("/follow-ups", &[Role::Supervisor]),
    ("/feedback", &[Role::Admin, Role::Supervisor]),
    ("/quotes", &[Role::Admin, Role::Supervisor]),
    ("/account", &Role::ALL),
    ("/account/alerts", &[Role::Supervisor]),
    ("/ratings", &Role::ALL),
    ("/ratings.csv", &Role::ALL),
    ("/ratings/exclusions", &[Role::Admin, Role::Hr]),
    ("/surveys", &[Role::Admin]),
    ("/surveys/rules", &[Role::Admin]),
    ("/surveys/rules/new", &[Role::Admin]),
    ("/surveys/standard", &[Role::Admin]),
    ("/surveys/standard/results", &Role::ALL),
    ("/surveys/standard/results.csv", &Role::ALL),
    ("/surveys/standard/publish", &[Role::Admin]),
    ("/surveys/standard/versions", &[Role::Admin]),
    ("/surveys/standard/preview", &[Role::Admin]),
    ("/surveys/standard/archive", &[Role::Admin]),
    ("/admin", &[Role::Admin]),
    ("/admin/teams", &[Role::Admin]),
    ("/admin/agents", &[Role::Admin]),
    ("/admin/staff", &[Role::Admin]),
    ("/admin/keys", &[Role::Admin]),
    ("/admin/webhooks", &[Role::Admin]),
    ("/admin/mail", &[Role::Admin]),
    ("/admin/delivery", &[Role::Admin]),
    ("/admin/delivery/retry", &[Role::Admin]),
    ("/admin/contacts", &[Role::Admin]),
    ("/admin/contacts/removal", &[Role::Admin]),
    ("/admin/outcomes", &[Role::Admin]),
    ("/admin/skipped", &[Role::Admin]),
    ("/admin/skipped.csv", &[Role::Admin]),
    ("/admin/audit", &[Role::Admin]),
    ("/admin/erasure", &[Role::Admin]),
    ("/admin/suspects", &[Role::Admin]),
    ("/admin/retention", &[Role::Admin]),
];

#[tokio::test]
async fn pages_open_for_their_roles_alone() {
    let app = TestApp::start().await;
    app.call("1", "jerry@example.net").await;
    let mut sessions = Vec::new();
    for role in Role::ALL {
        let agent = (role == Role::Agent).then_some("17");
        sessions.push((role, app.sign_in(role, &["Orders"], agent).await));
    }
    for (path, roles) in PAGES {
        let nobody = app.get(path).await;
        assert_eq!(nobody.status(), 303, "{path} opens for nobody in particular");
        for (role, session) in &sessions {
            let wanted = if roles.contains(role) { 200 } else { 403 };
            let answer = session.get(path).await;
            // An agent's ratings are one page: a direct redirect.
            let opens = answer.status() == 200
                || answer
                    .headers()
                    .get("location")
                    .is_some_and(|to| to != "/" && !to.as_bytes().starts_with(b"/sign-in"));
            let got = if opens { 200 } else { answer.status().as_u16() };
            assert_eq!(got, wanted, "{path} as {role:?}");
        }
    }
}

#[tokio::test]
async fn what_is_hidden_is_not_there() {
    let app = TestApp::start().await;
    let id = app.call("1", "jerry@example.net").await;
    let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
    let nobody = app.sign_in(Role::Supervisor, &[], None).await;
    let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
    let hr = app.sign_in(Role::Hr, &[], None).await;
    for path in [format!("/interactions/{id}"), format!("/api/v1/interactions/{id}")] {
        assert_eq!(own.get(&path).await.status(), 200, "{path}");
        assert_eq!(agent.get(&path).await.status(), 200, "{path}");
        assert_eq!(other.get(&path).await.status(), 404, "{path}");
        assert_eq!(nobody.get(&path).await.status(), 404, "{path}");
        assert_eq!(hr.get(&path).await.status(), 403, "{path}");
    }
    assert_eq!(agent.get(&format!("/api/v1/interactions/{id}/response")).await.status(), 403);
    assert_eq!(other.get(&format!("/api/v1/interactions/{id}/response")).await.status(), 404);
}
