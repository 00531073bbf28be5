//! Surveys of every kind of question, in every language: the page, the mail, the answer, the release.

use super::answering::count;
use super::{answer, ask_about, mail_to, page, post};
use crate::anonymity::ripen_and_release;
use crate::app::{TestApp, call_body};
use afterword::config::Choice;
use afterword::database::Db;
use afterword::invitations::Token;
use afterword::responses::Answer;
use afterword::surveys::definition::{Condition, Definition, Item, Kind, QuestionTexts, Role};
use afterword::surveys::wording::{Language, built_in, names};
use afterword::surveys::{Question, Value};
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;

const SURVEY: &str = "standard";

/// Publishes a definition in place of the standard survey.
pub async fn publish(app: &TestApp, definition: &Definition) {
    assert_eq!(definition.check(), [], "it can be published");
    let json = serde_json::to_string(definition).unwrap().replace('\'', "''");
    for sql in [
        format!(
            "INSERT INTO survey_versions (id, survey_id, number, definition, published_at, published_by) \
             SELECT 'v' || COUNT(*), '{SURVEY}', COUNT(*) + 1, '{json}', 0, 'Ada' FROM survey_versions"
        ),
        "UPDATE surveys SET current_version = (SELECT id FROM survey_versions ORDER BY number DESC LIMIT 1)".into(),
    ] {
        match &app.app.db {
            Db::Sqlite { write, .. } => drop(sqlx::query(AssertSqlSafe(sql)).execute(write).await.unwrap()),
            Db::Pg { pool, .. } => drop(sqlx::query(AssertSqlSafe(sql)).execute(pool).await.unwrap()),
        }
    }
}

async fn rows(app: &TestApp, sql: &str) -> Vec<String> {
    let sql = AssertSqlSafe(sql.to_owned());
    match &app.app.db {
        Db::Sqlite { write, .. } => {
            sqlx::query(sql).fetch_all(write).await.unwrap().iter().map(|row| row.get(0)).collect()
        }
        Db::Pg { pool, .. } => sqlx::query(sql).fetch_all(pool).await.unwrap().iter().map(|row| row.get(0)).collect(),
    }
}

fn item(number: u16, kind: Kind, required: bool, shown_if: Option<(u16, &[i64])>, options: &[u8]) -> Item {
    let shown_if = shown_if.map(|(question, one_of)| Condition { question, one_of: one_of.to_vec() });
    Item { number, role: None, kind, required, shown_if, options: options.to_vec() }
}

/// Returns an NPS question, a follow-up question for unsatisfied customers, and one of every other kind.
pub fn every_kind() -> Definition {
    let mut definition = Definition::standard();
    definition.questions = vec![
        item(4, Kind::Nps, true, None, &[]),
        item(5, Kind::ManyOf, false, Some((4, &[0, 1, 2, 3, 4, 5, 6])), &[0, 3, 62]),
        item(6, Kind::Text, true, Some((5, &[62])), &[]),
        item(7, Kind::Ces, false, None, &[]),
        item(8, Kind::OneOf, false, None, &[1, 2]),
        item(9, Kind::YesNo, false, None, &[]),
        Item { role: Some(Role::Comment), ..item(3, Kind::Text, false, None, &[]) },
    ];
    for texts in definition.texts.values_mut() {
        for item in definition.questions.iter().filter(|item| item.number > 3) {
            let values = item.worded().into_iter().map(|value| (value, format!("word {value} of {}", item.number)));
            let label = format!("Question {} for {{company}}?", item.number);
            texts.questions.insert(item.number, QuestionTexts { label, values: values.collect() });
        }
    }
    definition
}

fn further(kind: Kind, number: u16) -> Question {
    Question::further(kind, SURVEY, number)
}

