//! `/account`: the user's own password and sessions.

use crate::anonymity::dump;
use crate::app::{PASSWORD, Session, TestApp};
use afterword::access::Role;

const NEW: &str = "my kettle whistles at noon";

async fn change(who: &Session, current: &str, new: &str, again: &str) -> (u16, String) {
    let form = [("current", current), ("password", new), ("again", again)];
    let answer = who.post("/account/password", &form).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn one_changes_ones_own_password_and_is_signed_out_elsewhere() {
    for app in TestApp::on_both(|_| {}).await {
        let here = app.sign_in(Role::Hr, &[], None).await;
        let elsewhere = app.sign_in_anew(&here).await;
        let other = app.sign_in(Role::Hr, &[], None).await;
        for (current, new, again, why) in [
            ("not the one", NEW, NEW, "The current password is wrong"),
            (PASSWORD, NEW, "something else", "not the same"),
            (PASSWORD, "1234567890", "1234567890", "soon guessed"),
            (PASSWORD, here.email.as_str(), here.email.as_str(), "own address"),
        ] {
            let (status, text) = change(&here, current, new, again).await;
            assert_eq!(status, 422, "{why}");
            assert!(text.contains(why) && text.contains("Nothing was changed"), "{why}: {text}");
        }
        assert_eq!(elsewhere.get("/account").await.status(), 200);
        assert_eq!(change(&here, PASSWORD, NEW, NEW).await.0, 303);
        assert_eq!(here.get("/account").await.status(), 200);
        assert_eq!(elsewhere.get("/account").await.status(), 303, "signed out");
        assert_eq!(other.get("/account").await.status(), 200, "somebody else is not");
        for (password, status) in [(PASSWORD, 401), (NEW, 303)] {
            let answer = app.post("/sign-in", &[("email", &here.email), ("password", password)]).await;
            assert_eq!(answer.status(), status);
        }
        let lines = dump(&app).await["audit_log"].iter().filter(|line| line.contains("staff.password_changed")).count();
        assert_eq!(lines, 1);
        for n in 0..11 {
            let (status, _) = change(&here, "not the one", NEW, NEW).await;
            // One attempt was made above.
            assert_eq!(status, if n < 9 { 422 } else { 429 }, "try {n}");
        }
    }
}

#[tokio::test]
async fn one_sees_and_ends_ones_own_sessions_and_nobody_elses() {
    for app in TestApp::on_both(|_| {}).await {
        let (here, other) = (app.sign_in(Role::Agent, &[], None).await, app.sign_in(Role::Hr, &[], None).await);
        let (second, third) = (app.sign_in_anew(&here).await, app.sign_in_anew(&here).await);
        let page = here.page("/account").await;
        assert_eq!(page.matches("This one").count(), 1);
        assert_eq!(page.matches("/account/sessions/").count(), 3, "two to end, and all others: {page}");
        let handle = |page: &str| -> String {
            let begin = page.find("/account/sessions/").unwrap() + "/account/sessions/".len();
            page[begin..].chars().take_while(char::is_ascii_hexdigit).collect()
        };
        // From the other's page: of the session there that is not the other's own.
        let others = app.sign_in_anew(&other).await;
        let foreign = handle(&others.page("/account").await);
        assert_eq!(here.post(&format!("/account/sessions/{foreign}/end"), &[]).await.status(), 404);
        assert_eq!(other.get("/account").await.status(), 200);
        assert_eq!(here.post(&format!("/account/sessions/{}/end", handle(&page)), &[]).await.status(), 303);
        let left = [&second, &third].map(|session| session.get("/account"));
        let left = futures_util::future::join_all(left).await;
        assert_eq!(left.iter().filter(|answer| answer.status() == 200).count(), 1, "one of them has ended");
        assert_eq!(here.post("/account/sessions/end", &[]).await.status(), 303);
        for session in [&second, &third] {
            assert_eq!(session.get("/account").await.status(), 303);
        }
        assert_eq!(here.get("/account").await.status(), 200);
        let lines = dump(&app).await["audit_log"].iter().filter(|line| line.contains("session.ended")).count();
        assert_eq!(lines, 2);
    }
}
