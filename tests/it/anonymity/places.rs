//! Rule 1: the position of a row on the disk does not reveal the order of arrival. A page of SQLite is filled from its
//! end, whatever the order of its keys, so that rows written only once are in the order of arrival.

use super::{ask_many, dump};
use crate::app::TestApp;
use crate::surveys::{Asked, answer};
use afterword::database::Db;
use std::collections::BTreeSet;

/// Size of a page in bytes.
const PAGE: usize = 4096;

/// Returns the ids in a table.
async fn ids(app: &TestApp, table: &str) -> BTreeSet<String> {
    let words = |row: &String| row.split(['|', '\'']).map(str::to_owned).collect::<Vec<_>>();
    dump(app).await[table].iter().flat_map(words).filter(|word| word.len() == 64).collect()
}

/// Gives these answers one after the other; returns the new ids of each table, in order.
async fn answer_in_turn(app: &TestApp, asked: &[Asked], tables: [&str; 2]) -> [Vec<String>; 2] {
    let mut arrived: [Vec<String>; 2] = Default::default();
    for one in asked {
        let before = [ids(app, tables[0]).await, ids(app, tables[1]).await];
        answer(app, one, &[("score", "4"), ("choice", "apart")]).await;
        for (n, table) in tables.iter().enumerate() {
            arrived[n].extend(ids(app, table).await.difference(&before[n]).cloned());
        }
    }
    arrived
}

/// Returns the number of pairs on one page that are in the order of arrival, and the number of all pairs.
fn in_order(file: &[u8], arrived: &[String]) -> (usize, usize) {
    let place = |id: &String| file.windows(id.len()).position(|window| window == id.as_bytes()).expect("it is there");
    let places: Vec<usize> = arrived.iter().map(place).collect();
    let (mut ordered, mut pairs) = (0, 0);
    for (n, first) in places.iter().enumerate() {
        for second in places[n + 1..].iter().filter(|second| *second / PAGE == first / PAGE) {
            pairs += 1;
            // From the end of the page towards its start.
            ordered += usize::from(second < first);
        }
    }
    (ordered, pairs)
}

#[tokio::test]
async fn after_a_pass_no_place_on_a_page_tells_who_came_first() {
    let app = TestApp::start_with(|c| c.survey.edit_for = "1h".parse().unwrap()).await;
    let Db::Sqlite { .. } = &app.app.db else { return };
    let asked = ask_many(&app, "17", "Orders", 60).await;
    let tables = ["spent_tokens", "sealed_answers"];
    let arrived = answer_in_turn(&app, &asked, tables).await;
    app.app.responses.run_mix_pass().await.unwrap();
    let file = std::fs::read(app.folder().join("afterword.db")).unwrap();
    for (table, arrived) in tables.iter().zip(&arrived) {
        let (ordered, pairs) = in_order(&file, arrived);
        assert!(pairs > 100, "{table}: {pairs} pairs");
        let share = ordered as f64 / pairs as f64;
        assert!(
            (0.2..0.8).contains(&share),
            "{table}: {ordered} of {pairs} pairs on a page lie in the order of arrival"
        );
    }
}
