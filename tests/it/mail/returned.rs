//! Consequences of returned mail: from a folder, from a mailbox, idempotent, and none for forged mail.

use super::outbox;
use crate::app::{TestApp, call_body};
use crate::support::imap::ImapServer;
use crate::support::shared;
use crate::surveys::{Asked, SETTLED, ask, mail_to, page, state_of, token_in};
use afterword::config::{Config, ReturnedUrl};
use afterword::mail::Taken;
use std::path::PathBuf;
use std::time::Duration;

/// Time between two looks into the folder.
const LOOK: Duration = Duration::from_secs(61);
const DAY: Duration = Duration::from_secs(86_400);

/// Sets `returned/` in its folder as the source of returned mail.
fn with_folder(config: &mut Config) {
    let folder = config.anonymity.key_file.parent().unwrap().join("returned");
    std::fs::create_dir_all(&folder).unwrap();
    config.mail.bounces = "bounces@northwind.example".into();
    config.mail.returned = ReturnedUrl::File(folder);
}

fn folder(app: &TestApp) -> PathBuf {
    app.folder().join("returned")
}

/// Returns the tag in the envelope sender of the newest mail.
pub async fn newest_tag(app: &TestApp) -> String {
    let newest = outbox(app).await.remove(0);
    let mut tag = app.app.vault.keyed_hash("mail-return", newest.id.as_str().as_bytes());
    tag.truncate(32);
    tag
}

/// Returns a delivery report about the mail with this tag.
pub fn bounce(tag: &str, address: &str, fields: &str, diagnosis: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: bounces+{tag}@northwind.example\nSubject: Undelivered Mail\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {address}\n\
         {fields}\nDiagnostic-Code: smtp; {diagnosis}\n\n--b--\n"
    )
}

const GONE: (&str, &str) = ("Action: failed\nStatus: 5.1.1", "550 5.1.1 User unknown");
const FULL: (&str, &str) = ("Action: failed\nStatus: 5.2.2", "552 5.2.2 Mailbox full");

async fn drop_in(app: &TestApp, name: &str, mail: &str) {
    std::fs::write(folder(app).join(name), mail).unwrap();
    app.pass(LOOK).await;
}

async fn suppressed(app: &TestApp, address: &str) -> Option<String> {
    let found = app.app.invitations.suppressions(Some(address), &afterword::paging::Cursor::start(), 1).await.unwrap();
    found.items.into_iter().next().map(|entry| entry.reason)
}

