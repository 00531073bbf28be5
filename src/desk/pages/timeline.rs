//! Measures of a conversation for its page: a timeline, the moments on it, and figures in words.

use crate::desk::Turn;
use crate::desk::words::{clock, count, stretch};
use crate::interactions::Interaction;
use crate::measures::{CallMeasures, ChatMeasures, Measures, Place, SpeakerMeasures};
use crate::transcription::Speaker;

/// Maximum number of moments of a kind that are drawn; the table lists them all.
const MAX_DRAWN: usize = 20;
/// Minimum length of a wait that is drawn, in ms.
const WAIT_DRAWN_MS: i64 = 60_000;
/// Time before a moment at which the player starts, in ms.
const LEAD_MS: i64 = 1_500;
/// Minimum width of a mark that has room for its length, in percent of the whole.
const ROOM_FOR_WORDS: f64 = 9.0;

/// A figure in words.
pub(super) struct Figure {
    pub name: String,
    pub value: String,
    pub note: Option<String>,
}

/// A bar, in percent of the whole.
pub(super) struct Bar {
    pub x: String,
    pub width: String,
}

/// Bars of one speaker.
pub(super) struct Lane {
    pub label: String,
    /// CSS class: `agent`, `customer`, `other`.
    pub class: &'static str,
    pub bars: Vec<Bar>,
}

/// A notable moment.
pub(super) struct Moment {
    /// Kind, which gives its shape: `quiet`, `both`, `cut`, `wait`, `nag`.
    pub kind: &'static str,
    /// Description: "Silence of 21 seconds".
    pub what: String,
    /// Position: "2:10".
    pub clock: String,
    /// Length: "0:21"; empty for a point in time.
    pub length: String,
    /// Anchor of the line of the transcript.
    pub href: String,
    /// Position at which the player starts, in ms.
    pub play_ms: i64,
    pub bar: Bar,
    /// Whether it is on the timeline, rather than only in the table.
    pub drawn: bool,
    /// Whether the mark has room for its length.
    pub roomy: bool,
    start_ms: i64,
}

/// Timeline with its figures.
pub(super) struct Timeline {
    pub is_chat: bool,
    pub lanes: Vec<Lane>,
    pub moments: Vec<Moment>,
    pub figures: Vec<Figure>,
    /// Note beside the figures.
    pub note: Option<String>,
    /// Summary: "2 silences, 1 interruption".
    pub summary: String,
    /// Silences for the waveform, as JSON.
    pub marks: String,
}

/// Positions on the timeline, and in the transcript.
struct Ruler<'a> {
    whole_ms: i64,
    turns: &'a [Turn],
}

impl Ruler<'_> {
    fn bar(&self, place: Place) -> Bar {
        let whole = self.whole_ms.max(1) as f64;
        let part = |ms: i64| (ms as f64 / whole * 100.0).clamp(0.0, 100.0);
        let (from, to) = (part(place.start_ms), part(place.end_ms));
        Bar { x: format!("{from:.3}%"), width: format!("{:.3}%", to - from) }
    }

    /// Returns the line that begins at or after this moment, otherwise the last one.
    fn line(&self, at_ms: i64) -> String {
        let next = self.turns.iter().position(|turn| turn.start_ms >= at_ms);
        match next.or(self.turns.len().checked_sub(1)) {
            Some(index) => format!("#t{index}-{}", self.turns[index].start_ms),
            None => "#said".to_owned(),
        }
    }

    fn moment(&self, kind: &'static str, what: String, place: Place) -> Moment {
        let share = place.length_ms() as f64 / self.whole_ms.max(1) as f64 * 100.0;
        Moment {
            kind,
            what,
            clock: clock(place.start_ms),
            length: if place.length_ms() > 0 { clock(place.length_ms()) } else { String::new() },
            href: self.line(place.start_ms),
            play_ms: (place.start_ms - LEAD_MS).max(0),
            bar: self.bar(place),
            drawn: false,
            roomy: share >= ROOM_FOR_WORDS,
            start_ms: place.start_ms,
        }
    }
}

impl Timeline {
    /// Returns the timeline of the measures; `None` if there is nothing to draw.
    pub(super) fn new(measures: Option<&Measures>, turns: &[Turn], interaction: &Interaction) -> Option<Self> {
        let measures = measures?;
        match (&measures.chat, &measures.call) {
            (Some(chat), _) => Some(Self::of_chat(chat, turns)),
            (None, Some(call)) => Some(Self::of_call(call, turns, interaction)),
            (None, None) => None,
        }
    }

