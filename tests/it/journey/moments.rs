//! From the timeline and from a search result to the position in the audio, in a real browser.

use super::{app, sign_in};
use crate::app::demo_sound;
use crate::measures::chat;
use crate::support::axe;
use crate::support::browser::{Browser, View};
use crate::support::heard::{Said, heard};
use crate::support::smtp::SmtpServer;
use afterword::access::Role;

/// Transcript of the recording in this test.
const SAID: &[Said<'_>] = &[
    (1_000, 9_000, "agent", "Good morning, this is Sydney, how can I help you today?"),
    (9_500, 16_000, "customer", "I lost my package, and nobody told me where it is since Thursday."),
    (15_000, 19_000, "agent", "What is your package number, please?"),
    (19_500, 21_000, "customer", "It is on the bill."),
    (20_400, 24_000, "agent", "Then please read it to me, and your name as well."),
    (46_000, 50_000, "customer", "Are you still there with my package?"),
];

/// Returns the position of the player in seconds, once its audio is loaded.
async fn at(browser: &Browser) -> f64 {
    let script = "const done = arguments[0]; const audio = document.querySelector('audio');
        const wait = () => (audio.seeking ? audio.addEventListener('seeked', () => done(audio.currentTime), { once: true }) : done(audio.currentTime));
        if (audio.readyState > 0) setTimeout(wait); else audio.addEventListener('loadedmetadata', () => setTimeout(wait), { once: true });";
    browser.execute_async(script, vec![]).await.unwrap().json().as_f64().unwrap()
}

async fn value(browser: &Browser, script: &str) -> serde_json::Value {
    browser.execute(script, vec![]).await.unwrap().json().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_goes_to_the_moment() {
    let (Some(server), Some(browser)) = (SmtpServer::start(), Browser::open(View::DESKTOP).await) else { return };
    let app = app(&server).await;
    let id = app.call("1", "emma@customers.example").await;
    app.record("1", demo_sound("call-bad.flac")).await;
    let messages = [
        (0, "customer", "Why was I charged twice?"),
        (480, "agent", "Are you still there?"),
        (500, "customer", "Yes! And my parcel?"),
        (900, "agent", "It is on its way."),
    ];
    let written = app.interaction("2", &chat("18", 20, &messages)).await;
    app.work().await;
    // Words at times chosen by the test, so that the timeline has entries.
    heard(&app, &id, SAID).await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders", "Billing"], None).await;
    sign_in(&browser, &app, &supervisor).await;

    // The timeline shares the waveform's axis, and its entries play.
    browser.goto(format!("{}/interactions/{id}", app.url)).await.unwrap();
    browser.text("[data-waveform] .lane").await;
    let plots = "const left = (css) => document.querySelector(css).getBoundingClientRect(); const a = left('.waveform .plot'), b = left('.timeline .lane svg');
        return Math.abs(a.left - b.left) + Math.abs(a.right - b.right)";
    assert!(value(&browser, plots).await.as_f64().unwrap() < 2.0, "the two do not lie on one axis");
    browser.press(".timeline details summary").await;
    let moment = value(&browser, "return Number(document.querySelector('.moment-link').dataset.moment) / 1000")
        .await
        .as_f64()
        .unwrap();
    browser.press(".moment-link").await;
    let now = at(&browser).await;
    assert!((moment..moment + 5.0).contains(&now), "asked for {moment}, the player is at {now}");
    for (name, view) in [("desk", View::DESKTOP), ("phone-dark", View::PHONE.dark())] {
        for (page, id) in [("call", &id), ("chat", &written)] {
            browser.look(view).await;
            browser.goto(format!("{}/interactions/{id}", app.url)).await.unwrap();
            browser.text(".timeline").await;
            browser.screenshot(&format!("timeline-{page}-{name}")).await;
            axe::check(&browser, &format!("a {page} with its timeline ({name})")).await;
        }
        for (page, path) in [
            ("search", "/search?q=par*+OR+package"),
            ("search-empty", "/search"),
            ("list", "/interactions?silence_over_ms=1000&sort=silence"),
            ("worth", "/"),
        ] {
            browser.goto(format!("{}{path}", app.url)).await.unwrap();
            browser.text("main h1").await;
            browser.screenshot(&format!("{page}-{name}")).await;
            axe::check(&browser, &format!("{page} ({name})")).await;
        }
    }
    browser.look(View::DESKTOP).await;

    // "/" focuses the search; a result leads to the line, and the player with it.
    browser.goto(format!("{}/library", app.url)).await.unwrap();
    browser.find(thirtyfour::By::Css("body")).await.unwrap().send_keys("/").await.unwrap();
    browser.fill("#q", "package").await;
    browser.press("main form button.primary").await;
    let to = value(&browser, "return document.querySelector('.turn-time').getAttribute('href')").await;
    let ms: f64 = to.as_str().unwrap().rsplit_once('-').unwrap().1.parse().unwrap();
    browser.press(".found-in .turn-time").await;
    browser.text("[data-transcript] .turn:target").await;
    assert!((at(&browser).await - ms / 1000.0).abs() < 0.2, "the player is at {}", at(&browser).await);
    browser.goto(format!("{}/interactions/{id}#t={ms}", app.url)).await.unwrap();
    browser.refresh().await.unwrap();
    browser.text("[data-transcript] .turn:target").await;
    assert!((at(&browser).await - ms / 1000.0).abs() < 0.2);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
