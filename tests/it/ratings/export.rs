//! Export for spreadsheets.

use super::{Stage, agent, scores};
use crate::app::TestApp;
use afterword::access::Role;

#[tokio::test]
async fn the_file_holds_the_figures_and_no_formula() {
    for app in TestApp::on_both(|_| {}).await {
        let stage = Stage::set(&app).await;
        agent(&app, "66", "=HYPERLINK(\"http://evil.example\",\"x\")", "@Team").await;
        scores(&app, &stage.sydney, &stage.orders, "2026-10", &[(5, 4), (1, 1)]).await;
        let hr = app.sign_in(Role::Hr, &[], None).await;
        let answer = hr.get("/ratings.csv?from=2026-10&to=2026-10").await;
        assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
        assert_eq!(
            answer.headers()["content-disposition"],
            "attachment; filename=\"ratings-agents-2026-10-2026-10.csv\""
        );
        let bytes = answer.bytes().await.unwrap();
        assert!(bytes.starts_with(b"\xef\xbb\xbfagent,"), "spreadsheets need the byte order mark");
        let text = String::from_utf8(bytes[3..].to_vec()).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 4);
        let cell = |row: &csv::StringRecord, name: &str| row[head.iter().position(|h| h == name).unwrap()].to_owned();
        let sydney = rows.iter().find(|row| &row[0] == "Sydney Carton").unwrap();
        assert_eq!(
            (cell(sydney, "answers"), cell(sydney, "csat"), cell(sydney, "score_5")),
            ("5".into(), "0.8000".into(), "4".into())
        );
        assert_eq!((cell(sydney, "csat_low"), cell(sydney, "csat_high")), ("0.3755".into(), "0.9638".into()));
        let waiting = rows.iter().find(|row| &row[0] == "Jarvis Lorry").unwrap();
        assert_eq!(
            (cell(waiting, "answers"), cell(waiting, "csat"), cell(waiting, "score_5")),
            ("0".into(), String::new(), String::new())
        );
        for row in &rows {
            for value in row {
                assert!(!value.starts_with(['=', '+', '-', '@', '\t']), "{value}");
            }
        }
        let teams = hr.page("/ratings.csv?of=teams").await;
        assert!(teams.contains("'@Team") && teams.contains("Orders"));
        assert_eq!(hr.get("/ratings.csv?of=secrets").await.status(), 404);
    }
}
