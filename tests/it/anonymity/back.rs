//! Rule 6: what is taken back alters no figure by itself.

use super::totals::{all_are_whole, sums};
use super::{ask_many, dump, ripen_and_release};
use crate::app::TestApp;
use crate::surveys::{Asked, answer};
use afterword::effects::Actor;

/// Erases the conversation, and with it the linked answer.
pub async fn take_back(app: &TestApp, asked: &Asked) {
    app.app.privacy.erase_conversation(&asked.interaction, &Actor::System).await.unwrap();
}

async fn give(app: &TestApp, n: usize, score: &str, comment: &str) -> Vec<Asked> {
    let asked = ask_many(app, "17", "Orders", n).await;
    for (at, one) in asked.iter().enumerate() {
        let comment = if comment.is_empty() { String::new() } else { format!("{comment} {at}") };
        answer(app, one, &[("score", score), ("comment", &comment), ("choice", "linked")]).await;
    }
    asked
}

async fn count(app: &TestApp, value: i64) -> i64 {
    sums(app).await[1].iter().filter(|(key, _)| key.3 == "score" && key.5 == value).map(|(_, n)| n).sum()
}

#[tokio::test]
async fn an_erased_answer_goes_out_with_the_next_release_and_that_one_waits_for_it() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = give(&app, 6, "4", "").await;
        assert_eq!(ripen_and_release(&app).await, 1);
        take_back(&app, &asked[0]).await;
        take_back(&app, &asked[1]).await;
        assert_eq!(ripen_and_release(&app).await, 0);
        assert_eq!(count(&app, 4).await, 6, "by itself it alters nothing");
        let noted = &dump(&app).await["taken_back"];
        assert_eq!(noted.len(), 2);
        assert!(noted.iter().all(|row| !row.contains(asked[0].interaction.as_str())), "{noted:?}");
        let answered = dump(&app).await["responses"].len();
        assert_eq!(answered, 4);
        give(&app, 6, "4", "").await;
        assert_eq!(ripen_and_release(&app).await, 0, "six less two would be four more answers");
        give(&app, 1, "4", "").await;
        assert_eq!(ripen_and_release(&app).await, 1);
        assert_eq!(count(&app, 4).await, 11, "seven more, two fewer");
        assert!(dump(&app).await["taken_back"].is_empty());
        all_are_whole(&app, 5).await;
    }
}

/// A count that went down would tell what the erased one had said.
#[tokio::test]
async fn no_count_ever_goes_down() {
    for app in TestApp::on_both(|_| {}).await {
        give(&app, 5, "4", "").await;
        let poor = give(&app, 1, "1", "").await;
        assert_eq!(ripen_and_release(&app).await, 1);
        take_back(&app, &poor[0]).await;
        give(&app, 9, "5", "").await;
        assert_eq!(ripen_and_release(&app).await, 1);
        assert_eq!((count(&app, 1).await, count(&app, 5).await), (1, 9), "nobody gave a 1 this time: it waits");
        give(&app, 5, "5", "").await;
        give(&app, 2, "1", "").await;
        assert_eq!(ripen_and_release(&app).await, 1);
        assert_eq!((count(&app, 1).await, count(&app, 5).await), (2, 14));
        let [releases, totals] = sums(&app).await;
        assert_eq!(releases, totals);
    }
}

#[tokio::test]
async fn an_erased_comment_goes_with_the_next_comments() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = give(&app, 5, "4", "word").await;
        assert_eq!(ripen_and_release(&app).await, 2);
        take_back(&app, &asked[2]).await;
        let texts =
            |all: &super::Dump, what: &str| all["released_comments"].iter().filter(|r| r.contains(what)).count();
        assert_eq!(texts(&dump(&app).await, "word"), 5, "by itself it alters nothing");
        give(&app, 6, "4", "other").await;
        assert_eq!(ripen_and_release(&app).await, 2);
        let all = dump(&app).await;
        assert_eq!((texts(&all, "word"), texts(&all, "other")), (4, 6));
    }
}
