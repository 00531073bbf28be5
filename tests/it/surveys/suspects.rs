//! Mail scanners: they open every link of a mail, follow links, and some send every form. None of it counts, and a
//! person who comes later can answer as usual.

use super::{ask, ask_about, mail_to, page, post};
use crate::anonymity::dump;
use crate::app::{Session, TestApp, call_body};
use crate::support::browser::{Browser, View};
use afterword::access::Role;
use afterword::config::Config;
use std::collections::BTreeSet;
use std::time::Duration;

fn careful(c: &mut Config) {
    c.survey.too_fast = "3s".parse().unwrap();
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Returns the service's URLs in a text, with HTML escapes undone.
fn links(app: &TestApp, text: &str) -> BTreeSet<String> {
    let clean = text.replace("&amp;", "&").replace("&#38;", "&");
    let found = clean.match_indices(&app.url).map(|(at, _)| {
        let rest = &clean[at + app.url.len()..];
        rest[..rest.find(|c: char| c.is_whitespace() || "\"'<>)".contains(c)).unwrap_or(rest.len())].to_owned()
    });
    found.filter(|path| path.starts_with("/s/") || path.starts_with("/u/")).collect()
}

/// Returns each text between two marks.
fn between<'a>(text: &'a str, from: &'a str, to: &'a str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

/// Returns the fields of every form of a page, as a program fills them in: the last of each choice, all hidden ones,
/// some text.
fn forms(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let value = |tag: &str, name: &str| between(tag, &format!("{name}=\""), "\"").first().map(|v| (*v).to_owned());
    let form = |form: &str| {
        let action = value(form, "action").unwrap_or_default().replace("&amp;", "&");
        let mut fields: Vec<(String, String)> = Vec::new();
        for tag in between(form, "<input", ">").into_iter().chain(between(form, "<button", ">")) {
            if let Some(name) = value(tag, "name") {
                fields.retain(|(known, _)| *known != name);
                fields.push((name, value(tag, "value").unwrap_or_default()));
            }
        }
        fields.extend(
            between(form, "<textarea", ">").iter().filter_map(|tag| Some((value(tag, "name")?, "text".into()))),
        );
        (action, fields)
    };
    between(text, "<form", "</form>").into_iter().map(form).collect()
}

/// Opens every link of a mail, by HEAD and by GET, and then sends every form found, and those on the resulting pages.
async fn scan(app: &TestApp, mail: &str, send: bool) {
    let (mut sent, mut pages) = (0, Vec::new());
    for path in links(app, mail) {
        app.client.head(format!("{}{path}", app.url)).send().await.unwrap();
        pages.push(page(app, &path).await.1);
    }
    for mut text in pages.into_iter().filter(|_| send) {
        for _ in 0..3 {
            let mut next = String::new();
            for (action, fields) in forms(&text).into_iter().filter(|(action, _)| action.starts_with("/s/")) {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
                next = post(app, &action, &fields).await.1;
                sent += 1;
            }
            text = next;
        }
    }
    assert!(!send || sent >= 3, "the scanner found no form");
}

async fn admin(app: &TestApp) -> Session {
    app.sign_in(Role::Admin, &[], None).await
}

fn ids(list: &str) -> Vec<String> {
    let found = between(list, "/admin/suspects/", "/admission").into_iter();
    found.filter(|id| id.len() == 64).map(str::to_owned).collect()
}

/// Returns the held answers, as the administrator sees them after a pass.
async fn kept(app: &TestApp, admin: &Session) -> Vec<String> {
    app.app.responses.run_mix_pass().await.unwrap();
    ids(&admin.page("/admin/suspects").await)
}

#[tokio::test]
async fn opening_every_link_changes_nothing() {
    for app in TestApp::on_both(careful).await {
        let asked = ask(&app, "jerry").await;
        let before = dump(&app).await;
        scan(&app, &mail_to(&app, "jerry@example.net"), false).await;
        assert_eq!(dump(&app).await, before);
        app.clock.advance(seconds(90));
        super::answer(&app, &asked, &[("score", "4"), ("choice", "linked")]).await;
    }
}

#[tokio::test]
async fn a_scanner_that_sends_every_form_counts_for_nothing_and_the_person_answers_later() {
    for app in TestApp::on_both(careful).await {
        let asked = ask(&app, "jerry").await;
        app.clock.advance(seconds(20));
        scan(&app, &mail_to(&app, "jerry@example.net"), true).await;
        let scanned = dump(&app).await;
        for table in ["responses", "sealed_answers", "spent_tokens"] {
            assert!(scanned[table].is_empty(), "{table}: {:?}", scanned[table]);
        }
        assert_eq!(scanned["suspects"].len(), 1, "one a link, kept aside");
        assert_eq!(kept(&app, &admin(&app).await).await.len(), 1);
        app.clock.advance(seconds(90));
        super::answer(&app, &asked, &[("score", "2"), ("choice", "linked")]).await;
        let answered = dump(&app).await;
        assert_eq!((answered["responses"].len(), answered["suspects"].len()), (1, 1), "the survey was not spent");
    }
}

#[tokio::test]
async fn each_reason_is_told_and_nothing_that_leads_to_a_conversation() {
    for app in TestApp::on_both(careful).await {
        let form = [("score", "1"), ("comment", "Rumpelstiltskin"), ("choice", "apart")];
        let fast = ask(&app, "fast").await;
        let (status, text) = post(&app, &fast.page(), &form).await;
        assert!(status == 422 && text.contains("Rumpelstiltskin"), "nothing that was written is lost: {text}");
        let trap = ask(&app, "trap").await;
        app.clock.advance(seconds(30));
        let filled = [&form[..], &[("website", "http://spam.example")]].concat();
        assert_eq!(post(&app, &trap.page(), &filled).await.0, 422);
        let admin = admin(&app).await;
        assert!(ids(&admin.page("/admin/suspects").await).is_empty(), "not at the moment at which they come");
        app.app.responses.run_mix_pass().await.unwrap();
        let list = admin.page("/admin/suspects").await;
        for told in ["Sent too soon after its mail", "The hidden field was filled in"] {
            assert!(list.contains(told), "{told}: {list}");
        }
        assert!(!list.contains("2026-11-20"), "no day");
        let all = dump(&app).await;
        for hidden in [fast.interaction.as_str(), trap.interaction.as_str(), &fast.token, "Rumpelstiltskin", "17"] {
            assert!(all["suspects"].iter().all(|row| !row.split('|').any(|part| part.trim_matches('\'') == hidden)));
            assert!(!list.contains(hidden) || hidden == "17", "{hidden}");
        }
        // Both look alike from outside: the length does not reveal the choice.
        let longest = |row: &String| row.split(['|', '\'', '"']).map(str::len).max().unwrap_or(0);
        let lengths: BTreeSet<usize> = all["suspects"].iter().map(longest).collect();
        assert_eq!(lengths.len(), 1, "{lengths:?}");
    }
}

/// Whatever the choice was: only answers sent by a person become linked.
#[tokio::test]
async fn what_is_admitted_counts_once_and_apart() {
    for app in TestApp::on_both(careful).await {
        for choice in ["linked", "apart"] {
            let asked = ask(&app, choice).await;
            let form = [("score", "5"), ("comment", "Fine"), ("choice", choice)];
            assert_eq!(post(&app, &asked.page(), &form).await.0, 422);
            let admin = admin(&app).await;
            let id = kept(&app, &admin).await.remove(0);
            let before = dump(&app).await;
            let done = admin.post(&format!("/admin/suspects/{id}/admission"), &[]).await;
            assert_eq!(done.headers()["location"], "/admin/suspects?did=admitted");
            let again = admin.post(&format!("/admin/suspects/{id}/admission"), &[]).await;
            assert_eq!(again.headers()["location"], "/admin/suspects?did=gone");
            assert!(admin.page("/admin/suspects").await.contains("Admitted with the next pass"));
            let asked_for = dump(&app).await;
            assert_eq!(asked_for["sealed_answers"], before["sealed_answers"], "not before the next pass");
            let line = asked_for["audit_log"].iter().find(|row| row.contains("suspect.admitted")).unwrap();
            assert!(!line.contains(&id) && !line.contains(asked.interaction.as_str()), "{line}");
            app.app.responses.run_mix_pass().await.unwrap();
            let after = dump(&app).await;
            let more = |table: &str| after[table].len() - before[table].len();
            assert_eq!((more("responses"), more("spent_tokens"), more("sealed_answers")), (0, 1, 2));
            assert_eq!(after["suspects"].len(), 0);
            // The holder of the link can see, change and retract it.
            app.clock.advance(seconds(120));
            assert!(super::page(&app, &asked.page()).await.1.contains("Fine</textarea>"));
            assert_eq!(post(&app, &asked.page(), &[("score", "1"), ("choice", "linked")]).await.0, 422);
            super::answer(&app, &asked, &[("score", "4"), ("choice", "apart")]).await;
            assert_eq!(dump(&app).await["sealed_answers"].len() - before["sealed_answers"].len(), 1);
            super::answer(&app, &asked, &[("do", "withdraw")]).await;
            let gone = dump(&app).await;
            assert_eq!(
                (&gone["sealed_answers"], &gone["spent_tokens"]),
                (&before["sealed_answers"], &before["spent_tokens"])
            );
        }
    }
}

/// An admitted answer can be retracted without being changed before.
#[tokio::test]
async fn what_is_admitted_can_be_taken_back() {
    for app in TestApp::on_both(careful).await {
        let asked = ask(&app, "jerry").await;
        assert_eq!(post(&app, &asked.page(), &[("score", "5"), ("comment", "Fine"), ("choice", "apart")]).await.0, 422);
        let admin = admin(&app).await;
        let id = kept(&app, &admin).await.remove(0);
        admin.post(&format!("/admin/suspects/{id}/admission"), &[]).await;
        app.app.responses.run_mix_pass().await.unwrap();
        app.clock.advance(seconds(120));
        super::answer(&app, &asked, &[("do", "withdraw")]).await;
        let gone = dump(&app).await;
        assert_eq!((gone["sealed_answers"].len(), gone["spent_tokens"].len()), (0, 0));
    }
}

/// Returns the number of linked answers and of ratings in the mix.
fn counted(all: &crate::anonymity::Dump) -> usize {
    all["responses"].len() + all["sealed_answers"].len()
}

/// The administrator admits it while the person answers: one of the two counts, whichever comes first.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_for_who_answers_at_the_same_moment() {
    for app in TestApp::on_both(careful).await {
        let admin = admin(&app).await;
        for (n, (suspect, person)) in
            [("linked", "apart"), ("apart", "linked"), ("linked", "linked"), ("apart", "apart")]
                .repeat(6)
                .into_iter()
                .enumerate()
        {
            let asked = ask(&app, &format!("both{n}")).await;
            assert_eq!(post(&app, &asked.page(), &[("score", "1"), ("choice", suspect)]).await.0, 422);
            let id = kept(&app, &admin).await.remove(0);
            app.clock.advance(seconds(120));
            let before = counted(&dump(&app).await);
            let path = format!("/admin/suspects/{id}/admission");
            let form = [("score", "5"), ("choice", person)];
            let page = asked.page();
            let admit = async {
                assert_eq!(admin.post(&path, &[]).await.status(), 303);
                app.app.responses.run_mix_pass().await.unwrap();
            };
            let ((), answered) = tokio::join!(admit, app.post(&page, &form));
            assert!([200, 409, 422].contains(&answered.status().as_u16()));
            app.app.responses.run_mix_pass().await.unwrap();
            let after = dump(&app).await;
            assert_eq!(counted(&after) - before, 1, "{suspect} and {person}: {n}");
            assert!(after["suspects"].is_empty());
        }
    }
}

