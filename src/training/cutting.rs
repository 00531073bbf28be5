//! Background work of clips: cuts their sound, adds the text of a later transcript, and deletes clips removed long ago.

use super::clip::Words;
use super::stretches::{self, TimedWord};
use super::{Clip, Spoken, Training, UNDO, masks, store};
use crate::audio::{self, AudioError};
use crate::database::DbError;
use crate::effects::Effects;
use crate::files::{MIN_ORPHAN_AGE, create_private_subfolder, next_names, sync_folder};
use crate::ids::ClipId;
use crate::interactions::{self, FolderError, Recording, SPEAKERS_CHANGED};
use crate::jobs::{Kind, NewJob, Outcome, Running};
use futures_util::FutureExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Job: cuts a clip's sound. Key: clip id.
pub(super) const CUT: &str = "clip.cut";
/// Job: adds a clip's text when its recording is transcribed. Key: clip id.
pub(super) const WORDS: &str = "clip.words";
/// Job: deletes clips that were removed from the library long ago.
const SWEEP: &str = "clips.sweep";

/// Number of clips read at once.
const PAGE_SIZE: usize = 1000;
/// Maximum number of attempts to cut a sound before the page reports a failure.
const MAX_CUT_ATTEMPTS: u32 = 6;
/// Length of a clip's id, in characters.
const CLIP_ID_CHARS: usize = 36;
/// Time between two checks for the transcript, and the time after which checking ends.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
const STOP_LOOKING: Duration = Duration::from_secs(7 * 24 * 3600);

pub(super) fn jobs(training: &Training) -> Vec<Kind> {
    let (cutting, wording, sweeping) = (training.clone(), training.clone(), training.clone());
    let remaking = training.clone();
    let remake = move |job: Running| {
        let training = remaking.clone();
        async move { training.remake(&job.key).await.unwrap_or_else(|error| Outcome::Retry(error.to_string())) }
    };
    let cut = move |job: Running| {
        let training = cutting.clone();
        async move { training.cut(&job).await }
    };
    let words = move |job: Running| {
        let training = wording.clone();
        async move { training.take_words(&job.key).await.unwrap_or_else(|error| Outcome::Retry(error.to_string())) }
    };
    let sweep = move |job: Running| {
        let training = sweeping.clone();
        async move {
            training
                .sweep(&job.cancelled)
                .await
                .map_or_else(|error| Outcome::Retry(error.to_string()), |()| Outcome::Done)
        }
    };
    vec![
        Kind::new(CUT, cut).max_concurrent(1).max_attempts(MAX_CUT_ATTEMPTS).about("recording").on_give_up(
            |conn, job| {
                async move {
                    match job.key.parse() {
                        Ok(id) => store::set_audio_problem(conn, &id, &job.why).await,
                        Err(_) => Ok(()),
                    }
                }
                .boxed()
            },
        ),
        Kind::new(WORDS, words),
        Kind::new(SPEAKERS_CHANGED, remake),
        Kind::new(SWEEP, sweep).every(Duration::from_secs(24 * 3600)),
    ]
}

/// Reasons that there is no sound yet.
enum NotCut {
    /// Retried without limit: the folder of recordings is not available, or the process is stopping.
    Later(String),
    /// Permanent failure.
    ForGood(String),
    /// Temporary failure.
    ForNow(String),
}

impl From<AudioError> for NotCut {
    fn from(error: AudioError) -> Self {
        if matches!(error, AudioError::Cancelled) {
            return Self::Later(error.to_string());
        }
        let gone = matches!(&error, AudioError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound);
        match (gone, error.is_final()) {
            (true, _) => Self::ForGood("the recording was deleted before the clip was cut".into()),
            (_, true) => Self::ForGood(error.to_string()),
            (_, false) => Self::ForNow(error.to_string()),
        }
    }
}

impl From<FolderError> for NotCut {
    fn from(error: FolderError) -> Self {
        Self::Later(error.to_string())
    }
}

impl From<DbError> for NotCut {
    fn from(error: DbError) -> Self {
        Self::ForNow(error.to_string())
    }
}

impl Training {
    async fn stored(&self, key: &str) -> Result<Option<Clip>, DbError> {
        let Ok(id) = key.parse::<ClipId>() else { return Ok(None) };
        store::find(self.inner.db.read().await?.conn(), &id, None).await
    }

    async fn cut(&self, job: &Running) -> Outcome {
        match self.try_cut(job).await {
            Ok(()) => Outcome::Done,
            Err(NotCut::Later(why)) => {
                tracing::warn!(why, "the sound of a clip is cut later");
                Outcome::At(self.now().plus(LOOK_AGAIN))
            }
            Err(NotCut::ForNow(why)) => Outcome::Retry(why),
            Err(NotCut::ForGood(why)) => Outcome::GiveUp(why),
        }
    }

