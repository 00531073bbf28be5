//! `kill -9` while customers answer, many times, with the real program: acknowledged answers are stored once; others
//! are stored completely or not at all.

use crate::support::postgres;
use crate::support::served::{Mailed, Served};
use afterword::config::{Database, DatabaseUrl};
use afterword::database::Db;
use afterword::vault::{Vault, plain_hash};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Number of kills.
const ROUNDS: usize = 12;
const A_ROUND: usize = 6;

async fn pairs(db: &Db, sql: &'static str) -> BTreeMap<String, String> {
    let rows: Vec<(String, String)> = match db {
        Db::Sqlite { write, .. } => sqlx::query_as(sql).fetch_all(write).await.unwrap(),
        Db::Pg { pool, .. } => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
    };
    rows.into_iter().collect()
}

/// Returns the database of the program in its own folder.
fn own_file(served: &Served) -> DatabaseUrl {
    DatabaseUrl::Sqlite(served.folder().join("data/afterword.db"))
}

/// Returns, for each customer, the numbers of mix rows and of linked answers; read from the database while no server
/// runs.
async fn stored(served: &Served, url: &DatabaseUrl, asked: &[Mailed]) -> Vec<(usize, usize)> {
    let vault = Vault::read(&served.folder().join("data/afterword.key")).unwrap().unwrap();
    let db = Db::open(&Database { url: url.clone(), ..Database::default() }).await.unwrap();
    let mix = pairs(&db, "SELECT id, '' FROM sealed_answers").await;
    let links = pairs(&db, "SELECT token_hash, interaction_id FROM invitations WHERE token_hash IS NOT NULL").await;
    let linked = pairs(&db, "SELECT interaction_id, COALESCE(comment, '') FROM responses").await;
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
        // The page may be cut off, too: only a complete page counts.
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
            // In the middle of the answers; the exact moment varies by round.
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
    let before = stored(&served, &own_file(&served), &asked).await;
    assert!(acknowledged.iter().any(|yes| *yes), "nothing was acknowledged in any round: the test tried nothing");
    assert!(acknowledged.iter().any(|yes| !*yes), "everything was acknowledged: it was killed too late");
    for (n, (mix, linked)) in before.iter().enumerate() {
        let whole = if choice(n) == "apart" { (2, 0) } else { (0, 1) };
        let there = (*mix, *linked);
        assert!(there == whole || there == (0, 0), "half of it, or twice: {there:?}");
        assert!(there == whole || !acknowledged[n], "an acknowledged answer is gone");
    }
    // Customers without an acknowledgement send again; no answer is counted twice.
    served.serve().await;
    for (n, one) in asked.iter().enumerate().filter(|(n, _)| !acknowledged[*n]) {
        assert!(send(&served, one, choice(n)).await, "sent again");
    }
    served.kill();
    for (n, there) in stored(&served, &own_file(&served), &asked).await.into_iter().enumerate() {
        assert_eq!(there, if choice(n) == "apart" { (2, 0) } else { (0, 1) });
    }
}

/// Linked answers are acknowledged, and changed to apart while the program is killed. The check compares the responses
/// with the stored data: no answer is lost, none is counted twice, and every acknowledged change is apart.
async fn changes_under_kill(mut served: Served, url: DatabaseUrl) {
    let asked = served.ask(ROUNDS * A_ROUND).await;
    let mut acknowledged = vec![false; asked.len()];
    for round in 0..ROUNDS {
        let places: Vec<usize> = (round * A_ROUND..(round + 1) * A_ROUND).collect();
        for linked in join_all(places.iter().map(|n| send(&served, &asked[*n], "linked"))).await {
            assert!(linked, "the linked answer is acknowledged");
        }
        let pid = served.pid();
        let thanked = AtomicUsize::new(0);
        // In every third round at a random moment, in the others after a number of acknowledgements.
        let kill = async {
            match round % 3 {
                0 => tokio::time::sleep(Duration::from_millis(round as u64 * 3)).await,
                wanted => {
                    while thanked.load(Ordering::Relaxed) < wanted {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            }
            std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
        };
        let change = async |n: usize| {
            let yes = send(&served, &asked[n], "apart").await;
            thanked.fetch_add(usize::from(yes), Ordering::Relaxed);
            yes
        };
        let changes = join_all(places.iter().map(|n| change(*n)));
        let (changes, ()) = tokio::join!(changes, kill);
        served.kill();
        for (n, changed) in places.iter().zip(changes) {
            acknowledged[*n] = changed;
        }
        served.serve().await;
    }
    served.kill();
    let told = acknowledged.iter().filter(|yes| **yes).count();
    assert!(
        told > 0 && told < asked.len(),
        "{told} of {} changes were acknowledged: the kills tried nothing",
        asked.len()
    );
    let mut changed = 0;
    for (n, there) in stored(&served, &url, &asked).await.into_iter().enumerate() {
        assert!(there == (0, 1) || there == (2, 0), "lost, half or twice: {there:?}");
        assert!(there == (2, 0) || !acknowledged[n], "acknowledged as apart, and still beside the recording");
        changed += usize::from(there == (2, 0));
    }
    assert!(changed >= told, "{told} changes acknowledged, {changed} stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_lost_or_doubled_by_a_change_that_is_cut_off() {
    let served = Served::start(&[]).await;
    let url = own_file(&served);
    changes_under_kill(served, url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_lost_or_doubled_by_a_change_that_is_cut_off_on_postgres() {
    let Some(database) = postgres::fresh_database().await else { return };
    let served = Served::start(&[("AFTERWORD__DATABASE__URL", &database.url())]).await;
    changes_under_kill(served, DatabaseUrl::Postgres(database.url())).await;
}
