//! Follow-ups: opening, visibility, and steps.

mod callbacks;
mod score;
mod steps;

use crate::app::{Session, TestApp};
use crate::surveys::{Asked, PASS, answer};
use serde_json::Value;

/// Returns the follow-ups that this supervisor sees in the API.
pub async fn list(session: &Session, which: &str) -> Vec<Value> {
    let answer = session.get(&format!("/api/v1/follow-ups?which={which}")).await;
    assert_eq!(answer.status(), 200);
    let page: Value = answer.json().await.unwrap();
    page["items"].as_array().unwrap().clone()
}

/// Advances until answers are unchangeable, and runs the job.
pub async fn ripen(app: &TestApp) {
    for _ in 0..4 {
        app.pass(PASS).await;
    }
}

/// Gives a linked answer with this score.
pub async fn linked(app: &TestApp, asked: &Asked, score: &str) {
    answer(app, asked, &[("score", score), ("choice", "linked")]).await;
}
