//! Rule 4 from outside: over generated histories, all figures that agents, supervisors, HR and administrators can get,
//! by page, API and CSV, for every period, before and after each step. Any two, one of which covers a part of the
//! other, differ by nothing, or by at least k answers; so do a team's total and the sum of its agents'.

use super::corrections::exclusion;
use super::{ask_many, ripen_and_release};
use crate::app::{Session, TestApp};
use crate::surveys::{Asked, answer};
use afterword::access::Role;
use afterword::effects::Actor;
use afterword::staff::{AgentSummary, StaffError};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

const K: i64 = 3;
const AGENTS: [(&str, &str); 3] = [("17", "Orders"), ("18", "Orders"), ("19", "Billing")];
/// Months that a history may touch, and one before and after.
const MONTHS: [&str; 5] = ["2026-10", "2026-11", "2026-12", "2027-01", "2027-02"];

#[derive(Debug, Clone)]
enum Step {
    /// Number of this agent's customers who are surveyed, and answer apart if the bit is set, else linked; some with a
    /// yes or no.
    Answers {
        agent: usize,
        apart: Vec<bool>,
    },
    /// One of the last answers is retracted.
    Withdraw,
    /// One of the last surveyed conversations is erased.
    Erase,
    /// One of the last is excluded from the ratings, or included again if it is excluded.
    Exclude,
    Include,
    /// The two agents of Orders become one person, or two again.
    Merge,
    Split,
    Pass,
    Month,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..AGENTS.len(), proptest::collection::vec(any::<bool>(), 1..5))
            .prop_map(|(agent, apart)| Step::Answers { agent, apart }),
        1 => Just(Step::Withdraw),
        1 => Just(Step::Erase),
        1 => Just(Step::Exclude),
        1 => Just(Step::Include),
        1 => Just(Step::Merge),
        1 => Just(Step::Split),
        3 => Just(Step::Pass),
        1 => Just(Step::Month),
    ]
}

/// Subject of a figure: the agents that are one person (`17+18`), a team, or everybody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Agent(String),
    Team(String),
    All,
}

