//! A receiver like an integrator's: it records requests and verifies the signature independently.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Body, Endpoint, EndpointExt, IntoResponse, Request, Response};
use serde_json::Value;
use sha2::Sha256;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// A received request.
#[derive(Debug, Clone)]
pub struct Got {
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// Whether one of its signatures is by this secret.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.body).as_bytes());
        let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.signature.split(' ').any(|one| one == wanted)
    }
}

/// A server of its own; answers 200 by default.
pub struct Receiver {
    pub url: String,
    inside: Arc<Inside>,
    task: tokio::task::JoinHandle<()>,
}

struct Inside {
    got: Mutex<Vec<Got>>,
    status: AtomicU16,
    /// Number of requests.
    count: watch::Sender<usize>,
    /// Whether it delays its responses.
    hangs: watch::Sender<bool>,
}

impl Receiver {
    pub async fn start() -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let (count, hangs) = (watch::channel(0).0, watch::channel(false).0);
        let inside = Arc::new(Inside { got: Mutex::default(), status: AtomicU16::new(200), count, hangs });
        let endpoint = endpoint(Arc::clone(&inside));
        let task = tokio::spawn(async move {
            poem::Server::new_with_acceptor(acceptor).run(endpoint).await.unwrap();
        });
        Self { url: format!("http://{address}/hooks"), inside, task }
    }

    /// Sets the status of responses.
    pub fn answer(&self, status: u16) {
        self.inside.status.store(status, Ordering::SeqCst);
    }

    /// Sets whether it accepts requests and delays its responses.
    pub fn hang(&self, hangs: bool) {
        self.inside.hangs.send_replace(hangs);
    }

    /// Waits until that many requests were received.
    pub async fn has(&self, count: usize) {
        self.inside.count.subscribe().wait_for(|n| *n >= count).await.unwrap();
    }

    pub fn got(&self) -> Vec<Got> {
        self.inside.got.lock().unwrap().clone()
    }

    /// Returns the kinds of the received events, sorted.
    pub fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = self.got().iter().map(Got::kind).collect();
        kinds.sort();
        kinds
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn endpoint(inside: Arc<Inside>) -> impl Endpoint<Output = Response> {
    poem::endpoint::make(move |mut request: Request| {
        let inside = Arc::clone(&inside);
        async move {
            let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
            let (id, timestamp, signature) =
                (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
            let body: Body = request.take_body();
            let body = body.into_string().await.unwrap();
            inside.got.lock().unwrap().push(Got { id, timestamp: timestamp.parse().unwrap(), signature, body });
            inside.count.send_modify(|n| *n += 1);
            inside.hangs.subscribe().wait_for(|hangs| !hangs).await.unwrap();
            let status = StatusCode::from_u16(inside.status.load(Ordering::SeqCst)).unwrap();
            Ok::<_, poem::Error>(status.with_header("location", "/elsewhere").into_response())
        }
    })
    .map_to_response()
}
