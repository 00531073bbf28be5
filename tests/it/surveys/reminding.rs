//! The reminder: sent to all alike, without a link, and no second answer is possible by it; on both databases.

use super::answering::count;
use super::{answer, ask, mails, token_in};
use crate::app::TestApp;
use afterword::config::Span;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let start = format!("{name}: ");
    mail.lines().find_map(|line| line.strip_prefix(&*start)).unwrap_or_else(|| panic!("{name} in {mail}")).trim()
}

#[tokio::test]
async fn everybody_is_reminded_once_whether_they_answered_or_not() {
    for app in TestApp::on_both(|config| config.survey.reminder_after = Span::days(3)).await {
        let (silent, linked, apart) = (ask(&app, "silent").await, ask(&app, "linked").await, ask(&app, "apart").await);
        answer(&app, &linked, &[("score", "4"), ("choice", "linked")]).await;
        answer(&app, &apart, &[("score", "2"), ("choice", "apart")]).await;
        app.pass(DAY * 2).await;
        assert_eq!(mails(&app).len(), 3);
        for _ in 0..4 {
            app.pass(DAY).await;
        }
        let all = mails(&app);
        assert_eq!(all.len(), 6);
        for asked in [&silent, &linked, &apart] {
            let first = all.iter().find(|mail| mail.contains(&format!("/s/{}", asked.token))).unwrap();
            let id = header(first, "Message-ID");
            let reminder =
                all.iter().find(|mail| mail.lines().any(|line| line == format!("In-Reply-To: {id}"))).unwrap();
            assert_eq!((header(reminder, "References"), header(reminder, "Subject")), (id, header(first, "Subject")));
            assert_eq!(header(reminder, "To"), header(first, "To"));
            assert!(!reminder.contains("/s/") && reminder.contains("holds no link"), "{reminder}");
            // Its own token unsubscribes, and has no other use.
            let token = token_in(reminder);
            assert_ne!(token, asked.token);
            assert_eq!(app.get(&format!("/s/{token}")).await.status(), 404);
            assert_eq!(app.post(&format!("/s/{token}"), &[("score", "5"), ("choice", "apart")]).await.status(), 404);
            assert_eq!(app.get(&format!("/u/{token}")).await.status(), 200);
        }
        // The first link is still the valid one.
        answer(&app, &silent, &[("score", "5"), ("choice", "apart")]).await;
        assert_eq!(count(&app, "spent_tokens").await, 2);
        let token = token_in(all.iter().find(|mail| mail.contains("In-Reply-To")).unwrap());
        assert_eq!(app.post(&format!("/u/{token}"), &[]).await.status(), 200);
        assert_eq!(count(&app, "suppressions").await, 1);
        // Nothing in the database distinguishes the three.
        assert_eq!(count(&app, "invitations WHERE remind_after_ms IS NULL AND unsubscribe_hash IS NOT NULL").await, 3);
        assert_eq!(count(&app, "outbox WHERE kind = 'reminder' AND state = 'sent'").await, 3);
    }
}

#[tokio::test]
async fn nobody_is_reminded_unless_wanted_nor_when_it_is_too_late() {
    for app in TestApp::on_both(|_| {}).await {
        ask(&app, "jerry").await;
        app.pass(DAY * 5).await;
        assert_eq!(mails(&app).len(), 1);
    }
    for app in TestApp::on_both(|config| config.survey.reminder_after = Span::days(3)).await {
        let (gone, late) = (ask(&app, "gone").await, ask(&app, "late").await);
        assert_eq!(app.post(&gone.leave(), &[]).await.status(), 200);
        // The service was off until the links had expired.
        app.clock.advance(DAY * 15);
        app.work().await;
        assert_eq!(mails(&app).len(), 2, "{}", late.token);
        assert_eq!(count(&app, "invitations WHERE remind_after_ms IS NOT NULL").await, 0);
    }
}
