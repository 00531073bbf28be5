//! `/admin/delivery`: mails sent, held, given up, bounced or never queued, by day and by reason; a test mail.

mod chart;
mod test_mail;

pub(super) use test_mail::send_test_mail;

use crate::access::rights::Administer;
use crate::clock::{Timestamp, Zone};
use crate::desk::Desk;
use crate::desk::words::count;
use crate::invitations::{SkipReason, SkipSpan};
use crate::mail::{Hooks, IncomingOutcome, MailCount, Reason, State};
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use chart::{Chart, Day};
use jiff::civil::Date;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

/// Selectable periods, in days.
const PERIODS: [i64; 4] = [7, 14, 30, 90];
/// Default period, in days.
const USUAL: i64 = 14;

const DONE: &[(&str, &str)] = &[
    ("retried", "They will be retried in a moment."),
    ("none", "None of them could be retried."),
    (
        "trial-sent",
        "The mail server took the test mail. Look into the mailbox whether it arrived, and not among the spam.",
    ),
];

/// Query of a link, a form or a redirect.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DeliveryQuery {
    days: String,
    did: String,
}

impl DeliveryQuery {
    fn days(&self) -> i64 {
        self.days.parse().ok().filter(|days| PERIODS.contains(days)).unwrap_or(USUAL)
    }
}

/// Returns the begin of the first of this many days up to and including today.
fn since(days: i64, desk: &Desk) -> Timestamp {
    SkipSpan::days(days, &desk.clock.zone(), desk.clock.now()).from
}

/// A selectable period.
struct Period {
    href: String,
    words: String,
    current: bool,
}

/// A reason with its count, and the effect.
struct Reasoned {
    words: String,
    badge: &'static str,
    followed: &'static str,
    mails: i64,
}

