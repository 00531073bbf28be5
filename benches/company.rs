//! Data of a company: its interactions, and the links in its customers' mail.

use crate::client::request;
use crate::program::Served;
use afterword::clock::{Clock, SystemClock};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::time::{Duration, Instant};

/// Times of the calls: some minutes ago, or no survey would be due any more.
pub struct Times {
    started: String,
    answered: String,
    ended: String,
}

impl Times {
    /// Returns times relative to now.
    pub fn new() -> Self {
        let now = SystemClock.now();
        let ago = |seconds: i64| now.plus_ms(-seconds * 1000).to_rfc3339();
        Self { started: ago(500), answered: ago(469), ended: ago(138) }
    }
}

/// Returns the `n`-th interaction: a finished call with a customer of its own.
pub fn interaction(key: &str, times: &Times, n: usize) -> Vec<u8> {
    let Times { started, answered, ended } = times;
    let body = format!(
        r#"{{"channel":"call","direction":"inbound","phase":"final","outcome":"answered",
        "started_at":"{started}","answered_at":"{answered}","ended_at":"{ended}",
        "wait_ms":31000,"talk_ms":280000,"hold_ms":51000,
        "agent":{{"external_id":"{agent}","name":"Agent {agent}","email":"agent{agent}@example.com"}},
        "handled_by":[],"transfers":[],"team":"Orders","queue":"orders-en","tags":["lost parcel"],
        "customer":{{"email":"customer{n}@example.net","name":"Jerry","locale":"en"}},"survey":{{"eligible":true}}}}"#,
        agent = n % 40,
    );
    let authorization = format!("Bearer {key}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    request("PUT", &format!("/api/v1/interactions/bench/{n}"), &headers, body.as_bytes())
}

/// Returns the links of the survey mails, once that many were sent: `/s/TOKEN` each.
pub async fn survey_links(served: &Served, folder: &str, count: usize) -> Result<Vec<String>> {
    let folder = served.folder().join(folder);
    let begin = Instant::now();
    let mut seen = (0, Instant::now());
    loop {
        let mails = std::fs::read_dir(&folder).map_or(0, Iterator::count);
        if mails >= count {
            eprintln!("{mails} survey mails went out in {:.0} s", begin.elapsed().as_secs_f64());
            break;
        }
        if mails > seen.0 {
            seen = (mails, Instant::now());
        }
        if seen.1.elapsed() > Duration::from_secs(60) {
            bail!("{mails} of {count} survey mails went out, and no more come");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let mut links = Vec::with_capacity(count);
    for entry in std::fs::read_dir(&folder)? {
        links.push(survey_link(&entry?.path())?);
    }
    links.truncate(count);
    Ok(links)
}

fn survey_link(mail: &Path) -> Result<String> {
    // Quoted-printable breaks long lines.
    let text = String::from_utf8_lossy(&std::fs::read(mail)?).replace("=\r\n", "");
    let at = text.find("/s/").with_context(|| format!("no survey link in {}", mail.display()))?;
    let token = text[at + 3..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    Ok(format!("/s/{}", token.collect::<String>()))
}

/// Returns the `Cookie` of an administrator who has just used the link that the first start prints.
pub async fn sign_in(served: &Served) -> Result<String> {
    let link = served.first_link.as_deref().context("the first start prints a link")?;
    let path = &link[link.find("/welcome/").context("a link to the welcome page")?..];
    let form = "email=ada%40example.com&name=Ada&password=correct+horse+battery&again=correct+horse+battery";
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = crate::client::ask(served.address, &request("POST", path, &headers, form.as_bytes())).await?;
    let cookie = answer.header("set-cookie").context("a session")?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}
