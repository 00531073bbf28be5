//! A real SMTP server (aiosmtpd) with scripted behaviour: accepts mail, rejects it, hangs, disconnects.

use super::{process, skip};
use base64::Engine;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::watch;

/// A running server; ends when dropped.
pub struct SmtpServer {
    port: u16,
    setup: Setup,
    received: watch::Receiver<Vec<Message>>,
    orders: ChildStdin,
    obeyed: mpsc::Receiver<()>,
    certificate: Option<PathBuf>,
    _folder: tempfile::TempDir,
    _process: process::Helper,
}

/// Requirements of the server to its clients.
#[derive(Default)]
pub struct Setup {
    /// User and password, required where set.
    pub auth: Option<(&'static str, &'static str)>,
    /// Encryption.
    pub tls: Tls,
    /// Certificate.
    pub shows: Shows,
}

/// Certificate of a server.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// Valid for `localhost` and 127.0.0.1.
    #[default]
    Right,
    /// Expired.
    Expired,
    /// For another name.
    AnothersName,
}

/// Encryption of the server.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// None.
    #[default]
    Off,
    /// By STARTTLS.
    Offered,
    /// From the first byte.
    Implicit,
}

/// Behaviour of the server.
#[derive(Serialize, Clone)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Mode {
    /// Accepts mail; the default.
    Accept,
    /// Rejects with a code, 4xx or 5xx.
    Refuse {
        /// Command that is rejected.
        stage: Stage,
        /// Code.
        code: u16,
        /// Text after the code.
        text: &'static str,
    },
    /// Rejects some times, then accepts.
    Sometimes {
        /// Command that is rejected.
        stage: Stage,
        /// Code.
        code: u16,
        /// Text after the code.
        text: &'static str,
        /// Number of rejections.
        times: u32,
    },
    /// Accepts some mails over one connection, then sends 421 and disconnects.
    Few {
        /// Number of mails.
        mails: u32,
    },
    /// Delays each mail.
    Slow {
        /// Delay, in milliseconds.
        ms: u32,
    },
    /// Receives the message, and disconnects without a reply: the outcome is unknown to the sender.
    Close,
    /// Receives the message, and never replies.
    Hang,
    /// Accepts connections, and sends no greeting.
    Silence,
}

/// Commands that can be rejected.
#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// The end of DATA.
    Data,
}

/// A received mail.
#[derive(Deserialize, Clone, Debug)]
pub struct Message {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// Recipients of mails that were being received at the same time.
    pub beside: Vec<String>,
    /// Whether its acceptance was confirmed to the sender.
    pub acknowledged: bool,
    /// Whether it came over TLS.
    pub encrypted: bool,
    /// Whether the sender was authenticated.
    pub authenticated: bool,
    headers: Vec<(String, String)>,
    parts: Vec<Part>,
    raw: String,
}

#[derive(Deserialize, Clone, Debug)]
struct Part {
    content_type: String,
    text: String,
}

impl Message {
    /// Returns the first header of that name, decoded and unfolded.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the plain text, decoded.
    pub fn text(&self) -> Option<&str> {
        self.part("text/plain")
    }

    /// Returns the HTML, decoded.
    pub fn html(&self) -> Option<&str> {
        self.part("text/html")
    }

    /// Returns the bytes between DATA and the final dot.
    pub fn raw(&self) -> Vec<u8> {
        base64::engine::general_purpose::STANDARD.decode(&self.raw).unwrap()
    }

    fn part(&self, content_type: &str) -> Option<&str> {
        self.parts.iter().find(|part| part.content_type == content_type).map(|part| part.text.as_str())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Port(u16),
    Done(()),
    Message(Message),
}

#[derive(Serialize)]
struct Order<'a> {
    #[serde(flatten)]
    mode: Mode,
    recipient: Option<&'a str>,
}

impl SmtpServer {
    /// Starts a server on a free port that accepts everything; `None` where it is not installed (the test is skipped).
    pub fn start() -> Option<Self> {
        Self::start_with(Setup::default())
    }

    /// The same, with authentication or encryption.
    pub fn start_with(setup: Setup) -> Option<Self> {
        Self::launch(setup, 0)
    }

    /// Starts a server that accepts everything, on this port.
    pub fn start_on(port: u16) -> Option<Self> {
        Self::launch(Setup::default(), port)
    }

