//! `/privacy`: the privacy notice, with the facts of this deployment.

use crate::app::TestApp;
use afterword::access::Role;
use afterword::config::Choices;
use afterword::effects::Actor;
use afterword::surveys::Rules;
use serde_json::json;

#[tokio::test]
async fn it_tells_the_facts_of_this_deployment() {
    let app = TestApp::start_with(|c| {
        c.anonymity.k = 7;
        c.retention.recordings = "45d".parse().unwrap();
        c.company.privacy_contact = "Data protection, <dpo@northwind.example>".into();
    })
    .await;
    let answer = app.get("/privacy").await;
    assert_eq!(answer.status(), 200);
    let headers = answer.headers().clone();
    assert!(!headers.contains_key("set-cookie") && headers["referrer-policy"] == "no-referrer");
    let text = answer.text().await.unwrap();
    assert!(text.len() < 14 * 1024, "{} bytes", text.len());
    for fact in [
        "Northwind",
        "7 answers or more",
        "45 days",
        "Open for 14 days",
        "15 minutes",
        "For 90 days after that a scrambled form",
        "dpo@northwind.example",
    ] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
    assert!(!text.contains("<dpo@") && !text.contains("<script") && !text.contains("src="));
    assert!(text.contains("With the recording, without your name") && text.contains("Kept apart"));
}

#[tokio::test]
async fn it_knows_the_links_and_the_quiet_of_the_rules() {
    let app = TestApp::start().await;
    let rule = json!({ "id": "r", "share": 100, "ask": "standard", "expires_days": 60, "quiet_days": 120 });
    let rules: Rules = serde_json::from_value(json!({ "rules": [rule], "otherwise": "standard" })).unwrap();
    app.app.surveys.save_rules(0, &rules, &Actor::System).await.unwrap();
    for (lang, words) in [
        ("en", ["Open for up to 60 days", "For 120 days after that"]),
        ("de", ["höchstens 60 Tage", "(120 Tage)"]),
        ("fr", ["au plus 60 jours", "(120 jours)"]),
        ("es", ["como máximo 60 días", "(120 días)"]),
        ("zh", ["最长 60 天", "（120 天）"]),
    ] {
        let text = app.get(&format!("/privacy?lang={lang}")).await.text().await.unwrap();
        assert!(words.iter().all(|word| text.contains(word)), "{lang}: {text}");
    }
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let kept = admin.page("/admin/retention").await;
    assert!(kept.contains("60 days at most after the mail") && kept.contains("120 days at most"), "{kept}");
}

#[tokio::test]
async fn it_speaks_of_no_choice_that_is_not_offered() {
    for (choices, told, not) in [
        (Choices::Apart, "never joined", "supervisors of the team"),
        (Choices::Linked, "supervisors of the team", "never joined"),
    ] {
        let app = TestApp::start_with(|c| {
            c.survey.choices = choices;
            c.survey.edit_for = "0s".parse().unwrap();
        })
        .await;
        let text = app.get("/privacy").await.text().await.unwrap();
        assert!(text.contains(told) && !text.contains(not), "{text}");
        assert!(!text.contains("You can change your answer for"));
        assert!(text.contains("get in touch with"));
    }
}

#[tokio::test]
async fn it_speaks_five_languages() {
    let app = TestApp::start().await;
    for (lang, words) in [
        ("en", ["Your answer and your data", "14 days"]),
        ("de", ["Ihre Antwort und Ihre Daten", "14 Tage"]),
        ("fr", ["Votre réponse et vos données", "14 jours"]),
        ("es", ["Su respuesta y sus datos", "14 días"]),
        ("zh", ["您的回答与您的数据", "14 天"]),
    ] {
        let text = app.get(&format!("/privacy?lang={lang}")).await.text().await.unwrap();
        assert!(words.iter().all(|word| text.contains(word)), "{lang}: {text}");
        assert!(text.contains(&format!("<html lang=\"{lang}\"")) && text.len() < 14 * 1024, "{lang}: {}", text.len());
        let request =
            app.client.get(format!("{}/privacy", app.url)).header("accept-language", format!("{lang};q=0.9, en"));
        assert!(
            request.send().await.unwrap().text().await.unwrap().contains(words[0]),
            "{lang}, as the browser prefers"
        );
    }
    assert!(app.get("/privacy?lang=xx").await.text().await.unwrap().contains("Your answer and your data"));
}