/// All four combinations of the suspect's and the person's choice, and with the person's answer retracted again.
#[tokio::test]
async fn bot_response_never_replaces_a_customer_answer() {
    for app in TestApp::on_both(careful).await {
        let admin = admin(&app).await;
        for (n, (suspect, person)) in
            [("linked", "linked"), ("linked", "apart"), ("apart", "linked"), ("apart", "apart")]
                .repeat(2)
                .into_iter()
                .enumerate()
        {
            let asked = ask(&app, &format!("jerry{n}")).await;
            assert_eq!(post(&app, &asked.page(), &[("score", "1"), ("choice", suspect)]).await.0, 422);
            let id = kept(&app, &admin).await.remove(0);
            let list = admin.page("/admin/suspects").await;
            let before = dump(&app).await;
            app.clock.advance(seconds(120));
            super::answer(&app, &asked, &[("score", "5"), ("choice", person)]).await;
            let back = n >= 4;
            if back {
                super::answer(&app, &asked, &[("do", "withdraw")]).await;
            }
            let answered = dump(&app).await;
            assert_eq!(answered["suspects"], before["suspects"], "nothing of it changes by the person's answer");
            assert_eq!(admin.page("/admin/suspects").await, list, "nor on the page");
            // A suspected answer is not held now, since a person has answered.
            post(&app, &asked.page(), &[("score", "2"), ("choice", suspect), ("website", "x")]).await;
            let told = admin.post(&format!("/admin/suspects/{id}/admission"), &[]).await;
            assert_eq!(told.headers()["location"], "/admin/suspects?did=admitted", "it does not tell who has answered");
            app.app.responses.run_mix_pass().await.unwrap();
            let after = dump(&app).await;
            assert_eq!(counted(&after) - counted(&before), usize::from(!back), "{suspect} and {person}");
            assert!(after["suspects"].is_empty());
        }
    }
}

