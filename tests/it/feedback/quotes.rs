//! Quotes: only permitted ones, masked, and removed when the customer ends it.

use crate::anonymity::{ask_many, dump, ripen_and_release};
use crate::app::{Session, TestApp};
use crate::followups::ripen;
use crate::surveys::{Asked, answer, ask, page, post};
use afterword::access::Role;

async fn end(app: &TestApp, asked: &Asked) {
    let (status, text) = post(app, &format!("{}/contact", asked.page()), &[("do", "unquote")]).await;
    assert!(status == 200 && text.contains("not to be quoted any more"), "{status}: {text}");
}

async fn quoted(session: &Session, words: &str) -> bool {
    session.page("/quotes").await.contains(words)
}

#[tokio::test]
async fn a_linked_comment_is_quoted_where_its_customer_allows_it() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let (yes, no, changed) = (ask(&app, "yes").await, ask(&app, "no").await, ask(&app, "changed").await);
        let form = |comment| [("score", "5"), ("comment", comment), ("choice", "linked"), ("quote", "yes")];
        answer(&app, &yes, &form("Kind words, write to me@example.net")).await;
        answer(&app, &no, &form("Not for others")[..3]).await;
        answer(&app, &changed, &form("Better not")).await;
        answer(&app, &changed, &form("Better not")[..3]).await;
        assert!(!quoted(&own, "Kind words").await, "not while it can be changed");
        ripen(&app).await;
        for session in [&own, &admin] {
            let text = session.page("/quotes").await;
            assert!(text.contains("Kind words, write to [e-mail]") && !text.contains("me@example.net"), "{text}");
            assert!(!text.contains("Not for others") && !text.contains("Better not"));
        }
        assert!(!quoted(&other, "Kind words").await);
        assert!(page(&app, &format!("{}/contact", yes.page())).await.1.contains("may be quoted"));
        end(&app, &yes).await;
        assert!(!quoted(&own, "Kind words").await);
        ripen(&app).await;
        assert!(!quoted(&own, "Kind words").await, "and it stays gone");
    }
}

#[tokio::test]
async fn a_quote_of_an_answer_that_is_taken_back_goes_with_it() {
    let app = TestApp::start().await;
    let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let asked = ask(&app, "jerry").await;
    answer(&app, &asked, &[("score", "5"), ("comment", "Kind words"), ("choice", "linked"), ("quote", "yes")]).await;
    ripen(&app).await;
    assert!(quoted(&own, "Kind words").await);
    answer(&app, &asked, &[("do", "withdraw")]).await;
    assert!(!quoted(&own, "Kind words").await);
}

#[tokio::test]
async fn an_apart_comment_is_quoted_from_its_release_on_and_nothing_else_beside_it() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let asked = ask_many(&app, "17", "Orders", 6).await;
        let numbers = ["one", "two", "three", "four", "five", "six"];
        for (one, number) in asked.iter().zip(numbers) {
            let comment = format!("Apart number {number}");
            let form = [("score", "5"), ("comment", comment.as_str()), ("choice", "apart"), ("quote", "yes")];
            let allowed = if ["one", "two", "three"].contains(&number) { 4 } else { 3 };
            answer(&app, one, &form[..allowed]).await;
        }
        assert!(dump(&app).await["quotes"].is_empty(), "before the release nothing says so");
        // The third customer ends it before the release, when the answer itself can't be changed any more.
        for _ in 0..app.app.responses.ripe_at() {
            app.app.responses.run_mix_pass().await.unwrap();
        }
        assert!(page(&app, &format!("{}/contact", asked[2].page())).await.1.contains("may be quoted"));
        end(&app, &asked[2]).await;
        ripen_and_release(&app).await;
        let text = own.page("/quotes").await;
        assert!(text.contains("Apart number one") && text.contains("Apart number two"));
        assert_eq!(text.matches("Apart number").count(), 2, "{text}");
        let all = dump(&app).await;
        for row in &all["quotes"] {
            for one in &asked {
                assert!(!row.contains(one.interaction.as_str()) && !row.contains(&one.token));
            }
            assert!(!row.contains("score") && !row.contains(app.agent("17").await.as_str()), "{row}");
        }
        // The link ends it, also after the release; the others stay.
        end(&app, &asked[0]).await;
        let text = own.page("/quotes").await;
        assert!(!text.contains("Apart number one") && text.contains("Apart number two"));
        // Only the link leads to a quote: nothing in the database does, even with the key.
        let vault = &app.app.vault;
        let ids = format!("{:?}", all["quotes"]);
        for (table, rows) in all.iter().filter(|(table, _)| *table != "quotes") {
            for word in
                rows.iter().flat_map(|row| row.split(['|', '\'', '"', ',', ':', '{', '}'])).filter(|w| w.len() > 15)
            {
                for purpose in ["quote:linked", "quote:apart"] {
                    assert!(!ids.contains(&vault.keyed_hash(purpose, word.as_bytes())), "{table}: {word}");
                }
            }
        }
    }
}

#[tokio::test]
async fn staff_take_quotes_out_and_when_no_link_is_open_nothing_leads_to_them() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        let (first, second) = (ask(&app, "first").await, ask(&app, "second").await);
        for (asked, comment) in [(&first, "First words"), (&second, "Second words")] {
            answer(&app, asked, &[("score", "5"), ("comment", comment), ("choice", "linked"), ("quote", "yes")]).await;
        }
        ripen(&app).await;
        let id = app.app.vault.keyed_hash("quote:linked", first.token.as_bytes());
        assert_eq!(other.post(&format!("/quotes/{id}/removal"), &[]).await.status(), 404);
        assert_eq!(own.post(&format!("/quotes/{id}/removal"), &[]).await.status(), 303);
        assert!(!quoted(&own, "First words").await && quoted(&own, "Second words").await);
        let id = app.app.vault.keyed_hash("quote:linked", second.token.as_bytes());
        assert!(dump(&app).await["quotes"][0].contains(&id));
        app.pass(std::time::Duration::from_secs(62 * 86_400)).await;
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        assert!(quoted(&own, "Second words").await);
        assert!(!dump(&app).await["quotes"][0].contains(&id), "the link has closed");
    }
}