#[derive(Template)]
#[template(path = "admin/delivery.html")]
struct DeliveryPage {
    page: Shell,
    days: i64,
    periods: Vec<Period>,
    tiles: Vec<(String, &'static str)>,
    chart: Option<Chart>,
    says: String,
    back: Vec<Reasoned>,
    failed: Vec<Reasoned>,
    failed_mails: i64,
    skipped: Vec<Reasoned>,
    held: bool,
    stopped: Option<String>,
    reads: Option<String>,
    services: String,
    confirmation: Option<String>,
    trouble: Option<String>,
}

#[handler]
pub(super) async fn show_delivery(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Data(hooks): Data<&Hooks>,
    Query(asked): Query<DeliveryQuery>,
) -> Result<Response, PageError> {
    let shell = Shell::new(&who, site, "/admin").with_flash(Some(&asked.did), DONE);
    page(shell, desk, hooks, asked.days(), None).await
}

/// Returns the page, with the error of a test mail that was not sent.
async fn page(
    shell: Shell,
    desk: &Desk,
    hooks: &Hooks,
    days: i64,
    trouble: Option<String>,
) -> Result<Response, PageError> {
    let from = since(days, desk);
    let sent = desk.mail.by_time(from).await?;
    let back = desk.mail.came_back_by_time(from).await?;
    let skips = desk.invitations.skips_by_time(from).await?;
    let report = desk.invitations.skips(SkipSpan { from, until: Timestamp(i64::MAX) }).await?;
    let all = |what: State| sent.iter().filter(|one| one.what == what.code()).map(|one| one.mails).sum::<i64>();
    // Hard bounces and requests; delays and automatic replies are no problem.
    let returned: i64 = back.iter().filter(|one| one.what != "nothing").map(|one| one.mails).sum();
    let chart = Chart::new(day_by_day(&desk.clock.zone(), (from, days), &sent, &back, &skips));
    let figures = [
        (all(State::Sent), "sent"),
        (all(State::Queued), "on their way"),
        (all(State::Held), "held"),
        (all(State::Failed), "failed"),
        (returned, "returned"),
        (report.all.skipped, "customers not surveyed"),
    ];
    let says = figures.map(|(n, words)| format!("{n} {words}")).join(", ");
    Ok(html(&DeliveryPage {
        page: shell,
        days,
        periods: PERIODS.map(|period| choice(period, days)).into(),
        tiles: figures.map(|(n, words)| (n.to_string(), words)).into(),
        says: format!("In the last {days} days: {says}."),
        chart,
        back: desk.mail.came_back_for(from).await?.into_iter().map(came_back).collect(),
        failed: desk.mail.failed_for(from).await?.into_iter().map(failed).collect(),
        failed_mails: all(State::Failed),
        skipped: report.all.reasons.iter().map(skipped).collect(),
        held: desk.mail.is_held(),
        stopped: desk.mail.stopped().await?.map(|stop| stop.reason),
        reads: desk.settings.returned.clone(),
        services: hooks.services().iter().map(|service| service.code()).collect::<Vec<_>>().join(", "),
        confirmation: hooks.confirmation().await?,
        trouble,
    }))
}

fn choice(period: i64, days: i64) -> Period {
    Period { href: format!("/admin/delivery?days={period}"), words: format!("{period} days"), current: period == days }
}

fn day_by_day(
    zone: &Zone,
    (from, days): (Timestamp, i64),
    sent: &[MailCount],
    back: &[MailCount],
    skips: &[(Timestamp, i64)],
) -> Vec<Day> {
    let dated = |rows: &[MailCount]| -> Vec<(Date, String, i64)> {
        rows.iter().map(|row| (zone.date(row.begin_ms), row.what.clone(), row.mails)).collect()
    };
    let (sent, back) = (dated(sent), dated(back));
    let skips: Vec<(Date, i64)> = skips.iter().map(|(at, n)| (zone.date(*at), *n)).collect();
    let of = |rows: &[(Date, String, i64)], day: Date, fits: &dyn Fn(&str) -> bool| -> i64 {
        rows.iter().filter(|(on, what, _)| *on == day && fits(what)).map(|(.., mails)| mails).sum()
    };
    let day = |day: Date| Day {
        date: day.strftime("%-d %b").to_string(),
        sent: of(&sent, day, &|what| what == "sent"),
        failed: of(&sent, day, &|what| what == "failed"),
        cancelled: of(&sent, day, &|what| what == "cancelled"),
        back: of(&back, day, &|what| what != "nothing"),
        skipped: skips.iter().filter(|(on, _)| *on == day).map(|(_, n)| n).sum(),
    };
    let days = usize::try_from(days).unwrap_or_default();
    zone.date(from).series(jiff::Span::new().days(1)).take(days).map(day).collect()
}

fn came_back(row: crate::mail::CameBackFor) -> Reasoned {
    let words = match (row.verdict.as_str(), Reason::known(&row.reason)) {
        ("complaint", _) => "The recipient reported it as unwanted.",
        ("opt-out", _) => "The recipient wants no more.",
        (_, Some(Reason::Feedback)) => "A report about signatures, not a complaint.",
        (_, reason) => reason.unwrap_or(Reason::Undefined).words(),
    };
    let badge = match row.verdict.as_str() {
        "hard" | "complaint" => "bad",
        "soft" | "opt-out" => "warn",
        _ => "",
    };
    let followed = match row.action.as_str() {
        done if done == IncomingOutcome::Suppressed.code() => "not written to any more",
        done if done == IncomingOutcome::Noted.code() => "noted",
        done if done == IncomingOutcome::NotOurs.code() => "about no mail of ours",
        _ => "nothing",
    };
    Reasoned { words: words.to_owned(), badge, followed, mails: row.mails }
}

fn failed(row: crate::mail::FailedFor) -> Reasoned {
    let words = if row.why.is_empty() { "Nobody said why.".to_owned() } else { row.why };
    Reasoned { words, badge: "bad", followed: "", mails: row.mails }
}

fn skipped(reason: &crate::invitations::SkippedFor) -> Reasoned {
    let words = SkipReason::known(&reason.code).map_or(reason.code.as_str(), |known| known.words());
    Reasoned { words: words.to_owned(), badge: "", followed: "", mails: reason.interactions }
}

#[derive(Template)]
#[template(path = "admin/delivery_retry.html")]
struct RetryPage {
    page: Shell,
    days: i64,
    mails: String,
    none: bool,
}

/// Asks for confirmation: a sent mail can't be recalled.
#[handler]
pub(super) async fn ask_retry(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<DeliveryQuery>,
) -> Result<Response, PageError> {
    let days = asked.days();
    let reasons = desk.mail.by_time(since(days, desk)).await?;
    let failed: i64 = reasons.iter().filter(|one| one.what == State::Failed.code()).map(|one| one.mails).sum();
    let mails = count(usize::try_from(failed).unwrap_or_default(), "mail", "mails");
    Ok(html(&RetryPage { page: Shell::new(&who, site, "/admin"), days, mails, none: failed == 0 }))
}

#[derive(Debug, Deserialize)]
pub(super) struct ResendForm {
    #[serde(default)]
    days: String,
}

#[handler]
pub(super) async fn retry_all(
    _who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    Posted(form): Posted<ResendForm>,
) -> Result<Response, PageError> {
    let days = DeliveryQuery { days: form.days, ..DeliveryQuery::default() }.days();
    let again = desk.mail.retry_failed(since(days, desk)).await?;
    Ok(redirect(format!("/admin/delivery?days={days}&did={}", if again > 0 { "retried" } else { "none" })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_count_on_the_day_of_the_company() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let sent = |begin_ms| MailCount { begin_ms, what: "sent".into(), mails: 1 };
        let mails =
            [sent(at("2026-11-19T22:45:00Z")), sent(at("2026-11-19T23:00:00Z")), sent(at("2026-11-20T22:45:00Z"))];
        let days = day_by_day(&zone, (at("2026-11-18T23:00:00Z"), 2), &mails, &[], &[]);
        let counts: Vec<_> = days.iter().map(|day| (day.date.as_str(), day.sent)).collect();
        assert_eq!(counts, [("19 Nov", 1), ("20 Nov", 2)]);
    }
}
