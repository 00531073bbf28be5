//! Test app: a separate one for each test, with the real routes on a local port, a database and folders of its own, a
//! clock that stands still until the test moves it, and background jobs that run when the test says so.

use crate::support::postgres;
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::app::{self, App};
use afterword::clock::{ManualClock, SharedClock, Timestamp};
use afterword::config::{Config, DatabaseUrl, MailUrl, RecordingsUrl};
use afterword::effects::Actor;
use afterword::ids::{AgentId, InteractionId, StaffId, TeamId};
use afterword::jobs::{Runner, RunnerOptions};
use afterword::staff::{AgentSummary, NewAccount, SignInTry};
use afterword::transcription::TEST_MODEL;
use afterword::web::server::{self, Limits, Stop};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Start time of every test: 2026-11-20 12:00 UTC.
pub const BEGIN: Timestamp = Timestamp(1_795_176_000_000);
/// Password of every account that a test signs in.
pub const PASSWORD: &str = "correct horse battery";
/// Number of files that the server assumes it may open.
const OPEN_FILES: u64 = 1024;
/// Token of `/metrics`.
pub const METRICS_TOKEN: &str = "figures for the tests";

/// A running app.
pub struct TestApp {
    /// The features themselves.
    pub app: App,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Clock, to be moved.
    pub clock: ManualClock,
    /// Client that does not follow redirects and keeps no cookies.
    pub client: Client,
    runner: Arc<Runner>,
    stop: CancellationToken,
    _database: Option<postgres::TestDatabase>,
    folder: TempDir,
}

/// A signed-in user.
pub struct Session {
    /// Address to sign in with, and [`PASSWORD`].
    pub email: String,
    /// Cookie header for a request.
    pub cookie: String,
    /// CSRF token of forms.
    pub csrf: String,
    url: String,
    client: Client,
}

impl TestApp {
    /// Returns an app on SQLite, with default settings.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Returns an empty app on SQLite, served as a demo.
    pub async fn start_demo() -> Self {
        Self::build(None, true, |_| {}).await
    }

