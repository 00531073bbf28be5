//! Masking of transcripts: personal data is detected when a transcript is stored, its spans are kept next to the text,
//! and masked in all output.

use super::{Segment, Speaker, State, Stored, Transcription, Word, corrections, models, store};
use crate::database::DbError;
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::interactions::NAME_CAME;
use crate::jobs::{Kind, Outcome, Running};
use crate::masking::{self, Names, Span, Utterance};

/// Returns the kind of job that detects again when the customer's name was received after the transcript.
pub(super) fn job(transcription: &Transcription) -> Kind {
    let transcription = transcription.clone();
    let work = move |job: Running| {
        let transcription = transcription.clone();
        async move {
            let Ok(id) = job.key.parse::<InteractionId>() else {
                return Outcome::GiveUp("the key is no interaction".into());
            };
            match transcription.forget_masks(&id).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::Retry(error.to_string()),
            }
        }
    };
    Kind::new(NAME_CAME, work)
}

impl Transcription {
    /// Returns the unmasked transcript with the spans to be masked. For users with the right to see originals
    /// ([`crate::access::rights::SeeOriginals`]), after the view is in the audit log, and for code that masks by itself.
    pub async fn original(&self, id: &InteractionId) -> Result<Stored, DbError> {
        let mut reader = self.db.read().await?;
        let Some(mut stored) = store::find(reader.conn(), id).await? else { return Ok(Stored::default()) };
        if stored.state == State::Done {
            let (segments, masks) = store::segments(reader.conn(), id).await?;
            let newest = store::corrections::newest(reader.conn(), id, &stored.take).await?;
            drop(reader);
            stored.masks = match masks {
                Some(masks) => masks,
                None => self.look_for_masks(id, &segments).await?,
            };
            stored.segments = segments;
            corrections::apply(&mut stored, newest);
            // Corrected text changes the masks, also in the segments around it.
            if !stored.corrections.is_empty() {
                stored.masks = self.look_for_masks(id, &stored.segments).await?;
            }
        }
        Ok(stored)
    }

    /// Returns the spans to be masked in each segment. After erasure the customer's name is known by the existing
    /// masks.
    pub(super) async fn look_for_masks(
        &self,
        id: &InteractionId,
        segments: &[Segment],
    ) -> Result<Vec<Vec<Span>>, DbError> {
        let texts = segments.iter().map(|segment| segment.text.as_str());
        let names = self.interactions.names_in(id, texts).await?;
        let recording = self.interactions.recording(id).await?;
        let is_uncertain = recording.is_some_and(|recording| recording.staff_set_speakers);
        Ok(if is_uncertain { find_for_any_speaker(segments, &names) } else { find(segments, &names) })
    }

    async fn forget_masks(&self, id: &InteractionId) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        // Lock order: jobs, then transcripts. The search index from before the name was known still holds it.
        self.changed(id, Effects::new()).save(tx.conn(), self.clock.now()).await?;
        store::forget_masks(tx.conn(), id).await?;
        tx.commit().await
    }

    /// Whether this model's word times are only proportional shares of a span of speech.
    pub fn has_rough_times(&self, model: Option<&str>) -> bool {
        models::entry(model.unwrap_or_default()).is_some_and(|entry| entry.times == models::Times::Spans)
    }
}

/// Returns the spans to be masked in each segment. Pure, for other code that stores or indexes words.
pub fn find(segments: &[Segment], names: &Names) -> Vec<Vec<Span>> {
    find_with_agent(segments, names, Some(Speaker::Agent))
}

/// Returns the spans to be masked in each segment where the agent is uncertain: the union of the findings with each of
/// the speakers, or none, as the agent. So a wrong assignment of speakers reveals nothing that was masked before.
fn find_for_any_speaker(segments: &[Segment], names: &Names) -> Vec<Vec<Span>> {
    let mut agents = vec![None];
    for segment in segments {
        if !agents.contains(&Some(segment.speaker)) {
            agents.push(Some(segment.speaker));
        }
    }
    let mut found = vec![Vec::new(); segments.len()];
    for agent in agents {
        for (found, more) in found.iter_mut().zip(find_with_agent(segments, names, agent)) {
            found.extend(more);
        }
    }
    found.into_iter().map(masking::joined).collect()
}

fn find_with_agent(segments: &[Segment], names: &Names, agent: Option<Speaker>) -> Vec<Vec<Span>> {
    let speakers: Vec<String> = segments.iter().map(|segment| segment.speaker.to_string()).collect();
    let said: Vec<Utterance<'_>> = segments
        .iter()
        .zip(&speakers)
        .map(|(segment, speaker)| Utterance {
            speaker,
            // A speaker who is not known to be the agent may be the customer.
            customer: Some(segment.speaker) != agent,
            time_ms: Some((segment.start_ms, segment.end_ms)),
            text: &segment.text,
        })
        .collect();
    masking::find_in_talk(&said, names)
}

