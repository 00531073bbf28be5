//! Rule 8: each answer and each release stores its k; lowering it affects only later answers, and is audited.

use super::{ask_many, dump};
use crate::app::TestApp;
use crate::surveys::Asked;
use afterword::app::App;
use afterword::config::Choice;
use afterword::invitations::Token;
use afterword::responses::Answer;

/// Gives these answers, while the service runs with this k.
async fn give(app: &App, asked: &[Asked], choice: Choice) {
    for one in asked {
        let token = Token::parse(&one.token).unwrap();
        app.responses.answer(&token, Answer::rated(4, None, None, choice)).await.unwrap();
    }
}

/// Ripens, and releases.
async fn pass(app: &App) -> usize {
    for _ in 0..app.responses.ripe_at().max(1) {
        app.responses.run_mix_pass().await.unwrap();
    }
    app.releases.release_full().await.unwrap()
}

/// Returns the service as it starts with another k.
async fn with_k(app: &TestApp, k: u32) -> App {
    let inner = &app.app;
    let mut config = (*inner.config).clone();
    config.anonymity.k = k;
    let again = App::build(config, inner.db.clone(), inner.vault.clone(), inner.clock.clone(), false);
    again.releases.note_min_batch_size().await.unwrap();
    again
}

/// Returns the sizes of all releases, with the k of each.
async fn releases(app: &TestApp) -> Vec<String> {
    let last = |row: &String| {
        let numbers = row.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).rev().take(2);
        numbers.collect::<Vec<_>>().join(" of at least ")
    };
    let mut all: Vec<String> = dump(app).await["releases"].iter().map(last).collect();
    all.sort();
    all
}

#[tokio::test]
async fn lowering_k_touches_only_what_comes_after_and_is_audited() {
    for app in TestApp::on_both(|_| {}).await {
        for choice in [Choice::Apart, Choice::Linked] {
            let agent = format!("{choice:?}");
            // All are surveyed before, so that no job of the app itself, which keeps its k, runs in between.
            let asked = ask_many(&app, &agent, "Orders", 10).await;
            let before = releases(&app).await.len();
            let five = with_k(&app, 5).await;
            give(&five, &asked[..3], choice).await;
            // They are not ripe yet.
            let three = with_k(&app, 3).await;
            assert_eq!(pass(&three).await + pass(&three).await, 0, "three were promised that there would be five");
            give(&three, &asked[3..4], choice).await;
            assert_eq!(pass(&three).await, 0, "whoever joins them waits with them");
            give(&three, &asked[4..5], choice).await;
            assert_eq!(pass(&three).await, 1);
            give(&three, &asked[5..8], choice).await;
            assert_eq!(pass(&three).await, 1, "these came after");
            // Raising it has effect at once, and earlier promises still hold.
            give(&with_k(&app, 8).await, &asked[8..9], choice).await;
            assert_eq!(pass(&with_k(&app, 5).await).await + pass(&with_k(&app, 3).await).await, 0);
            give(&with_k(&app, 3).await, &asked[9..], choice).await;
            assert_eq!(pass(&with_k(&app, 3).await).await, 0, "two, of whom one was promised eight");
            let mut wanted = vec!["3 of at least 3".to_owned(), "5 of at least 5".to_owned()];
            wanted.extend(wanted.clone().into_iter().filter(|_| before > 0));
            wanted.sort();
            assert_eq!(releases(&app).await, wanted, "{choice:?}");
        }
        let lines: Vec<String> =
            dump(&app).await["audit_log"].iter().filter(|l| l.contains("k_changed")).cloned().collect();
        assert!(
            lines.iter().any(|line| line.contains("from") && line.contains('5') && line.contains('3')),
            "{lines:?}"
        );
    }
}
