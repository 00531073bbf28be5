//! Limits of sign-in: passwords can't be guessed, and users can't be locked out.

use crate::app::{PASSWORD, TestApp};
use crate::support::heard::raw;
use afterword::access::Role;
use afterword::effects::Actor;
use afterword::staff::{NewAccount, SignInTry, Staff, StaffError};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// Signs in from an address of this machine, optionally with a cookie or a proxy's header; returns the response.
async fn try_from(
    app: &TestApp,
    last: u8,
    email: &str,
    password: &str,
    header: Option<(&str, &str)>,
) -> reqwest::Response {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .local_address(std::net::IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)))
        .build()
        .unwrap();
    let mut request = client.post(format!("{}/sign-in", app.url)).form(&[("email", email), ("password", password)]);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    request.send().await.unwrap()
}

async fn status(app: &TestApp, last: u8, email: &str, password: &str) -> u16 {
    try_from(app, last, email, password, None).await.status().as_u16()
}

/// Returns the device cookie after signing in.
async fn device(app: &TestApp, email: &str) -> String {
    let answer = try_from(app, 77, email, PASSWORD, None).await;
    assert_eq!(answer.status(), 303);
    let lines = answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let line = lines.into_iter().find(|line| line.starts_with("afterword-device=")).unwrap();
    assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax"), "{line}");
    line.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_strangers_tries_lock_nobody_out_but_the_stranger() {
    for app in TestApp::on_both(|_| {}).await {
        let ada = app.sign_in(Role::Admin, &[], None).await.email;
        for n in 0..12 {
            let answer = try_from(&app, 9, &ada, "wrong wrong wrong", None).await;
            assert_eq!(answer.status().as_u16(), if n < 10 { 401 } else { 429 }, "try {n}");
            assert_eq!(answer.headers().contains_key("retry-after"), n >= 10);
        }
        assert_eq!(status(&app, 1, &ada, PASSWORD).await, 303, "the owner comes in from elsewhere");
        for n in 0..12 {
            let wanted = if n < 10 { 401 } else { 429 };
            assert_eq!(status(&app, 8, &format!("u{n}@northwind.example"), "wrong wrong wrong").await, wanted);
        }
        assert_eq!(status(&app, 8, &ada, PASSWORD).await, 429, "the network is used up, whatever comes from it");
        app.clock.advance(Duration::from_secs(11));
        assert_eq!([status(&app, 9, &ada, "x").await, status(&app, 9, &ada, "x").await], [401, 429], "one is refilled");
    }
}

#[tokio::test]
async fn a_known_browser_is_not_stopped_by_the_tries_of_others() {
    for app in TestApp::on_both(|_| {}).await {
        let ada = app.sign_in(Role::Admin, &[], None).await.email;
        let bob = app.sign_in(Role::Hr, &[], None).await.email;
        let (adas, bobs) = (device(&app, &ada).await, device(&app, &bob).await);
        assert_eq!(status(&app, 9, &ada, "wrong wrong wrong").await, 401);
        // Many strangers: the buckets of the account and of their networks are empty.
        let far = app.clock_ms() + 3_600_000;
        raw(&app, &format!("UPDATE sign_in_limits SET full_at = {far}")).await;
        assert_eq!(status(&app, 20, &ada, PASSWORD).await, 429, "a browser that nobody knows");
        let with = async |last, cookie: &str, password| {
            try_from(&app, last, &ada, password, Some(("cookie", cookie))).await.status().as_u16()
        };
        assert_eq!(with(21, &bobs, PASSWORD).await, 429, "a browser that another account knows");
        assert_eq!(with(9, &adas, PASSWORD).await, 303, "the owner's own, from a used-up network even");
        for n in 0..11 {
            assert_eq!(with(22, &adas, "wrong wrong wrong").await, if n < 10 { 401 } else { 429 }, "try {n}");
        }
    }
}

#[tokio::test]
async fn neither_a_restart_nor_another_node_begins_anew() {
    for app in TestApp::on_both(|_| {}).await {
        let ada = app.sign_in(Role::Admin, &[], None).await.email;
        for _ in 0..10 {
            assert_eq!(status(&app, 9, &ada, "wrong wrong wrong").await, 401);
        }
        let (db, clock, mail) = (app.app.db.clone(), Arc::clone(&app.app.clock), app.app.mail.clone());
        let other = Staff::new(db, clock, mail, String::new());
        let from = Ipv4Addr::new(127, 0, 0, 9).into();
        let tried = SignInTry { email: &ada, password: PASSWORD.into(), from, device: None, client: String::new() };
        assert!(matches!(other.sign_in(tried).await, Err(StaffError::TooManyTries(_))));
        app.clock.advance(Duration::from_secs(3600));
        other.sweep().await.unwrap();
        assert!(crate::anonymity::dump(&app).await["sign_in_limits"].is_empty(), "full buckets are not kept");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_a_limit_of_its_own() {
    let proxies = r#"["127.0.0.50", "10.0.0.0/8"]"#;
    let app = TestApp::start_with(|c| c.http.trusted_proxies = serde_json::from_str(proxies).unwrap()).await;
    let through = async |last, client: &str| {
        let header = Some(("x-forwarded-for", client));
        try_from(&app, last, "nobody@northwind.example", "wrong wrong wrong", header).await.status().as_u16()
    };
    for n in 0..11 {
        // Entries of the client itself are further left, and are ignored.
        let header = format!("198.51.100.{n}, 203.0.113.1, 10.1.1.1");
        assert_eq!(through(50, &header).await, if n < 10 { 401 } else { 429 }, "try {n}");
    }
    assert_eq!(through(50, "203.0.113.2").await, 401, "another client");
    for n in 0..11 {
        let wanted = if n < 10 { 401 } else { 429 };
        assert_eq!(through(51, &format!("203.0.113.{}", 100 + n)).await, wanted, "no proxy: its header is ignored");
    }
}

#[tokio::test]
async fn unknown_disabled_new_and_wrong_are_answered_alike() {
    let app = TestApp::start().await;
    app.sign_in(Role::Admin, &[], None).await;
    let known = app.sign_in(Role::Hr, &[], None).await.email;
    let disabled = app.sign_in(Role::Hr, &[], None).await.email;
    let account = app.app.staff.accounts().await.unwrap().into_iter().find(|one| one.email == disabled).unwrap();
    app.app.staff.set_disabled(&account.id, true, &Actor::System).await.unwrap();
    let new = "new@northwind.example";
    let role = Role::Hr;
    let made = NewAccount { email: new.into(), name: String::new(), role, teams: vec![], agent: None };
    app.app.staff.add(made, &Actor::System).await.unwrap();
    let mut answers = Vec::new();
    for (email, password) in [
        (known.as_str(), "wrong wrong wrong"),
        ("unknown@northwind.example", PASSWORD),
        (&disabled, PASSWORD),
        (new, PASSWORD),
    ] {
        let answer = try_from(&app, 1, email, password, None).await;
        let headers: Vec<String> = answer.headers().keys().map(ToString::to_string).collect();
        answers.push((answer.status(), headers, answer.text().await.unwrap().replace(email, "")));
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}
