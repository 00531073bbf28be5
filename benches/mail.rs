//! Sending of survey mails from the outbox, compared with postfix's smtp-source to the same sink.
//!
//! Each round sends the same mails: composed with a new token each, sent over eight connections, settled in the
//! database. The rounds of a pair are consecutive, so that other load on the machine affects both.

use crate::report::Report;
use crate::{client, company, sink};
use afterword::access::principal::Scope;
use afterword::app::{self, App};
use afterword::clock::{SharedClock, SystemClock};
use afterword::config::{Config, DatabaseUrl, MailUrl, RecordingsUrl};
use afterword::database::{Db, Sql, execute_raw};
use afterword::jobs::{Runner, RunnerOptions};
use anyhow::{Context, Result, bail, ensure};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Number of mails in a round.
const MAILS: usize = 10_000;
/// Number of rounds, of which the best counts.
const ROUNDS: usize = 3;
const CONNECTIONS: usize = 8;
const SMTP_SINK: &str = "/usr/sbin/smtp-sink";
const SMTP_SOURCE: &str = "/usr/sbin/smtp-source";

/// A program that ends with the measurement.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs all measurements.
pub async fn measure(report: &mut Report) -> Result<()> {
    if !Path::new(SMTP_SINK).exists() {
        eprintln!("mail is not measured: postfix's smtp-sink is missing (apt-get install postfix)");
        return Ok(());
    }
    let folder = crate::program::folder()?;
    let config = company_with_mail(folder.path()).await?;
    let port = free_port()?;
    let _sink = start(Command::new(SMTP_SINK).args(["-u", &user(), &format!("127.0.0.1:{port}"), "256"]), port)?;
    let sample = sample_mail(&config).await?;
    let size = std::fs::metadata(&sample)?.len();

    let smtp = |config: &Config| {
        let mut config = config.clone();
        config.mail.url = MailUrl::Smtp(format!("smtp://127.0.0.1:{port}?tls=off").parse().expect("a URL"));
        config
    };
    let plain = smtp(&config);
    let mut signed = smtp(&config);
    signed.mail.dkim.selector = "bench".into();
    signed.mail.dkim.domain = "northwind.example".into();
    signed.mail.dkim.key_file = folder.path().join("dkim.pem");
    openssl(folder.path(), &["genpkey", "-algorithm", "ed25519", "-out", "dkim.pem"])?;
    let mut rsa = signed.clone();
    rsa.mail.dkim.key_file = folder.path().join("rsa.pem");
    openssl(folder.path(), &["genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "rsa.pem"])?;

    let (mut source, mut ours, mut ed25519) = (0.0_f64, 0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        source = source.max(smtp_source(port, &sample)?);
        ours = ours.max(send(&plain).await?);
        ed25519 = ed25519.max(send(&signed).await?);
    }
    let rsa = send(&rsa).await?;
    let what = format!("smtp-source into smtp-sink, eight connections, mails of {size} bytes");
    report.add(&what, format!("{source:.0}/s"));
    let share = |rate: f64| format!("{rate:.0}/s, {:.2} of it", rate / source);
    report.aim(
        "Survey mails into the same sink: written, sent, settled",
        share(ours),
        "at least 0.8",
        ours >= 0.8 * source,
    );
    report.aim("The same, signed with Ed25519", share(ed25519), "at least 0.6", ed25519 >= 0.6 * source);
    report.add("The same, signed with RSA of 2048 bits", share(rsa));

    // smtp-sink does not support TLS; this sink does, and otherwise does as little.
    make_certificate(folder.path())?;
    let port = free_port()?;
    let mut child = Command::new(std::env::current_exe()?);
    child.args(["child", "mail-sink", &port.to_string()]).current_dir(folder.path());
    let _sink = start(&mut child, port)?;
    let mut encrypted = config.clone();
    encrypted.mail.url = MailUrl::Smtp(format!("smtp://127.0.0.1:{port}?tls=required").parse()?);
    encrypted.mail.ca_file = folder.path().join("certificate.pem");
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        best = best.max(send(&encrypted).await?);
    }
    report.aim(
        "Survey mails with STARTTLS, into a sink of our own",
        format!("{best:.0}/s"),
        "over 3,000/s",
        best > 3000.0,
    );
    Ok(())
}

/// `load child mail-sink PORT`
pub fn child(port: &str) -> Result<()> {
    sink::run(port.parse()?)
}

/// Returns the configuration of a database with that many invitations whose mails are held.
async fn company_with_mail(folder: &Path) -> Result<Config> {
    let mut config = Config::default();
    config.database.url = DatabaseUrl::Sqlite(folder.join("afterword.db"));
    config.recordings.url = RecordingsUrl::File(folder.join("recordings"));
    config.mail.url = MailUrl::Hold;
    config.mail.from = "Northwind <survey@northwind.example>".into();
    config.mail.bounces = "bounces@northwind.example".into();
    config.mail.connections = CONNECTIONS;
    config.mail.journal = folder.join("mail-journal");
    config.survey.company = "Northwind".into();
    config.survey.settle = "0s".parse().map_err(anyhow::Error::msg)?;
    config.anonymity.key_file = folder.join("afterword.key");
    let app = build(&config).await?;
    let listener = poem::listener::TcpListener::bind("127.0.0.1:0");
    let acceptor = poem::listener::Listener::into_acceptor(listener).await?;
    let address = poem::listener::Acceptor::local_addr(&acceptor);
    let address: SocketAddr = *address.first().and_then(|a| a.as_socket_addr()).context("an address")?;
    let server = tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(app.routes()));
    let key: Arc<str> =
        app.staff.add_key("bench", &[Scope::Ingest], &[], &afterword::effects::Actor::System).await?.secret.into();
    let times = company::Times::new();
    client::run(address, client::Pace::Closed, MAILS, move |n| company::interaction(&key, &times, n)).await?;
    drain(&app).await?;
    server.abort();
    Ok(config)
}

