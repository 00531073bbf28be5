//! Signing in, the one-time links, cookies and forms.

use crate::app::{PASSWORD, TestApp};
use afterword::access::Role;
use afterword::effects::Actor;
use afterword::staff::{NewAccount, SESSION_LASTS};

fn cookie(answer: &reqwest::Response) -> String {
    // The session's is the last one, for clients that keep one header of a name.
    answer.headers().get_all("set-cookie").iter().next_back().unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_first_administrator_begins_by_a_link_that_works_once() {
    for app in TestApp::on_both(|_| {}).await {
        let staff = &app.app.staff;
        let old = staff.first_admin_link().await.unwrap().unwrap();
        let token = staff.first_admin_link().await.unwrap().unwrap();
        assert_eq!(app.get(&format!("/welcome/{old}")).await.status(), 409, "an older link still works");
        assert!(
            app.get(&format!("/welcome/{token}")).await.text().await.unwrap().contains("first administrator account")
        );
        let form = |again: &'static str| {
            vec![
                ("email", " Ada@Northwind.example "),
                ("name", "Ada <b>Lind</b>"),
                ("password", PASSWORD),
                ("again", again),
            ]
        };
        let refused = app.post(&format!("/welcome/{token}"), &form("something else")).await;
        assert_eq!(refused.status(), 422);
        let done = app.post(&format!("/welcome/{token}"), &form(PASSWORD)).await;
        assert_eq!((done.status().as_u16(), &done.headers()["location"]), (303, &"/".parse().unwrap()));
        assert_eq!(app.post(&format!("/welcome/{token}"), &form(PASSWORD)).await.status(), 409);
        assert!(staff.first_admin_link().await.unwrap().is_none());
        let answer = app.post("/sign-in", &[("email", "ada@northwind.example"), ("password", PASSWORD)]).await;
        assert_eq!(answer.status(), 303);
        let line = cookie(&answer);
        assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax") && line.starts_with("afterword="), "{line}");
        let token = line.split(['=', ';']).nth(1).unwrap();
        let page = app.session(token).page("/admin/staff").await;
        assert!(page.contains("Ada &#60;b&#62;Lind") && !page.contains("Ada <b>"), "a name is not shown as text");
    }
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let app = TestApp::start_with(|c| c.http.public_url = "https://voice.example.com".into()).await;
    app.sign_in(Role::Hr, &[], None).await;
    let email = app.app.staff.accounts().await.unwrap()[0].email.clone();
    let line = cookie(&app.post("/sign-in", &[("email", &email), ("password", PASSWORD)]).await);
    assert!(line.starts_with("__Host-afterword=") && line.contains("; Secure") && line.contains("Path=/;"), "{line}");
}

#[tokio::test]
async fn wrong_credentials_are_all_alike_and_soon_too_many() {
    let app = TestApp::start().await;
    app.sign_in(Role::Hr, &[], None).await;
    let email = app.app.staff.accounts().await.unwrap()[0].email.clone();
    let strange = app.post("/sign-in", &[("email", "nobody@northwind.example"), ("password", "x")]).await;
    let wrong = app.post("/sign-in", &[("email", &email), ("password", "x")]).await;
    assert_eq!((strange.status(), wrong.status()), (401.try_into().unwrap(), 401.try_into().unwrap()));
    let mask = |text: String, email: &str| text.replace(email, "");
    let (strange, wrong) = (strange.text().await.unwrap(), wrong.text().await.unwrap());
    assert_eq!(
        mask(strange, "nobody@northwind.example"),
        mask(wrong, &email),
        "the page tells which addresses are known"
    );
    let mut last = 0;
    for _ in 0..12 {
        last = app.post("/sign-in", &[("email", email.as_str()), ("password", "x")]).await.status().as_u16();
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429, "nobody stops at many tries");
}