/// Its removal is unrelated to an answer: the administrator drops it, or its month is over.
#[tokio::test]
async fn it_goes_when_it_is_dropped_and_when_no_survey_of_its_time_can_be_open() {
    for app in TestApp::on_both(careful).await {
        for n in 0..2 {
            let asked = ask(&app, &format!("jerry{n}")).await;
            assert_eq!(post(&app, &asked.page(), &[("score", "1"), ("choice", "linked")]).await.0, 422);
        }
        let admin = admin(&app).await;
        let all = kept(&app, &admin).await;
        assert_eq!(all.len(), 2);
        admin.post(&format!("/admin/suspects/{}/removal", all[0]), &[]).await;
        assert_eq!(dump(&app).await["suspects"].len(), 1);
        app.pass(Duration::from_secs(16 * 86_400)).await;
        assert_eq!(dump(&app).await["suspects"].len(), 1, "its month is not over");
        app.pass(Duration::from_secs(30 * 86_400)).await;
        assert_eq!(dump(&app).await["suspects"].len(), 0);
    }
}

/// A person may also be fast: sent again after a moment of reading, without scripts, it counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_fast_person_presses_once_more() {
    let Some(browser) = Browser::open(View::PHONE.without_javascript()).await else { return };
    let app = TestApp::start_with(careful).await;
    let asked = ask_about(&app, "fast", &call_body("fast@example.net")).await;
    browser.goto(format!("{}{}?score=4", app.url, asked.page())).await.unwrap();
    browser.press("[name=choice][value=linked]").await;
    browser.press(".go").await;
    let said = browser.text(".bad").await;
    assert!(said.contains("program"), "{said}");
    browser.screenshot("suspect").await;
    app.clock.advance(seconds(2));
    browser.press(".go").await;
    browser.reads("h1", "Thank you").await;
    let all = dump(&app).await;
    assert_eq!((all["responses"].len(), all["suspects"].len()), (1, 1));
}