async fn build(config: &Config) -> Result<App> {
    let db = app::open_database(config, true).await?;
    let vault = app::open_vault(config, &db).await?;
    let clock: SharedClock = Arc::new(SystemClock);
    Ok(App::build(config.clone(), db, vault, clock, false))
}

fn runner(app: &App, stop: &CancellationToken) -> Arc<Runner> {
    let options = RunnerOptions { only: vec!["mail".into(), "survey".into()], ..RunnerOptions::default() };
    Arc::new(Runner::new(app.db.clone(), Arc::clone(&app.clock), app.jobs(), options, stop.clone()))
}

async fn drain(app: &App) -> Result<()> {
    runner(app, &CancellationToken::new()).drain().await?;
    Ok(())
}

/// Queues every mail again, as if none had left.
async fn wait_again(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    for sql in [
        "UPDATE outbox SET state = 'queued', attempts = 0, due_at = 0, hint = 'j…@example.net', domain = 'example.net'",
        "UPDATE invitations SET state = 'scheduled', token_hash = NULL",
        "UPDATE interactions SET survey_state = 'scheduled'",
    ] {
        execute_raw(tx.conn(), Sql::both(sql)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Returns the mails per second, from the first look to the last settlement.
async fn send(config: &Config) -> Result<f64> {
    let app = build(config).await?;
    wait_again(&app).await?;
    let stop = CancellationToken::new();
    let begin = Instant::now();
    let running = tokio::spawn(runner(&app, &stop).run());
    loop {
        // Counting all sent mails would add load.
        if !is_any_left(&app.db).await? {
            break;
        }
        ensure!(begin.elapsed() < Duration::from_secs(120), "{:?}", app.mail.stopped().await?);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let rate = MAILS as f64 / begin.elapsed().as_secs_f64();
    let counts = app.mail.counts().await?;
    let sent: i64 = counts.iter().filter(|count| count.state == "sent").map(|count| count.mails).sum();
    ensure!(sent == MAILS as i64, "{counts:?}");
    stop.cancel();
    running.await?;
    app.db.close().await;
    Ok(rate)
}

/// Whether any mail waits.
async fn is_any_left(db: &Db) -> Result<bool> {
    let Db::Sqlite { read, .. } = db else { bail!("the benchmark's database is SQLite") };
    let left = "SELECT EXISTS (SELECT 1 FROM outbox INDEXED BY outbox_due WHERE state = 'queued')";
    Ok(sqlx::query_scalar(left).fetch_one(read).await?)
}

/// Returns a file with one mail as it is sent.
async fn sample_mail(config: &Config) -> Result<PathBuf> {
    let mut config = config.clone();
    let folder = config.mail.journal.with_file_name("sample");
    config.mail.url = MailUrl::File(folder.clone());
    let app = build(&config).await?;
    let mut tx = app.db.begin().await?;
    let one = "UPDATE outbox SET state = 'queued' WHERE id = (SELECT MIN(id) FROM outbox)";
    execute_raw(tx.conn(), Sql::both(one)).await?;
    tx.commit().await?;
    drain(&app).await?;
    app.db.close().await;
    let mail = std::fs::read_dir(folder)?.next().context("a mail")??.path();
    // smtp-sink writes line endings itself.
    let text = std::fs::read_to_string(&mail)?.replace("\r\n", "\n");
    std::fs::write(&mail, text)?;
    Ok(mail)
}

/// Returns the mails per second of smtp-source over kept connections, each mail the sample.
fn smtp_source(port: u16, sample: &Path) -> Result<f64> {
    let mut command = Command::new(SMTP_SOURCE);
    command.args(["-d", "-s", &CONNECTIONS.to_string(), "-m", &MAILS.to_string(), "-F"]).arg(sample);
    command.args(["-f", "survey@northwind.example", "-t", "jerry@example.net", &format!("127.0.0.1:{port}")]);
    let begin = Instant::now();
    let output = command.output()?;
    ensure!(output.status.success(), "smtp-source: {}", String::from_utf8_lossy(&output.stderr));
    Ok(MAILS as f64 / begin.elapsed().as_secs_f64())
}

fn start(command: &mut Command, port: u16) -> Result<Running> {
    let running = Running(command.stdout(Stdio::null()).spawn().with_context(|| format!("{command:?}"))?);
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begin.elapsed() > Duration::from_secs(20) {
            bail!("{command:?} does not listen");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(running)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn user() -> String {
    let name = Command::new("id").arg("-un").output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&name).trim().to_owned()
}

fn make_certificate(folder: &Path) -> Result<()> {
    let arguments = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-keyout",
        "key.pem",
        "-out",
        "certificate.pem",
    ];
    openssl(folder, &arguments)
}

fn openssl(folder: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
