//! Rule 6: released figures are final. An attacker who chooses which conversations are excluded, included again and
//! erased learns nothing of the counted answers: two agents whose released answers are equal but belong to different
//! conversations stay alike in everything that is visible to anyone but their supervisors, whatever is done to both.

use super::totals::{all_are_whole, sums};
use super::{ask_many, dump, ripen_and_release};
use crate::app::{Session, TestApp, call_body};
use crate::surveys::{Asked, answer, ask_about, post};
use afterword::access::Role;
use afterword::effects::Actor;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const K: i64 = 3;
/// Agent, colleague and team of both twins.
const TWINS: [(&str, &str, &str); 2] = [("17", "19", "Orders"), ("18", "20", "Billing")];

/// Erases the conversation with its linked answer.
pub async fn erase(app: &TestApp, asked: &Asked) {
    app.app.privacy.erase_conversation(&asked.interaction, &Actor::System).await.unwrap();
}

/// Excludes a conversation from the ratings (`PUT`), or ends the exclusion (`DELETE`); returns the status.
pub async fn exclusion(who: &Session, method: Method, asked: &Asked) -> u16 {
    let path = format!("/api/v1/ratings/exclusions/{}", asked.interaction);
    let body = (method == Method::PUT).then(|| json!({ "reason": "other", "note": "" }));
    who.api(method, &path, body.as_ref()).await.status().as_u16()
}

/// One company, two agents (or two pairs, if agents are too small), and the conversations of each in the same order.
struct Pair {
    app: TestApp,
    admin: Session,
    hr: Session,
    asked: [Vec<Asked>; 2],
}

impl Pair {
    async fn new(app: TestApp) -> Self {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let hr = app.sign_in(Role::Hr, &[], None).await;
        Self { app, admin, hr, asked: [Vec::new(), Vec::new()] }
    }

    /// Gives a linked answer about a call of the twin, or of its colleague.
    async fn give(&mut self, twin: usize, by_colleague: bool, score: i64, comment: &str) {
        let (agent, colleague, team) = TWINS[twin];
        let name = format!("{twin}-{}", self.asked[twin].len());
        let mut body = call_body(&format!("c{name}@example.net"));
        let agent = if by_colleague { colleague } else { agent };
        body["agent"] = json!({ "external_id": agent, "name": format!("Agent {agent}") });
        body["team"] = team.into();
        let asked = ask_about(&self.app, &name, &body).await;
        let score = score.to_string();
        answer(&self.app, &asked, &[("score", &score), ("comment", comment), ("choice", "linked")]).await;
        self.asked[twin].push(asked);
    }

    async fn give_both(&mut self, score: i64) {
        for twin in 0..2 {
            self.give(twin, false, score, "Fine").await;
        }
    }

    async fn exclude_both(&self, method: &Method, which: usize) -> [u16; 2] {
        let of = |twin: usize| exclusion(&self.admin, method.clone(), &self.asked[twin][which]);
        [of(0).await, of(1).await]
    }

    /// A session expires before a history ends.
    async fn sign_in_anew(&mut self) {
        self.admin = self.app.sign_in_anew(&self.admin).await;
        self.hr = self.app.sign_in_anew(&self.hr).await;
    }

