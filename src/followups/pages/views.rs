//! Views of the templates.

use crate::followups::{
    CAUSE_DAYS, Cause, CauseCount, Contact, FollowUp, MAX_NOTE_CHARS, Outcome, Owner, Reason, State, Step, Waiting,
    Which, steps,
};
use crate::paging::Page;
use crate::web::Shell;
use crate::web::format::When;
use askama::Template;

/// Returns a day in words: "20 Nov 2026"; the text itself if it is no day.
fn day(text: &str) -> String {
    text.parse::<jiff::civil::Date>().map_or_else(|_| text.to_owned(), |day| day.strftime("%-d %b %Y").to_string())
}

/// A follow-up as a row.
pub(super) struct FollowUpRow {
    pub href: String,
    pub title: &'static str,
    pub why: Option<String>,
    pub team: Option<String>,
    pub agent: Option<String>,
    pub due: String,
    pub overdue: bool,
    pub owner: Option<String>,
    pub ended: Option<String>,
    pub cause: Option<&'static str>,
}

impl FollowUpRow {
    fn new(f: FollowUp, today: &str) -> Self {
        let outcome = f.outcome().map(Outcome::words);
        Self {
            href: format!("/follow-ups/{}", f.id),
            title: f.reason.words(),
            overdue: f.is_overdue(today),
            ended: f.closed_on.as_deref().map(|on| format!("{}, {}", outcome.unwrap_or("Closed"), day(on))),
            cause: f.cause().map(Cause::words),
            due: day(&f.due_on),
            why: f.why,
            team: f.team_name,
            agent: f.agent_name,
            owner: f.owner_name,
        }
    }
}

/// A cause in the bar chart.
pub(super) struct Bar {
    pub words: &'static str,
    pub n: i64,
    pub width: String,
}

#[derive(Template)]
#[template(path = "followups/list.html")]
pub(super) struct ListPage {
    page: Shell,
    which: &'static str,
    closed: bool,
    rows: Vec<FollowUpRow>,
    waiting: Waiting,
    bars: Vec<Bar>,
    days: u64,
    older: Option<String>,
}

impl ListPage {
    pub(super) fn new(
        page: Shell,
        which: Which,
        found: Page<FollowUp>,
        waiting: Waiting,
        causes: Vec<CauseCount>,
        today: &str,
    ) -> Self {
        let which = match which {
            Which::Open => "open",
            Which::Mine => "mine",
            Which::Closed => "closed",
        };
        let most = causes.iter().map(|cause| cause.n).max().unwrap_or(1).max(1) as f64;
        let bar =
            |c: CauseCount| Bar { words: c.cause.words(), n: c.n, width: format!("{:.1}", c.n as f64 / most * 100.0) };
        Self {
            page,
            which,
            closed: which == "closed",
            older: found.next.map(|next| format!("/follow-ups?show={which}&cursor={next}")),
            rows: found.items.into_iter().map(|f| FollowUpRow::new(f, today)).collect(),
            waiting,
            bars: causes.into_iter().map(bar).collect(),
            days: CAUSE_DAYS,
        }
    }
}

/// Contact data.
pub(super) struct ContactView {
    name: String,
    reach: String,
    /// Link for calling or writing.
    href: String,
    about: Option<String>,
}

impl From<Contact> for ContactView {
    fn from(c: Contact) -> Self {
        let bare: String = c.reach.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        let href = if c.reach.contains('@') { format!("mailto:{}", c.reach) } else { format!("tel:{bare}") };
        Self { name: c.name, reach: c.reach, href, about: c.about }
    }
}

