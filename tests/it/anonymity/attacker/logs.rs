//! The program's own log lines at the finest level, from the real program.

use crate::support::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn the_finest_log_names_no_token_no_address_and_no_conversation() {
    let served = Served::start(&[("AFTERWORD__LOG__FILTER", "trace")]).await;
    let asked = served.ask(3).await;
    for (n, one) in asked.iter().enumerate() {
        let choice = if n == 0 { "linked" } else { "apart" };
        served.client.get(format!("{}?score=4", one.page)).send().await.unwrap();
        let form = [("score", "4"), ("comment", "Rumpelstiltskin"), ("choice", choice)];
        let answer = served.client.post(&one.page).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    // A form that is rejected and held must not be logged either: the line would reveal the time of an answer.
    let refused = served.client.post(&asked[2].page).form(&[("score", "4"), ("website", "x")]).send().await.unwrap();
    assert_eq!(refused.status(), 422);
    let lines = served.log();
    assert!(lines.contains("/s/:token"), "it logs requests by their pattern");
    let posts: Vec<_> = lines.lines().filter(|line| line.contains("/s/:token") && line.contains("POST")).collect();
    assert!(posts.is_empty(), "{posts:#?}");
    for one in &asked {
        for secret in [one.token(), &one.address] {
            let found: Vec<_> = lines.lines().filter(|line| line.contains(secret)).collect();
            assert!(found.is_empty(), "{found:#?}");
        }
    }
    assert!(!lines.contains("Rumpelstiltskin"));
}
