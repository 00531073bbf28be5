//! Decoding by `ffmpeg`, where it is installed, of formats that no library here decodes: a separate process, limited in
//! memory, time and files to open, that writes WAV into a pipe.

use super::float::FloatSource;
use super::watch::Watch;
use super::{AudioError, AudioFormat, MAX_DURATION_MS, amr};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Parts of ffmpeg that a format may use: others are not reachable, whatever the file contains.
struct Allowed {
    demuxer: &'static str,
    decoders: &'static str,
    /// A decoder that is better than ffmpeg's own (which ignores pauses in AMR), where ffmpeg was built with it.
    better: Option<&'static str>,
}

fn allowed(format: AudioFormat) -> Option<Allowed> {
    let (demuxer, decoders) = match format {
        AudioFormat::Amr => ("amr", "amrnb,libopencore_amrnb"),
        AudioFormat::AmrWb => ("amr", "amrwb,libopencore_amrwb"),
        AudioFormat::G722 => ("g722", "g722"),
        AudioFormat::G729 => ("g729", "g729"),
        AudioFormat::OggSpeex => ("ogg", "speex,libspeex"),
        AudioFormat::Wma => ("asf", "wmav1,wmav2,wmapro,wmavoice,wmalossless"),
        AudioFormat::Au => {
            ("au", "pcm_mulaw,pcm_alaw,pcm_s8,pcm_s16be,pcm_s24be,pcm_s32be,pcm_f32be,pcm_f64be,g726,g722")
        }
        AudioFormat::WavOther => {
            ("wav", "g726,g726le,g723_1,truespeech,g722,g729,mp3float,mp3,mp2float,mp2,aac,speex,libspeex")
        }
        AudioFormat::Mp4 => ("mov", "aac,alac,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,mp3float,mp3"),
        AudioFormat::Aac => ("aac", "aac"),
        AudioFormat::Webm | AudioFormat::Matroska => ("matroska", "aac,mp3float,mp3,mp2float,mp2"),
        _ => return None,
    };
    let better = match format {
        AudioFormat::Amr => Some("libopencore_amrnb"),
        AudioFormat::AmrWb => Some("libopencore_amrwb"),
        _ => None,
    };
    Some(Allowed { demuxer, decoders, better })
}

/// Whether ffmpeg can decode this format.
pub(super) fn knows(format: AudioFormat) -> bool {
    allowed(format).is_some()
}

/// Maximum address space, bytes: shared libraries take a third of it.
const MEMORY: libc::rlim_t = 2 << 30;
/// Maximum processor time, seconds: six hours of audio take minutes.
const CPU: libc::rlim_t = 1_800;

/// Opens a file by ffmpeg.
pub(super) fn open(path: &Path, format: AudioFormat, watch: &Arc<Watch>) -> Result<FloatSource<Output>, AudioError> {
    let allowed = allowed(format).ok_or_else(|| AudioError::unsupported(format.to_string()))?;
    let tries = allowed.better.map(Some).into_iter().chain([None]);
    let length = match format {
        AudioFormat::Amr | AudioFormat::AmrWb => {
            let file = File::open(path).map_err(|source| AudioError::io(path, source))?;
            amr::samples(file, format).map_err(|source| AudioError::io(path, source))?
        }
        _ => None,
    };
    let mut told = AudioError::Truncated;
    for decoder in tries {
        let mut output = start(path, format, &allowed, decoder, watch)?;
        match FloatSource::open(&mut output, format) {
            Ok((channels, rate)) => return Ok(FloatSource::new(output, format, channels, rate, length)),
            Err(error) => told = output.failure().map_or(error, AudioError::Damaged),
        }
    }
    Err(told)
}