    fn of_call(call: &CallMeasures, turns: &[Turn], interaction: &Interaction) -> Self {
        let spoken = call.speakers.iter().flat_map(|s| &s.spans).map(|span| span.end_ms).max().unwrap_or(0);
        let ruler = Ruler { whole_ms: call.length_ms.unwrap_or(spoken).max(spoken), turns };
        let mut moments: Vec<Moment> = Vec::new();
        let mut silences = call.dead_air.clone();
        silences.sort_by_key(|place| -place.length_ms());
        moments.extend(
            silences
                .into_iter()
                .map(|place| ruler.moment("quiet", format!("Silence of {}", stretch(place.length_ms())), place)),
        );
        for cut in call.interruptions.iter().flatten() {
            let place = Place::new(cut.at_ms, cut.at_ms + cut.overlap_ms);
            let what = format!("{} interrupts {}", cut.by.label(), lower(cut.of));
            moments.push(ruler.moment("cut", what, place));
        }
        let cuts: Vec<i64> = call.interruptions.iter().flatten().map(|cut| cut.at_ms).collect();
        let both =
            call.overlaps.iter().filter(|place| !cuts.iter().any(|at| *at >= place.start_ms && *at < place.end_ms));
        moments.extend(both.map(|place| ruler.moment("both", "Both speak".into(), *place)));
        let places = |places: &[Place]| places.iter().map(|place| ruler.bar(*place)).collect();
        let lanes = call.speakers.iter().map(|s| Lane {
            label: s.speaker.label(),
            class: class(s.speaker),
            bars: places(&s.spans),
        });
        let marks = call
            .dead_air
            .iter()
            .map(|place| serde_json::json!({ "kind": "silence", "start_ms": place.start_ms, "end_ms": place.end_ms }));
        Self {
            is_chat: false,
            lanes: lanes.collect(),
            summary: summary(&moments),
            moments: in_order(moments),
            figures: call_figures(call),
            note: hold_note(call, interaction.hold_ms),
            marks: serde_json::Value::from(marks.collect::<Vec<_>>()).to_string(),
        }
    }

    fn of_chat(chat: &ChatMeasures, turns: &[Turn]) -> Self {
        let written = turns.last().map_or(0, |turn| turn.end_ms);
        let waited = chat.waits.iter().map(|wait| wait.start_ms + wait.ms).max().unwrap_or(0);
        let ruler = Ruler { whole_ms: written.max(waited), turns };
        let mut waits = chat.waits.clone();
        waits.retain(|wait| wait.ms >= WAIT_DRAWN_MS);
        waits.sort_by_key(|wait| -wait.ms);
        let mut moments: Vec<Moment> = Vec::new();
        for wait in waits {
            let long = stretch(wait.ms);
            let what = if wait.answered {
                format!("The customer waits {long} for a reply")
            } else {
                format!("No reply for {long}, to the end")
            };
            moments.push(ruler.moment("wait", what, Place::new(wait.start_ms, wait.start_ms + wait.ms)));
        }
        let nags = chat
            .nags
            .iter()
            .map(|nag| ruler.moment("nag", "A pressure message".into(), Place::new(nag.start_ms, nag.start_ms)));
        moments.extend(nags);
        let lane = |label: &str, class, speaker: &[&str]| {
            let own = turns.iter().filter(|turn| !turn.private && speaker.contains(&turn.speaker.as_str()));
            let bars: Vec<Bar> = own.map(|turn| ruler.bar(Place::new(turn.start_ms, turn.start_ms))).collect();
            (!bars.is_empty()).then(|| Lane { label: label.to_owned(), class, bars })
        };
        let lanes = [
            lane("Agent", "agent", &["agent"]),
            lane("Customer", "customer", &["customer"]),
            lane("Others", "other", &["bot", "system", "other"]),
        ];
        Self {
            is_chat: true,
            lanes: lanes.into_iter().flatten().collect(),
            summary: summary(&moments),
            moments: in_order(moments),
            figures: chat_figures(chat),
            note: None,
            marks: "[]".into(),
        }
    }

    /// Whether this kind is on the timeline.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.moments.iter().any(|moment| moment.kind == kind)
    }
}

/// Draws the first of each kind, and sorts all of them by time.
fn in_order(mut moments: Vec<Moment>) -> Vec<Moment> {
    for kind in ["quiet", "cut", "both", "wait", "nag"] {
        for moment in moments.iter_mut().filter(|moment| moment.kind == kind).take(MAX_DRAWN) {
            moment.drawn = true;
        }
    }
    moments.sort_by_key(|moment| moment.start_ms);
    moments
}

