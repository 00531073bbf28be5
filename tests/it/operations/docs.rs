//! `/docs` in a browser.

use crate::app::TestApp;
use crate::support::browser::{Browser, View};

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_is_shown_under_a_policy_that_allows_its_own_scripts_alone() {
    let app = TestApp::start().await;
    for path in ["/docs", "/docs/"] {
        let answer = app.get(path).await;
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
        assert!(!policy.contains("script-src 'unsafe") && !policy.contains('*'), "{policy}");
    }
    let Some(browser) = Browser::open(View::DESKTOP).await else { return };
    browser.goto(format!("{}/docs", app.url)).await.unwrap();
    assert!(browser.text(".swagger-ui .info .title").await.contains("Afterword"));
    browser.press(".opblock .opblock-summary-control").await;
    browser.press(".opblock .try-out__btn").await;
    browser.press(".opblock .execute").await;
    let status = browser.text(".opblock .live-responses-table .response .response-col_status").await;
    // The API was reached: there is no session there.
    assert!(status.contains("401"), "{status}");
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|complaint| complaint.contains("401")), "{complaints:?}");
}