#[tokio::test]
async fn every_kind_of_question_is_asked_answered_changed_and_taken_back() {
    for app in TestApp::on_both(|_| {}).await {
        publish(&app, &every_kind()).await;
        for choice in ["linked", "apart"] {
            let asked = ask_about(&app, choice, &call_body(&format!("{choice}@example.net"))).await;
            let mail = mail_to(&app, &format!("{choice}@example.net"));
            assert!(
                mail.contains("?score=0") && mail.contains("?score=10") && mail.contains("Question 4 for Northwind?")
            );
            let (status, text) = page(&app, &format!("{}?score=10&q9=no", asked.page())).await;
            assert!(status == 200 && text.len() < 14 * 1024, "{} bytes", text.len());
            assert!(
                text.contains(r#"name="q4" value="10" checked"#) && text.contains(r#"name="q9" value="no" checked"#)
            );
            assert!(text.contains("word 62 of 5") && !text.contains(r#"name="score""#), "{text}");
            for (form, said) in [
                (vec![("q7", "3")], "An answer is still missing."),
                (vec![("q4", "6"), ("q5", "62"), ("q5", "0")], "An answer is still missing."),
                (vec![("q4", "6"), ("q5", "4")], "could not be read"),
                (vec![("q4", "6"), ("q8", "3")], "could not be read"),
            ] {
                let (status, text) = post(&app, &asked.page(), &form).await;
                assert!(status == 422 && text.contains(said), "{form:?}");
            }
            let form = [
                ("q4", "6"),
                ("q5", "62"),
                ("q5", "0"),
                ("q6", "slow <tools>"),
                ("q7", "3"),
                ("q8", "2"),
                ("comment", "ok"),
            ];
            answer(&app, &asked, &[&form[..], &[("choice", choice)]].concat()).await;
            let (_, text) = page(&app, &asked.page()).await;
            assert!(
                text.contains(r#"name="q5" value="62" checked"#) && text.contains("slow &#60;tools&#62;"),
                "{text}"
            );
            // Now satisfied: answers to the follow-up questions are not kept.
            answer(&app, &asked, &[("q4", "9"), ("q5", "62"), ("q6", "no more asked"), ("choice", choice)]).await;
            let (_, text) = page(&app, &asked.page()).await;
            assert!(
                text.contains(r#"name="q4" value="9" checked"#)
                    && !text.contains("no more asked")
                    && !text.contains("slow"),
                "{text}"
            );
            let (status, _) = post(&app, &asked.page(), &[("do", "withdraw")]).await;
            assert_eq!(status, 200);
            for table in ["responses", "response_extras", "sealed_answers", "spent_tokens"] {
                assert_eq!(super::answering::count(&app, table).await, 0, "{choice}: {table}");
            }
        }
    }
}

#[tokio::test]
async fn further_answers_are_released_question_by_question() {
    for app in TestApp::on_both(|_| {}).await {
        publish(&app, &every_kind()).await;
        for choice in [Choice::Linked, Choice::Apart] {
            for n in 0..5 {
                let name = format!("{choice:?}{n}").to_lowercase();
                let asked = ask_about(&app, &name, &call_body(&format!("{name}@example.net"))).await;
                let values = BTreeMap::from([
                    (further(Kind::Nps, 4), Value::Number(if n == 0 { 2 } else { 10 })),
                    (further(Kind::ManyOf, 5), Value::Number(1 << 62 | 1)),
                    (further(Kind::Text, 6), Value::Text("write to jerry@example.net".into())),
                    (further(Kind::OneOf, 8), Value::Number(1 + n % 2)),
                ]);
                let token = Token::parse(&asked.token).unwrap();
                app.app.responses.answer(&token, Answer { values, choice, quote: false }).await.unwrap();
            }
        }
        ripen_and_release(&app).await;
        let codes = "SELECT kind || ' ' || question || ' ' || n FROM releases ORDER BY kind, question";
        assert_eq!(
            rows(&app, codes).await,
            [
                "apart nps.standard.4 5",
                "apart one_of.standard.8 5",
                "linked nps.standard.4 5",
                "linked one_of.standard.8 5"
            ]
        );
        let counts = "SELECT r.kind || ' ' || r.question || ' ' || c.value || ' ' || c.n FROM release_counts c \
            JOIN releases r ON r.id = c.release_id WHERE r.question LIKE 'nps%' ORDER BY r.kind, c.value";
        assert_eq!(
            rows(&app, counts).await,
            [
                "apart nps.standard.4 2 1",
                "apart nps.standard.4 10 4",
                "linked nps.standard.4 2 1",
                "linked nps.standard.4 10 4"
            ]
        );
        // There was one answer to each follow-up question: they wait, and the linked answer still has them.
        assert_eq!(rows(&app, "SELECT question FROM response_extras WHERE release IS NULL ORDER BY 1").await.len(), 2);
        assert_eq!(super::answering::count(&app, "sealed_answers").await, 2);
    }
}

#[tokio::test]
async fn a_supervisor_reads_further_answers_in_words() {
    let app = TestApp::start().await;
    publish(&app, &every_kind()).await;
    let asked = ask_about(&app, "jerry", &call_body("jerry@example.net")).await;
    answer(&app, &asked, &[("q4", "3"), ("q5", "0"), ("q5", "3"), ("q9", "no"), ("choice", "linked")]).await;
    let who = app.sign_in(afterword::access::principal::Role::Supervisor, &["Orders"], None).await;
    let text = who.page(&format!("/interactions/{}", asked.interaction)).await;
    assert!(
        text.contains("Question 5 for") && text.contains("word 0 of 5, word 3 of 5") && text.contains("word 0 of 9"),
        "{text}"
    );
}

#[tokio::test]
async fn everybody_is_asked_in_their_language() {
    let app = TestApp::start().await;
    let mut definition = Definition::standard();
    let arabic: Language = "ar".parse().unwrap();
    let english = built_in(&Language::default()).unwrap();
    let mut texts = definition.texts[&Language::default()].clone();
    texts.title_call = "كيف كانت مكالمتك[ مع {agent}]؟".into();
    texts.phrases = names().map(|name| (name.to_owned(), english.get(name).unwrap().to_owned())).collect();
    texts.phrases.insert("send".into(), "أرسل".into());
    definition.texts.insert(arabic, texts);
    publish(&app, &definition).await;
    for (answered, (locale, lang, dir, title, send, subject)) in [
        ("de-AT", "de", "ltr", "Wie war Ihr Anruf bei Sydney", "Senden", "Wie war Ihr Anruf bei Northwind?"),
        ("zh_CN", "zh", "ltr", "您与Sydney的通话", "发送", ""),
        ("es-MX", "es", "ltr", "¿Cómo fue su llamada con Sydney", "Enviar", ""),
        ("fr", "fr", "ltr", "Comment s’est passé votre appel avec Sydney", "Envoyer", ""),
        ("ar-EG", "ar", "rtl", "كيف كانت مكالمتك", "أرسل", ""),
        ("xx", "en", "ltr", "How was your call with Sydney", "Send", "How was your call with Northwind?"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = call_body(&format!("{lang}@example.net"));
        body["customer"]["locale"] = locale.into();
        let asked = ask_about(&app, lang, &body).await;
        let mail = mail_to(&app, &format!("{lang}@example.net"));
        assert!(mail.contains(subject), "{locale}");
        let (_, text) = page(&app, &asked.page()).await;
        assert!(text.contains(&format!(r#"<html lang="{lang}" dir="{dir}">"#)), "{locale}");
        assert!(text.contains(title) && text.contains(&format!(">{send}</button>")), "{locale}: {text}");
        assert!(text.len() < 14 * 1024, "{locale}: {} bytes", text.len());
        let (_, text) = page(&app, &format!("{}?lang=fr&score=2", asked.page())).await;
        assert!(text.contains(r#"<html lang="fr""#) && text.contains(r#"value="2" checked"#));
        // Another language, with the entered values, and nothing recorded.
        let half = [("score", "2"), ("comment", "Half of it"), ("show", "de")];
        let (status, text) = post(&app, &asked.page(), &half).await;
        assert!(status == 200 && text.contains(r#"<html lang="de""#) && text.contains(r#"value="2" checked"#));
        assert!(text.contains("Half of it") && text.contains(&format!("{}?lang=de", asked.leave())), "{text}");
        let there = count(&app, "responses").await + count(&app, "sealed_answers").await;
        assert_eq!(usize::try_from(there).unwrap(), answered);
        let (_, text) = post(&app, &format!("{}?lang=de", asked.page()), &[("score", "2"), ("choice", "apart")]).await;
        assert!(text.contains("Vielen Dank") && text.contains("2, Schlecht"), "{text}");
        let (_, text) = page(&app, &asked.leave()).await;
        assert!(text.contains(&format!(r#"<html lang="{lang}""#)), "{locale}");
    }
    for (accepted, lang) in [("de-CH,de;q=0.9", "de"), ("nl, zh;q=0.5", "zh"), ("", "en")] {
        let request = app.client.get(format!("{}/s/unknown", app.url)).header("accept-language", accepted);
        let text = request.send().await.unwrap().text().await.unwrap();
        assert!(text.contains(&format!(r#"<html lang="{lang}""#)), "{accepted}");
    }
}
