//! SIGTERM.

use super::{connection, rest};
use crate::support::served::Served;
use reqwest::StatusCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// Far below the limit for running requests (20 s), and enough for a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(8);
/// Maximum wait for a condition.
const MAX_WAIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// Polls until the condition holds.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..MAX_WAIT.as_millis() / PAUSE.as_millis() {
        if holds().await {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_without_a_whole_request_do_not_hold_the_stop() {
    let mut served = Served::start(&[("AFTERWORD__HTTP__DRAIN", "0s")]).await;
    for (what, sent) in [
        ("an idle connection", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a connection that sent nothing", ""),
        ("half a head", "GET / HTTP/1.1\r\nHost:"),
        ("half a body", "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nemail="),
        (
            "half a body of the API",
            "PUT /api/v1/interactions/phone/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
        ),
    ] {
        let mut held = connection(served.address(), sent.as_bytes()).await;
        if what == "an idle connection" {
            let mut answer = [0; 1024];
            assert!(held.read(&mut answer).await.unwrap() > 0);
        }
        // One more request, so that the held connection is surely accepted: connections are accepted in order.
        served.client.get(format!("{}/healthz", served.url)).send().await.unwrap();
        served.tell_to_stop();
        let (code, took) = served.ended().await;
        assert_eq!(code, Some(0), "{what}: {}", served.log());
        assert!(took < SOON, "{what}: {took:?}");
        drop(held);
        served.serve().await;
    }
}

/// Sends a recording slowly, byte by byte, until `finish`, and the rest at once; returns the response.
async fn slow_upload(mut stream: TcpStream, mut finish: oneshot::Receiver<()>, sound: Vec<u8>) -> String {
    let mut missing = sound.as_slice();
    while tokio::time::timeout(2 * PAUSE, &mut finish).await.is_err() {
        let (byte, behind) = missing.split_at(1);
        stream.write_all(byte).await.unwrap();
        missing = behind;
    }
    stream.write_all(missing).await.unwrap();
    rest(&mut stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_goes_first_then_the_port_and_running_requests_finish() {
    let mut served = Served::start(&[("AFTERWORD__HTTP__DRAIN", "3s")]).await;
    let sound = crate::app::demo_sound("call-good.flac");
    let head = format!(
        "PUT /api/v1/interactions/phone/slow/recording HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        served.key,
        sound.len()
    );
    let (finish, told) = oneshot::channel();
    let upload = tokio::spawn(slow_upload(connection(served.address(), head.as_bytes()).await, told, sound));
    served.tell_to_stop();
    let get = |path: &str| reqwest::get(format!("{}{path}", served.url));
    until("readiness says that the process drains", || async {
        let answer = get("/readyz").await.unwrap();
        answer.status() == StatusCode::SERVICE_UNAVAILABLE && answer.text().await.unwrap().contains("\"draining\":true")
    })
    .await;
    let answer = get("/healthz").await.unwrap();
    assert_eq!((answer.status(), &answer.headers()["connection"]), (StatusCode::OK, &"close".parse().unwrap()));
    until("the port is closed", || async { TcpStream::connect(served.address()).await.is_err() }).await;
    finish.send(()).unwrap();
    let answer = upload.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    assert_eq!(served.ended().await.0, Some(0), "{}", served.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_finish_in_time_is_cut_off() {
    let settings = [("AFTERWORD__HTTP__DRAIN", "0s"), ("AFTERWORD__HTTP__STOP_TIMEOUT", "1s")];
    let mut served = Served::start(&settings).await;
    let head = format!(
        "PUT /api/v1/interactions/phone/slow/recording HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 99999\r\n\r\n",
        served.key
    );
    let mut stream = connection(served.address(), head.as_bytes()).await;
    let endless = tokio::spawn(async move {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(PAUSE).await;
        }
    });
    served.client.get(format!("{}/healthz", served.url)).send().await.unwrap();
    served.tell_to_stop();
    let (code, took) = served.ended().await;
    assert_eq!(code, Some(0), "{}", served.log());
    assert!(took < SOON, "{took:?}");
    endless.await.unwrap();
    assert!(served.log().contains("http.stop_timeout"), "{}", served.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_has_probes_and_figures_and_drains_like_the_service() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = [("AFTERWORD__WORKER__LISTEN", &*free.to_string()), ("AFTERWORD__HTTP__DRAIN", "3s")];
    let mut served = Served::start(&settings).await;
    served.kill();
    served.run("worker");
    let get = |path: &str| reqwest::get(format!("http://{free}{path}"));
    until("the worker is ready", || async { get("/readyz").await.is_ok_and(|answer| answer.status() == 200) }).await;
    assert_eq!(get("/healthz").await.unwrap().text().await.unwrap(), "ok\n");
    let figures = get("/metrics").await.unwrap().text().await.unwrap();
    assert!(figures.contains("jobs{kind="), "{figures}");
    served.tell_to_stop();
    until("readiness says that the process drains", || async {
        get("/readyz").await.is_ok_and(|answer| answer.status() == StatusCode::SERVICE_UNAVAILABLE)
    })
    .await;
    assert_eq!(served.ended().await.0, Some(0), "{}", served.log());
}
