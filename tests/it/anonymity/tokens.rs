//! Rule 2: tokens and addresses.

use super::{ask_many, bytes_on_disk, dump, holds};
use crate::app::TestApp;
use crate::surveys::{answer, ask, page};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

#[tokio::test]
async fn no_token_no_link_and_no_address_stand_in_the_database() {
    for app in TestApp::on_both(|_| {}).await {
        let linked = ask(&app, "jerry").await;
        let apart = ask(&app, "kramer").await;
        answer(&app, &linked, &[("score", "1"), ("choice", "linked")]).await;
        answer(&app, &apart, &[("score", "1"), ("choice", "apart")]).await;
        let mut everything = format!("{:?}", dump(&app).await).into_bytes();
        everything.extend(bytes_on_disk(&app));
        for secret in [&linked.token[..], &apart.token, "jerry@", "kramer@", "Jerry", "/s/", "/u/"] {
            assert!(!holds(&everything, secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn tokens_have_192_random_bits() {
    let app = TestApp::start().await;
    let mut tokens: Vec<_> = ask_many(&app, "17", "Orders", 12).await.into_iter().map(|asked| asked.token).collect();
    assert!(tokens.iter().all(|token| token.len() == 32));
    for place in 0..32 {
        let signs: std::collections::HashSet<_> = tokens.iter().map(|token| token.as_bytes()[place]).collect();
        assert!(signs.len() > 3, "place {place} hardly varies");
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 12);
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_line_holds_a_token_or_an_address() {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    page(&app, &asked.page()).await;
    page(&app, &format!("{}?score=4", asked.page())).await;
    app.post(&asked.page(), &[("comment", "kept secret")]).await;
    answer(&app, &asked, &[("score", "4"), ("comment", "kept secret"), ("choice", "apart")]).await;
    app.post(&asked.leave(), &[]).await;
    app.get(&format!("/s/{}/more", asked.token)).await;
    app.client.delete(format!("{}{}", app.url, asked.page())).send().await.unwrap();
    let text = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(text.contains("/s/:token"), "requests are logged by their pattern: {text}");
    // Libraries that trace whole requests are silenced by the filter in front; this crate's modules are not.
    let ours: String = text.lines().filter(|line| line.contains("afterword")).collect();
    for secret in [asked.token.as_str(), "jerry", "kept secret"] {
        assert!(!ours.contains(secret), "{secret}");
    }
    let metrics = app.metrics().await;
    assert!(!metrics.contains(&asked.token));
}

#[tokio::test]
async fn addresses_are_erased_when_the_survey_closes() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    let open = dump(&app).await;
    assert!(open["invitations"].iter().all(|row| !row.contains("|NULL|'")), "the address is sealed there: {open:?}");
    app.pass(Duration::from_secs(15 * 86_400)).await;
    let vault = &app.app.vault;
    // No text of the database opens as an address any more.
    for row in dump(&app).await.values().flatten() {
        for text in row.split(['|', '\'']) {
            for purpose in ["invitation.address", "interaction.customer.email", "interaction.customer.name"] {
                assert!(vault.open(purpose, text).is_err(), "{purpose}");
            }
        }
    }
    assert_eq!(page(&app, &asked.page()).await.0, 410);
}

#[tokio::test]
async fn closed_invitations_are_the_same_whether_answered_or_not() {
    for app in TestApp::on_both(|_| {}).await {
        let names = ["silent", "apart", "linked"];
        let mut asked = Vec::new();
        for name in names {
            asked.push(ask(&app, name).await);
        }
        answer(&app, &asked[1], &[("score", "1"), ("choice", "apart")]).await;
        answer(&app, &asked[2], &[("score", "1"), ("choice", "linked")]).await;
        app.pass(Duration::from_secs(15 * 86_400)).await;
        let all = dump(&app).await;
        // Returns a row without its ids, hashes and the minute of the survey.
        let bare = |row: &String| {
            let words = row.split(['|', '\'', '"', ',', ':', '{', '}']).filter(|word| !word.trim().is_empty());
            words.filter(|w| w.len() < 20 && w.parse::<i64>().is_err()).map(str::to_owned).collect::<Vec<_>>()
        };
        for table in ["invitations", "outbox"] {
            let rows: Vec<_> = all[table].iter().map(bare).collect();
            assert_eq!(rows.len(), 3);
            assert!(rows.iter().all(|row| *row == rows[0]), "{table}: {rows:#?}");
        }
        let states: Vec<_> = all["interactions"].iter().filter(|row| row.contains("closed")).collect();
        assert_eq!(states.len(), 3);
    }
}
