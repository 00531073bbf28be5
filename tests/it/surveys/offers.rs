//! The choice: never made for the customer, and recorded as it was made or not at all, whatever is configured when the
//! form is sent.

use super::answering::count;
use super::{Asked, ask, page, post};
use crate::app::TestApp;
use crate::support::browser::{Browser, View};
use afterword::access::principal::Scope;
use afterword::config::{Choices, Config, Preset};
use afterword::responses::open_sealed;
use reqwest::StatusCode;
use serde_json::json;

/// Returns the numbers of linked answers and of mix records.
async fn stored(app: &TestApp) -> [i64; 2] {
    [count(app, "responses").await, count(app, "sealed_answers").await]
}

/// Returns the value of a form's hidden field.
fn hidden(text: &str, name: &str) -> String {
    let from = format!("name=\"{name}\" value=\"");
    text.split(&from).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// Sends a form to this URL of the service.
async fn send(app: &TestApp, url: &str, asked: &Asked, form: &[(&str, &str)]) -> (StatusCode, String) {
    let answer = app.client.post(format!("{url}{}", asked.page())).form(form).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn nothing_is_chosen_for_the_customer_and_what_they_typed_stays() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let (_, text) = page(&app, &format!("{}?score=4", asked.page())).await;
        assert!(text.contains(r#"value="4" checked"#), "a tap on 4 in the mail selects the rating");
        assert!(
            !text.contains(r#"value="linked" required checked"#) && !text.contains(r#"value="apart" required checked"#)
        );
        assert!(!text.contains("in advance"), "{text}");
        let typed = [("score", "4"), ("resolved", "no"), ("comment", "It took long"), ("quote", "yes")];
        let (status, text) = post(&app, &asked.page(), &typed).await;
        assert_eq!(status, 422);
        let choice = text.split(r#"<fieldset class="ch""#).nth(1).unwrap().split("</fieldset>").next().unwrap();
        assert!(choice.contains("Please choose how we may use your answer."), "beside the choice: {choice}");
        for kept in
            [r#"value="4" checked"#, r#"value="no" checked"#, "It took long</textarea>", r#"value="yes" checked"#]
        {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        assert_eq!(stored(&app).await, [0, 0]);
    }
}

#[tokio::test]
async fn where_the_company_selects_one_in_advance_the_page_says_so() {
    for (preset, checked) in [(Preset::Linked, "linked"), (Preset::Apart, "apart")] {
        let app = TestApp::start_with(|c| c.survey.preset = preset).await;
        let asked = ask(&app, "jerry").await;
        let (_, text) = page(&app, &asked.page()).await;
        assert!(text.contains(&format!(r#"value="{checked}" required checked"#)), "{text}");
        assert!(text.contains("Northwind has selected one in advance. You can change it."), "{text}");
        // A form without the field was not filled in on the page: no choice is assumed.
        assert_eq!(post(&app, &asked.page(), &[("score", "4")]).await.0, 422);
        assert_eq!(stored(&app).await, [0, 0]);
    }
}

/// The essential fact is next to the choice, outside of collapsed parts, in every language.
#[tokio::test]
async fn the_decisive_fact_stands_in_plain_sight() {
    for choices in [Choices::Both, Choices::Linked] {
        let app = TestApp::start_with(|c| c.survey.choices = choices).await;
        let asked = ask(&app, "jerry").await;
        for (language, which, low) in [
            ("en", "can tell which call it was", "may follow up on a low rating"),
            ("de", "erkennt, welcher Anruf es war", "geht einer schlechten Bewertung vielleicht nach"),
            ("fr", "savent de quel appel il s’agit", "peuvent donner suite à une mauvaise note"),
            ("es", "saben de qué llamada se trata", "pueden dar seguimiento a una mala valoración"),
            ("zh", "能知道是哪次通话", "可能就低分进行跟进"),
        ] {
            let (_, text) = page(&app, &format!("{}?lang={language}", asked.page())).await;
            let choice = text.split(r#"<fieldset class="ch""#).nth(1).unwrap().split("</fieldset>").next().unwrap();
            assert!(choice.contains(which) && choice.contains(low), "{language}: {choice}");
            assert!(!choice.contains("<details"));
            assert!(text.len() < 14 * 1024, "{language}: {} bytes", text.len());
        }
    }
}

#[tokio::test]
async fn one_choice_alone_is_stated_and_the_other_is_not_taken() {
    for (choices, only, other) in [(Choices::Linked, "linked", "apart"), (Choices::Apart, "apart", "linked")] {
        for app in TestApp::on_both(|c| c.survey.choices = choices).await {
            let asked = ask(&app, "jerry").await;
            let (_, text) = page(&app, &asked.page()).await;
            assert!(!text.contains(&format!(r#"value="{other}""#)) && hidden(&text, "choice") == only, "{text}");
            let (status, text) =
                post(&app, &asked.page(), &[("score", "3"), ("comment", "Typed"), ("choice", other)]).await;
            assert_eq!(status, 422);
            assert!(text.contains("not offered any more") && text.contains("Typed</textarea>"), "{text}");
            assert_eq!(stored(&app).await, [0, 0]);
            assert_eq!(post(&app, &asked.page(), &[("score", "3"), ("choice", only)]).await.0, 200);
            assert_eq!(stored(&app).await, if only == "linked" { [1, 0] } else { [0, 1] });
        }
    }
}

/// Loaded while both were offered, sent after the operator has changed `survey.choices`.
#[tokio::test]
async fn what_the_form_offered_is_what_holds() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let offer = hidden(&page(&app, &asked.page()).await.1, "offer");
        let linked_only = app.restarted_with(|c| c.survey.choices = Choices::Linked).await;
        let form = |offer| [("score", "1"), ("comment", "I chose apart"), ("choice", "apart"), ("offer", offer)];
        // An offer can't be forged, and that of another link is not valid.
        let other = hidden(&page(&app, &ask(&app, "other").await.page()).await.1, "offer");
        for forged in ["", "11-5-00000000000000000000000000000000", other.as_str()] {
            let (status, text) = send(&app, &linked_only, &asked, &form(forged)).await;
            assert!(status == 422 && text.contains("not offered any more"), "{text}");
            assert_eq!(stored(&app).await, [0, 0], "never as linked");
        }
        // In another language, and after a mistake, the form keeps its offer.
        for extra in [("show", "de"), ("resolved", "perhaps")] {
            let fields = [&form(&offer)[..], &[extra]].concat();
            let (_, text) = send(&app, &linked_only, &asked, &fields).await;
            assert!(text.contains(r#"value="apart" required checked"#), "{extra:?}: {text}");
            assert!(!hidden(&text, "offer").is_empty());
        }
        assert_eq!(send(&app, &linked_only, &asked, &form(&offer)).await.0, 200);
        assert_eq!(stored(&app).await, [0, 2]);
        // It can be changed, and stays apart.
        let changed = [("score", "2"), ("choice", "linked"), ("offer", offer.as_str())];
        assert_eq!(send(&app, &linked_only, &asked, &changed).await.0, 422);
        assert_eq!(stored(&app).await, [0, 2]);
    }
}

/// The operator ends linked answers, or sets another preset: the customer's choice is stored, or the form is shown
/// again.
#[tokio::test]
async fn linked_is_not_taken_once_it_has_ended_and_a_preset_changes_no_choice() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let offer = hidden(&page(&app, &asked.page()).await.1, "offer");
        let apart_only = app.restarted_with(|c| c.survey.choices = Choices::Apart).await;
        let form = [("score", "1"), ("choice", "linked"), ("offer", offer.as_str())];
        let (status, text) = send(&app, &apart_only, &asked, &form).await;
        assert!(status == 422 && text.contains("not offered any more"), "{text}");
        assert_eq!(stored(&app).await, [0, 0]);
        let preset = app.restarted_with(|c| c.survey.preset = Preset::Linked).await;
        assert_eq!(send(&app, &preset, &asked, &[("score", "1"), ("offer", &offer)]).await.0, 422);
        let form = [("score", "1"), ("choice", "apart"), ("offer", offer.as_str())];
        assert_eq!(send(&app, &preset, &asked, &form).await.0, 200);
        assert_eq!(stored(&app).await, [0, 1]);
    }
}

/// The page says "totals of 5 or more"; that holds even if a smaller number is configured meanwhile.
#[tokio::test]
async fn the_smallest_total_on_the_page_holds() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let (_, text) = page(&app, &asked.page()).await;
        assert!(text.contains("totals of 5 answers or more"), "{text}");
        let smaller = app.restarted_with(|c: &mut Config| c.anonymity.k = 3).await;
        let form = [("score", "1"), ("choice", "apart"), ("offer", &*hidden(&text, "offer"))];
        assert_eq!(send(&app, &smaller, &asked, &form).await.0, 200);
        let row = crate::anonymity::dump(&app).await["sealed_answers"][0].clone();
        let words = row.split(['|', '\'', '"', ',']);
        let promised = words.filter_map(|word| open_sealed(&app.app.vault, word).ok()).map(|part| part.promised);
        assert_eq!(promised.collect::<Vec<_>>(), [5]);
    }
}

/// A mail keeps the version with which it was made: neither a removed question nor a removed language changes an open
/// form.
#[tokio::test]
async fn an_edited_survey_changes_no_form_that_is_open() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let (_, before) = page(&app, &asked.page()).await;
        let key = app.key(Scope::Admin).await;
        let api = format!("{}/api/v1/surveys/standard", app.url);
        let versions = app.client.get(format!("{api}/versions")).bearer_auth(&key).send().await.unwrap();
        let versions: serde_json::Value = versions.json().await.unwrap();
        let mut definition = versions["items"][0]["definition"].clone();
        definition["questions"].as_array_mut().unwrap().retain(|question| question["number"] != 3);
        let texts = definition["texts"].as_object_mut().unwrap();
        texts.retain(|language, _| language == "en");
        texts["en"]["questions"].as_object_mut().unwrap().remove("3");
        let body = json!({ "definition": definition });
        let published = app.client.post(format!("{api}/versions")).bearer_auth(&key).json(&body).send().await.unwrap();
        assert_eq!(published.status(), 201, "{}", published.text().await.unwrap());
        let form =
            [("score", "2"), ("comment", "It took long"), ("choice", "apart"), ("offer", &*hidden(&before, "offer"))];
        let german = format!("{}?lang=de", asked.page());
        assert!(page(&app, &german).await.1.contains("It took") || page(&app, &german).await.1.contains("lang=\"de\""));
        assert_eq!(post(&app, &german, &form).await.0, 200);
        assert_eq!(stored(&app).await, [0, 2], "the comment, too");
    }
}

/// In the API, a choice that is not offered is an error, never another choice.
#[tokio::test]
async fn the_api_takes_no_choice_that_is_not_offered() {
    for (choices, choice) in [(Choices::Linked, "apart"), (Choices::Apart, "linked")] {
        for app in TestApp::on_both(|c| c.survey.choices = choices).await {
            app.call("4711", "jerry@example.net").await;
            let subject = match choice {
                "linked" => json!({ "interaction": { "source": "phone", "external_id": "4711" } }),
                _ => json!({ "agent": { "source": "phone", "external_id": "17" } }),
            };
            let mut body = json!({ "choice": choice, "answers": [{ "question": 1, "value": 5 }] });
            body.as_object_mut().unwrap().extend(subject.as_object().unwrap().clone());
            let url = format!("{}/api/v1/surveys/standard/responses", app.url);
            let key = app.key(Scope::Ingest).await;
            let answer = app.client.post(url).bearer_auth(key).json(&body).send().await.unwrap();
            assert_eq!(answer.status(), 422);
            assert!(answer.text().await.unwrap().contains("survey.choices"));
            assert_eq!(stored(&app).await, [0, 0]);
        }
    }
}

/// On a phone the Send button is near, and without scripts the browser itself requires the choice.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_send_is_near() {
    let Some(browser) = Browser::open(View::PHONE.without_javascript()).await else { return };
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    browser.goto(format!("{}{}?score=4", app.url, asked.page())).await.unwrap();
    browser.screenshot("survey-choice").await;
    browser.press(".go").await;
    assert!(browser.text("h1").await.contains("How was your call"), "nothing is sent without a choice");
    assert_eq!(stored(&app).await, [0, 0]);
}