/// Question, subject, start and end (indexes into [`MONTHS`]), and number of the look.
type Key = (&'static str, About, usize, usize, usize);

/// A look at all figures: its number, and the agents of each person by name.
struct Look {
    n: usize,
    persons: BTreeMap<String, String>,
}

impl Look {
    async fn new(app: &TestApp, n: usize) -> Self {
        let agents = app.app.directory.agents().await.unwrap();
        let ids = |agent: &AgentSummary| {
            let ids: Vec<&str> = agent.identities.iter().map(|one| one.external_id.as_str()).collect();
            (agent.name.clone(), ids.join("+"))
        };
        Self { n, persons: agents.iter().map(ids).collect() }
    }

    fn person(&self, name: &str) -> About {
        About::Agent(self.persons[name].clone())
    }

    /// Returns the person who is the agent 17.
    fn own(&self) -> About {
        About::Agent(self.persons.values().find(|ids| ids.split('+').any(|id| id == "17")).unwrap().clone())
    }
}

/// All figures seen so far.
type Figures = BTreeMap<Key, i64>;

fn note(figures: &mut Figures, key: Key, n: i64, who: &str) {
    let before = figures.insert(key.clone(), n);
    assert!(before.is_none_or(|before| before == n), "{who} is told {n}, others {before:?}: {key:?}");
}

async fn json(who: &Session, path: &str) -> Value {
    let answer = who.get(path).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// Adds the figures of HR in one period: by API and by CSV, which must agree.
async fn of_hr(hr: &Session, from: usize, to: usize, look: &Look, figures: &mut Figures) {
    let period = format!("from={}&to={}", MONTHS[from], MONTHS[to]);
    for (table, name) in [("agents", "agent"), ("teams", "team")] {
        let text = hr.page(&format!("/ratings.csv?of={table}&{period}")).await;
        let mut lines = csv::Reader::from_reader(text.as_bytes());
        let heads = lines.headers().unwrap().clone();
        let at = |head: &str| heads.iter().position(|one| one == head).unwrap();
        for line in lines.records().map(Result::unwrap) {
            let about = line[at(name)].to_owned();
            let about = if name == "agent" { look.person(&about) } else { About::Team(about) };
            let number = |head: &str| line[at(head)].parse::<i64>().unwrap_or(0);
            note(figures, ("score", about.clone(), from, to, look.n), number("answers"), "hr");
            note(figures, ("resolved", about, from, to, look.n), number("resolved_answers"), "hr");
            let scores: i64 = (1..=5).map(|n| number(&format!("score_{n}"))).sum();
            assert_eq!(scores, number("answers"), "the counts add up to the answers: {line:?}");
        }
    }
    of_anybody(hr, "HR", About::All, (from, to), look, figures).await;
    of_results(hr, "HR", About::All, (from, to), look, figures).await;
}

/// Adds the figures of a survey's own results: the same sums by another page.
async fn of_results(
    who: &Session,
    name: &str,
    whole: About,
    (from, to): (usize, usize),
    look: &Look,
    figures: &mut Figures,
) {
    let text = who.page(&format!("/surveys/standard/results.csv?from={}&to={}", MONTHS[from], MONTHS[to])).await;
    let mut lines = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(lines.headers().unwrap().iter().nth(5), Some("answers"));
    let lines: Vec<_> = lines.records().map(Result::unwrap).collect();
    for (number, question) in [("1", "score"), ("2", "resolved")] {
        let of_it: Vec<_> = lines.iter().filter(|line| &line[2] == number).collect();
        let n = of_it.first().map_or(0, |line| line[5].parse().unwrap());
        let counts: i64 = of_it.iter().map(|line| line[11].parse::<i64>().unwrap()).sum();
        assert_eq!(counts, n, "the counts add up to the answers: {text}");
        note(figures, (question, whole.clone(), from, to, look.n), n, name);
    }
}

/// Adds the figures of a viewer in one period by API and by page: agents, and the sum of everything visible.
async fn of_anybody(
    who: &Session,
    name: &str,
    whole: About,
    (from, to): (usize, usize),
    look: &Look,
    figures: &mut Figures,
) {
    let period = format!("from={}&to={}", MONTHS[from], MONTHS[to]);
    let listed = json(who, &format!("/api/v1/ratings/agents?{period}")).await;
    for one in listed["items"].as_array().unwrap() {
        let about = look.person(one["name"].as_str().unwrap());
        let figures_of = &one["figures"];
        note(figures, ("score", about.clone(), from, to, look.n), figures_of["answers"].as_i64().unwrap(), name);
        let resolved = figures_of["resolved"]["answers"].as_i64().unwrap_or(0);
        note(figures, ("resolved", about, from, to, look.n), resolved, name);
    }
    if whole != About::Agent(String::new()) {
        let page = who.page(&format!("/ratings?{period}")).await;
        let behind = page.split("</b><span>answers<").next().filter(|text| text.len() < page.len());
        let n = behind.and_then(|text| text.rsplit("<b>").next()?.parse().ok()).unwrap_or(0);
        note(figures, ("score", whole, from, to, look.n), n, name);
    }
}

fn periods() -> impl Iterator<Item = (usize, usize)> {
    // Each single month, all months up to each, and two that overlap.
    let single = (0..MONTHS.len()).map(|month| (month, month));
    single.chain((1..MONTHS.len()).map(|to| (0, to))).chain([(1, 2), (2, 3)])
}

fn within(part: &Key, whole: &Key, teams: &BTreeMap<String, String>) -> bool {
    let ((q1, a1, f1, t1, l1), (q2, a2, f2, t2, l2)) = (part, whole);
    let about = match (a1, a2) {
        (About::Agent(part), About::Agent(whole)) => part.split('+').all(|id| whole.split('+').any(|one| one == id)),
        (About::Agent(ids), About::Team(team)) => ids.split('+').all(|id| teams.get(id) == Some(team)),
        (About::Agent(_) | About::Team(_), About::All) => true,
        (one, other) => one == other,
    };
    q1 == q2 && about && f2 <= f1 && t1 <= t2 && l1 <= l2
}

fn apart_by_k(what: &dyn std::fmt::Debug, difference: i64) {
    assert!(difference == 0 || difference >= K, "{what:?} differ by {difference}");
}

/// Checks all pairs, and the results of subtracting several.
fn check(figures: &Figures) {
    let teams: BTreeMap<String, String> =
        AGENTS.iter().map(|(agent, team)| ((*agent).to_owned(), (*team).to_owned())).collect();
    for (part, n) in figures {
        for (whole, m) in
            figures.range((part.0, About::Agent(String::new()), 0, 0, 0)..).filter(|(whole, _)| whole.0 == part.0)
        {
            if within(part, whole, &teams) {
                apart_by_k(&(part, whole), m - n);
            }
        }
        if let (question, About::Team(_), from, to, look) = part {
            let same = |key: &Key| key.0 == *question && (key.2, key.3, key.4) == (*from, *to, *look);
            let is_agent = |key: &Key| matches!(key.1, About::Agent(_)) && same(key) && within(key, part, &teams);
            let sum: i64 = figures.iter().filter(|(key, _)| is_agent(key)).map(|(_, n)| n).sum();
            apart_by_k(&("a team less its agents", part), n - sum);
        }
    }
}

struct Company {
    app: TestApp,
    people: [Session; 3],
}

impl Company {
    async fn new() -> Self {
        let app = TestApp::start_with(|c| {
            c.anonymity.k = 3;
            c.survey.quiet_period = "0s".parse().unwrap();
        })
        .await;
        for (agent, team) in AGENTS {
            ask_many(&app, agent, team, 1).await;
        }
        let people = [
            app.sign_in(Role::Hr, &[], None).await,
            app.sign_in(Role::Supervisor, &["Orders"], None).await,
            app.sign_in(Role::Agent, &[], Some("17")).await,
        ];
        Self { app, people }
    }

    async fn look(&self, n: usize, figures: &mut Figures) {
        let look = &Look::new(&self.app, n).await;
        let [hr, supervisor, agent] = &self.people;
        for period in periods() {
            of_hr(hr, period.0, period.1, look, figures).await;
            of_anybody(supervisor, "the supervisor", About::Team("Orders".into()), period, look, figures).await;
            of_anybody(agent, "the agent", About::Agent(String::new()), period, look, figures).await;
            of_results(supervisor, "the supervisor", About::Team("Orders".into()), period, look, figures).await;
            of_results(agent, "the agent", look.own(), period, look, figures).await;
        }
    }

    /// A session expires before a history ends.
    async fn sign_in_anew(&mut self) {
        for person in &mut self.people {
            *person = self.app.sign_in_anew(person).await;
        }
    }

    async fn act(&mut self, step: &Step, last: &mut Vec<Asked>) {
        match step {
            Step::Answers { agent, apart } => {
                let (agent, team) = AGENTS[*agent];
                let asked = ask_many(&self.app, agent, team, apart.len()).await;
                for (n, (one, apart)) in asked.iter().zip(apart).enumerate() {
                    let choice = if *apart { "apart" } else { "linked" };
                    let resolved = ["yes", "", "no"][n % 3];
                    let score = ["1", "5", "4"][n % 3];
                    answer(&self.app, one, &[("score", score), ("resolved", resolved), ("choice", choice)]).await;
                }
                *last = asked;
            }
            Step::Withdraw => {
                if let Some(one) = last.first() {
                    self.app.post(&one.page(), &[("do", "withdraw")]).await;
                }
            }
            Step::Erase => {
                if let Some(one) = last.pop() {
                    self.app.app.privacy.erase_conversation(&one.interaction, &Actor::System).await.unwrap();
                }
            }
            Step::Exclude | Step::Include => {
                let method = if matches!(step, Step::Exclude) { Method::PUT } else { Method::DELETE };
                if let Some(one) = last.first() {
                    self.people[0] = self.app.sign_in_anew(&self.people[0]).await;
                    let status = exclusion(&self.people[0], method, one).await;
                    assert!([204, 404].contains(&status), "{status}");
                }
            }
            Step::Merge => {
                let [one, other] = [self.app.agent("17").await, self.app.agent("18").await];
                let merged = self.app.app.directory.merge(&one, &other, &Actor::System, self.app.app.clock.now()).await;
                assert!(matches!(merged, Ok(_) | Err(StaffError::SameAgent)), "{merged:?}");
            }
            Step::Split => {
                let now = self.app.app.clock.now();
                for agent in self.app.app.directory.agents().await.unwrap() {
                    for part in agent.identities.iter().filter(|one| one.id != agent.id) {
                        self.app.app.directory.split(&agent.id, &part.id, &Actor::System, now).await.unwrap();
                    }
                }
            }
            Step::Pass => drop(ripen_and_release(&self.app).await),
            Step::Month => self.app.clock.advance(Duration::from_secs(31 * 86_400)),
        }
    }
}

async fn play(steps: &[Step]) {
    let (mut company, mut figures, mut last) = (Company::new().await, Figures::new(), Vec::new());
    for (n, step) in steps.iter().enumerate() {
        company.act(step, &mut last).await;
        if !matches!(step, Step::Answers { .. } | Step::Month) || n + 1 == steps.len() {
            company.sign_in_anew().await;
            company.look(n, &mut figures).await;
        }
    }
    check(&figures);
}

#[test]
fn any_two_figures_that_anybody_can_get_differ_by_nothing_or_by_k() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    let config = Config { cases, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    // The same histories each time; more of them with PROPTEST_CASES.
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let histories = proptest::collection::vec(step(), 10..22);
    runner
        .run(&histories, |steps| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(play(&steps));
            Ok(())
        })
        .unwrap();
}