    /// Returns everything that an administrator and HR see about a twin, without its names and ids.
    async fn seen(&self, twin: usize) -> BTreeMap<String, String> {
        let (agent, colleague, team) = TWINS[twin];
        let ids = [self.app.agent(agent).await.to_string(), self.app.team(team).await.to_string()];
        let colleague_id = self.app.app.directory.agents().await.unwrap();
        let colleague_id = colleague_id
            .into_iter()
            .find(|one| one.identities[0].external_id == colleague)
            .map(|one| one.id.to_string());
        let mut all = BTreeMap::new();
        for (name, who) in [("admin", &self.admin), ("hr", &self.hr)] {
            let pages = [format!("/ratings/agents/{}", ids[0]), format!("/ratings/teams/{}", ids[1])];
            for (n, page) in pages.iter().enumerate() {
                let text = who.page(&format!("{page}?from=2026-01&to=2030-12")).await;
                // Comments come in the order of random ids.
                let mut parts: Vec<&str> = text.split('<').collect();
                parts.sort_unstable();
                all.insert(format!("{name} page {n}"), parts.join("<"));
            }
            for list in ["agents", "teams"] {
                let answer = who.get(&format!("/api/v1/ratings/{list}?from=2026-01&to=2030-12")).await;
                let answer: Value = answer.json().await.unwrap();
                let of_twin = |item: &&Value| {
                    let text = item.to_string();
                    text.contains(&format!("Agent {agent}"))
                        || text.contains(&format!("Agent {colleague}"))
                        || text.contains(team)
                };
                let items: Vec<String> =
                    answer["items"].as_array().unwrap().iter().filter(of_twin).map(Value::to_string).collect();
                all.insert(format!("{name} {list}"), items.join("\n"));
            }
        }
        let neutral = |text: String| {
            let mut text = text.replace(&ids[0], "AGENT").replace(&ids[1], "TEAM").replace(team, "TEAM");
            if let Some(id) = &colleague_id {
                text = text.replace(id, "COLLEAGUE");
            }
            text.replace(&format!("Agent {agent}"), "AGENT").replace(&format!("Agent {colleague}"), "COLLEAGUE")
        };
        all.into_iter().map(|(what, text)| (what, neutral(text))).collect()
    }

    async fn are_alike(&self, after: &str) {
        let (one, other) = (self.seen(0).await, self.seen(1).await);
        assert_eq!(one, other, "after {after} the twins differ: somebody can tell whose answer was whose");
        assert!(one["hr agents"].contains("\"answers\""), "{one:?}");
    }

    /// Returns how often an agent has this score, as shown to HR.
    async fn rated(&self, agent: &str, score: i64) -> i64 {
        let id = self.app.agent(agent).await.to_string();
        let totals = sums(&self.app).await[1].clone();
        totals.iter().filter(|(key, _)| key.1 == id && key.3 == "score" && key.5 == score).map(|(_, n)| n).sum()
    }
}

async fn pairs() -> Vec<Pair> {
    let mut all = Vec::new();
    for app in TestApp::on_both(|c| c.anonymity.k = 3).await {
        all.push(Pair::new(app).await);
    }
    all
}

/// The first three answers of both agents are a 1 and two 5s; the attacker wants to know whose first call has the 1.
async fn same_first_figures(pair: &mut Pair) {
    for (first, second) in [(1, 5), (5, 1)] {
        let twin = usize::from(first == 5);
        pair.give(twin, false, first, &format!("It was a {first}")).await;
        pair.give(twin, false, second, &format!("It was a {second}")).await;
        pair.give(twin, false, 5, "It was a 5").await;
    }
    assert_eq!(ripen_and_release(&pair.app).await, 4, "scores and comments of two agents");
    pair.are_alike("the first release").await;
}

#[tokio::test]
async fn an_exclusion_of_a_counted_answer_does_not_tell_its_value() {
    for mut pair in pairs().await {
        same_first_figures(&mut pair).await;
        assert_eq!(pair.exclude_both(&Method::PUT, 0).await, [204, 204]);
        for round in 0..5 {
            for score in [5, 1, 5] {
                pair.give_both(score).await;
            }
            ripen_and_release(&pair.app).await;
            pair.are_alike(&format!("release {round} behind the exclusion")).await;
        }
        assert_eq!([pair.rated("17", 1).await, pair.rated("18", 1).await], [6, 6], "the counted 1 stays counted");
    }
}

