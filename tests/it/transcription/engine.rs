//! The engine on unusual audio: silence, noise, duplicate channels, truncated files, other languages.

use super::{all_text, engine, hear, hear_file, short_call};
use crate::audio::wav::{Coding, Sound, demo};
use afterword::transcription::{EngineStep, Format, Note, Speaker, TranscribeError, Transcript, TranscriptionRequest};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn silence_and_noise_have_no_words() {
    let engine = engine();
    for sound in [
        Sound::silence(8_000, 2, 30),
        Sound::noise(8_000, 20, 0.003),
        Sound::noise(8_000, 20, 0.03),
        Sound::noise(16_000, 20, 0.3),
    ] {
        let transcript = hear(&engine, &sound.wav(Coding::Pcm16)).await.unwrap();
        assert_eq!((transcript.segments, transcript.notes), (Vec::new(), Vec::new()));
    }
}

#[tokio::test]
async fn one_channel_twice_is_heard_once_and_said_so() {
    let mut sound = Sound::demo("call-bad.flac", 9);
    sound.channels[0] = sound.channels[1].clone();
    let engine = engine();
    let twice = hear(&engine, &sound.wav(Coding::Pcm16)).await.unwrap();
    assert_eq!(twice.notes, [Note::SameOnBothChannels]);
    assert!(!twice.segments.is_empty() && twice.segments.iter().all(|s| s.speaker == Speaker::Unknown));
    sound.channels.truncate(1);
    let once = hear(&engine, &sound.wav(Coding::Pcm16)).await.unwrap();
    assert!(once.notes.is_empty());
    assert_eq!(all_text(&once), all_text(&twice));
}

#[tokio::test]
async fn near_copies_count_as_one_channel_too() {
    let call = Sound::demo("call-bad.flac", 9);
    let voice = &call.channels[1];
    let late =
        |by: usize| std::iter::repeat_n(0.0, by).chain(voice.iter().copied()).take(voice.len()).collect::<Vec<_>>();
    // As after a codec of few bits.
    let coarse = voice.iter().map(|x| (x * 60.0).round() / 60.0).collect::<Vec<_>>();
    let (engine, quiet) = (engine(), voice.iter().map(|x| x * 0.5).collect::<Vec<_>>());
    let upside_down = late(80).iter().map(|x| x * -0.7).collect::<Vec<_>>();
    for (name, copy) in [("quieter", quiet), ("10 ms late", late(80)), ("coarse", coarse), ("upside down", upside_down)]
    {
        let sound = Sound { rate: call.rate, channels: vec![copy, voice.clone()] };
        let heard = hear(&engine, &sound.wav(Coding::Pcm16)).await.unwrap();
        assert_eq!(heard.notes, [Note::SameOnBothChannels], "{name}");
        assert!(all_text(&heard).contains("package"), "{name}: {}", all_text(&heard));
    }
    // The same voice is on both sides, but so is another one on the first: these are two channels.
    let both = call.channels[0].iter().zip(voice).map(|(agent, echo)| agent + 0.05 * echo).collect();
    let heard = hear(&engine, &Sound { rate: call.rate, channels: vec![both, voice.clone()] }.wav(Coding::Pcm16)).await;
    assert_eq!(heard.unwrap().notes, [Note::CrosstalkRemoved]);
}

#[tokio::test]
async fn any_number_of_channels_is_heard_and_quiet_ones_cost_nothing() {
    let call = Sound::demo("call-bad.flac", 9);
    let engine = engine();
    let two = hear(&engine, &call.wav(Coding::Pcm16)).await.unwrap();
    let rustle = Sound::noise(call.rate, 9, 0.002).channels.remove(0);
    let silence = vec![0.0; rustle.len()];
    let [agent, customer] = [0, 1].map(|side| call.channels[side].clone());
    let channels = vec![agent, customer, silence.clone(), rustle.clone(), silence.clone(), silence];
    let six = hear(&engine, &Sound { rate: call.rate, channels }.wav(Coding::Pcm16)).await.unwrap();
    assert_eq!((&six.segments, six.speech_ms), (&two.segments, two.speech_ms));
    assert_eq!((six.audio_ms, six.notes), (9_000, Vec::new()));
    // The other side is nearly silent: not a duplicate, and no words.
    let sound = Sound { rate: call.rate, channels: vec![rustle, call.channels[1].clone()] };
    let one = hear(&engine, &sound.wav(Coding::Pcm16)).await.unwrap();
    assert!(!one.segments.is_empty() && one.segments.iter().all(|s| s.speaker == Speaker::Customer));
}

#[tokio::test]
async fn a_recording_that_is_cut_off_gives_the_words_that_are_there() {
    let whole = std::fs::read(demo("call-bad.ogg")).unwrap();
    let transcript = hear(&engine(), &whole[..whole.len() / 5]).await.unwrap();
    assert_eq!(transcript.notes, [Note::Truncated]);
    assert!(all_text(&transcript).contains("package"), "{}", all_text(&transcript));
    assert!(transcript.segments.iter().all(|s| s.end_ms < 20_000));
}

