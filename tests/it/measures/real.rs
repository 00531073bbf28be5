//! Measures of real telephone calls compared with annotations by people, with a real model.

use crate::support::shared;
use afterword::measures::{CallMeasures, Place, measure_call};
use afterword::transcription::models::ModelFolders;
use afterword::transcription::{Engine, EngineConfig, Segment, Speaker, TranscriptionRequest};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

const BOTH: [Speaker; 2] = [Speaker::Agent, Speaker::Customer];
/// Minimum dead air, ms: short calls have no longer silences.
const DEAD_AIR_MS: i64 = 2_000;

/// Returns the annotated words.
fn marked(table: &Path) -> Vec<Segment> {
    let table = std::fs::read_to_string(table).unwrap();
    let fields = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let segment = |f: Vec<&str>| Segment {
        start_ms: f[0].parse().unwrap(),
        end_ms: f[1].parse().unwrap(),
        speaker: if f[2] == "agent" { Speaker::Agent } else { Speaker::Customer },
        text: f[3].to_owned(),
        confidence: 1.0,
        words: Vec::new(),
    };
    fields.filter(|f| f[3].trim() != "[noise]").map(segment).collect()
}

fn agent_share(call: &CallMeasures) -> f64 {
    call.speaker(Speaker::Agent).unwrap().talk_share.unwrap()
}

async fn heard(engine: &Engine, path: PathBuf, length_ms: i64) -> CallMeasures {
    let request = TranscriptionRequest { path, speakers: BOTH.into(), ..TranscriptionRequest::default() };
    let heard = engine.transcribe(request, |_| {}, CancellationToken::new()).await.unwrap();
    measure_call(&heard.segments, &heard.speech, &BOTH, Some(length_ms), DEAD_AIR_MS)
}

#[tokio::test]
async fn figures_of_real_calls_are_those_that_people_marked() {
    let (Some(folder), Some(model)) = (shared::path("samples/audio"), shared::path("models/ggml-tiny.en-q8_0.bin"))
    else {
        return;
    };
    let mut config = EngineConfig::new(ModelFolders::only("no-such-folder"), model.to_str().unwrap());
    config.trial = afterword::transcription::models::Trial::with_program(env!("CARGO_BIN_EXE_afterword"));
    let (engine, mut silent) = (Engine::new(config), [0, 0]);
    let mut calls: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    calls.retain(|path| path.extension().is_some_and(|kind| kind == "tsv"));
    assert_eq!(calls.len(), 4);
    for table in calls {
        let sound = table.with_extension("wav");
        let length_ms = i64::try_from(afterword::audio::probe(&sound).unwrap().duration_ms).unwrap();
        let truth = measure_call(&marked(&table), &[], &BOTH, Some(length_ms), DEAD_AIR_MS);
        let found = heard(&engine, sound, length_ms).await;
        let (share, wanted) = (agent_share(&found), agent_share(&truth));
        let lengths = |places: &[Place]| places.iter().map(|place| place.length_ms()).collect::<Vec<_>>();
        eprintln!(
            "share {share:.3} for {wanted:.3}, dead air {:?} for {:?}, interruptions {:?} for {:?}",
            lengths(&found.dead_air),
            lengths(&truth.dead_air),
            found.interruptions,
            truth.interruptions
        );
        assert!((share - wanted).abs() <= 0.03, "{}: {share} for {wanted}", table.display());
        assert_eq!(found.interruptions.map(|all| all.len()), truth.interruptions.map(|all| all.len()));
        silent[0] += found.dead_air_ms;
        silent[1] += truth.dead_air_ms;
    }
    assert!((silent[0] - silent[1]).abs() * 10 <= silent[1], "dead air {silent:?}");
}
