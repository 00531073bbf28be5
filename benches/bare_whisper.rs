//! One measurement in a separate process: plain whisper.cpp, or the engine.

use afterword::audio::Decoder;
use afterword::transcription::models::{ModelFolders, Trial};
use afterword::transcription::{Engine, EngineConfig, Speaker, TranscriptionRequest};
use anyhow::{Result, anyhow};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use std::path::Path;
use std::time::Instant;
use tokio_util::sync::CancellationToken;
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters};

/// Measurement of a child process.
#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    /// Time from the file to the words, without loading the model.
    pub wall_s: f64,
    /// Processor time of the same.
    pub cpu_s: f64,
    /// Peak memory of the whole process.
    pub peak_mib: f64,
    /// Length of the recording.
    pub audio_s: f64,
    /// Length of the detected speech; 0 for plain whisper.cpp.
    pub speech_s: f64,
    /// Words of each channel, in lower case.
    pub words: Vec<Vec<String>>,
}

impl Outcome {
    fn since(begin: Instant, cpu: f64) -> Result<Self> {
        Ok(Self {
            wall_s: begin.elapsed().as_secs_f64(),
            cpu_s: cpu_s() - cpu,
            peak_mib: crate::program::memory(std::process::id(), "VmHWM")?,
            ..Self::default()
        })
    }
}

/// Measures plain whisper.cpp: each whole channel in one call.
pub fn plain(model: &Path, file: &Path) -> Result<Outcome> {
    whisper_rs::install_logging_hooks();
    let context = WhisperContext::new_with_params(model, WhisperContextParameters::default())?;
    let mut state = context.create_state()?;
    let (begin, cpu) = (Instant::now(), cpu_s());
    let (rate, channels) = decode(file)?;
    let audio_s = channels.first().map_or(0, Vec::len) as f64 / f64::from(rate);
    let mut words = Vec::new();
    for channel in channels {
        let samples = resample(rate, &channel)?;
        drop(channel);
        let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 2 });
        params.set_n_threads(1);
        params.set_language(Some("en"));
        params.set_print_progress(false);
        params.set_print_realtime(false);
        params.set_print_timestamps(false);
        params.set_print_special(false);
        params.set_token_timestamps(true);
        state.full(params, &samples)?;
        let text: String =
            state.as_iter().filter_map(|s| s.to_str_lossy().ok().map(|text| text.into_owned() + " ")).collect();
        words.push(crate::sounds::plain_words(&text));
    }
    Ok(Outcome { words, audio_s, ..Outcome::since(begin, cpu)? })
}

/// Measures the engine on one thread; `model`: a name of the catalogue, or a file.
pub fn ours(model: &str, file: &Path) -> Result<Outcome> {
    let folder = crate::program::folder()?;
    let mut config = EngineConfig::new(ModelFolders::only(folder.path()), model);
    config.threads = 1;
    config.trial = Trial::with_program(crate::program::PROGRAM);
    let engine = Engine::new(config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let hear = |file: &Path| {
        let speakers = vec![Speaker::Channel(1), Speaker::Channel(2)];
        let request = TranscriptionRequest { path: file.to_owned(), speakers, ..Default::default() };
        runtime
            .block_on(engine.transcribe(request, |_| {}, CancellationToken::new()))
            .map_err(|error| anyhow!("{error}"))
    };
    // Loads the model.
    let silence = folder.path().join("silence.wav");
    crate::sounds::write(&silence, 8_000, &[vec![0.0; 8_000]])?;
    hear(&silence)?;
    let (begin, cpu) = (Instant::now(), cpu_s());
    let transcript = hear(file)?;
    let outcome = Outcome::since(begin, cpu)?;
    let of = |speaker| {
        let said = transcript.segments.iter().filter(|segment| segment.speaker == speaker);
        said.flat_map(|segment| crate::sounds::plain_words(&segment.text)).collect()
    };
    Ok(Outcome {
        words: vec![of(Speaker::Channel(1)), of(Speaker::Channel(2))],
        audio_s: transcript.audio_ms as f64 / 1000.0,
        speech_s: transcript.speech_ms as f64 / 1000.0,
        ..outcome
    })
}

/// Returns the audio of a file, channel by channel, and its sample rate.
pub fn decode(file: &Path) -> Result<(u32, Vec<Vec<f32>>)> {
    let mut decoder = Decoder::open(file)?;
    let mut channels = vec![Vec::new(); usize::from(decoder.channels())];
    while let Some(block) = decoder.next_block()? {
        channels.iter_mut().zip(block).for_each(|(channel, samples)| channel.extend_from_slice(samples));
    }
    Ok((decoder.sample_rate(), channels))
}

fn resample(rate: u32, samples: &[f32]) -> Result<Vec<f32>> {
    if rate == 16_000 {
        return Ok(samples.to_vec());
    }
    let mut fft = Fft::<f32>::new(rate as usize, 16_000, 1024, 1, FixedSync::Input)?;
    let input = InterleavedSlice::new(samples, 1, samples.len())?;
    let mut output = vec![0.0; fft.process_all_needed_output_len(samples.len())];
    let room = output.len();
    let mut adapter = InterleavedSlice::new_mut(&mut output, 1, room)?;
    let (_, written) = fft.process_all_into_buffer(&input, &mut adapter, samples.len(), None)?;
    output.truncate(written);
    Ok(output)
}

/// Returns the processor time used by this process.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    // User and system time, in hundredths of a second.
    fields.get(11..13).map_or(0.0, |times| times.iter().sum::<f64>() / 100.0)
}
