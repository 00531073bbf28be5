//! Two answers to one link at the same time: one of them counts, completely, and the choice apart is never overruled.

use super::ask;
use crate::anonymity::dump;
use crate::app::TestApp;
use futures_util::future::join_all;

#[tokio::test]
async fn of_two_answers_at_once_one_counts() {
    for app in TestApp::on_both(|_| {}).await {
        let mut apart_won = 0;
        for round in 0..12 {
            let asked = ask(&app, &format!("jerry{round}")).await;
            let before = dump(&app).await;
            let page = asked.page();
            // The order of sending changes from round to round.
            let mut choices = ["linked", "apart", "linked", "apart"];
            choices.rotate_left(round % 4);
            let forms = choices.map(|choice| [("score", "4"), ("comment", "Thank you"), ("choice", choice)]);
            let answers = join_all(forms.iter().map(|form| app.post(&page, form))).await;
            let taken = answers.iter().filter(|answer| answer.status() == 200).count();
            assert!(taken >= 1, "nobody's was taken");
            assert!(answers.iter().all(|answer| [200, 409, 422].contains(&answer.status().as_u16())));
            let after = dump(&app).await;
            let more = |table: &str| after[table].len() - before[table].len();
            let there = (more("responses"), more("spent_tokens"), more("sealed_answers"));
            assert!(there == (1, 0, 0) || there == (0, 1, 2), "{choices:?}: {there:?}");
            apart_won += there.1;
        }
        // An acknowledged apart answer stays apart; if any of four was apart, linked ones give way.
        assert!(apart_won >= 6, "{apart_won} of 12");
    }
}
