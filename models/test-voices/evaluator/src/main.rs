//! `evaluator MODEL [--margin MS] [--times] FILE…`: what a model hears in 16 kHz mono files, one JSON line for each:
//! `{"file", "ms", "text", "segments": [[start, end, text], …]}` with times in seconds.
//!
//! As the product does it: greedy, one thread, no earlier text, without time tokens unless `--times` wants them. With
//! `--margin` the encoder sees the sound and so much silence, else all thirty seconds.

use std::time::Instant;
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    whisper_rs::install_logging_hooks(); // silences whisper.cpp
    let (mut margin, mut times, mut names) = (None, false, Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--margin" => margin = Some(args.next().ok_or("--margin wants milliseconds")?.parse::<usize>()?),
            "--times" => times = true,
            _ => names.push(arg),
        }
    }
    let (model, files) = names.split_first().ok_or("which model?")?;
    let context = WhisperContext::new_with_params(model, WhisperContextParameters::default())?;
    let mut state = context.create_state()?;
    for file in files {
        let samples: Result<Vec<_>, _> = hound::WavReader::open(file)?.samples::<i16>().collect();
        let samples: Vec<f32> = samples?.into_iter().map(|s| f32::from(s) / 32768.0).collect();
        let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 2 });
        params.set_n_threads(1);
        params.set_n_max_text_ctx(0);
        params.set_no_context(true);
        params.set_no_timestamps(!times);
        params.set_suppress_blank(true);
        params.set_language(Some("en"));
        params.set_print_progress(false);
        if let Some(margin) = margin {
            let steps = (samples.len() / 320 + margin / 20).next_multiple_of(64);
            params.set_audio_ctx(steps.min(1500) as i32);
        }
        let start = Instant::now();
        state.full(params, &samples)?;
        let (mut text, mut segments) = (String::new(), Vec::new());
        for s in state.as_iter() {
            let words = s.to_str_lossy()?;
            text.push_str(&words);
            segments.push(format!("[{},{},{words:?}]", s.start_timestamp() as f64 / 100.0, s.end_timestamp() as f64 / 100.0));
        }
        let ms = start.elapsed().as_millis();
        println!("{{\"file\":{file:?},\"ms\":{ms},\"text\":{text:?},\"segments\":[{}]}}", segments.join(","));
    }
    Ok(())
}
