//! Methods that a path does not have, and HEAD.

use crate::app::TestApp;
use afterword::access::Role;
use reqwest::Method;
use serde_json::Value;

async fn call(app: &TestApp, method: &str, path: &str) -> reqwest::Response {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    app.client.request(method, format!("{}{path}", app.url)).send().await.unwrap()
}

#[tokio::test]
async fn pages_and_files_answer_405_with_the_methods_that_they_take() {
    let app = TestApp::start().await;
    for (path, allow) in [
        ("/sign-in", "GET, HEAD, POST"),
        ("/sign-out", "POST"),
        ("/s/some-token", "GET, HEAD, POST"),
        ("/privacy", "GET, HEAD"),
        ("/assets/app.css", "GET, HEAD"),
        ("/favicon.ico", "GET, HEAD"),
        ("/docs", "GET, HEAD"),
        ("/openapi.yaml", "GET, HEAD"),
        ("/healthz", "GET, HEAD"),
        ("/readyz", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
        ("/hooks/mail/ses", "POST"),
    ] {
        for method in ["TRACE", "BREW", "PATCH", "OPTIONS", "DELETE"] {
            let answer = call(&app, method, path).await;
            assert_eq!(
                (answer.status().as_u16(), answer.headers()["allow"].to_str().unwrap()),
                (405, allow),
                "{method} {path}"
            );
            let head = answer.headers()["content-type"].to_str().unwrap().to_owned();
            assert!(head.starts_with("text/html"), "{method} {path}: {head}");
        }
    }
    assert_eq!(call(&app, "TRACE", "/nowhere").await.status(), 404);
}

#[tokio::test]
async fn endpoints_answer_405_with_the_methods_of_the_specification() {
    let app = TestApp::start().await;
    let spec: Value = serde_yaml::from_str(&app.get("/openapi.yaml").await.text().await.unwrap()).unwrap();
    let paths = spec["paths"].as_object().unwrap();
    assert!(paths.len() > 10);
    for (path, operations) in paths {
        let mut expected: Vec<String> =
            operations.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        expected.retain(|name| Method::from_bytes(name.as_bytes()).is_ok_and(|method| method != Method::HEAD));
        if expected.iter().any(|method| method == "GET") {
            expected.push("HEAD".into());
        }
        expected.sort();
        let path =
            path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/");
        for method in ["TRACE", "BREW", "OPTIONS"] {
            let answer = call(&app, method, &path).await;
            assert_eq!(answer.status(), 405, "{method} {path}");
            let mut allow: Vec<_> =
                answer.headers()["allow"].to_str().unwrap().split(", ").map(str::to_owned).collect();
            allow.sort();
            assert_eq!(allow, expected, "{method} {path}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!((&problem["status"], &problem["code"]), (&405.into(), &"method_not_allowed".into()));
        }
    }
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    for path in
        ["/", "/sign-in", "/healthz", "/assets/app.css", "/docs", "/openapi.yaml", "/api/v1/interactions", "/nowhere"]
    {
        let get = admin.get(path).await;
        let head = app.client.head(format!("{}{path}", app.url)).header("cookie", &admin.cookie).send().await.unwrap();
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(head.headers().get("content-type"), get.headers().get("content-type"), "{path}");
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn answers_of_the_api_are_not_stored_by_anybody() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    for path in ["/api/v1/interactions", "/api/v1/agents", "/api/v1/nowhere"] {
        assert_eq!(admin.get(path).await.headers()["cache-control"], "no-store", "{path}");
    }
    assert_eq!(app.get("/api/v1/interactions").await.headers()["cache-control"], "no-store", "without a key");
}