#[tokio::test]
async fn times_are_in_order_inside_of_the_recording_and_near_the_speech() {
    let transcript = hear(&engine(), &short_call(18)).await.unwrap();
    let mut before = 0;
    for segment in &transcript.segments {
        assert!(before <= segment.start_ms && segment.start_ms < segment.end_ms && segment.end_ms <= 18_000);
        assert!((0.0..=1.0).contains(&segment.confidence));
        before = segment.start_ms;
        let words: Vec<_> = segment.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(words.join(" "), segment.text);
        let mut at = segment.start_ms;
        for word in &segment.words {
            assert!(at <= word.start_ms && word.start_ms <= word.end_ms && word.end_ms <= segment.end_ms);
            at = word.start_ms;
        }
    }
    // The agent speaks until 2.2 s, and again from 8.8 to 10.3 s: see tests/calls/call-bad.tsv.
    let agent: Vec<_> = transcript.segments.iter().filter(|s| s.speaker == Speaker::Agent).collect();
    assert!(agent[0].start_ms.abs_diff(500) < 500 && agent[0].end_ms < 2_700, "{agent:?}");
    assert!(agent.iter().all(|s| s.end_ms < 2_700 || s.start_ms > 8_300), "{agent:?}");
}

#[tokio::test]
async fn subtitles_of_a_real_call_are_well_formed() {
    let transcript = hear(&engine(), &short_call(18)).await.unwrap();
    let count = transcript.segments.len();
    let vtt = Format::Vtt.write(&transcript);
    let mut cues = vtt.split("\n\n");
    assert_eq!(cues.next(), Some("WEBVTT"));
    let clock = |text: &str, point: char| {
        let (rest, ms) = text.split_once(point).unwrap();
        let parts: Vec<u64> = rest.split(':').map(|part| part.parse().unwrap()).collect();
        assert!(parts.len() == 3 && ms.len() == 3, "{text}");
        ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000 + ms.parse::<u64>().unwrap()
    };
    let check = |line: &str, point: char| {
        let (start, end) = line.split_once(" --> ").unwrap();
        assert!(clock(start, point) < clock(end, point), "{line}");
    };
    let cues: Vec<_> = cues.collect();
    assert!(cues.len() >= count, "a turn may be several cues: {vtt}");
    for cue in cues {
        let lines: Vec<_> = cue.trim_end().lines().collect();
        check(lines[0], '.');
        assert!(lines.len() == 2 && lines[1].starts_with("<v ") && lines[1].ends_with("</v>"), "{cue}");
    }
    let srt = Format::Srt.write(&transcript);
    for (number, cue) in srt.trim_end().split("\n\n").enumerate() {
        let lines: Vec<_> = cue.lines().collect();
        assert!(lines.len() == 3 && lines[0] == (number + 1).to_string(), "{cue}");
        check(lines[1], ',');
    }
    assert_eq!(Format::Text.write(&transcript).lines().count(), count);
    assert_eq!(serde_json::from_str::<Transcript>(&Format::Json.write(&transcript)).unwrap(), transcript);
}

#[tokio::test]
async fn a_language_that_the_model_does_not_know_is_refused() {
    let engine = engine();
    let ask = |language: &str| {
        let language = Some(language.to_owned());
        let request =
            TranscriptionRequest { path: demo("call-bad.flac"), speakers: Vec::new(), language, ..Default::default() };
        engine.transcribe(request, |_| {}, CancellationToken::new())
    };
    assert!(matches!(ask("de-AT").await, Err(TranscribeError::Language { language, .. }) if language == "de"));
    assert!(matches!(ask("klingon").await, Err(TranscribeError::UnknownLanguage(_))));
}

#[tokio::test]
async fn it_stops_when_told_and_progress_only_grows() {
    let (engine, cancel) = (engine(), CancellationToken::new());
    let request = TranscriptionRequest {
        path: demo("call-good.flac"),
        speakers: Vec::new(),
        language: None,
        ..Default::default()
    };
    let told = Arc::new(Mutex::new(Vec::new()));
    let (seen, stop) = (Arc::clone(&told), cancel.clone());
    let progress = move |step: EngineStep<'_>| {
        seen.lock().unwrap().push(step.progress);
        if step.progress > 0.1 {
            stop.cancel();
        }
    };
    let begun = Instant::now();
    let result = engine.transcribe(request, progress, cancel).await;
    assert!(matches!(result, Err(TranscribeError::Cancelled)));
    assert!(begun.elapsed() < Duration::from_secs(60));
    let told = told.lock().unwrap().clone();
    assert!(told.iter().all(|share| *share < 0.6) && told.is_sorted(), "{told:?}");
    assert!(engine.is_loaded());
    engine.unload();
    assert!(!engine.is_loaded());
    assert!(!hear_file(&engine, &demo("call-bad.flac")).await.unwrap().segments.is_empty(), "it loads again");
}
