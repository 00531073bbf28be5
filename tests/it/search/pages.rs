//! `/search`.

use super::CALL;
use crate::app::{TestApp, call_body};
use crate::support::heard::heard;
use crate::transcription::short_call;
use afterword::access::Role;

#[tokio::test]
async fn results_lead_to_the_moment() {
    let app = TestApp::start().await;
    let id = app.interaction("1", &call_body("jerry@example.net")).await;
    assert_eq!(app.record("1", short_call(1)).await.status(), 201);
    app.work().await;
    heard(&app, &id, CALL).await;
    let ours = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let page = ours.page("/search?q=los*&speaker=customer").await;
    assert!(page.contains(&format!(r#"href="/interactions/{id}#t1-4500""#)), "{page}");
    assert!(page.contains("I <mark>lost</mark> my parcel") && page.contains("0:04"));
    assert!(
        page.contains(r#"value="los*""#) && page.contains(r#"<option value="customer" selected>"#),
        "what was asked stays"
    );
    let target = ours.page(&format!("/interactions/{id}")).await;
    assert!(target.contains(r#"id="t1-4500""#), "the address is there");
    for role in [Role::Admin, Role::Agent] {
        let page = app.sign_in(role, &[], (role == Role::Agent).then_some("17")).await.page("/search?q=courier").await;
        assert!(page.contains("<mark>courier</mark>"), "{role:?}");
    }
    assert_eq!(app.sign_in(Role::Hr, &[], None).await.get("/search").await.status(), 403);
    assert_eq!(app.get("/search?q=courier").await.status(), 303);
}

#[tokio::test]
async fn an_empty_search_explains_itself_and_a_wrong_one_says_why() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let page = admin.page("/search").await;
    assert!(page.contains("exactly these words") && page.contains("refund -bank"));
    assert!(admin.page("/search?q=nothing").await.contains("No results"));
    let wrong = admin.page("/search?q=-bank").await;
    assert!(wrong.contains("not only words to exclude") && wrong.contains("aria-invalid"), "{wrong}");
    let nasty = admin.page("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&queue=%3Cb%3E").await;
    assert!(!nasty.contains("<script>alert") && !nasty.contains("<b>\""));
    for query in ["team=x", "speaker=bot", "from=yesterday", "channel=fax"] {
        assert_eq!(admin.get(&format!("/search?q=x&{query}")).await.status(), 400, "{query}");
    }
}