async fn taken(app: &TestApp) -> Vec<Taken> {
    app.app.mail.came_back_since(afterword::clock::Timestamp(0), 100).await.unwrap()
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_not_written_to_again() {
    for app in TestApp::on_both(with_folder).await {
        let asked = ask(&app, "gone").await;
        let tag = newest_tag(&app).await;
        let mail = bounce(&tag.to_uppercase(), "Gone@example.net", GONE.0, GONE.1);
        drop_in(&app, "1.eml", &mail).await;
        let (state, why) = state_of(&app, &asked.interaction).await;
        let why = why.unwrap();
        assert_eq!(state, "failed");
        assert!(why.contains("There is no such mailbox") && why.contains("550 5.1.1") && !why.contains('@'), "{why}");
        assert_eq!(suppressed(&app, "gone@example.net").await.as_deref(), Some("bounced"));
        assert!(folder(&app).join("done/1.eml").exists() && !folder(&app).join("1.eml").exists());

        // The same again, under another name, and once more in other words.
        drop_in(&app, "2.eml", &mail).await;
        drop_in(&app, "1.eml", &bounce(&tag, "gone@example.net", GONE.0, "550 no such user here")).await;
        assert_eq!(state_of(&app, &asked.interaction).await.0, "failed");
        let all = taken(&app).await;
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all.iter().all(|one| one.verdict == "hard"
            && one.action == "suppressed"
            && one.kind.as_deref() == Some("invitation")));
        assert!(folder(&app).join("done/1.eml.2").exists(), "no file is written over another");

        app.pass(DAY * 31).await;
        let next = app.call("next", "gone@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &next).await, ("skipped".into(), Some("bounced".into())));
    }
}

#[tokio::test]
async fn a_reply_outside_the_diagnosis_suppresses_too() {
    for app in TestApp::on_both(with_folder).await {
        let asked = ask(&app, "jerry").await;
        let report = bounce(&newest_tag(&app).await, "jerry@example.net", "Action: failed\nStatus: 5.0.0", "");
        let info = "X-Supplementary-Info: <192.0.2.32 #5.0.0 smtp; 550 \"Unknown User\">";
        drop_in(&app, "1.eml", &report.replace("Diagnostic-Code: smtp; ", info)).await;
        assert_eq!(state_of(&app, &asked.interaction).await.0, "failed");
        assert_eq!(suppressed(&app, "jerry@example.net").await.as_deref(), Some("bounced"));
    }
}

#[tokio::test]
async fn a_full_mailbox_loses_nothing_until_it_was_full_on_three_days() {
    for app in TestApp::on_both(with_folder).await {
        for round in 1..=3 {
            let asked = crate::surveys::ask_about(&app, &format!("call {round}"), &call_body("full@example.net")).await;
            let tag = newest_tag(&app).await;
            // Two on one day count once.
            for again in 0..2 {
                let said = format!("{} ({again})", FULL.1);
                drop_in(&app, &format!("{round}-{again}.eml"), &bounce(&tag, "full@example.net", FULL.0, &said)).await;
            }
            let (state, _) = state_of(&app, &asked.interaction).await;
            let expected = (round == 3).then_some("bounced");
            assert_eq!(suppressed(&app, "full@example.net").await.as_deref(), expected, "round {round}");
            assert_eq!(state, "sent");
            assert_eq!(page(&app, &asked.page()).await.0, 200, "its link still works");
            app.pass(DAY * 31).await;
            for mail in std::fs::read_dir(app.folder().join("mail")).unwrap() {
                std::fs::remove_file(mail.unwrap().path()).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn who_forges_a_bounce_suppresses_nobody() {
    let app = TestApp::start_with(with_folder).await;
    let asked = ask(&app, "jerry").await;
    let tag = newest_tag(&app).await;
    let mut other = tag.clone();
    other.replace_range(0..1, if tag.starts_with('0') { "1" } else { "0" });
    let invitation = outbox(&app).await.remove(0);
    for (name, guess) in
        [("a", String::new()), ("b", other), ("c", "0".repeat(32)), ("d", invitation.reference.replace('-', ""))]
    {
        drop_in(&app, &format!("{name}.eml"), &bounce(&guess, "jerry@example.net", GONE.0, GONE.1)).await;
    }
    // Naming the mail does not suffice: its Message-ID has been seen by every server in transit.
    let named = bounce("", "jerry@example.net", GONE.0, GONE.1).replace("Sorry.", &invitation.message_id);
    drop_in(&app, "e.eml", &named).await;
    assert_eq!(suppressed(&app, "jerry@example.net").await, None);
    assert_eq!(state_of(&app, &asked.interaction).await.0, "sent");
    assert!(taken(&app).await.iter().all(|one| one.action == "not_ours"));
}

#[tokio::test]
async fn delays_deliveries_replies_and_reports_of_signatures_suppress_nobody() {
    let app = TestApp::start_with(with_folder).await;
    let asked = ask(&app, "jerry").await;
    let tag = newest_tag(&app).await;
    let about = |fields, said| bounce(&tag, "jerry@example.net", fields, said);
    let report = format!(
        "From: dmarc@isp.example\nTo: bounces+{tag}@northwind.example\nMIME-Version: 1.0\nContent-Type: multipart/report; boundary=b\n\n--b\n\
         Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\nOriginal-Rcpt-To: jerry@example.net\n\n--b--\n"
    );
    for (at, mail) in [
        about("Action: delayed\nStatus: 4.4.1", "451 4.4.1 no answer from host"),
        about("Action: delivered\nStatus: 2.1.5", "250 2.1.5 Ok"),
        format!("From: jerry@example.net\nTo: bounces+{tag}@northwind.example\nSubject: Automatic reply: Your call\n\nI am away; 550 5.1.1 User unknown"),
        report,
    ]
    .iter()
    .enumerate()
    {
        drop_in(&app, &format!("{at}.eml"), mail).await;
    }
    drop_in(&app, "rubbish.eml", "").await;
    drop_in(&app, "half.eml.part", &about(GONE.0, GONE.1)).await;
    assert_eq!(suppressed(&app, "jerry@example.net").await, None);
    assert_eq!(state_of(&app, &asked.interaction).await.0, "sent");
    assert!(folder(&app).join("unread/rubbish.eml").exists());
    assert!(folder(&app).join("half.eml.part").exists(), "whoever writes it has not finished");
    assert_eq!(taken(&app).await.len(), 4);
}

#[tokio::test]
async fn complaints_and_unsubscribes_apply_at_once() {
    for (kind, reason) in [("abuse", "complained"), ("opt-out", "unsubscribed")] {
        for app in TestApp::on_both(with_folder).await {
            let asked = ask(&app, "jerry").await;
            let token = token_in(&mail_to(&app, "jerry@example.net"));
            let mail = format!(
                "From: fbl@isp.example\nTo: abuse@northwind.example\nMIME-Version: 1.0\nContent-Type: multipart/report; boundary=b\n\n--b\n\
                 Content-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: isp/1\n\n--b\nContent-Type: message/rfc822\n\n\
                 From: survey@northwind.example\nTo: redacted\nList-Unsubscribe: <https://x.example/u/{token}>\n\nHello\n--b--\n"
            );
            drop_in(&app, "1.eml", &mail).await;
            assert_eq!(suppressed(&app, "jerry@example.net").await.as_deref(), Some(reason));
            assert_eq!(state_of(&app, &asked.interaction).await.0, "sent", "the mail had arrived");
        }
    }
}

/// Returns the survey's state on the interaction for staff, and the customer's page.
async fn seen(app: &TestApp, asked: &Asked) -> (String, Option<String>, u16) {
    let (state, why) = state_of(app, &asked.interaction).await;
    (state, why, page(app, &asked.page()).await.0)
}

#[tokio::test]
async fn a_bounce_tells_nothing_of_answers_and_harms_none() {
    for app in TestApp::on_both(with_folder).await {
        let mut all = Vec::new();
        for (name, choice) in [("linked", Some("linked")), ("apart", Some("apart")), ("silent", None)] {
            let asked = ask(&app, name).await;
            if let Some(choice) = choice {
                crate::surveys::answer(&app, &asked, &[("score", "4"), ("choice", choice)]).await;
            }
            all.push((asked, newest_tag(&app).await, name));
        }
        for (_, tag, name) in &all {
            drop_in(&app, &format!("{name}.eml"), &bounce(tag, &format!("{name}@example.net"), GONE.0, GONE.1)).await;
        }
        let linked = seen(&app, &all[0].0).await;
        assert_eq!(linked.0, "failed");
        for (asked, ..) in &all {
            let seen = seen(&app, asked).await;
            assert_eq!((seen.0, seen.1), (linked.0.clone(), linked.1.clone()));
        }
        let supervisor = app.sign_in(afterword::access::Role::Supervisor, &["Orders"], None).await;
        let path = format!("/api/v1/interactions/{}/response", all[0].0.interaction);
        assert_eq!(supervisor.get(&path).await.status(), 200, "the answer stands");

        // Closed ones stay closed.
        app.pass(DAY * 20).await;
        let before = seen(&app, &all[2].0).await;
        assert_eq!(before.0, "closed");
        for (_, tag, name) in &all {
            drop_in(
                &app,
                &format!("{name}-late.eml"),
                &bounce(tag, &format!("{name}@example.net"), GONE.0, "550 late"),
            )
            .await;
        }
        for (asked, ..) in &all {
            assert_eq!(seen(&app, asked).await, before);
        }
    }
}

#[tokio::test]
async fn a_crash_between_reading_and_moving_changes_nothing() {
    let app = TestApp::start_with(with_folder).await;
    let asked = ask(&app, "gone").await;
    let mail = bounce(&newest_tag(&app).await, "gone@example.net", GONE.0, GONE.1);
    drop_in(&app, "1.eml", &mail).await;
    // As if it had been killed before the move, and in the middle of it.
    std::fs::rename(folder(&app).join("done/1.eml"), folder(&app).join("1.eml")).unwrap();
    app.pass(LOOK).await;
    std::fs::hard_link(folder(&app).join("done/1.eml"), folder(&app).join("1.eml")).unwrap();
    app.pass(LOOK).await;
    let left: Vec<_> = std::fs::read_dir(folder(&app).join("done")).unwrap().collect();
    assert_eq!(left.len(), 1);
    assert!(!folder(&app).join("1.eml").exists());
    assert_eq!((taken(&app).await.len(), state_of(&app, &asked.interaction).await.0), (1, "failed".into()));
}

#[tokio::test]
async fn a_maildir_is_read_as_well() {
    let app = TestApp::start_with(with_folder).await;
    ask(&app, "gone").await;
    for name in ["new", "cur", "tmp"] {
        std::fs::create_dir(folder(&app).join(name)).unwrap();
    }
    let mail = bounce(&newest_tag(&app).await, "gone@example.net", GONE.0, GONE.1);
    drop_in(&app, "new/1700000000.M1P1.host", &mail).await;
    assert_eq!(suppressed(&app, "gone@example.net").await.as_deref(), Some("bounced"));
    assert!(folder(&app).join("done/1700000000.M1P1.host").exists());
}

/// Each real bounce, returned to a mail of ours: recipients are suppressed where it reports no such mailbox or an
/// unsubscription.
#[tokio::test]
async fn real_bounces_suppress_whom_they_should_and_nobody_else() {
    let Some(samples) = shared::path("samples/bounces") else { return };
    let expected = std::fs::read_to_string(samples.join("expected.tsv")).unwrap();
    let app = TestApp::start_with(with_folder).await;
    let mut files: Vec<_> = std::fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "eml"));
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        ask(&app, &name).await;
        let tag = newest_tag(&app).await;
        let bytes = std::fs::read(&path).unwrap();
        let rows: Vec<Vec<&str>> = expected
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .filter(|row| row[0] == format!("{name}.eml"))
            .collect();
        let begin =
            if bytes.starts_with(b"From ") { bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1 } else { 0 };
        let tagged =
            [&bytes[..begin], format!("Delivered-To: bounces+{tag}@northwind.example\n").as_bytes(), &bytes[begin..]]
                .concat();
        std::fs::write(folder(&app).join(format!("{name}.eml")), tagged).unwrap();
        app.pass(LOOK).await;
        let hard = !rows.is_empty() && rows.iter().all(|row| row[5] == "true");
        let wanted = match rows.first().map(|row| row[6]) {
            Some("abuse") => Some("complained"),
            Some("opt-out") => Some("unsubscribed"),
            _ if hard => Some("bounced"),
            _ => None,
        };
        assert_eq!(suppressed(&app, &format!("{name}@example.net")).await.as_deref(), wanted, "{name}");
    }
}

#[tokio::test]
async fn a_mailbox_is_read_by_imap_and_nothing_in_it_is_lost() {
    let Some(server) = ImapServer::start() else { return };
    let url = server.trusted_url("&done=Read");
    let app = TestApp::start_with(|config| {
        config.mail.bounces = "bounces@northwind.example".into();
        config.mail.returned = url.parse().unwrap();
    })
    .await;
    let asked = ask(&app, "gone").await;
    let mail = bounce(&newest_tag(&app).await, "gone@example.net", GONE.0, GONE.1);
    server.deliver("1.M1.host", mail.as_bytes());
    server.deliver("2.M2.host", b"\n\nno mail at all");
    app.pass(LOOK).await;
    assert_eq!(state_of(&app, &asked.interaction).await.0, "failed");
    assert_eq!(suppressed(&app, "gone@example.net").await.as_deref(), Some("bounced"));
    assert_eq!(server.messages(".Read").len(), 1);
    let left = server.messages("");
    assert!(left.len() == 1 && left[0].starts_with("2.M2.host") && left[0].ends_with("FS"), "{left:?}");
    app.pass(LOOK).await;
    assert_eq!((server.messages(".Read").len(), server.messages("").len(), taken(&app).await.len()), (1, 1, 1));
}

#[tokio::test]
async fn a_message_that_cannot_be_read_keeps_no_other_from_it_and_is_passed_over() {
    let Some(server) = ImapServer::start() else { return };
    let url = server.trusted_url("");
    let app = TestApp::start_with(|config| {
        config.mail.bounces = "bounces@northwind.example".into();
        config.mail.returned = url.parse().unwrap();
    })
    .await;
    let asked = ask(&app, "gone").await;
    let mail = bounce(&newest_tag(&app).await, "gone@example.net", GONE.0, GONE.1);
    server.deliver_unreadable("1.M1.host");
    app.pass(LOOK).await;
    server.deliver("2.M2.host", mail.as_bytes());
    app.pass(LOOK).await;
    assert_eq!(state_of(&app, &asked.interaction).await.0, "failed");
    let flags = || server.messages("").into_iter().find(|name| name.starts_with("1.M1.host")).unwrap();
    assert!(!flags().ends_with("FS"), "it is tried again: {}", flags());
    for _ in 0..2 {
        app.pass(LOOK).await;
    }
    assert!(flags().ends_with("FS"), "somebody is to look at it: {}", flags());
}

#[tokio::test]
async fn a_file_that_cannot_be_moved_keeps_no_other_from_being_read() {
    let app = TestApp::start_with(with_folder).await;
    let asked = ask(&app, "gone").await;
    // There is such a file in done/, and no room in the name for a suffix.
    let name = format!("a{}.eml", "x".repeat(250));
    std::fs::create_dir(folder(&app).join("done")).unwrap();
    std::fs::write(folder(&app).join("done").join(&name), "another one").unwrap();
    std::fs::write(folder(&app).join(&name), "Subject: Hello\n\nno bounce").unwrap();
    drop_in(&app, "b.eml", &bounce(&newest_tag(&app).await, "gone@example.net", GONE.0, GONE.1)).await;
    assert_eq!(state_of(&app, &asked.interaction).await.0, "failed");
    assert!(folder(&app).join("done/b.eml").exists() && folder(&app).join(&name).exists());
}

#[tokio::test]
async fn a_mailbox_that_cannot_be_read_says_why_and_is_tried_again() {
    let Some(server) = ImapServer::start() else { return };
    for url in
        [server.url(""), server.trusted_url("").replace("secret", "wrong"), "imap://u:hidden@127.0.0.1:9/INBOX".into()]
    {
        let app = TestApp::start_with(|config| config.mail.returned = url.parse().unwrap()).await;
        app.pass(LOOK).await;
        let trouble = afterword::jobs::backlog(&app.app.db).await.unwrap();
        assert!(trouble.iter().any(|lane| lane.kind == "mail.returned"), "{trouble:?}");
        let shown = app.app.config.to_redacted_toml();
        assert!(!shown.contains("secret") && !shown.contains("hidden") && shown.contains("imap"), "{shown}");
    }
}