/// A step in words.
pub(super) struct StepView {
    words: String,
    note: Option<String>,
    when: When,
    name: String,
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        let words = match step.what.as_str() {
            "taken" => "took it".to_owned(),
            "assigned" => format!("gave it to {}", step.note.as_deref().unwrap_or("somebody")),
            "due" => format!("set the day to {}", day(step.note.as_deref().unwrap_or_default())),
            "note" => "wrote a note".to_owned(),
            "finished" => "closed it".to_owned(),
            "erased" => "erased what was written here".to_owned(),
            _ => "undid the step before".to_owned(),
        };
        let note = step.note.filter(|_| matches!(step.what.as_str(), "note" | "finished"));
        Self { words, note, when: step.at.into(), name: step.name }
    }
}

/// A selectable option.
pub(super) struct Choice {
    code: &'static str,
    words: &'static str,
}

/// Values of a rejected form.
#[derive(Default)]
pub(super) struct Typed {
    pub outcome: String,
    pub cause: String,
    pub last: String,
    pub note: String,
    pub owner: String,
    /// Invalid due day; otherwise that of the follow-up.
    pub due: Option<String>,
}

#[derive(Template)]
#[template(path = "followups/open.html")]
pub(super) struct OpenPage {
    pub page: Shell,
    pub interaction: String,
    pub why: String,
    pub due: String,
    pub problem: String,
}

#[derive(Template)]
#[template(path = "followups/one.html")]
pub(super) struct OnePage {
    page: Shell,
    id: String,
    row: FollowUpRow,
    interaction: Option<String>,
    opened: String,
    due_on: String,
    today: String,
    state: &'static str,
    badge: &'static str,
    is_closed: bool,
    is_callback: bool,
    gone: bool,
    own: bool,
    has_contact: bool,
    /// Contact data, shown once after they were requested.
    contact: Option<ContactView>,
    /// Reason of a rejection.
    problem: Option<String>,
    typed: Typed,
    steps: Vec<StepView>,
    can_undo: bool,
    owners: Vec<Owner>,
    outcomes: Vec<Choice>,
    causes: Vec<Choice>,
    most: usize,
}

impl OnePage {
    pub(super) fn new(page: Shell, f: FollowUp, all: Vec<Step>, owners: Vec<Owner>, own: bool, today: &str) -> Self {
        let badge = match f.state {
            State::Closed => "ok",
            _ if f.is_overdue(today) => "bad",
            State::Taken => "info",
            State::Open => "warn",
        };
        let is_final = f.outcome().is_some_and(Outcome::is_final);
        Self {
            id: f.id.to_string(),
            interaction: f.interaction_id.as_ref().map(|id| format!("/interactions/{id}")),
            opened: day(&f.opened_on),
            due_on: f.due_on.clone(),
            today: today.to_owned(),
            state: f.state.words(),
            badge,
            is_closed: f.state == State::Closed,
            is_callback: f.reason == Reason::CallbackRequest,
            gone: f.reason == Reason::Gone,
            own,
            has_contact: f.has_contact(),
            contact: None,
            problem: None,
            typed: Typed::default(),
            can_undo: steps::undoable(&all).is_some() && !is_final,
            steps: all.into_iter().map(StepView::from).collect(),
            owners,
            outcomes: Outcome::CHOICES.iter().map(|o| Choice { code: o.code(), words: o.words() }).collect(),
            causes: Cause::ALL.iter().map(|c| Choice { code: c.code(), words: c.words() }).collect(),
            most: MAX_NOTE_CHARS,
            row: FollowUpRow::new(f, today),
            page,
        }
    }

    /// Returns the page with the contact data.
    pub(super) fn showing(self, contact: Contact) -> Self {
        Self { contact: Some(contact.into()), ..self }
    }

    /// Returns the page with the entered values and the problem. If the form is no longer offered, its text is offered
    /// as a note.
    pub(super) fn with(self, mut typed: Typed, problem: String) -> Self {
        if self.is_closed && typed.note.is_empty() {
            typed.note = std::mem::take(&mut typed.last);
        }
        Self { due_on: typed.due.take().unwrap_or(self.due_on), typed, problem: Some(problem), ..self }
    }
}
