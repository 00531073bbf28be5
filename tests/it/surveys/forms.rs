//! Input of the form, and the rendered page.

use super::{ask, ask_about, page, post};
use crate::app::{TestApp, call_body};

#[tokio::test]
async fn the_page_is_small_and_brings_everything_itself() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    let answer = app.get(&format!("{}?score=4", asked.page())).await;
    assert_eq!(answer.status(), 200);
    for (name, wanted) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex, nofollow"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.headers().get(name).unwrap(), wanted);
    }
    assert!(
        answer.headers().get("content-security-policy").unwrap().to_str().unwrap().starts_with("default-src 'none'")
    );
    let text = answer.text().await.unwrap();
    assert!(text.len() < 14 * 1024, "{} bytes", text.len());
    assert!(text.contains(r#"value="4" checked"#) && !text.contains("<script") && !text.contains("src="), "{text}");
    assert!(text.contains("lost parcel") && text.contains("Sydney") && !text.contains("Jerry"), "{text}");
    for odd in ["?score=0", "?score=6", "?score=%3Cscript%3E", "?score=", "?score=1%00", "?"] {
        let (status, text) = page(&app, &format!("{}{odd}", asked.page())).await;
        assert!(status == 200 && !text.contains("checked>\u{3c}span\u{3e}\u{3c}b\u{3e}"), "{odd}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_was_entered_stays() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    let long = "ü".repeat(5001);
    for (form, said) in [
        (vec![("comment", "Wait <b>for</b> me"), ("choice", "apart")], "An answer is still missing."),
        (vec![("score", "9"), ("comment", "Wait <b>for</b> me"), ("choice", "apart")], "An answer is still missing."),
        (
            vec![("score", "4"), ("resolved", "perhaps"), ("comment", "Wait <b>for</b> me"), ("choice", "apart")],
            "could not be read",
        ),
        (
            vec![
                ("score", "4"),
                ("website", "http://spam.example"),
                ("comment", "Wait <b>for</b> me"),
                ("choice", "apart"),
            ],
            "program’s answer",
        ),
        (vec![("score", "4"), ("comment", long.as_str()), ("choice", "apart")], "A text is too long."),
    ] {
        let (status, text) = post(&app, &asked.page(), &form).await;
        assert_eq!(status, 422, "{said}");
        assert!(text.contains(said), "{said}: {text}");
        // A suspected answer is held; in all other cases nothing is recorded.
        let safe = if said.starts_with("program") { "kept aside and not counted" } else { "Nothing was recorded" };
        assert!(text.contains(safe), "{safe}: {text}");
        assert!(text.contains(r#"value="apart" required checked"#));
        assert!(text.contains("Wait &#60;b&#62;for&#60;/b&#62; me") || text.contains(&long));
        if form[0] == ("score", "4") {
            assert!(text.contains(r#"value="4" checked"#));
        }
    }
    assert_eq!(super::answering::count(&app, "responses").await, 0);
    assert_eq!(super::answering::count(&app, "sealed_answers").await, 0);
}

#[tokio::test]
async fn every_script_and_every_sign_comes_back_as_text() {
    for app in TestApp::on_both(|_| {}).await {
        let comment =
            "שלום \u{202e}مرحبا 👩‍👩‍👧‍👦 <script>alert('x')</script> \"&amp;\" ' -- \\ %00 \u{0000}\u{0007}\u{feff}\r\nend";
        for choice in ["linked", "apart"] {
            let mut body = call_body(&format!("{choice}@example.net"));
            body["agent"]["name"] = "\u{202b}أحمد\u{202c} <img src=x>".into();
            body["topic"] = "<b>🙂</b>".into();
            let asked = ask_about(&app, choice, &body).await;
            let (status, text) =
                post(&app, &asked.page(), &[("score", "3"), ("comment", comment), ("choice", choice)]).await;
            assert_eq!(status, 200, "{text}");
            let (_, text) = page(&app, &asked.page()).await;
            assert!(!text.contains("<script>") && !text.contains("<img") && !text.contains("<b>🙂"), "{text}");
            assert!(text.contains("שלום \u{202e}مرحبا 👩‍👩‍👧‍👦 &#60;script&#62;"), "{text}");
            assert!(!text.contains('\u{0}') && !text.contains('\u{7}'));
        }
    }
}

#[tokio::test]
async fn more_than_a_survey_takes_is_refused_and_nothing_is_stored() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    for size in [200 * 1024, 10 << 20] {
        let body = format!("score=4&choice=linked&comment={}", "x".repeat(size));
        let request = app.client.post(format!("{}{}", app.url, asked.page())).body(body);
        // The server may disconnect before everything was sent; there is then no response.
        if let Ok(answer) = request.header("content-type", "application/x-www-form-urlencoded").send().await {
            assert_eq!(answer.status(), 413, "{size}");
        }
    }
    assert_eq!(super::answering::count(&app, "responses").await, 0);
    // The longest comment, each character in its longest encoding.
    let longest = "🙂".repeat(5000);
    assert_eq!(post(&app, &asked.page(), &[("score", "4"), ("comment", &longest), ("choice", "apart")]).await.0, 200);
    assert!(page(&app, &asked.page()).await.1.contains(&longest));
}

#[tokio::test]
async fn unknown_links_are_told_kindly() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    let cut = &asked.token[..31];
    let other = if asked.token.starts_with('A') { "B" } else { "A" };
    let wrong = format!("{other}{}", &asked.token[1..]);
    for token in [cut, &wrong, "x", "%00", "..%2f..%2fetc", "%F0%9F%99%82"] {
        for path in [format!("/s/{token}"), format!("/u/{token}")] {
            let (status, text) = page(&app, &path).await;
            assert!(status == 404 && text.contains("We do not know this link"), "{path}: {status}");
            assert_eq!(post(&app, &path, &[("score", "4")]).await.0, 404, "{path}");
        }
    }
}