#[tokio::test]
async fn neither_do_many_exclusions_their_end_or_erasures() {
    for mut pair in pairs().await {
        same_first_figures(&mut pair).await;
        for which in 0..3 {
            assert_eq!(pair.exclude_both(&Method::PUT, which).await, [204, 204]);
        }
        for score in [4, 4, 4] {
            pair.give_both(score).await;
        }
        ripen_and_release(&pair.app).await;
        pair.are_alike("all three were excluded").await;
        // Excludes k at once, and includes k - 1 of them again: sums over chosen sets would single one out.
        for which in 1..3 {
            assert_eq!(pair.exclude_both(&Method::DELETE, which).await, [204, 204]);
        }
        for score in [4, 4, 4] {
            pair.give_both(score).await;
        }
        ripen_and_release(&pair.app).await;
        pair.are_alike("two came in again").await;
        for twin in 0..2 {
            erase(&pair.app, &pair.asked[twin][0]).await;
        }
        for score in [4, 4, 4] {
            pair.give_both(score).await;
        }
        ripen_and_release(&pair.app).await;
        pair.are_alike("the first was erased").await;
        assert_eq!([pair.rated("17", 1).await, pair.rated("17", 5).await, pair.rated("17", 4).await], [1, 2, 9]);
        assert_eq!([pair.rated("18", 1).await, pair.rated("18", 5).await, pair.rated("18", 4).await], [1, 2, 9]);
        all_are_whole(&pair.app, K).await;
    }
}

/// Figures released for a team, because the agents had too few answers, are final as well.
#[tokio::test]
async fn nor_do_they_where_answers_went_up_to_the_team() {
    for mut pair in pairs().await {
        for (twin, scores) in [(0, [1, 5]), (1, [5, 1])] {
            for score in scores {
                pair.give(twin, false, score, "").await;
            }
            pair.give(twin, true, 5, "").await;
        }
        ripen_and_release(&pair.app).await;
        pair.app.clock.advance(Duration::from_secs(5 * 31 * 86_400));
        assert_eq!(ripen_and_release(&pair.app).await, 2, "each team's three");
        pair.sign_in_anew().await;
        pair.are_alike("the teams were counted").await;
        for method in [Method::PUT, Method::DELETE, Method::PUT] {
            assert_eq!(pair.exclude_both(&method, 0).await, [204, 204]);
            for score in [5, 5] {
                pair.give_both(score).await;
            }
            for months in [0, 5, 5] {
                pair.app.clock.advance(Duration::from_secs(months * 31 * 86_400));
                ripen_and_release(&pair.app).await;
                pair.sign_in_anew().await;
                pair.are_alike(&format!("{method} and {months} months")).await;
            }
        }
    }
}

/// Random histories of new answers, exclusions, their ends, erasures and months.
#[tokio::test]
async fn whatever_an_attacker_does_the_twins_stay_alike() {
    for (seed, mut pair) in (7..).zip(pairs().await) {
        let mut random = StdRng::seed_from_u64(seed);
        same_first_figures(&mut pair).await;
        let mut erased = Vec::new();
        for step in 0..24 {
            // The attacker's targets are the first answers.
            let which = if random.random_bool(0.6) {
                random.random_range(0..3)
            } else {
                random.random_range(0..pair.asked[0].len())
            };
            let done = match random.random_range(0..10) {
                0..4 => {
                    pair.give_both(*[1, 2, 5].choose(&mut random).unwrap()).await;
                    "an answer"
                }
                4 | 5 if !erased.contains(&which) => {
                    let [one, other] = pair.exclude_both(&Method::PUT, which).await;
                    assert_eq!((one, other), (204, 204));
                    "an exclusion"
                }
                6 | 7 => {
                    let [one, other] = pair.exclude_both(&Method::DELETE, which).await;
                    assert_eq!(one, other, "an answer of the service tells them apart");
                    "an end of an exclusion"
                }
                8 if erased.len() < 3 && !erased.contains(&which) => {
                    for twin in 0..2 {
                        erase(&pair.app, &pair.asked[twin][which]).await;
                    }
                    erased.push(which);
                    "an erasure"
                }
                9 => {
                    pair.app.clock.advance(Duration::from_secs(31 * 86_400));
                    pair.sign_in_anew().await;
                    "a month"
                }
                _ => "nothing",
            };
            ripen_and_release(&pair.app).await;
            pair.are_alike(&format!("step {step}, {done}")).await;
        }
        all_are_whole(&pair.app, K).await;
        let [releases, totals] = sums(&pair.app).await;
        assert_eq!(releases, totals);
    }
}

