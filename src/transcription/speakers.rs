//! Who speaks on which channel, said after the recording has come: the transcript is attributed anew, and not made anew.

use super::takes::subject;
use super::{ChannelSpeech, Segment, Speaker, State, Transcription, store};
use crate::database::{Conn, DbError};
use crate::effects::{Actor, Effects};
use crate::ids::InteractionId;
use crate::interactions::{self, RecordingError, SPEAKERS_CHANGED, TRANSCRIBE};
use crate::jobs::NewJob;

/// Why the speakers of a recording were not changed.
#[derive(Debug, thiserror::Error)]
pub enum SpeakersError {
    /// There is no recording.
    #[error("this interaction has no recording")]
    NoRecording,
    /// The names do not fit the recording.
    #[error("{0}")]
    Channels(String),
    /// Somebody else was quicker.
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

/// From whom to whom the words of each channel go.
struct Renamed(Vec<(Speaker, Speaker)>);

impl Renamed {
    /// `None` where two channels had the same name, so that words do not tell which one they were said on.
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
    /// Sets who speaks on which channel of a recording, from `agent,customer` and the like. The transcript and a second one are
    /// attributed anew with what was masked in them; measures, search and clips follow. Where two channels had the same
    /// name the recording is transcribed once more.
    pub async fn set_speakers(&self, who: &Actor, id: &InteractionId, names: &str) -> Result<(), SpeakersError> {
        let recording = self.interactions.recording(id).await?.ok_or(SpeakersError::NoRecording)?;
        let (before, after) = (recording.speakers(), recording.read_speakers(names)?);
        if before == after {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !interactions::set_speakers(tx.conn(), &recording, &after).await? {
            return Err(SpeakersError::Meanwhile);
        }
        let mut effects = Effects::new().job(NewJob::new(SPEAKERS_CHANGED, id.as_str(), now));
        if let Some(renamed) = Renamed::new(&before, &after) {
            rename(tx.conn(), id, &renamed).await?;
        } else {
            store::set_state(tx.conn(), id, State::Waiting, None, now).await?;
            let team = store::queue::team_of(tx.conn(), id).await?;
            effects =
                effects.job(NewJob::new(TRANSCRIBE, id.as_str(), now).share(team).size(recording.duration_ms).urgent());
        }
        let detail = serde_json::json!({ "channels": after, "before": before });
        let effects = effects.audit(who, "recording.channels_set", subject(id), Some(detail));
        self.changed(id, effects).save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }
}

/// Attributes what is stored anew; what is masked depends on who speaks, so it is looked for once more.
async fn rename(mut conn: Conn<'_>, id: &InteractionId, renamed: &Renamed) -> Result<(), DbError> {
    if let Some(mut shown) = store::find(conn.again(), id).await? {
        renamed.all(&mut [], &mut shown.speech);
        let pairs: Vec<_> = renamed.0.iter().map(|(from, to)| serde_json::json!({ "from": from, "to": to })).collect();
        store::rename_speakers(conn.again(), id, &serde_json::Value::from(pairs), &shown.speech).await?;
        store::forget_masks(conn.again(), id).await?;
    }
    if let Some(mut second) = store::takes::find(conn.again(), id).await? {
        renamed.all(&mut second.segments, &mut second.speech);
        store::takes::set_speakers(conn, id, &second).await?;
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
