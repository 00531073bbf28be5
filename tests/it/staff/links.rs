//! One-time links and the passwords that they set.

use crate::app::{PASSWORD, Session, TestApp};
use afterword::access::Role;
use afterword::effects::Actor;
use afterword::ids::StaffId;
use afterword::staff::NewAccount;

/// Returns the path of the link on a page.
fn link_in(page: &str) -> String {
    let begin = page.find("/welcome/").expect("the page shows a link");
    page[begin..].chars().take_while(|c| c.is_ascii_alphanumeric() || "/-_".contains(*c)).collect()
}

/// Creates an account on the page; returns its id and link.
async fn add(app: &TestApp, admin: &Session, email: &str) -> (StaffId, String) {
    let page = admin.post("/admin/staff", &[("email", email), ("name", "Bob"), ("role", "hr")]).await;
    let link = link_in(&page.text().await.unwrap());
    let accounts = app.app.staff.accounts().await.unwrap();
    (accounts.into_iter().find(|account| account.email == email).unwrap().id, link)
}

async fn renew(admin: &Session, id: &StaffId) -> String {
    link_in(&admin.post(&format!("/admin/staff/{id}/link"), &[]).await.text().await.unwrap())
}

async fn set(app: &TestApp, link: &str, password: &str) -> u16 {
    app.post(link, &[("password", password), ("again", password)]).await.status().as_u16()
}

#[tokio::test]
async fn a_new_link_ends_the_older_one_and_a_used_one_ends_all() {
    for app in TestApp::on_both(|_| {}).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let (id, first) = add(&app, &admin, "bob@northwind.example").await;
        let second = renew(&admin, &id).await;
        assert_eq!(app.get(&first).await.status(), 409);
        assert_eq!(
            set(&app, &first, "another sentence of mine").await,
            409,
            "the older link, before the newer is used"
        );
        assert_eq!(set(&app, &second, PASSWORD).await, 303);
        for link in [&first, &second] {
            assert_eq!(set(&app, link, "another sentence of mine").await, 409, "after the newer was used");
        }
        let form = [("email", "bob@northwind.example"), ("password", PASSWORD)];
        assert_eq!(app.post("/sign-in", &form).await.status(), 303);
        // Of links that are created concurrently one is left.
        let staff = &app.app.staff;
        let renewed = futures_util::future::join_all((0..4).map(|_| staff.renew_link(&id, &Actor::System))).await;
        let mut open = 0;
        for link in renewed {
            open += usize::from(staff.open_link(&link.unwrap().secret).await.is_ok());
        }
        assert_eq!(open, 1);
    }
}

#[tokio::test]
async fn the_link_of_a_disabled_account_does_nothing() {
    for app in TestApp::on_both(|_| {}).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let (id, link) = add(&app, &admin, "bob@northwind.example").await;
        let access = format!("/admin/staff/{id}/access");
        assert_eq!(admin.post(&access, &[("disabled", "true")]).await.status(), 303);
        assert_eq!(set(&app, &link, PASSWORD).await, 409);
        let refused = admin.post(&format!("/admin/staff/{id}/link"), &[]).await;
        assert_eq!(refused.status(), 409);
        assert!(refused.text().await.unwrap().contains("enable it first"));
        assert_eq!(admin.post(&access, &[("disabled", "false")]).await.status(), 303);
        assert_eq!(set(&app, &link, PASSWORD).await, 409, "a link from before");
        assert_eq!(set(&app, &renew(&admin, &id).await, PASSWORD).await, 303);
    }
}

/// The first administrator's link, left in a log, does not create a second one.
#[tokio::test]
async fn where_there_is_an_administrator_nobody_is_the_first() {
    for app in TestApp::on_both(|_| {}).await {
        let first = app.app.staff.first_admin_link().await.unwrap().unwrap();
        app.sign_in(Role::Admin, &[], None).await;
        let form = [("email", "eve@northwind.example"), ("name", "Eve"), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(app.post(&format!("/welcome/{first}"), &form).await.status(), 409);
        assert_eq!(app.app.staff.accounts().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn passwords_that_are_soon_guessed_are_refused_and_the_link_stays() {
    let app = TestApp::start().await;
    let new = |role| NewAccount {
        email: "carl@northwind.example".into(),
        name: "Carl Brandt".into(),
        role,
        teams: vec![],
        agent: None,
    };
    let made = app.app.staff.add(new(Role::Hr), &Actor::System).await.unwrap();
    let link = format!("/welcome/{}", made.secret);
    for (password, why) in [
        ("short", "10 to 200 characters"),
        ("          ", "spaces"),
        ("carl@northwind.example", "own address or name"),
        ("Carl Brandt", "own address or name"),
        ("password12", "soon guessed"),
        ("1234567890", "soon guessed"),
        ("aaaaaaaaaa", "soon guessed"),
    ] {
        let answer = app.post(&link, &[("password", password), ("again", password)]).await;
        assert_eq!(answer.status(), 422, "{password:?}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(why), "{password:?}: {text}");
    }
    assert_eq!(set(&app, &link, "my kettle whistles at noon").await, 303);
}