impl Stored {
    /// Masks all spans to be masked.
    pub fn masked(mut self) -> Self {
        for (segment, spans) in self.segments.iter_mut().zip(std::mem::take(&mut self.masks)) {
            if !spans.is_empty() {
                *segment = masked(segment, &spans);
            }
        }
        for correction in &mut self.corrections {
            correction.machine_text = masking::apply(&correction.machine_text, &std::mem::take(&mut correction.masks));
        }
        self
    }
}

/// Returns a segment with the spans masked, in its text and word by word; where words and text differ, the words are
/// left out.
pub fn masked(segment: &Segment, spans: &[Span]) -> Segment {
    let places = masking::places(&segment.text, segment.words.iter().map(|word| word.text.as_str()));
    let words = places.map_or_else(Vec::new, |places| {
        let one = |group: masking::Group| match (group.masked, &segment.words[group.words]) {
            (Some(text), words @ [first, .., last]) => {
                let confidence = words.iter().map(|word| word.confidence).sum::<f32>() / words.len() as f32;
                Word { start_ms: first.start_ms, end_ms: last.end_ms, text, confidence }
            }
            (text, [word]) => Word { text: text.unwrap_or_else(|| word.text.clone()), ..word.clone() },
            (_, _) => {
                Word { start_ms: segment.start_ms, end_ms: segment.start_ms, text: String::new(), confidence: 0.0 }
            }
        };
        masking::groups(&segment.text, &places, spans).into_iter().map(one).collect()
    });
    Segment { text: masking::apply(&segment.text, spans), words, ..segment.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(text: &str, speaker: Speaker, start_ms: u64) -> Segment {
        let words = text.split(' ').enumerate().map(|(at, word)| {
            let start_ms = start_ms + at as u64 * 100;
            Word { start_ms, end_ms: start_ms + 80, text: word.to_owned(), confidence: 0.5 }
        });
        let words: Vec<Word> = words.collect();
        let end_ms = words.last().map_or(start_ms, |word| word.end_ms);
        Segment { start_ms, end_ms, speaker, text: text.to_owned(), confidence: 0.5, words }
    }

    #[test]
    fn text_and_words_say_the_same() {
        let heard = [
            segment("Your card number, please?", Speaker::Agent, 0),
            segment("Yes, four one one one one one one one", Speaker::Customer, 1_000),
            segment("one one one one one one one one. Thanks, Emma here.", Speaker::Customer, 2_500),
        ];
        let masks = find(&heard, &Names::of("Emma Clark"));
        let stored = Stored { segments: heard.to_vec(), masks, ..Stored::default() }.masked();
        let texts: Vec<_> = stored.segments.iter().map(|segment| segment.text.as_str()).collect();
        assert_eq!(texts, ["Your card number, please?", "Yes, [card number]", "[card number]. Thanks, [name] here."]);
        for segment in &stored.segments {
            let joined = segment.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
            assert_eq!(joined, segment.text);
        }
        let number = &stored.segments[1].words[1];
        assert_eq!((number.start_ms, number.end_ms), (1_100, 1_880));
        assert!(stored.masks.is_empty());
    }

    #[test]
    fn an_uncertain_agent_shows_nothing_that_either_choice_masks() {
        let heard = |first, second| {
            [
                segment("Thank you, Mrs. Clark, and goodbye.", first, 0),
                segment("My name is Emma Stone.", second, 2_000),
                segment("Thanks, Sydney.", second, 4_000),
            ]
        };
        let names = Names::none();
        let (right, swapped) = (heard(Speaker::Agent, Speaker::Customer), heard(Speaker::Customer, Speaker::Agent));
        let sure = find(&right, &names);
        assert_ne!(find(&swapped, &names), sure, "a swap shows a name");
        for segments in [right, swapped] {
            for (uncertain, sure) in find_for_any_speaker(&segments, &names).iter().zip(&sure) {
                let is_covered = |span: &Span| {
                    uncertain
                        .iter()
                        .any(|wide| wide.range.start <= span.range.start && wide.range.end >= span.range.end)
                };
                assert!(sure.iter().all(is_covered), "{uncertain:?} {sure:?}");
            }
        }
    }

    #[test]
    fn where_words_and_text_differ_no_word_is_shown() {
        let mut odd = segment("write to jerry@example.net", Speaker::Customer, 0);
        odd.text = "write to  jerry at example.net".into();
        odd.words[0].text = "Write".into();
        let spans = masking::find(&odd.text, &Names::none());
        let left = masked(&odd, &spans);
        assert_eq!((left.text.as_str(), left.words.len()), ("write to  [e-mail]", 0));
    }
}