    fn launch(setup: Setup, port: u16) -> Option<Self> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = repository.join(".venv/bin/python");
        if !python.exists() {
            return skip::tool("aiosmtpd in .venv");
        }
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(python);
        command.arg(repository.join("tests/it/support/smtp_server.py"));
        command.args(["--port", &port.to_string()]);
        if let Some((user, password)) = setup.auth {
            command.args(["--auth", user, password]);
        }
        let certificate = (setup.tls != Tls::Off).then(|| make_certificate(folder.path(), setup.shows));
        if let Some(certificate) = &certificate {
            command.arg("--cert").arg(certificate).arg("--key").arg(folder.path().join("key.pem"));
        }
        if setup.tls == Tls::Implicit {
            command.arg("--implicit-tls");
        }
        let (process, orders, events) = process::Helper::start(&mut command);
        let (keep, received) = watch::channel(Vec::new());
        let (port, started) = mpsc::channel();
        let (done, obeyed) = mpsc::channel();
        std::thread::spawn(move || {
            for line in events.lines().map_while(Result::ok) {
                // The receivers are dropped when the test ends, and this thread ends with them.
                let _ = match serde_json::from_str(&line).unwrap() {
                    Event::Port(number) => port.send(number).is_ok(),
                    Event::Done(()) => done.send(()).is_ok(),
                    Event::Message(message) => {
                        keep.send_modify(|all: &mut Vec<Message>| all.push(message));
                        true
                    }
                };
            }
        });
        let port = started.recv_timeout(process::START).expect("the SMTP server says its port");
        Some(Self { port, setup, received, orders, obeyed, certificate, _folder: folder, _process: process })
    }

    /// Returns the port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the URL for `mail.url`.
    pub fn url(&self) -> String {
        let scheme = if self.setup.tls == Tls::Implicit { "smtps" } else { "smtp" };
        let auth = self.setup.auth.map(|(user, password)| format!("{user}:{password}@")).unwrap_or_default();
        format!("{scheme}://{auth}127.0.0.1:{}", self.port)
    }

    /// Returns the certificate to trust (PEM), where there is encryption.
    pub fn certificate(&self) -> Option<&Path> {
        self.certificate.as_deref()
    }

    /// Returns the mails received so far, in order.
    pub fn messages(&self) -> Vec<Message> {
        self.received.borrow().clone()
    }

    /// Waits until that many were received, and returns them all; fails after twenty seconds.
    pub async fn wait_for(&self, count: usize) -> Vec<Message> {
        let mut received = self.received.clone();
        let enough = received.wait_for(|all| all.len() >= count);
        match tokio::time::timeout(Duration::from_secs(20), enough).await {
            Ok(all) => all.expect("the SMTP server runs").clone(),
            Err(_) => panic!("waited for {count} mails; these came: {:#?}", self.messages()),
        }
    }

    /// Sets the behaviour for all mail. Effective when this returns.
    pub fn set_mode(&mut self, mode: Mode) {
        self.order(&Order { mode, recipient: None });
    }

    /// Sets the behaviour for mail to this address.
    pub fn set_mode_for(&mut self, recipient: &str, mode: Mode) {
        self.order(&Order { mode, recipient: Some(recipient) });
    }

    fn order(&mut self, order: &Order<'_>) {
        let line = serde_json::to_string(order).unwrap();
        writeln!(self.orders, "{line}").and_then(|()| self.orders.flush()).unwrap();
        self.obeyed.recv_timeout(process::START).expect("the SMTP server takes orders");
    }
}

