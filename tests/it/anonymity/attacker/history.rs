//! Histories: customers are surveyed, answer apart or linked, change their choices, retract answers; the mix passes,
//! totals are released, surveys close, erasures are requested. All events are drawn from the seed.

use super::evidence::{Answer, Evidence, Seen};
use super::{Leak, snapshot};
use crate::anonymity::{Dump, ripen_and_release};
use crate::app::{Session, TestApp, call_body};
use crate::support::heard::raw;
use crate::surveys::{Asked, ask_about};
use afterword::access::Role;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// Actions of the customers of a history, in order.
pub struct History {
    pub seed: u64,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Apart(usize),
    Linked(usize),
    /// A form is held as a suspected program's, before its customer answers.
    KeptAside(usize),
    /// An apart answer is given again, with other words.
    Again(usize),
    /// An apart answer is retracted, and given again.
    BackAndAnew(usize),
    Pass,
    /// A staff member opens the pages.
    Look,
    /// An unanswered conversation is erased.
    Erase(usize),
    Close,
}

/// The company and its people.
pub struct World {
    pub app: TestApp,
    asked: Vec<(Asked, &'static str)>,
    people: Vec<(&'static str, Session)>,
    lines: Lines,
}

/// Log lines, at the finest level.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *self.0.lock().unwrap())).into_owned()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const PLACES: [(&str, &str, usize); 3] = [("17", "Orders", 5), ("18", "Orders", 4), ("19", "Billing", 4)];
/// Number of customers who answer apart in a history; others answer linked, or not at all.
const APART: usize = 6;

impl History {
    fn draw(seed: u64, leak: Leak, customers: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut who: Vec<usize> = (0..customers).collect();
        who.shuffle(&mut rng);
        if leak == Leak::InOrder {
            who.sort_unstable();
        }
        let (apart, rest) = who.split_at(APART);
        let mut others: Vec<Step> = rest[..3].iter().map(|n| Step::Linked(*n)).collect();
        others.extend([Step::Pass, Step::Look, Step::Pass, Step::Erase(rest[3])]);
        others.shuffle(&mut rng);
        let mut steps = Vec::new();
        // A program has sent some forms before, including those of customers who will not answer.
        let programs = apart.iter().step_by(2).chain(&rest[3..6]).filter(|_| leak == Leak::None);
        steps.extend(programs.map(|n| Step::KeptAside(*n)));
        steps.shuffle(&mut rng);
        for n in apart.iter().copied() {
            steps.extend((0..rng.random_range(0..2)).filter_map(|_| others.pop()));
            steps.push(Step::Apart(n));
            if leak == Leak::None && rng.random_bool(0.3) {
                steps.push(*[Step::Again(n), Step::BackAndAnew(n)].choose(&mut rng).unwrap());
            }
        }
        steps.extend(others);
        steps.extend([Step::Pass, Step::Pass, Step::Look, Step::Close]);
        Self { seed, steps }
    }
}

impl World {
    async fn new() -> Self {
        let app = TestApp::start_with(|c| c.anonymity.k = 3).await;
        let mut asked = Vec::new();
        for (agent, team, n) in PLACES {
            for n in 0..n {
                let name = format!("{agent}-{n}");
                let mut body = call_body(&format!("{name}@example.net"));
                body["agent"] = serde_json::json!({ "external_id": agent, "name": format!("Agent {agent}") });
                body["team"] = team.into();
                asked.push((ask_about(&app, &name, &body).await, agent));
            }
        }
        let mut people = Vec::new();
        for (name, role, teams, agent) in [
            ("supervisor", Role::Supervisor, &["Orders", "Billing"][..], None),
            ("agent", Role::Agent, &[], Some("17")),
            ("hr", Role::Hr, &[], None),
            ("admin", Role::Admin, &[], None),
        ] {
            people.push((name, app.sign_in(role, teams, agent).await));
        }
        Self { app, asked, people, lines: Lines::default() }
    }

    /// Returns the pages and exports of every role; the attacker's own entries in the audit log are left out, since
    /// viewing creates them.
    pub async fn views(&self, leak: Leak) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        // A planted fault is visible elsewhere.
        if leak != Leak::None {
            return all;
        }
        for (name, session) in &self.people {
            let paths: &[&str] = match *name {
                "supervisor" => &["/", "/ratings", "/interactions", "/api/v1/interactions?limit=200"],
                "agent" => &["/", "/ratings", "/interactions"],
                "hr" => &["/", "/ratings.csv", "/ratings.csv?of=teams", "/api/v1/ratings/agents"],
                _ => &["/admin", "/admin/mail", "/api/v1/invitations?limit=200", "/admin/suspects", "/admin/retention"],
            };
            for path in paths {
                let answer = session.get(path).await;
                let status = answer.status();
                all.insert(format!("{name} {path}"), format!("{status} {}", answer.text().await.unwrap()));
            }
        }
        all
    }

    async fn post(&self, n: usize, form: &[(&str, &str)]) {
        crate::surveys::answer(&self.app, &self.asked[n].0, form).await;
    }

    async fn act(&self, step: Step, leak: Leak, rng: &mut impl Rng) {
        let score = ["1", "2", "3", "4", "5"].choose(rng).unwrap();
        let comment = ["", "Fine", "It took long, and nobody knew why."].choose(rng).unwrap();
        let form = |choice| [("score", *score), ("resolved", "yes"), ("comment", *comment), ("choice", choice)];
        match step {
            Step::Apart(n) | Step::Again(n) => {
                self.post(n, &form("apart")).await;
                if leak == Leak::Touches {
                    let id = &self.asked[n].0.interaction;
                    raw(&self.app, &format!("UPDATE interactions SET updated_at = updated_at + 1 WHERE id = '{id}'"))
                        .await;
                }
                if leak == Leak::Logs {
                    tracing::debug!(target: "afterword", interaction = %self.asked[n].0.interaction, "answered");
                }
            }
            Step::BackAndAnew(n) => {
                self.post(n, &[("do", "withdraw")]).await;
                self.post(n, &form("apart")).await;
            }
            Step::KeptAside(n) => {
                let form = [&form("linked")[..], &[("website", "https://spam.example")]].concat();
                assert_eq!(crate::surveys::post(&self.app, &self.asked[n].0.page(), &form).await.0, 422);
            }
            Step::Linked(n) => self.post(n, &form("linked")).await,
            Step::Pass => {
                self.app.clock.advance(crate::surveys::PASS);
                self.app.work().await;
            }
            Step::Look => {
                for (_, session) in &self.people[..2] {
                    session.get("/interactions").await;
                    let id = &self.asked.choose(rng).unwrap().0.interaction;
                    session.get(&format!("/interactions/{id}")).await;
                }
            }
            Step::Erase(n) => {
                let id = self.asked[n].0.interaction.to_string();
                self.people[3].1.post("/admin/erasure", &[("interaction", &id)]).await;
            }
            Step::Close => {
                ripen_and_release(&self.app).await;
                self.app.pass(Duration::from_secs(15 * 86_400)).await;
            }
        }
    }
}

/// Plays the history of this seed.
pub async fn play(seed: u64, leak: Leak) -> Evidence {
    let world = World::new().await;
    let filter = tracing_subscriber::EnvFilter::new("afterword=trace,it=trace");
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(world.lines.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // The answering customers are drawn in an order that is not visible.
    let mut rng = StdRng::seed_from_u64(seed ^ 0xA5A5);
    let history = History::draw(seed, leak, world.asked.len());
    let begin = snapshot(&world, leak, world.lines.take()).await;
    let known: BTreeMap<usize, String> =
        (0..world.asked.len()).map(|n| (n, world.asked[n].0.interaction.to_string())).collect();
    let words = words(&begin.tables, known.values());
    let (mut answers, mut linked, mut erased) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut snapshots = vec![(Seen::Other, begin)];
    for step in &history.steps {
        world.act(*step, leak, &mut rng).await;
        match step {
            Step::Linked(n) => drop(linked.insert(known[n].clone())),
            Step::Erase(n) => drop(erased.insert(known[n].clone())),
            _ => {}
        }
        if let Step::Apart(n) = step {
            let (asked, agent) = &world.asked[*n];
            let open = |id: &&String| !linked.contains(*id) && !erased.contains(*id);
            let candidates: Vec<String> = known.values().filter(open).cloned().collect();
            let of_agent = known.iter().filter(|(m, id)| world.asked[**m].1 == *agent && open(id));
            answers.push(Answer {
                record: world.app.app.vault.keyed_hash("mix:score", asked.token.as_bytes()),
                spent: world.app.app.vault.keyed_hash("spent", asked.token.as_bytes()),
                truth: known[n].clone(),
                of_agent: of_agent.map(|(_, id)| id.clone()).collect(),
                candidates,
            });
        }
        let seen = if matches!(step, Step::Apart(_) | Step::Again(_) | Step::BackAndAnew(_)) {
            Seen::Apart
        } else {
            Seen::Other
        };
        snapshots.push((seen, snapshot(&world, leak, world.lines.take()).await));
    }
    assert_eq!(answers.len(), APART, "history {}", history.seed);
    Evidence { snapshots, answers, words, vault: world.app.app.vault.clone() }
}

/// Returns the words that lead to each conversation: every long word of its rows, and of the rows that those words lead
/// to.
fn words<'a>(tables: &Dump, conversations: impl Iterator<Item = &'a String>) -> BTreeMap<String, Vec<String>> {
    let long = |row: &str| -> Vec<String> {
        let parts = row.split(['|', '\'', '"', ',', ':', '{', '}', ' ']);
        parts.filter(|word| word.len() >= 20).map(str::to_owned).collect()
    };
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for id in conversations {
        let own =
            ["interactions", "invitations"].map(|table| tables[table].iter().filter(|row| row.contains(id.as_str())));
        all.insert(id.clone(), own.into_iter().flatten().flat_map(|row| long(row)).collect());
    }
    // Words shared by several (an agent, a team, words of the raw body) lead to none.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for words in all.values() {
        words
            .iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .for_each(|word| *counts.entry(word.clone()).or_default() += 1);
    }
    all.values_mut().for_each(|words| words.retain(|word| counts[word] == 1));
    all
}
