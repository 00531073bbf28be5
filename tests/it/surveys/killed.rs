//! `kill -9` while customers answer, many times, with the program itself: what was acknowledged is there, once; what was not is
//! there whole or not at all.

use crate::support::served::{Mailed, Served};
use afterword::config::{Database, DatabaseUrl};
use afterword::database::Db;
use afterword::vault::{Vault, plain_hash};
use futures_util::future::join_all;
use sqlx::Row;
use std::collections::BTreeMap;
use std::time::Duration;

/// Times that it is killed.
const ROUNDS: usize = 12;
const A_ROUND: usize = 6;

/// Of each customer: rows of the mix, and linked answers; read from the files while nothing serves.
async fn stored(served: &Served, asked: &[Mailed]) -> Vec<(usize, usize)> {
    let path = served.folder().join("data/afterword.db");
    let vault = Vault::read(&served.folder().join("data/afterword.key")).unwrap().unwrap();
    let config = Database { url: DatabaseUrl::Sqlite(path), ..Database::default() };
    let db = Db::open(&config).await.unwrap();
    let Db::Sqlite { write, .. } = &db else { unreachable!() };
    let of = |sql: &'static str| async move {
        let rows = sqlx::query(sql).fetch_all(write).await.unwrap();
        rows.iter().map(|row| (row.get::<String, _>(0), row.get::<String, _>(1))).collect::<BTreeMap<_, _>>()
    };
    let mix = of("SELECT id, '' FROM sealed_answers").await;
    let links = of("SELECT token_hash, interaction_id FROM invitations WHERE token_hash IS NOT NULL").await;
    let linked = of("SELECT interaction_id, COALESCE(comment, '') FROM responses").await;
    let counts = asked.iter().map(|one| {
        let records = ["score", "comment"].map(|question| {
            usize::from(mix.contains_key(&vault.keyed_hash(&format!("mix:{question}"), one.token().as_bytes())))
        });
        let answer = linked.get(&links[&plain_hash(one.token().as_bytes())]);
        assert!(answer.is_none_or(|comment| comment == "Thank you"), "half an answer");
        (records.iter().sum(), usize::from(answer.is_some()))
    });
    let counts = counts.collect();
    db.close().await;
    counts
}

async fn send(served: &Served, one: &Mailed, choice: &str) -> bool {
    let form = [("score", "4"), ("comment", "Thank you"), ("choice", choice)];
    let answer = served.client.post(&one.page).form(&form).send().await;
    match answer {
        // The page may be cut off, too: what counts is the whole of it.
        Ok(answer) => answer.status() == 200 && answer.text().await.is_ok_and(|text| text.contains("</html>")),
        Err(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_answer_is_lost_or_doubled() {
    let mut served = Served::start(&[]).await;
    let asked = served.ask(ROUNDS * A_ROUND).await;
    let choice = |n: usize| if n.is_multiple_of(2) { "apart" } else { "linked" };
    let mut acknowledged = vec![false; asked.len()];
    for round in 0..ROUNDS {
        let places: Vec<usize> = (round * A_ROUND..(round + 1) * A_ROUND).collect();
        let pid = served.pid();
        let kill = async {
            // Somewhere in the middle; where exactly is what the rounds try out.
            tokio::time::sleep(Duration::from_millis(round as u64 * 2)).await;
            std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
        };
        let answers = join_all(places.iter().map(|n| send(&served, &asked[*n], choice(*n))));
        let (answers, ()) = tokio::join!(answers, kill);
        served.kill();
        for (n, stored_now) in places.iter().zip(answers) {
            acknowledged[*n] = stored_now;
        }
        served.serve().await;
    }
    served.kill();
    let before = stored(&served, &asked).await;
    assert!(acknowledged.iter().any(|yes| *yes), "nothing was acknowledged in any round: the test tried nothing");
    assert!(acknowledged.iter().any(|yes| !*yes), "everything was acknowledged: it was killed too late");
    for (n, (mix, linked)) in before.iter().enumerate() {
        let whole = if choice(n) == "apart" { (2, 0) } else { (0, 1) };
        let there = (*mix, *linked);
        assert!(there == whole || there == (0, 0), "half of it, or twice: {there:?}");
        assert!(there == whole || !acknowledged[n], "an acknowledged answer is gone");
    }
    // Whoever was not thanked sends it again; nobody counts twice.
    served.serve().await;
    for (n, one) in asked.iter().enumerate().filter(|(n, _)| !acknowledged[*n]) {
        assert!(send(&served, one, choice(n)).await, "sent again");
    }
    served.kill();
    for (n, there) in stored(&served, &asked).await.into_iter().enumerate() {
        assert_eq!(there, if choice(n) == "apart" { (2, 0) } else { (0, 1) });
    }
}
