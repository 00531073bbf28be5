//! Limits of time and number for connections.

use super::{connection, rest};
use crate::app::TestApp;
use crate::support::served::Served;
use afterword::access::principal::Scope;
use afterword::config::Http;
use afterword::web::server::{self, Limits, Stop};
use poem::endpoint::make_sync;
use poem::{EndpointExt, Response};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SHORT: Duration = Duration::from_millis(700);
/// Far above the delay of a busy machine in addition to the short limits, and far below the default ones.
const SOON: Duration = Duration::from_secs(8);

/// Returns an app with short limits, and its address `127.0.0.1:PORT`.
async fn app() -> (TestApp, String) {
    let app = TestApp::start_with(|config| {
        let short = format!("{}ms", SHORT.as_millis());
        config.http.header_timeout = short.parse().unwrap();
        config.http.body_timeout = short.parse().unwrap();
        config.http.idle_timeout = short.parse().unwrap();
    })
    .await;
    let address = app.url.trim_start_matches("http://").to_owned();
    (app, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_no_whole_request_is_cut_off() {
    let (_app, address) = app().await;
    for sent in ["", "GET / HTTP/1.1\r\nHost:", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let begin = Instant::now();
        let mut stream = connection(&address, sent.as_bytes()).await;
        let answer = rest(&mut stream).await;
        assert_eq!(answer.contains("200 OK"), sent.contains("healthz"), "{answer}");
        assert!((SHORT..SOON).contains(&begin.elapsed()), "{sent:?}: {:?}", begin.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_answered_408() {
    let (app, address) = app().await;
    let key = app.key(Scope::Ingest).await;
    for (head, shape) in [
        ("POST /sign-in HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded".to_owned(), "text/html"),
        (
            format!("PUT /api/v1/interactions/phone/1 HTTP/1.1\r\nAuthorization: Bearer {key}"),
            "application/problem+json",
        ),
    ] {
        let request = format!("{head}\r\nHost: x\r\nContent-Length: 100\r\n\r\nemail=");
        let answer = rest(&mut connection(&address, request.as_bytes()).await).await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout"), "{answer}");
        assert!(answer.contains(shape), "{answer}");
    }
}

/// Sends this recording in four pieces with a pause between them; returns the response.
async fn upload_in_pieces(app: &TestApp, address: &str, pause: Duration) -> String {
    let sound = crate::app::demo_sound("call-good.flac");
    let head = format!(
        "PUT /api/v1/interactions/phone/slow/recording HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        app.key(Scope::Ingest).await,
        sound.len()
    );
    let mut stream = connection(address, head.as_bytes()).await;
    for piece in sound.chunks(sound.len().div_ceil(4)) {
        tokio::time::sleep(pause).await;
        // Fails once the server has given up.
        let _ = stream.write_all(piece).await;
    }
    rest(&mut stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_may_come_slowly_but_not_stand_still() {
    let (app, address) = app().await;
    let begin = Instant::now();
    let answer = upload_in_pieces(&app, &address, SHORT / 3).await;
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    assert!(begin.elapsed() > SHORT, "it took longer than one pause may");
    let answer = upload_in_pieces(&app, &address, 4 * SHORT).await;
    assert!(!answer.contains("HTTP/1.1 20"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_is_cut_off() {
    const SIZE: usize = 64 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let limits = Limits { body_timeout: SHORT, ..Limits::new(&Http::default(), 1024) };
    let endpoint = make_sync(|_| Response::builder().body(vec![b'x'; SIZE])).map_to_response();
    tokio::spawn(server::serve(listener, endpoint, limits, Stop::default()));
    let mut stream = connection(&address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    tokio::time::sleep(4 * SHORT).await;
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    assert!(received.starts_with(b"HTTP/1.1 200") && received.len() < SIZE, "{}", received.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_half_requests_of_one_client_leave_room_for_others() {
    let served = Served::start_limited(&[], Some(256)).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", served.pid())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert!(files.split_whitespace().filter(|word| *word == "256").count() == 2, "the limit is raised: {files}");
    let mut held = Vec::new();
    for _ in 0..300 {
        held.push(connection(served.address(), b"GET / HTTP/1.1\r\nHost: x\r\nX: ").await);
    }
    for _ in 0..20 {
        let answer = reqwest::get(format!("{}/healthz", served.url));
        assert_eq!(tokio::time::timeout(SOON, answer).await.unwrap().unwrap().status(), 200);
    }
    let log = served.log();
    assert_eq!(log.matches("http.max_connections_per_client").count(), 1, "one line, not one a connection: {log}");
    assert!(!log.contains("127.0.0.1:") && !log.contains("can't be accepted"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_trusted_may_hold_more_connections_than_a_client() {
    for (trusted, open) in [("", false), ("127.0.0.1", true)] {
        let app = TestApp::start_with(|config| {
            config.http.max_connections_per_client = 10;
            config.http.trusted_proxies = serde_json::from_value(json!(trusted)).unwrap();
        })
        .await;
        let address = app.url.trim_start_matches("http://").to_owned();
        let mut held = Vec::new();
        for _ in 0..20 {
            held.push(connection(&address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n").await);
        }
        // Accepted in order: once the last is answered, the first has been decided.
        let last = held.last_mut().unwrap();
        last.write_all(b"\r\n").await.unwrap();
        assert!(last.read(&mut [0; 1024]).await.unwrap() > 0);
        let first = held.first_mut().unwrap();
        let _ = first.write_all(b"\r\n").await;
        let read = first.read(&mut [0; 1024]).await.unwrap_or(0);
        assert_eq!(read > 0, open, "trusted: {trusted:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_survives_that_there_are_no_files_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // Far more connections than the process can open.
    let limits =
        Limits { max_connections: 4096, max_connections_per_client: 4096, ..Limits::new(&Http::default(), 1024) };
    let endpoint = make_sync(|_| "here").map_to_response();
    tokio::spawn(server::serve(listener, endpoint, limits, Stop::default()));
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..before }).unwrap();
    let mut held = Vec::new();
    // Both ends are in this process: either may be the one that fails to open.
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_secs(1), TcpStream::connect(&address)).await {
        held.push(stream);
        assert!(held.len() < 64);
    }
    drop(held);
    let answer = async {
        let mut stream = connection(&address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        rest(&mut stream).await
    };
    let answer = tokio::time::timeout(SOON, answer).await.unwrap();
    setrlimit(Resource::Nofile, before).unwrap();
    assert!(answer.ends_with("here"), "{answer}");
}
