//! Intake, survey pages, responses and staff pages over HTTP, in one run with the bare loop.

use crate::client::{Pace, ask, request, run};
use crate::program::{Served, processor};
use crate::report::Report;
use crate::{bare, company};
use anyhow::{Context, Result};
use std::sync::Arc;
use std::time::Duration;

/// Number of interactions received, and of responses given.
const INTERACTIONS: usize = 24_000;
/// Number of pages requested in each measurement.
const PAGES: usize = 8_000;
/// Maximum p99 of the 64 clients.
const PATIENCE: Duration = Duration::from_millis(30);

/// Measures them in the order of a company's day.
pub async fn measure(report: &mut Report) -> Result<()> {
    let bare = bare::answers_per_second(crate::program::folder()?.path()).await?;
    report.add("Bare sqlx loop: one answer inserted and committed at a time", format!("{bare:.0}/s"));

    // No survey is sent while the intake is measured.
    let settings = [("mail.url", "file:mail"), ("survey.settle", "30s")];
    let served = Served::start(&settings).await?;
    let address = served.address;
    let key: Arc<str> = served.command(&["key", "add", "bench", "--scope", "ingest"])?.into();
    let times = Arc::new(company::Times::new());
    let taken = {
        let (key, times) = (Arc::clone(&key), Arc::clone(&times));
        run(address, Pace::Closed, INTERACTIONS, move |n| company::interaction(&key, &times, n)).await?
    };
    let met = taken.per_second > 3000.0 && taken.p99 < PATIENCE;
    report.aim("Interactions taken in, each durable", taken.to_string(), "over 3,000/s, p99 under 30 ms", met);

    let again = company::interaction(&key, &times, 0);
    interaction_pages(report, &served, &again).await?;

    let links = Arc::new(company::survey_links(&served, "mail", INTERACTIONS).await?);
    survey_pages(report, &served, &links).await?;
    let count = links.len() / 2;
    let before = (served.processor()?, processor(std::process::id())?);
    let linked = Arc::clone(&links);
    let answered = run(address, Pace::Closed, count, move |n| answer(&linked[n], "linked")).await?;
    let micros = |now: Duration, before: Duration| (now - before).as_secs_f64() * 1e6 / count as f64;
    let (service, load) = (micros(served.processor()?, before.0), micros(processor(std::process::id())?, before.1));
    report.aim(
        "Answers, each durable before the thank-you",
        answered.to_string(),
        "p99 under 20 ms",
        answered.p99 < Duration::from_millis(20),
    );
    let times = answered.per_second / bare;
    report.aim("Answers, against the bare loop", format!("{times:.1} times"), "at least 5", times >= 5.0);
    report.add(
        "Processor time for an answer",
        format!("{service:.0} µs in the service, {load:.0} µs in the load's own process"),
    );
    let apart = run(address, Pace::Closed, count, move |n| answer(&links[count + n], "apart")).await?;
    report.add("Answers kept apart, each durable before the thank-you", apart.to_string());
    report.add("Memory after all that", format!("{:.0} MiB", served.memory()?));
    Ok(())
}

async fn survey_pages(report: &mut Report, served: &Served, links: &Arc<Vec<String>>) -> Result<()> {
    let page = |links: &Arc<Vec<String>>| {
        let links = Arc::clone(links);
        move |n: usize| request("GET", &links[n % links.len()], &[], b"")
    };
    let fastest = run(served.address, Pace::Closed, PAGES, page(links)).await?;
    report.add("Survey pages", fastest.to_string());
    let steady = run(served.address, Pace::PerSecond(1000.0), 10_000, page(links)).await?;
    let met = steady.per_second > 990.0 && steady.p99 < Duration::from_millis(10);
    report.aim("Survey pages at 1,000/s", steady.to_string(), "p99 under 10 ms", met);
    Ok(())
}

async fn interaction_pages(report: &mut Report, served: &Served, interaction: &[u8]) -> Result<()> {
    let cookie = company::sign_in(served).await?;
    let known = ask(served.address, interaction).await?;
    let body: serde_json::Value = serde_json::from_slice(&known.body)?;
    let path = format!("/interactions/{}", body["id"].as_str().context("an id")?);
    let figures = run(served.address, Pace::Closed, PAGES, move |_| request("GET", &path, &[("cookie", &cookie)], b""));
    report.add("Interaction pages", figures.await?.to_string());
    Ok(())
}

fn answer(link: &str, choice: &str) -> Vec<u8> {
    let form = format!("score=4&resolved=yes&comment=She+told+me+what+happened.&choice={choice}&website=");
    request("POST", link, &[("content-type", "application/x-www-form-urlencoded")], form.as_bytes())
}