fn start(
    path: &Path,
    format: AudioFormat,
    allowed: &Allowed,
    decoder: Option<&str>,
    watch: &Arc<Watch>,
) -> Result<Output, AudioError> {
    let path = path.canonicalize().map_err(|source| AudioError::io(path, source))?;
    let mut input = std::ffi::OsString::from("file:");
    input.push(&path);
    let longest = (MAX_DURATION_MS / 1000 + 60).to_string();
    let mut command = Command::new("ffmpeg");
    command
        .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1", "-protocol_whitelist", "file,pipe"])
        .args(["-format_whitelist", allowed.demuxer, "-codec_whitelist", allowed.decoders, "-f", allowed.demuxer])
        .args(decoder.into_iter().flat_map(|decoder| ["-c:a", decoder]))
        .arg("-i")
        .arg(input)
        .args(["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-t", &longest, "-threads", "1"])
        .args(pauses(format))
        .args(["-c:a", "pcm_f32le", "-flags", "+bitexact", "-fflags", "+bitexact", "-f", "wav", "pipe:1"])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // It is searched in our PATH, and needs no other variable of ours.
    if let Some(paths) = std::env::var_os("PATH") {
        command.env("PATH", paths);
    }
    // SAFETY: only system calls that are allowed between fork and exec.
    unsafe { command.pre_exec(limit) };
    let mut child = command.spawn().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => AudioError::NeedsFfmpeg { what: format.to_string() },
        _ => AudioError::Io { path: "ffmpeg".into(), source },
    })?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(AudioError::Damaged("ffmpeg has no output".to_owned()));
    };
    let said = Some(std::thread::spawn(move || last_words(stderr)));
    Ok(Output { child, stdout, watch: Arc::clone(watch), said, failure: None })
}

/// Returns the arguments that fill pauses: AMR sends nothing in them. They become silence, so that times stay right.
fn pauses(format: AudioFormat) -> &'static [&'static str] {
    match format {
        AudioFormat::Amr | AudioFormat::AmrWb => &["-af", "aresample=async=1:min_hard_comp=0.01:first_pts=0"],
        _ => &[],
    }
}

/// Sets the limits of the child before it becomes ffmpeg.
fn limit() -> io::Result<()> {
    let limits = [
        (libc::RLIMIT_AS, MEMORY),
        (libc::RLIMIT_CPU, CPU),
        (libc::RLIMIT_FSIZE, 0),
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_NOFILE, 64),
    ];
    for (which, most) in limits {
        let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
        // SAFETY: the structure is alive for the call.
        if unsafe { libc::setrlimit(which, &raw const limit) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: takes numbers only. The child dies with the thread that reads it.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    Ok(())
}

/// Returns the end of its error output. Read continuously, so that the child never blocks on it.
fn last_words(mut stderr: ChildStderr) -> String {
    let (mut said, mut buffer) = (Vec::new(), [0; 1024]);
    while let Ok(got @ 1..) = stderr.read(&mut buffer) {
        said.extend_from_slice(&buffer[..got]);
        said.drain(..said.len().saturating_sub(2_000));
    }
    let said = String::from_utf8_lossy(&said).into_owned();
    // Messages begin with the names and addresses of ffmpeg's parts, which are of no use.
    let line = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing").trim();
    line.rsplit_once("] ").map_or(line, |(_, what)| what).rsplit_once("file:/").map_or_else(
        || line.to_owned(),
        |(_, rest)| rest.split_once(": ").map_or_else(|| line.to_owned(), |(_, what)| what.to_owned()),
    )
}

/// Output of ffmpeg; reading ends with it, and dropping this ends ffmpeg.
#[derive(Debug)]
pub(super) struct Output {
    child: Child,
    stdout: ChildStdout,
    watch: Arc<Watch>,
    said: Option<JoinHandle<String>>,
    /// After its end: the error message, where it failed.
    failure: Option<String>,
}

impl Output {
    /// Whether there is something to read; false after a timeout.
    fn wait(&self) -> io::Result<bool> {
        let mut ready = libc::pollfd { fd: self.stdout.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one structure, alive for the call.
        match unsafe { libc::poll(&raw mut ready, 1, 200) } {
            -1 => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
                error => Err(error),
            },
            0 => Ok(false),
            _ => Ok(true),
        }
    }

    fn end(&mut self) {
        let Some(said) = self.said.take() else { return };
        let failed = self.child.wait().map_or(true, |status| !status.success());
        let said = said.join().unwrap_or_default();
        self.failure = failed.then(|| format!("ffmpeg could not read it: {said}"));
    }

    /// Returns the reason of its failure, if it has failed.
    pub(super) fn failure(&self) -> Option<String> {
        self.failure.clone()
    }
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.wait()? {
            if self.watch.is_abandoned() {
                return Err(io::Error::other("nobody waits for this any more"));
            }
        }
        let got = self.stdout.read(buffer)?;
        if got == 0 && !buffer.is_empty() {
            self.end();
            if let Some(failure) = self.failure() {
                return Err(io::Error::other(failure));
            }
        }
        Ok(got)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.said.is_some() {
            // It may have ended already.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