/// At the limit k: an excluded answer does not fill a batch, and is counted at most once.
#[tokio::test]
async fn what_is_excluded_in_time_is_counted_once_when_it_comes_in_again() {
    for mut pair in pairs().await {
        for score in [1, 5, 5] {
            pair.give_both(score).await;
        }
        assert_eq!(pair.exclude_both(&Method::PUT, 0).await, [204, 204]);
        assert_eq!(ripen_and_release(&pair.app).await, 0, "two are too few");
        pair.give_both(5).await;
        assert_eq!(ripen_and_release(&pair.app).await, 4, "the other three: scores and comments");
        assert_eq!([pair.rated("17", 1).await, pair.rated("17", 5).await], [0, 3]);
        assert_eq!(pair.exclude_both(&Method::DELETE, 0).await, [204, 204]);
        assert_eq!(ripen_and_release(&pair.app).await, 0, "alone it waits");
        for score in [5, 5] {
            pair.give_both(score).await;
        }
        assert_eq!(ripen_and_release(&pair.app).await, 4);
        for method in [Method::PUT, Method::DELETE] {
            pair.exclude_both(&method, 0).await;
            assert_eq!(ripen_and_release(&pair.app).await, 0);
        }
        assert_eq!([pair.rated("17", 1).await, pair.rated("17", 5).await], [1, 5], "counted once");
    }
}

#[tokio::test]
async fn an_erased_answer_that_was_not_counted_never_is() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 5).await;
        for one in &asked {
            answer(&app, one, &[("score", "4"), ("choice", "linked")]).await;
        }
        erase(&app, &asked[0]).await;
        assert_eq!(ripen_and_release(&app).await, 0);
        for one in ask_many(&app, "17", "Orders", 1).await {
            answer(&app, &one, &[("score", "4"), ("choice", "linked")]).await;
        }
        assert_eq!(ripen_and_release(&app).await, 1);
        all_are_whole(&app, 5).await;
    }
}

/// A released comment stays when its conversation is excluded or erased: its removal would reveal the conversation.
/// Nothing leads from it to the conversation, even with the key.
#[tokio::test]
async fn released_comments_stay_and_lead_nowhere() {
    for app in TestApp::on_both(|_| {}).await {
        let hr = app.sign_in(Role::Hr, &[], None).await;
        let asked = ask_many(&app, "17", "Orders", 6).await;
        for (n, one) in asked.iter().enumerate() {
            answer(&app, one, &[("score", "4"), ("comment", &format!("word {n}")), ("choice", "linked")]).await;
        }
        assert_eq!(ripen_and_release(&app).await, 2);
        let before = dump(&app).await["released_comments"].clone();
        for one in &asked {
            for question in ["comment", "score"] {
                let id = app.app.vault.keyed_hash("released", format!("{question} {}", one.interaction).as_bytes());
                assert!(
                    before.iter().all(|row| !row.contains(&id)),
                    "the key leads from a comment to its conversation"
                );
            }
        }
        assert_eq!(exclusion(&hr, Method::PUT, &asked[0]).await, 204);
        erase(&app, &asked[1]).await;
        for one in ask_many(&app, "17", "Orders", 6).await {
            answer(&app, &one, &[("score", "4"), ("comment", "other"), ("choice", "linked")]).await;
        }
        assert_eq!(ripen_and_release(&app).await, 2);
        let after = dump(&app).await["released_comments"].clone();
        assert_eq!(after.len(), 12);
        assert!(before.iter().all(|row| after.contains(row)));
    }
}

/// Customers can't correct counted answers either.
#[tokio::test]
async fn late_changes_and_withdrawals_are_refused() {
    for mut pair in pairs().await {
        same_first_figures(&mut pair).await;
        for form in
            [&[("score", "4"), ("choice", "linked")][..], &[("score", "4"), ("choice", "apart")], &[("do", "withdraw")]]
        {
            for twin in 0..2 {
                assert_eq!(post(&pair.app, &pair.asked[twin][0].page(), form).await.0, 409);
            }
        }
        for score in [5, 5, 5] {
            pair.give_both(score).await;
        }
        ripen_and_release(&pair.app).await;
        pair.are_alike("late changes").await;
    }
}