    async fn try_cut(&self, job: &Running) -> Result<(), NotCut> {
        let Some(clip) = self.stored(&job.key).await? else { return Ok(()) };
        // Without the transcript the parts to silence are unknown: the job is queued again with it.
        let (Some(source), None, Some(_)) = (&clip.source_key, &clip.audio_key, &clip.lines) else { return Ok(()) };
        self.inner.interactions.check_recordings_folder().await?;
        let recording = self.source(&clip, source).await?;
        // A unique name: removing the file of another cut never removes this one.
        let audio_key = format!("{}-{}.wav", clip.id, uuid::Uuid::new_v4());
        let cancelled = job.cancelled.clone();
        let (id, words_version) = (clip.id.clone(), clip.words_version);
        let job = Cut {
            to: self.inner.folder.join(&audio_key),
            from: self.inner.interactions.recording_path(&recording),
            words: self.timed_words(&clip).await?,
            is_agent_certain: !recording.staff_set_speakers,
            clip,
        };
        let (spoken, folder) = (self.inner.spoken.clone(), self.inner.folder.clone());
        let work = move |stop: &CancellationToken| job.work(spoken.as_ref(), &folder, stop);
        let (peaks, silences) = audio::run_blocking(&cancelled, work).await?;
        let mut tx = self.inner.db.begin().await?;
        let audio = store::Audio { key: &audio_key, peaks: &peaks, silences: &silences };
        let kept = store::set_audio(tx.conn(), &id, words_version, audio).await?;
        tx.commit().await?;
        if !kept {
            self.remove_sound(&audio_key).await;
        }
        Ok(())
    }

    /// Returns the words of the whole recording, to determine the parts to silence.
    async fn timed_words(&self, clip: &Clip) -> Result<Vec<TimedWord>, NotCut> {
        let Some(interaction) = &clip.interaction_id else { return Ok(Vec::new()) };
        match self.inner.spoken.lines(interaction).await? {
            Some(spoken) => Ok(masks::timed_words(&spoken, &clip.asked)),
            None => Err(NotCut::ForNow("the recording is being transcribed anew".into())),
        }
    }

    /// Returns the recording that the clip was made from; a later one has other times.
    async fn source(&self, clip: &Clip, source_key: &str) -> Result<Recording, NotCut> {
        let recording = match &clip.interaction_id {
            Some(interaction) => self.inner.interactions.recording(interaction).await?,
            None => None,
        };
        match recording {
            Some(recording) if recording.object_key == source_key => Ok(recording),
            Some(_) => Err(NotCut::ForGood("another recording replaced this one before the clip was cut".into())),
            None => Err(NotCut::ForGood("the recording was deleted before the clip was cut".into())),
        }
    }

    async fn give_up_sound(&self, key: &str, why: &str) -> Result<(), DbError> {
        let Ok(id) = key.parse::<ClipId>() else { return Ok(()) };
        let mut tx = self.inner.db.begin().await?;
        store::set_audio_problem(tx.conn(), &id, why).await?;
        tx.commit().await
    }

    async fn take_words(&self, key: &str) -> Result<Outcome, DbError> {
        let Some(clip) = self.stored(key).await? else { return Ok(Outcome::Done) };
        let (None, Some(interaction)) = (&clip.lines, &clip.interaction_id) else { return Ok(Outcome::Done) };
        let now = self.now();
        let Some(spoken) = self.inner.spoken.lines(interaction).await? else {
            let late = now > clip.created_at.plus(STOP_LOOKING);
            if !late {
                return Ok(Outcome::At(now.plus(LOOK_AGAIN)));
            }
            self.give_up_sound(key, "it was never transcribed, so nobody knows what in it is to be silent").await?;
            return Ok(Outcome::Done);
        };
        let mut tx = self.inner.db.begin().await?;
        if store::set_lines(tx.conn(), &clip.id, &Words::of(&spoken, &clip)).await? && clip.source_key.is_some() {
            Effects::new().job(NewJob::new(CUT, clip.id.as_str(), now)).save(tx.conn(), now).await?;
        }
        tx.commit().await?;
        Ok(Outcome::Done)
    }

    /// Remakes the text and the sound of a recording's clips that were made with other speakers: masking depends on the
    /// speakers. While the recording is not transcribed, clips are unchanged: the job is queued again with the new
    /// transcript.
    async fn remake(&self, key: &str) -> Result<Outcome, DbError> {
        let Ok(interaction) = key.parse() else { return Ok(Outcome::GiveUp("the key is no interaction".into())) };
        let Some(recording) = self.inner.interactions.recording(&interaction).await? else { return Ok(Outcome::Done) };
        let Some(spoken) = self.inner.spoken.lines(&interaction).await? else { return Ok(Outcome::Done) };
        let (speakers, now) = (recording.speakers(), self.now());
        let mut tx = self.inner.db.begin().await?;
        // The text is that of these speakers only if they have not changed since they were read.
        if !interactions::hold_version(tx.conn(), &recording).await? {
            return Ok(Outcome::At(now));
        }
        let clips = store::with_other_speakers(tx.conn(), &interaction, &recording.object_key, &speakers).await?;
        let mut old_sounds = Vec::new();
        for id in clips {
            let Some(mut clip) = store::find(tx.conn(), &id, None).await? else { continue };
            clip.speakers.clone_from(&speakers);
            // The ids of masks to leave out refer to other masks now.
            clip.asked.keep.clear();
            store::reset(tx.conn(), &clip, &Words::of(&spoken, &clip)).await?;
            Effects::new().job(NewJob::new(CUT, id.as_str(), now)).save(tx.conn(), now).await?;
            old_sounds.extend(clip.audio_key);
        }
        tx.commit().await?;
        for sound in old_sounds {
            self.remove_sound(&sound).await;
        }
        Ok(Outcome::Done)
    }