fn summary(moments: &[Moment]) -> String {
    let of = |kind: &str| moments.iter().filter(|moment| moment.kind == kind).count();
    let said = [
        (of("quiet"), "long silence", "long silences"),
        (of("cut"), "interruption", "interruptions"),
        (of("both"), "time both speak", "times both speak"),
        (of("wait"), "long wait", "long waits"),
        (of("nag"), "pressure message", "pressure messages"),
    ];
    let said: Vec<String> =
        said.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(n, one, many)).collect();
    said.join(", ")
}

fn class(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Agent => "agent",
        Speaker::Customer => "customer",
        Speaker::Channel(_) | Speaker::Unknown => "other",
    }
}

fn lower(speaker: Speaker) -> String {
    match speaker {
        Speaker::Agent | Speaker::Customer => format!("the {speaker}"),
        other => other.label().to_lowercase(),
    }
}

fn figure(name: impl Into<String>, value: impl Into<String>, note: Option<String>) -> Figure {
    Figure { name: name.into(), value: value.into(), note }
}

fn spoken(one: &SpeakerMeasures) -> Figure {
    let pace = one.words_per_minute.map(|pace| format!("{pace:.0} words a minute"));
    let time = clock(one.talk_ms);
    match one.talk_share {
        Some(share) => {
            let note = pace.map_or_else(|| time.clone(), |pace| format!("{time}, {pace}"));
            figure(format!("{} speaks", one.speaker.label()), format!("{:.0} %", share * 100.0), Some(note))
        }
        None => figure("Somebody speaks", time, pace),
    }
}

fn call_figures(call: &CallMeasures) -> Vec<Figure> {
    let mut all: Vec<Figure> = call.speakers.iter().map(spoken).collect();
    let over = stretch(call.dead_air_after_ms);
    all.push(match call.dead_air.len() {
        0 => figure("Dead air", "none", Some(format!("never quiet for over {over}"))),
        n => figure(
            "Dead air",
            clock(call.dead_air_ms),
            Some(format!("{} of over {over}", count(n, "silence", "silences"))),
        ),
    });
    // A silence below a second would read as 0:00.
    if let Some(longest) = call.longest_silence.filter(|silence| silence.length_ms() >= 1_000) {
        all.push(figure(
            "Longest silence",
            clock(longest.length_ms()),
            Some(format!("at {}", clock(longest.start_ms))),
        ));
    }
    if let Some(overlap) = call.overlap_ms {
        all.push(figure("Both speak", clock(overlap), None));
    }
    if let Some(cuts) = &call.interruptions {
        let by = |who: Speaker| cuts.iter().filter(|cut| cut.by == who).count();
        let (agent, customer) = (by(Speaker::Agent), by(Speaker::Customer));
        let known = !cuts.is_empty() && agent + customer == cuts.len();
        all.push(figure(
            "Interruptions",
            cuts.len().to_string(),
            known.then(|| format!("by the agent {agent}, by the customer {customer}")),
        ));
    }
    all
}

/// Returns the note about time on hold, of which only the duration is known, not the position.
fn hold_note(call: &CallMeasures, hold_ms: Option<i64>) -> Option<String> {
    let hold = hold_ms.filter(|ms| *ms > 0 && !call.dead_air.is_empty())?;
    Some(format!(
        "Music is no speech: the {} on hold count as silence. When it was on hold, the telephone system does not say.",
        clock(hold)
    ))
}

fn chat_figures(chat: &ChatMeasures) -> Vec<Figure> {
    let mut all = Vec::new();
    match chat.first_reply_ms {
        Some(ms) => all.push(figure("First reply after", stretch(ms), None)),
        None if chat.messages.customer > 0 && chat.messages.agent == 0 => {
            all.push(figure("First reply", "none came", None))
        }
        None => {}
    }
    if let Some(wait) = chat.longest_wait {
        let note = if wait.answered {
            format!("from {}", clock(wait.start_ms))
        } else {
            format!("from {}, never answered", clock(wait.start_ms))
        };
        all.push(figure("Longest wait", stretch(wait.ms), Some(note)));
    }
    if let Some(ms) = chat.median_reply_ms {
        all.push(figure("Half of the replies within", stretch(ms), None));
    }
    all.push(figure("Pressure messages", chat.nags.len().to_string(), None));
    let m = chat.messages;
    let sides = [(m.customer, "customer"), (m.agent, "agent"), (m.bot, "bot")];
    let note: Vec<String> = sides.iter().filter(|(n, _)| *n > 0).map(|(n, who)| format!("{who} {n}")).collect();
    let total = m.customer + m.agent + m.bot;
    all.push(figure("Messages", total.to_string(), (!note.is_empty()).then(|| note.join(", "))));
    all
}
