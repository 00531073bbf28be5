//! Views of the templates.

use super::super::{Clip, ClipCard, FlagForm, Progress, Search, Skill, Sound, UNDO, may_change};
use crate::access::{Principal, Role};
use crate::masking::{Piece, pieces};
use crate::paging::Cursor;
use crate::web::format::clock;
use crate::web::{Shell, When};
use askama::Template;

/// A card of the library.
pub(super) struct CardView {
    pub href: String,
    pub title: String,
    pub why: String,
    pub skills: Vec<String>,
    pub channel: &'static str,
    pub length: String,
    pub by: String,
    pub at: When,
    pub finished: Option<When>,
}

fn channel(code: &str) -> &'static str {
    if code == "chat" { "Chat" } else { "Call" }
}

impl From<ClipCard> for CardView {
    fn from(card: ClipCard) -> Self {
        Self {
            href: format!("/library/{}", card.id),
            title: card.title,
            why: card.why,
            skills: card.skills,
            channel: channel(&card.channel),
            length: clock(card.length_ms),
            by: card.created_name,
            at: card.created_at.into(),
            finished: card.finished_at.map(When::from),
        }
    }
}

/// Page `/library`.
#[derive(Template)]
#[template(path = "training/library.html")]
pub(super) struct LibraryPage {
    pub page: Shell,
    pub search: Search,
    pub cards: Vec<CardView>,
    pub skills: Vec<Skill>,
    pub newest: Option<String>,
    pub older: Option<String>,
    /// Clip that was just removed, to restore it.
    pub removed: Option<Clip>,
    pub may_flag: bool,
}

impl LibraryPage {
    fn searched(&self) -> bool {
        self.search != Search::default()
    }
}

/// Returns the library's URL for a search.
pub(super) fn library_link(search: &Search, cursor: Option<&Cursor>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("q", &search.words), ("skill", &search.skill)] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", &cursor.to_string());
    }
    format!("/library?{}", query.finish())
}

/// A piece of a line, masked or not.
pub(super) struct Bit {
    pub masked: bool,
    pub text: String,
}

/// A line of the clip.
pub(super) struct Turn {
    pub start_ms: i64,
    pub end_ms: i64,
    pub time: String,
    pub class: &'static str,
    pub who: String,
    pub bits: Vec<Bit>,
}

/// Returns the CSS class of a speaker, and its name.
fn speaker(code: &str) -> (&'static str, String) {
    match code {
        "agent" => ("agent", "Agent".into()),
        "customer" => ("customer", "Customer".into()),
        "bot" => ("bot", "Bot".into()),
        "system" => ("system", "System".into()),
        "unknown" => ("", "Speaker".into()),
        other => ("", other.replace('-', " ")),
    }
}

/// Returns a line's text with masked parts separated.
fn bits(text: &str) -> Vec<Bit> {
    let bit = |piece: Piece<'_>| match piece {
        Piece::Plain(text) => Bit { masked: false, text: text.to_owned() },
        Piece::Masked(kind) => Bit { masked: true, text: kind.to_owned() },
    };
    pieces(text).into_iter().map(bit).collect()
}

fn turns(clip: &Clip) -> Vec<Turn> {
    let turn = |line: &super::super::ClipLine| {
        let (class, who) = speaker(&line.speaker);
        let bits = bits(&line.text);
        Turn { start_ms: line.start_ms, end_ms: line.end_ms, time: clock(line.start_ms), class, who, bits }
    };
    clip.lines.iter().flatten().map(turn).collect()
}

/// Page of one clip.
#[derive(Template)]
#[template(path = "training/clip.html")]
pub(super) struct ClipPage {
    page: Shell,
    id: String,
    title: String,
    why: String,
    skills: Vec<String>,
    channel: &'static str,
    length: String,
    by: String,
    at: When,
    /// Speakers of the channels: "agent,customer".
    speakers: String,
    sound: &'static str,
    sound_problem: String,
    is_sound_ready: bool,
    waits_for_words: bool,
    /// Number of silenced parts of its sound.
    silences: usize,
    turns: Vec<Turn>,
    finished: Option<When>,
    /// Whether the viewer can finish it: agents only.
    learns: bool,
    may_change: bool,
    /// Call or chat, if the viewer may change the clip.
    interaction: Option<String>,
    /// Time until which a removed clip can be restored.
    removed_until: Option<When>,
    flag: FlagForm,
    /// Whether the form is open, since one of its fields was rejected.
    editing: bool,
}

impl ClipPage {
    pub(super) fn new(page: Shell, who: &Principal, clip: Clip, known: &[Skill]) -> Self {
        let (may_change, sound) = (may_change(who, &clip), clip.sound());
        let flag = FlagForm {
            action: format!("/library/{}", clip.id),
            title: clip.title.clone(),
            why: clip.why.clone(),
            ..FlagForm::with_skills(&clip.skills, known)
        };
        Self {
            page,
            length: clock(clip.length_ms()),
            turns: turns(&clip),
            waits_for_words: clip.lines.is_none(),
            silences: clip.silences.len(),
            sound: sound.code(),
            is_sound_ready: sound == Sound::Ready,
            sound_problem: if let Sound::Failed(why) = sound { why } else { String::new() },
            speakers: clip.speakers.join(","),
            id: clip.id.to_string(),
            title: clip.title,
            why: clip.why,
            skills: clip.skills,
            channel: channel(&clip.channel),
            by: clip.created_name,
            at: clip.created_at.into(),
            finished: clip.finished_at.map(When::from),
            learns: who.role() == Some(Role::Agent),
            may_change,
            interaction: clip.interaction_id.filter(|_| may_change).map(|id| id.to_string()),
            removed_until: clip.removed_at.map(|at| When::from(at.plus(UNDO))),
            flag,
            editing: false,
        }
    }

    /// Returns the page with the rejected form.
    pub(super) fn with_form(self, flag: FlagForm) -> Self {
        Self { flag, editing: true, ..self }
    }
}

/// Page with the form alone, after it was rejected.
#[derive(Template)]
#[template(path = "training/flag.html")]
pub(super) struct FlagPage {
    pub page: Shell,
    pub interaction: String,
    pub flag: FlagForm,
}

/// Page `/learn`.
#[derive(Template)]
#[template(path = "training/learn.html")]
pub(super) struct LearnPage {
    page: Shell,
    all: i64,
    finished: i64,
    /// Share between 0 and 1.
    share: String,
    new: Vec<CardView>,
    more_new: i64,
    done: Vec<CardView>,
}

impl LearnPage {
    pub(super) fn new(page: Shell, progress: Progress) -> Self {
        let shown = i64::try_from(progress.new.len()).unwrap_or(i64::MAX);
        Self {
            page,
            all: progress.all,
            finished: progress.finished,
            share: format!("{:.3}", progress.finished as f64 / progress.all.max(1) as f64),
            more_new: progress.all - progress.finished - shown,
            new: progress.new.into_iter().map(CardView::from).collect(),
            done: progress.done.into_iter().map(CardView::from).collect(),
        }
    }
}