/// Makes the certificate of a private authority.
pub fn make_certificate(folder: &Path, shows: Shows) -> PathBuf {
    let names = if shows == Shows::AnothersName { "DNS:elsewhere.example" } else { "DNS:localhost,IP:127.0.0.1" };
    let settings = format!(
        "[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n\
         [p]\ncommonName=supplied\n[e]\nsubjectAltName={names}\nbasicConstraints=critical,CA:FALSE\n"
    );
    std::fs::write(folder.join("ca.cnf"), settings).unwrap();
    std::fs::write(folder.join("index.txt"), "").unwrap();
    let run = |arguments: &[&str]| {
        let made = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    run(&[&["req", "-new"][..], &curve, &["-subj", "/CN=test", "-keyout", "key.pem", "-out", "request.pem"]].concat());
    let until: &[&str] = match shows {
        Shows::Expired => &["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"],
        Shows::Right | Shows::AnothersName => &["-days", "1"],
    };
    let sign =
        ["ca", "-selfsign", "-batch", "-notext", "-config", "ca.cnf", "-keyfile", "key.pem", "-in", "request.pem"];
    run(&[&sign[..], &["-out", "certificate.pem"], until].concat());
    folder.join("certificate.pem")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lettre::message::MultiPart;
    use lettre::transport::smtp::client::{Certificate, TlsParameters};
    use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor, transport::smtp};

    type Mailer = AsyncSmtpTransport<Tokio1Executor>;

    fn mail(to: &str) -> lettre::Message {
        lettre::Message::builder()
            .from("Bücherei <last.word@example.com>".parse().unwrap())
            .to(to.parse().unwrap())
            .subject("Wie war’s? 📚")
            .multipart(MultiPart::alternative_plain_html("Grüße".to_owned(), "<p>Grüße</p>".to_owned()))
            .unwrap()
    }

    async fn send(mailer: &Mailer, to: &str) -> Result<(), smtp::Error> {
        mailer.send(mail(to)).await.map(drop)
    }

    fn mailer(server: &SmtpServer) -> Mailer {
        Mailer::from_url(&server.url()).unwrap().build()
    }

    #[tokio::test]
    async fn a_mail_arrives_and_can_be_read() {
        let Some(server) = SmtpServer::start() else { return };
        assert!(server.messages().is_empty());
        send(&mailer(&server), "jerry@example.net").await.unwrap();
        let [message] = server.wait_for(1).await.try_into().unwrap();
        assert_eq!(message.from, "last.word@example.com");
        assert_eq!(message.to, ["jerry@example.net"]);
        assert!(message.acknowledged && !message.encrypted && !message.authenticated);
        assert_eq!(message.header("subject"), Some("Wie war’s? 📚"));
        assert_eq!(message.header("From"), Some("Bücherei <last.word@example.com>"));
        assert_eq!(message.text().map(str::trim), Some("Grüße"));
        assert_eq!(message.html().map(str::trim), Some("<p>Grüße</p>"));
        let raw = String::from_utf8(message.raw()).unwrap();
        assert!(raw.contains("Subject: Wie =?utf-8?"), "{raw}");
    }

    #[tokio::test]
    async fn it_refuses_as_told() {
        let Some(mut server) = SmtpServer::start() else { return };
        let mailer = mailer(&server);
        server.set_mode(Mode::Refuse { stage: Stage::Mail, code: 421, text: "Come back later" });
        assert!(send(&mailer, "a@example.net").await.unwrap_err().is_transient());
        server.set_mode(Mode::Refuse { stage: Stage::Data, code: 552, text: "Too much" });
        assert!(send(&mailer, "a@example.net").await.unwrap_err().is_permanent());
        server.set_mode(Mode::Accept);
        server.set_mode_for("gone@example.net", Mode::Refuse { stage: Stage::Rcpt, code: 550, text: "No such user" });
        let refused = send(&mailer, "gone@example.net").await.unwrap_err();
        assert!(refused.is_permanent() && refused.to_string().contains("No such user"), "{refused}");
        send(&mailer, "here@example.net").await.unwrap();
        assert_eq!(server.wait_for(1).await.len(), 1);
    }

    #[tokio::test]
    async fn it_hangs_and_hangs_up_as_told() {
        let Some(mut server) = SmtpServer::start() else { return };
        for (mode, arrived) in [(Mode::Close, 1), (Mode::Hang, 2), (Mode::Silence, 2)] {
            let hangs_up = matches!(mode, Mode::Close);
            server.set_mode(mode);
            // A new connection: a kept one has been greeted before. The time limit is ours, as lettre's covers only
            // connecting.
            let mailer = mailer(&server);
            let sent = tokio::time::timeout(Duration::from_millis(800), send(&mailer, "a@example.net")).await;
            match sent {
                Ok(sent) => assert!(hangs_up && !sent.unwrap_err().is_permanent()),
                Err(_) => assert!(!hangs_up),
            }
            let messages = server.wait_for(arrived).await;
            assert_eq!(messages.len(), arrived);
            assert!(messages.iter().all(|message| !message.acknowledged));
        }
    }

    #[tokio::test]
    async fn it_asks_for_a_sign_in() {
        let Some(server) = SmtpServer::start_with(Setup { auth: Some(("aw", "secret")), ..Setup::default() }) else {
            return;
        };
        send(&mailer(&server), "a@example.net").await.unwrap();
        assert!(server.wait_for(1).await[0].authenticated);
        let wrong = server.url().replace("secret", "wrong");
        let error = send(&Mailer::from_url(&wrong).unwrap().build(), "a@example.net").await.unwrap_err();
        assert!(error.is_permanent(), "{error}");
    }

    #[tokio::test]
    async fn it_encrypts() {
        for tls in [Tls::Offered, Tls::Implicit] {
            let Some(server) = SmtpServer::start_with(Setup { tls, ..Setup::default() }) else {
                return;
            };
            let pem = std::fs::read(server.certificate().unwrap()).unwrap();
            let trust = TlsParameters::builder("localhost".to_owned())
                .add_root_certificate(Certificate::from_pem(&pem).unwrap())
                .build()
                .unwrap();
            let tls = match tls {
                Tls::Implicit => smtp::client::Tls::Wrapper(trust),
                _ => smtp::client::Tls::Required(trust),
            };
            let mailer = Mailer::builder_dangerous("localhost").port(server.port).tls(tls).build();
            send(&mailer, "a@example.net").await.unwrap();
            assert!(server.wait_for(1).await[0].encrypted);
        }
    }
}
