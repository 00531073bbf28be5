//! Speakers of a recording's channels, set after upload: the transcript is attributed again without another
//! transcription.

use super::alternatives::{TRANSCRIBE_AGAIN, remove_alternative, subject};
use super::{ChannelSpeech, Segment, Speaker, State, Transcription, store};
use crate::database::{Conn, DbError};
use crate::effects::{Actor, Effects};
use crate::ids::InteractionId;
use crate::interactions::{self, Recording, RecordingError, SPEAKERS_CHANGED, SPEAKERS_SENT, TRANSCRIBE};
use crate::jobs::{Kind, NewJob, Outcome, Running};

/// Reason why the speakers of a recording were not changed.
#[derive(Debug, thiserror::Error)]
pub enum SpeakersError {
    /// The interaction has no recording.
    #[error("this interaction has no recording")]
    NoRecording,
    /// The names do not fit the recording.
    #[error("{0}")]
    Channels(String),
    /// The speakers were changed by someone else in the meantime.
    #[error("the recording or its speakers have been changed meanwhile; look at it again, nothing was changed")]
    Meanwhile,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<RecordingError> for SpeakersError {
    fn from(error: RecordingError) -> Self {
        Self::Channels(error.to_string())
    }
}

/// Returns the kind of job that sets the speakers which the sender of a recording has named for the same audio.
pub(super) fn job(transcription: &Transcription) -> Kind {
    let transcription = transcription.clone();
    let work = move |job: Running| {
        let transcription = transcription.clone();
        async move {
            let Ok(id) = job.key.parse::<InteractionId>() else {
                return Outcome::GiveUp("the key is no interaction".into());
            };
            match transcription.follow_sender(&id).await {
                Ok(()) | Err(SpeakersError::NoRecording) => Outcome::Done,
                Err(error) => Outcome::Retry(error.to_string()),
            }
        }
    };
    Kind::new(SPEAKERS_SENT, work)
}

/// Old and new speaker of each channel.
struct Renamed(Vec<(Speaker, Speaker)>);

impl Renamed {
    /// Returns `None` where two channels had the same name, so that the channel of a word is unknown.
    fn new(before: &[String], after: &[String]) -> Option<Self> {
        let speaker = |name: &String| name.parse::<Speaker>().unwrap_or_default();
        let pairs: Vec<_> = before.iter().map(speaker).zip(after.iter().map(speaker)).collect();
        let is_twice = |one: Speaker| pairs.iter().filter(|(from, _)| *from == one).count() > 1;
        (!pairs.iter().any(|(from, _)| is_twice(*from))).then_some(Self(pairs))
    }

    fn apply(&self, speaker: &mut Speaker) {
        if let Some((_, to)) = self.0.iter().find(|(from, _)| from == speaker) {
            *speaker = *to;
        }
    }

    fn all(&self, segments: &mut [Segment], speech: &mut [ChannelSpeech]) {
        segments.iter_mut().for_each(|segment| self.apply(&mut segment.speaker));
        speech.iter_mut().for_each(|channel| self.apply(&mut channel.speaker));
    }
}

impl Transcription {
    /// Sets the speakers of a recording's channels, in order: `agent`, `customer` or `unknown`. The transcript and the
    /// alternative one are attributed again; measures, search and clips are updated. From then on everything is masked
    /// that is personal data with either of the speakers as the customer. Where two channels had the same name the
    /// recording is transcribed again, and the alternative transcript is dropped.
    pub async fn set_speakers(&self, who: &Actor, id: &InteractionId, names: &[String]) -> Result<(), SpeakersError> {
        let recording = self.interactions.recording(id).await?.ok_or(SpeakersError::NoRecording)?;
        let after = recording.check_speakers(names)?;
        self.attribute(who, &recording, after).await
    }

    /// Sets the speakers that the sender named last.
    async fn follow_sender(&self, id: &InteractionId) -> Result<(), SpeakersError> {
        let recording = self.interactions.recording(id).await?.ok_or(SpeakersError::NoRecording)?;
        match recording.sent_speakers() {
            Some(sent) => self.attribute(&Actor::System, &recording, sent).await,
            None => Ok(()),
        }
    }

    /// Sets the speakers and attributes the transcripts again. `who`: [`Actor::System`] where the sender has named the
    /// speakers.
    async fn attribute(&self, who: &Actor, recording: &Recording, after: Vec<String>) -> Result<(), SpeakersError> {
        let (id, before) = (&recording.interaction_id, recording.speakers());
        if before == after {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let renamed = Renamed::new(&before, &after);
        let job = if renamed.is_some() {
            NewJob::new(SPEAKERS_CHANGED, id.as_str(), now)
        } else {
            let team = store::queue::team_of(tx.conn(), id).await?;
            NewJob::new(TRANSCRIBE, id.as_str(), now).fairness_key(team).size(recording.duration_ms).urgent()
        };
        // Lock order: jobs, then the recording, then its transcripts, as in transcription.
        let detail = serde_json::json!({ "channels": after, "before": before });
        let effects = Effects::new().job(job).audit(who, "recording.channels_set", subject(id), Some(detail));
        self.changed(id, effects).save(tx.conn(), now).await?;
        if renamed.is_none() {
            remove_alternative(tx.conn(), id).await?;
        }
        let by_staff = !matches!(who, Actor::System);
        if !interactions::set_speakers(tx.conn(), recording, &after, by_staff).await? {
            return Err(SpeakersError::Meanwhile);
        }
        match &renamed {
            Some(renamed) => rename(tx.conn(), id, renamed).await?,
            None => store::set_state(tx.conn(), id, State::Waiting, None, now).await?,
        }
        tx.commit().await?;
        if renamed.is_none() {
            self.here.stop(TRANSCRIBE_AGAIN, id);
        }
        Ok(())
    }
}

/// Attributes the stored transcripts again and detects masks again, as masks depend on the speaker. A transcript that
/// is finished in between is read again.
async fn rename(mut conn: Conn<'_>, id: &InteractionId, renamed: &Renamed) -> Result<(), DbError> {
    let pairs: Vec<_> = renamed.0.iter().map(|(from, to)| serde_json::json!({ "from": from, "to": to })).collect();
    let pairs = serde_json::Value::from(pairs);
    while let Some(mut shown) = store::find(conn.reborrow(), id).await? {
        renamed.all(&mut [], &mut shown.speech);
        if store::rename_speakers(conn.reborrow(), id, &shown, &pairs).await? {
            store::forget_masks(conn.reborrow(), id).await?;
            break;
        }
    }
    while let Some(mut second) = store::alternatives::find(conn.reborrow(), id).await? {
        renamed.all(&mut second.segments, &mut second.speech);
        if store::alternatives::set_speakers(conn.reborrow(), id, &second).await? {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_their_channel_where_it_had_a_name_of_its_own() {
        let names = |names: &str| names.split(',').map(str::to_owned).collect::<Vec<_>>();
        let renamed = |before, after| {
            let mut speakers = [Speaker::Agent, Speaker::Customer, Speaker::Channel(1), Speaker::Unknown];
            let renamed = Renamed::new(&names(before), &names(after))?;
            speakers.iter_mut().for_each(|speaker| renamed.apply(speaker));
            Some(speakers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        let swapped = renamed("agent,customer", "customer,agent");
        assert_eq!(swapped.as_deref(), Some("customer agent channel-1 unknown"));
        let named = renamed("channel-1,channel-2", "customer,agent");
        assert_eq!(named.as_deref(), Some("agent customer customer unknown"));
        assert_eq!(renamed("agent,agent,customer", "agent,customer,customer"), None);
    }
}
