//! Follow-ups: what opens them and what never does, who sees them, what is done with them.

mod callbacks;
mod score;
mod steps;

use crate::app::{Session, TestApp};
use crate::surveys::{Asked, PASS, answer};
use serde_json::Value;

/// The follow-ups that this supervisor sees in the API.
pub async fn list(session: &Session, which: &str) -> Vec<Value> {
    let answer = session.get(&format!("/api/v1/follow-ups?which={which}")).await;
    assert_eq!(answer.status(), 200);
    let page: Value = answer.json().await.unwrap();
    page["items"].as_array().unwrap().clone()
}

/// Lets pass what answers need to become unchangeable, and a look after that.
pub async fn ripen(app: &TestApp) {
    for _ in 0..4 {
        app.pass(PASS).await;
    }
}

/// A linked answer of this score.
pub async fn linked(app: &TestApp, asked: &Asked, score: &str) {
    answer(app, asked, &[("score", score), ("choice", "linked")]).await;
}
