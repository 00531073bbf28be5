//! The transcript follows playback word by word, in a real browser: a real model transcribes a call with known word
//! times.

use super::{app_with, sign_in};
use crate::support::browser::{Browser, View};
use crate::support::shared;
use crate::support::smtp::SmtpServer;
use crate::transcription::{hear as hear_once, short_call};
use afterword::access::Role;
use afterword::transcription::models::{ModelFolders, Trial};
use afterword::transcription::{Engine, EngineConfig};
use std::path::Path;

/// Maximum distance of the marked word from the audio, s.
const TOLERANCE_S: f64 = 0.2;
/// Played part: begin and end in the recording, s.
const PLAYED_S: (f64, f64) = (20.0, 37.0);

fn demo(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").join(name)).unwrap()
}

/// Returns the first words of the utterances in the played part, and their times, s.
fn beginnings() -> Vec<(String, f64)> {
    let table = String::from_utf8(demo("call-bad.tsv")).unwrap();
    let lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let begins = lines.map(|fields| (fields[3].split(' ').next().unwrap().to_owned(), fields[0].parse().unwrap()));
    begins.filter(|(_, at): &(String, f64)| *at > PLAYED_S.0 && *at < PLAYED_S.1 - 1.0).collect()
}

/// Plays the part; returns, for each frame in which another word is marked, the word and the playback time, s.
async fn marked_words(browser: &Browser) -> Vec<(String, f64)> {
    // A click, because browsers play no audio without a user action.
    browser.press(".turn-time").await;
    let script = "const [from, to, done] = arguments; const audio = document.querySelector('audio'), seen = []; let before = '';
        const text = (range) => range.startContainer.data.slice(range.startOffset, range.startContainer === range.endContainer ? range.endOffset : undefined);
        audio.currentTime = from; audio.play();
        const look = () => {
          const words = [...CSS.highlights.get('said')].map(text).join(' ');
          if (words !== before && !audio.seeking) seen.push([words, audio.currentTime]);
          before = words;
          if (audio.currentTime < to && !audio.ended) requestAnimationFrame(look); else { audio.pause(); done(seen); }
        };
        audio.addEventListener('seeked', look, { once: true });";
    let arguments = vec![PLAYED_S.0.into(), PLAYED_S.1.into()];
    let seen = browser.execute_async(script, arguments).await.unwrap().json().clone();
    serde_json::from_value(seen).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transcript_follows_the_sound() {
    let Some(model) = shared::path("models/ggml-tiny.en-q8_0.bin") else { return };
    let (Some(server), Some(browser)) = (SmtpServer::start(), Browser::open(View::DESKTOP).await) else { return };
    let model = model.to_str().unwrap().to_owned();
    // A model that is not in the catalogue is first tried by the program itself.
    let mut config = EngineConfig::new(ModelFolders::only("no-such-folder"), model.clone());
    config.trial = Trial::with_program(env!("CARGO_BIN_EXE_afterword"));
    hear_once(&Engine::new(config), &short_call(3)).await.unwrap();
    let app = app_with(&server, |config| config.transcription.model = model).await;
    let id = app.call("1", "emma@customers.example").await;
    assert_eq!(app.record("1", demo("call-bad.ogg")).await.status(), 201);
    app.work().await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    sign_in(&browser, &app, &supervisor).await;
    browser.goto(format!("{}/interactions/{id}", app.url)).await.unwrap();
    browser.text("[data-transcript] .turn").await;
    let seen = marked_words(&browser).await;
    for (word, begins) in beginnings() {
        let plain = |text: &str| text.to_lowercase().replace([',', '.', '?', '\''], "");
        let marked: Vec<f64> =
            seen.iter().filter(|(text, _)| plain(text).contains(&plain(&word))).map(|(_, at)| *at).collect();
        let nearest = marked.iter().map(|at| (at - begins).abs()).fold(f64::INFINITY, f64::min);
        assert!(nearest <= TOLERANCE_S, "{word:?} is said at {begins} s and marked at {marked:?}; all: {seen:?}");
    }
    assert!(seen.len() > 30, "word by word: {seen:?}");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
