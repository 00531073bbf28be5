//! Rule 8: k stands with each release; lowering it touches only answers given from then on, and is audited.

use super::{ask_many, dump};
use crate::app::TestApp;
use crate::surveys::{Asked, answer};
use afterword::ratings::release::Releases;

async fn give(app: &TestApp, asked: &[Asked]) {
    for one in asked {
        answer(app, one, &[("score", "4"), ("choice", "apart")]).await;
    }
}

/// Ripens, and lets this one release.
async fn pass(app: &TestApp, releases: &Releases) -> usize {
    for _ in 0..app.app.surveys.ripe_at().max(1) {
        app.app.surveys.ripen().await.unwrap();
    }
    releases.release_full().await.unwrap()
}

/// The service as it starts with another k.
fn with_k(app: &TestApp, k: u32) -> Releases {
    let inner = &app.app;
    let mut config = (*inner.config).clone();
    config.anonymity.k = k;
    let again = afterword::app::App::build(config, inner.db.clone(), inner.vault.clone(), inner.clock.clone(), false);
    again.releases
}

#[tokio::test]
async fn lowering_k_touches_only_what_comes_after_and_is_audited() {
    for app in TestApp::on_both(|_| {}).await {
        // All are asked before, so that no job of the app itself, which keeps its k, runs in between.
        let asked = ask_many(&app, "17", "Orders", 11).await;
        give(&app, &asked[..3]).await;
        assert_eq!(pass(&app, &app.app.releases).await, 0);
        give(&app, &asked[3..4]).await;
        let lowered = with_k(&app, 3);
        lowered.note_k().await.unwrap();
        assert_eq!(pass(&app, &lowered).await, 0, "four were promised that there would be five");
        let lines: Vec<String> =
            dump(&app).await["audit_log"].iter().filter(|l| l.contains("k_changed")).cloned().collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains(r#""from":5,"to":3"#) || lines[0].contains(r#"\"from\":5,\"to\":3"#), "{lines:?}");
        give(&app, &asked[4..5]).await;
        assert_eq!(pass(&app, &lowered).await, 1);
        assert!(dump(&app).await["releases"].iter().all(|row| row.ends_with("|5|5") || row.contains(r#""k":5,"n":5"#)));
        give(&app, &asked[5..8]).await;
        assert_eq!(pass(&app, &lowered).await, 1, "these came after");
        // Raising it holds at once.
        give(&app, &asked[8..]).await;
        assert_eq!(pass(&app, &with_k(&app, 8)).await, 0);
    }
}