    /// Deletes clips that were removed long ago, the row first; then compares the folder with the table, both ways:
    /// files without a clip are removed, and missing ones are cut again.
    async fn sweep(&self, stop: &CancellationToken) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        let gone = store::purge(tx.conn(), self.now().minus(UNDO)).await?;
        tx.commit().await?;
        for key in gone.into_iter().flatten() {
            self.remove_sound(&key).await;
        }
        if let Err(error) = self.inner.interactions.check_recordings_folder().await {
            tracing::error!(%error, "clips could not be compared with their files");
            return Ok(());
        }
        self.remove_orphans(stop).await?;
        self.cut_missing(stop).await
    }

    async fn remove_orphans(&self, stop: &CancellationToken) -> Result<(), DbError> {
        let Ok(files) = std::fs::read_dir(&self.inner.folder) else { return Ok(()) };
        let mut files = Some(files);
        while let Some(mut open) = files.take().filter(|_| !stop.is_cancelled()) {
            let listed = tokio::task::spawn_blocking(move || {
                let names = next_names(&mut open, PAGE_SIZE, is_clip, MIN_ORPHAN_AGE);
                (open, names)
            });
            let Ok((open, names)) = listed.await else { break };
            let named = store::named(self.inner.db.read().await?.conn(), &names).await?;
            for orphan in names.iter().filter(|name| !named.contains(name)) {
                self.remove_sound(orphan).await;
            }
            files = Some(open).filter(|_| !names.is_empty());
        }
        Ok(())
    }

    async fn cut_missing(&self, stop: &CancellationToken) -> Result<(), DbError> {
        let mut from = String::new();
        while !stop.is_cancelled() {
            let page = store::with_audio(self.inner.db.read().await?.conn(), &from, PAGE_SIZE as i64).await?;
            let Some((last, _)) = page.last() else { break };
            from = last.to_string();
            for (id, key) in page {
                if tokio::fs::try_exists(self.inner.folder.join(&key)).await.unwrap_or(true) {
                    continue;
                }
                tracing::error!(clip = %id, "the sound of a clip is missing; it is cut once more");
                let now = self.now();
                let mut tx = self.inner.db.begin().await?;
                store::forget_audio(tx.conn(), &id, &key).await?;
                Effects::new().job(NewJob::new(CUT, id.as_str(), now)).save(tx.conn(), now).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    async fn remove_sound(&self, key: &str) {
        match tokio::fs::remove_file(self.inner.folder.join(key)).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the sound of a clip that is gone could not be removed; the sweep tries again");
            }
            _ => {}
        }
    }
}

/// Whether a file name is that of a clip's sound: the clip's id, and a random id of the cut.
fn is_clip(name: &str) -> bool {
    let is_id = |text: &str| text.parse::<ClipId>().is_ok_and(|id| id.as_str() == text);
    let ids = name.strip_suffix(".wav").and_then(|stem| stem.split_at_checked(CLIP_ID_CHARS));
    ids.is_some_and(|(clip, cut)| is_id(clip) && cut.strip_prefix('-').is_some_and(is_id))
}

/// A file to cut.
struct Cut {
    clip: Clip,
    from: PathBuf,
    to: PathBuf,
    /// Words of the whole recording.
    words: Vec<TimedWord>,
    /// Whether it is certain which speaker is the agent.
    is_agent_certain: bool,
}

impl Cut {
    /// Cuts the sound and silences parts. Returns the waveform as JSON, and the silenced parts: start and end in ms of
    /// the recording. File and name are on disk when this returns. Blocks.
    fn work(
        self,
        spoken: &dyn Spoken,
        folder: &Path,
        stop: &CancellationToken,
    ) -> Result<(String, Vec<(i64, i64)>), AudioError> {
        let io = |source| AudioError::Io { path: folder.to_owned(), source };
        create_private_subfolder(folder).map_err(io)?;
        let Self { clip, from, to, words, is_agent_certain } = self;
        let mut silences = clip.silences;
        if !words.is_empty() {
            let speech = spoken.speech(&from, stop)?;
            silences.extend(stretches::to_silence(&words, &speech, &clip.speakers, is_agent_certain));
        }
        let silences = masks::joined(silences, clip.start_ms, clip.end_ms);
        let spans: Vec<_> = silences.iter().map(|(from, to)| (from.unsigned_abs(), to.unsigned_abs())).collect();
        audio::cut_with_silences(&from, (clip.start_ms.unsigned_abs(), clip.end_ms.unsigned_abs()), &spans, &to, stop)?;
        sync_folder(folder).map_err(io)?;
        Ok((serde_json::json!(audio::peaks(&to, stop)?).to_string(), silences))
    }
}