#[tokio::test]
async fn a_session_ends_by_itself_by_signing_out_and_with_the_access() {
    let app = TestApp::start().await;
    let (gone, leaving) = (app.sign_in(Role::Hr, &[], None).await, app.sign_in(Role::Hr, &[], None).await);
    app.sign_in(Role::Admin, &[], None).await;
    assert_eq!(leaving.get("/ratings").await.status(), 200);
    assert_eq!(leaving.post("/sign-out", &[]).await.status(), 303);
    assert_eq!(leaving.get("/ratings").await.status(), 303);
    let accounts = app.app.staff.accounts().await.unwrap();
    for account in accounts.iter().filter(|a| a.role == Role::Hr) {
        app.app.staff.set_disabled(&account.id, true, &Actor::System).await.unwrap();
    }
    assert_eq!(gone.get("/ratings").await.status(), 303);
    let admin = accounts.iter().find(|a| a.role == Role::Admin).unwrap();
    assert!(
        app.app.staff.set_disabled(&admin.id, true, &Actor::System).await.is_err(),
        "the last administrator locked himself out"
    );
    let late = app.sign_in(Role::Hr, &[], None).await;
    app.clock.advance(SESSION_LASTS);
    assert_eq!(late.get("/ratings").await.status(), 303);
}

#[tokio::test]
async fn forms_want_the_pages_own_token() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let post = |csrf: Option<&str>| {
        let mut form = vec![("name", "Orders")];
        form.extend(csrf.map(|c| ("csrf", c)));
        app.client.post(format!("{}/admin/teams", app.url)).header("cookie", &admin.cookie).form(&form).send()
    };
    assert_eq!(post(None).await.unwrap().status(), 403);
    assert_eq!(post(Some("0123456789abcdef0123456789abcdef")).await.unwrap().status(), 403);
    assert_eq!(post(Some(&admin.csrf)).await.unwrap().status(), 303);
    let api = app.client.post(format!("{}/api/v1/teams", app.url)).header("cookie", &admin.cookie);
    assert_eq!(api.json(&serde_json::json!({ "name": "Billing" })).send().await.unwrap().status(), 403);
    let body = serde_json::json!({ "name": "Billing" });
    assert_eq!(admin.api(reqwest::Method::POST, "/api/v1/teams", Some(&body)).await.status(), 201);
    assert_eq!(admin.api(reqwest::Method::POST, "/api/v1/teams", Some(&body)).await.status(), 409);
    let cross = app.client.post(format!("{}/sign-in", app.url)).header("sec-fetch-site", "cross-site");
    assert_eq!(cross.form(&[("email", "a@b.c"), ("password", "x")]).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn after_signing_in_one_never_lands_on_another_site() {
    let app = TestApp::start().await;
    app.sign_in(Role::Hr, &[], None).await;
    let email = app.app.staff.accounts().await.unwrap()[0].email.clone();
    for (next, lands) in [
        ("/ratings", "/ratings"),
        ("/interactions?team=1", "/interactions?team=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example/x", "/"),
        ("/%09/evil.example", "/"),
        ("/\r\nX: y", "/"),
    ] {
        let answer = app.post("/sign-in", &[("email", &email), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!(answer.headers()["location"], lands, "{next}");
    }
    assert_eq!(app.get("/interactions?team=1").await.headers()["location"], "/sign-in?next=%2Finteractions%3Fteam%3D1");
}

#[tokio::test]
async fn accounts_are_refused_with_words() {
    let app = TestApp::start().await;
    let new = |email: &str| NewAccount {
        email: email.into(),
        name: String::new(),
        role: Role::Hr,
        teams: vec![],
        agent: None,
    };
    app.app.staff.add(new("a@northwind.example"), &Actor::System).await.unwrap();
    for bad in ["A@northwind.example", "", "a", "a@b", "a b@c.d", "a@b.c\r\nBcc: x@y.z"] {
        assert!(app.app.staff.add(new(bad), &Actor::System).await.is_err(), "{bad:?} was taken");
    }
}
