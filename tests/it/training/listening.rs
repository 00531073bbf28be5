//! Audible remains of a masked clip, with a real speech model.

use super::masks::{form, hear};
use super::{flag, supervisor};
use crate::app::TestApp;
use crate::audio::wav::{Coding, Sound};
use crate::support::shared;
use crate::transcription::hear as transcribe;
use afterword::transcription::models::{ModelFolders, Trial};
use afterword::transcription::{Engine, EngineConfig, Speaker};

/// Utterances of the call with their times: `q…` the agent, `d…` the customer, in ms.
type Utterance = (String, usize, usize);

/// Level (root mean square) above which speech is audible.
const SILENT: f32 = 0.0005;
/// Tolerance at the edges of a silence, where the voice is quiet, in ms.
const EDGE_MS: usize = 60;

fn loudness(sound: &Sound, from_ms: usize, to_ms: usize) -> f32 {
    let rate = sound.rate as usize / 1000;
    let channel = &sound.channels[1];
    let span = &channel[(from_ms * rate).min(channel.len())..(to_ms * rate).min(channel.len())];
    (span.iter().map(|sample| sample * sample).sum::<f32>() / span.len().max(1) as f32).sqrt()
}

async fn nothing_is_heard(call: &str) {
    let Some(model) = shared::path("models/ggml-tiny.en-q8_0.bin") else { return };
    let Some(recording) = shared::path(&format!("failing/speech/{call}.wav")) else { return };
    let said = std::fs::read_to_string(recording.with_extension("json")).unwrap();
    let said: Vec<Utterance> = serde_json::from_str(&said).unwrap();
    let mut config = EngineConfig::new(ModelFolders::only("no-such-folder"), model.to_str().unwrap());
    config.trial = Trial::with_program(env!("CARGO_BIN_EXE_afterword"));
    let engine = Engine::new(config.clone());
    let app = TestApp::start_with(|settings| settings.transcription.model.clone_from(&config.model)).await;
    let sound = Sound::read(&recording);
    // The model is tested in a process of its own before the app uses it.
    transcribe(&engine, &sound.wav(Coding::Pcm16)).await.unwrap();
    let interaction = app.call("1", "jerry@example.net").await;
    assert!(app.record("1", sound.wav(Coding::Pcm16)).await.status().is_success());
    app.work().await;
    let supervisor = supervisor(&app, "Orders").await;
    let end = format!("0:{}", sound.channels[0].len() / sound.rate as usize);
    let clip = flag(&supervisor, &interaction, &form(&[("start", "0:00"), ("end", &end)])).await;
    app.work().await;
    let heard = hear(&supervisor, &clip).await;
    for (name, from, to) in said.iter().filter(|(name, ..)| name.starts_with('d')) {
        let before = loudness(&sound, from + EDGE_MS, to - EDGE_MS);
        let after = loudness(&heard, from + EDGE_MS, to - EDGE_MS);
        assert!(before > SILENT && after < SILENT, "{name} is heard from {from} to {to} ms: {after} of {before}");
    }
    let agent = said.iter().filter(|(name, ..)| name.starts_with('q')).count();
    let again = transcribe(&engine, &heard.wav(Coding::Pcm16)).await.unwrap();
    assert!(again.segments.iter().filter(|segment| segment.speaker == Speaker::Agent).count() >= agent / 2);
    let customer: String =
        again.segments.iter().filter(|segment| segment.speaker == Speaker::Customer).map(|s| s.text.as_str()).collect();
    assert!(!customer.contains(|c: char| c.is_ascii_digit()), "{customer}");
}

#[tokio::test]
async fn no_digit_of_a_card_that_is_read_out_in_groups_is_heard() {
    nothing_is_heard("paycall-0.6").await;
}

#[tokio::test]
async fn no_digit_is_heard_where_the_groups_are_seconds_apart() {
    nothing_is_heard("paycall-2.5").await;
}