    /// Returns an app on SQLite, with changes to the configuration.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::build(None, false, change).await
    }

    /// Returns an app on PostgreSQL; `None` (reported as skipped) where there is no server.
    pub async fn start_on_postgres(change: impl FnOnce(&mut Config)) -> Option<Self> {
        let database = postgres::fresh_database().await?;
        Some(Self::build(Some(database), false, change).await)
    }

    /// Returns one on each database, for tests of their common behaviour.
    pub async fn on_both(change: impl Fn(&mut Config)) -> Vec<Self> {
        let mut apps = vec![Self::start_with(&change).await];
        apps.extend(Self::start_on_postgres(&change).await);
        apps
    }

    async fn build(database: Option<postgres::TestDatabase>, demo: bool, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = Config::default();
        config.http.listen = address;
        config.metrics.token = METRICS_TOKEN.parse().unwrap();
        config.database.url = match &database {
            Some(database) => DatabaseUrl::Postgres(database.url()),
            None => DatabaseUrl::Sqlite(folder.path().join("afterword.db")),
        };
        config.recordings.url = RecordingsUrl::File(folder.path().join("recordings"));
        config.mail.url = MailUrl::File(folder.path().join("mail"));
        config.mail.from = "Northwind <survey@northwind.example>".into();
        config.survey.company = "Northwind".into();
        // The clock stands still between mail and response; detection of automatic responses is enabled where it is
        // tested.
        config.survey.too_fast = "0s".parse().unwrap();
        // Bodies have fixed times, and tests move the clock; both limits are set where they are tested.
        config.survey.max_age = "0s".parse().unwrap();
        config.survey.address_wait = "0s".parse().unwrap();
        config.anonymity.key_file = folder.path().join("afterword.key");
        config.mail.journal = folder.path().join("mail-journal");
        config.transcription.model = TEST_MODEL.into();
        config.transcription.models_dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models");
        change(&mut config);
        let clock = ManualClock::new(BEGIN);
        let shared: SharedClock = Arc::new(clock.clone());
        let db = app::open_database(&config, true).await.unwrap();
        let vault = app::open_vault(&config, &db).await.unwrap();
        let app = App::build(config, db, vault, shared, demo);
        let stop = CancellationToken::new();
        let runner = Arc::new(Runner::new(
            app.db.clone(),
            Arc::clone(&app.clock),
            app.jobs(),
            RunnerOptions::default(),
            stop.clone(),
        ));
        runner.schedule().await.unwrap();
        let stops = Stop { draining: app.draining.clone(), closing: stop.clone() };
        tokio::spawn(server::serve(listener, app.routes(), Limits::new(&app.config.http, OPEN_FILES), stops));
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { app, url: format!("http://{address}"), clock, client, runner, stop, _database: database, folder }
    }

    /// Serves the same company, database and key again with changes to the configuration, as after a restart; returns
    /// its URL.
    pub async fn restarted_with(&self, change: impl FnOnce(&mut Config)) -> String {
        let mut config = self.app.config.as_ref().clone();
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = App::build(config, self.app.db.clone(), self.app.vault.clone(), Arc::clone(&self.app.clock), false);
        let stops = Stop { draining: app.draining.clone(), closing: self.stop.clone() };
        tokio::spawn(server::serve(listener, app.routes(), Limits::new(&app.config.http, OPEN_FILES), stops));
        format!("http://{address}")
    }

    /// Returns the folder of everything that this app keeps on disk.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs all due background jobs, including those that become due by them; returns their number.
    pub async fn work(&self) -> usize {
        self.runner.drain().await.unwrap()
    }

    /// Returns the time, in milliseconds since 1970.
    pub fn clock_ms(&self) -> i64 {
        self.app.clock.now().0
    }

    /// Advances the clock, then runs jobs.
    pub async fn pass(&self, time: std::time::Duration) -> usize {
        self.clock.advance(time);
        self.work().await
    }

    /// Returns an API key.
    pub async fn key(&self, scope: Scope) -> String {
        self.app.staff.add_key("test", &[scope], &[], &Actor::System).await.unwrap().secret
    }

    /// `PUT /api/v1/interactions/{source}/{external_id}`
    pub async fn put(&self, key: &str, path: &str, body: &Value) -> Response {
        let request = self.client.put(format!("{}/api/v1/interactions/{path}", self.url)).bearer_auth(key);
        request.json(body).send().await.unwrap()
    }

    /// Creates a finished call answered by agent 17 of Orders, from this customer; returns its id.
    pub async fn call(&self, external_id: &str, email: &str) -> InteractionId {
        self.interaction(external_id, &call_body(email)).await
    }

    /// Sends an interaction through the API; returns its id.
    pub async fn interaction(&self, external_id: &str, body: &Value) -> InteractionId {
        let key = self.key(Scope::Ingest).await;
        let answer = self.put(&key, &format!("phone/{external_id}"), body).await;
        assert!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await.unwrap());
        let answer: Value = answer.json().await.unwrap();
        answer["id"].as_str().unwrap().parse().unwrap()
    }

    /// Uploads a recording; returns the response.
    pub async fn record(&self, external_id: &str, sound: Vec<u8>) -> Response {
        let key = self.key(Scope::Ingest).await;
        let url = format!("{}/api/v1/interactions/phone/{external_id}/recording?channels=agent,customer", self.url);
        self.client.put(url).bearer_auth(key).body(sound).send().await.unwrap()
    }

    /// Returns the team of this name, created by an interaction or an administrator.
    pub async fn team(&self, name: &str) -> TeamId {
        let teams = self.app.directory.teams().await.unwrap();
        match teams.into_iter().find(|team| team.name == name) {
            Some(team) => team.id,
            None => self.app.directory.add_team(name, &Actor::System, self.app.clock.now()).await.unwrap().id,
        }
    }

    /// Returns the agent of this id in the source `phone`.
    pub async fn agent(&self, external_id: &str) -> AgentId {
        let agents = self.app.directory.agents().await.unwrap();
        let is_named = |agent: &AgentSummary| agent.identities.iter().any(|one| one.external_id == external_id);
        agents.into_iter().find(is_named).unwrap().id
    }

    /// Creates an account and signs in over HTTP.
    pub async fn sign_in(&self, role: Role, teams: &[&str], agent: Option<&str>) -> Session {
        let mut ids = Vec::new();
        for team in teams {
            ids.push(self.team(team).await);
        }
        let agent = match agent {
            Some(external_id) => Some(self.agent(external_id).await),
            None => None,
        };
        let email = format!("{}-{}@northwind.example", role.code(), StaffId::random());
        let new = NewAccount { email: email.clone(), name: format!("Some {}", role.label()), role, teams: ids, agent };
        let made = self.app.staff.add(new, &Actor::System).await.unwrap();
        self.app.staff.set_password(&made.id, PASSWORD.into()).await.unwrap();
        let token = self.token_of(&email).await;
        Session { email, ..self.session(&token) }
    }

    /// Signs in by the service directly; returns the session's token.
    async fn token_of(&self, email: &str) -> String {
        let from = std::net::Ipv4Addr::LOCALHOST.into();
        let tried = SignInTry { email, password: PASSWORD.into(), from, device: None, client: "Test".into() };
        self.app.staff.sign_in(tried).await.unwrap().token
    }

    /// Returns a new session of the same person, where the old one may have expired.
    pub async fn sign_in_anew(&self, person: &Session) -> Session {
        let token = self.token_of(&person.email).await;
        Session { email: person.email.clone(), ..self.session(&token) }
    }

    /// Returns the session of a token.
    pub fn session(&self, token: &str) -> Session {
        let csrf = afterword::web::access::csrf_token(token);
        Session {
            email: String::new(),
            cookie: format!("afterword={token}"),
            csrf,
            url: self.url.clone(),
            client: self.client.clone(),
        }
    }

    /// GET without a session.
    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// Returns the text of `/metrics`.
    pub async fn metrics(&self) -> String {
        let request = self.client.get(format!("{}/metrics", self.url)).bearer_auth(METRICS_TOKEN);
        request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }

    /// POST of a form without a session.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.client.post(format!("{}{path}", self.url)).form(form).send().await.unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Session {
    /// GET with this session.
    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).header("cookie", &self.cookie).send().await.unwrap()
    }

    /// Returns a page's text; fails if it does not exist.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// POST of a form with this session and the page's CSRF token.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let form: Vec<_> = form.iter().copied().chain([("csrf", self.csrf.as_str())]).collect();
        self.client.post(format!("{}{path}", self.url)).header("cookie", &self.cookie).form(&form).send().await.unwrap()
    }

    /// A request of the API with this session and the page's CSRF token.
    pub async fn api(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Response {
        let request = self.client.request(method, format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let request = request.header("x-csrf-token", &self.csrf);
        match body {
            Some(body) => request.json(body).send().await.unwrap(),
            None => request.send().await.unwrap(),
        }
    }
}

/// Returns an answered call, finished and final, handled by agent 17 of Orders.
pub fn call_body(email: &str) -> Value {
    json!({
        "channel": "call", "direction": "inbound", "phase": "final", "outcome": "answered",
        "started_at": "2026-11-20T11:24:00Z", "answered_at": "2026-11-20T11:24:31Z", "ended_at": "2026-11-20T11:30:02Z",
        "wait_ms": 31000, "talk_ms": 280000, "hold_ms": 51000,
        "agent": { "external_id": "17", "name": "Sydney Carton" }, "team": "Orders", "queue": "orders-en",
        "tags": ["lost parcel"], "topic": "lost parcel", "customer": { "email": email, "name": "Jerry", "locale": "en" }
    })
}

/// Returns a recording of `tests/calls/`.
pub fn demo_sound(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls").join(name)).unwrap()
}
