//! Recordings sent as forms, as `curl -F file=@call.wav` sends them.

use super::recordings::wav;
use crate::app::{TestApp, demo_sound};
use afterword::access::principal::Scope;
use serde_json::Value;

const BOUNDARY: &str = "----7d1f0c";

/// Returns a field of a form; `head`: the rest of its `Content-Disposition`, and further headers.
fn field(head: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

fn file(content: &[u8]) -> Vec<u8> {
    field("name=\"file\"; filename=\"call.wav\"\r\nContent-Type: audio/wav", content)
}

/// Sends a form of these fields; returns status and code of an error.
async fn send(app: &TestApp, call: &str, query: &str, fields: &[Vec<u8>]) -> (u16, String) {
    let key = app.key(Scope::Ingest).await;
    let url = format!("{}/api/v1/interactions/phone/{call}/{query}", app.url);
    let body = [&fields.concat()[..], format!("--{BOUNDARY}--\r\n").as_bytes()].concat();
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let sent = app.client.put(url).bearer_auth(key).header("content-type", kind).body(body).send().await.unwrap();
    let status = sent.status().as_u16();
    (status, sent.json::<Value>().await.unwrap()["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_file_of_a_form_is_the_recording() {
    for app in TestApp::on_both(|_| {}).await {
        let sound = demo_sound("call-good.flac");
        let id = app.call("1", "jerry@example.net").await;
        let fields = [
            field("name=\"note\"", b"from the old system"),
            file(&sound),
            field("name=\"channels\"", b"customer,agent"),
        ];
        assert_eq!(send(&app, "1", "recording", &fields).await.0, 201);
        let recording = app.app.interactions.recording(&id).await.unwrap().unwrap();
        assert_eq!(recording.sha256, afterword::vault::plain_hash(&sound), "byte by byte");
        assert_eq!(recording.speakers(), ["customer", "agent"], "fields may stand behind the file");
        assert_eq!(send(&app, "1", "recording?channels=agent,customer", &fields).await.0, 200);
        let sent = app.app.interactions.part(&id, "main").await.unwrap().unwrap();
        assert_eq!(sent.speakers(), ["agent", "customer"], "the parameter has precedence");

        let part = [field("name=\"offset_ms\"", b" 1500 "), field("name=\"channels\"", b"agent"), file(&wav(1, 8_000))];
        assert_eq!(send(&app, "1", "recordings/leg-2", &part).await.0, 201);
        let part = app.app.interactions.part(&id, "leg-2").await.unwrap().unwrap();
        assert_eq!((part.offset_ms, part.speakers()), (Some(1_500), vec!["agent".to_owned()]));
    }
}

#[tokio::test]
async fn a_format_without_a_header_is_named_by_the_file_or_its_type() {
    let app = TestApp::start().await;
    let silence = vec![0xFF; 8_000];
    for (call, head) in [
        ("by-name", "name=\"file\"; filename=\"call.ulaw\"\r\nContent-Type: application/octet-stream"),
        ("by-type", "name=\"recording\"; filename=\"call\"\r\nContent-Type: audio/pcmu"),
    ] {
        assert_eq!(send(&app, call, "recording", &[field(head, &silence)]).await.0, 201, "{call}");
        let id = app.call(call, "jerry@example.net").await;
        assert_eq!(app.app.interactions.recording(&id).await.unwrap().unwrap().format, "ulaw");
    }
}

#[tokio::test]
async fn a_form_without_one_file_is_refused_by_name() {
    let app = TestApp::start().await;
    let sound = wav(1, 8_000);
    let text = |name: &str, content: &[u8]| field(&format!("name=\"{name}\""), content);
    for (what, fields) in [
        ("no file", vec![text("channels", b"agent")]),
        ("nothing", vec![]),
        ("two files", vec![file(&sound), file(&sound)]),
        ("no number", vec![text("offset_ms", b"soon"), file(&sound)]),
        ("a long field", vec![text("note", &[b'x'; 5_000]), file(&sound)]),
        ("many fields", (0..30).map(|_| text("note", b"x")).chain([file(&sound)]).collect()),
    ] {
        let refused = send(&app, "1", "recordings/a", &fields).await;
        assert_eq!(refused, (400, "malformed_form".to_owned()), "{what}");
    }
    assert_eq!(send(&app, "1", "recording", &[file(b"")]).await, (422, "empty_audio".to_owned()));
    assert_eq!(send(&app, "1", "recording", &[file(b"hello, world")]).await, (415, "not_audio".to_owned()));
    let key = app.key(Scope::Ingest).await;
    let url = format!("{}/api/v1/interactions/phone/1/recording", app.url);
    let whole = file(&sound);
    for (kind, body, code) in [
        ("multipart/form-data", whole.clone(), "malformed_form"),
        (&format!("multipart/form-data; boundary={BOUNDARY}"), whole[..whole.len() / 2].to_vec(), "upload_broke_off"),
    ] {
        let sent = app.client.put(&url).bearer_auth(&key).header("content-type", kind).body(body).send().await.unwrap();
        let status = sent.status().as_u16();
        assert_eq!((status, sent.json::<Value>().await.unwrap()["code"].as_str()), (400, Some(code)), "{kind}");
    }
    assert_eq!(
        std::fs::read_dir(app.folder().join("recordings"))
            .unwrap()
            .filter(|e| e.as_ref().unwrap().path().is_file())
            .count(),
        0
    );
}
