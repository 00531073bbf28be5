//! `/search`: full-text search in transcripts and messages.

use super::list::{Choice, people};
use crate::access::Role;
use crate::access::rights::SeeInteractions;
use crate::clock::Zone;
use crate::desk::Desk;
use crate::desk::words::{self, When};
use crate::interactions::Channel;
use crate::paging::Cursor;
use crate::search::{Hit, Query as Words, SaidBy, SearchHit, SnippetPiece, Within};
use crate::web::{PageError, Shell, SiteInfo, Viewer, html};
use askama::Template;
use jiff::civil::Date;
use poem::web::{Data, Query};
use poem::{Response, handler};

/// Number of conversations on a page.
const SIZE: usize = 20;

/// Query of the form.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct SearchQuery {
    q: String,
    speaker: String,
    channel: String,
    team: String,
    agent: String,
    queue: String,
    from: String,
    to: String,
    cursor: String,
}

/// A matching line.
struct HitLine {
    href: String,
    clock: String,
    who: String,
    /// CSS class of the speaker.
    class: String,
    pieces: Vec<SnippetPiece>,
}

/// A conversation with matching lines.
struct ResultLine {
    href: String,
    title: String,
    channel: &'static str,
    team: Option<String>,
    agent: Option<String>,
    when: When,
    hits: Vec<HitLine>,
    more: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/search.html")]
struct SearchPage {
    page: Shell,
    asked: SearchQuery,
    /// Problem of the query.
    problem: Option<String>,
    /// Whether a search was made.
    searched: bool,
    results: Vec<ResultLine>,
    speakers: Vec<Choice>,
    channels: Vec<Choice>,
    teams: Vec<Choice>,
    agents: Vec<Choice>,
    narrowed: bool,
    is_agent: bool,
    first: Option<String>,
    older: Option<String>,
}

impl SearchQuery {
    fn filled(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all: [(&'static str, &str); 8] = [
            ("q", &self.q),
            ("speaker", &self.speaker),
            ("channel", &self.channel),
            ("team", &self.team),
            ("agent", &self.agent),
            ("queue", &self.queue),
            ("from", &self.from),
            ("to", &self.to),
        ];
        all.into_iter().filter(|(_, value)| !value.trim().is_empty())
    }

    fn link(&self, cursor: Option<&Cursor>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.filled());
        if let Some(cursor) = cursor {
            query.append_pair("cursor", &cursor.to_string());
        }
        format!("/search?{}", query.finish())
    }

    fn within(&self, zone: &Zone) -> Result<Within, PageError> {
        let wrong = |what: &str| PageError::BadForm(format!("there is no such {what} to choose"));
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let day = |text: &str, name: &str| match filled(text) {
            None => Ok(None),
            Some(day) => day.parse::<Date>().map(Some).map_err(|_| wrong(name)),
        };
        Ok(Within {
            said_by: filled(&self.speaker).map(|s| SaidBy::known(&s).ok_or_else(|| wrong("speaker"))).transpose()?,
            agent: filled(&self.agent).map(|id| id.parse().map_err(|_| wrong("agent"))).transpose()?,
            team: filled(&self.team).map(|id| id.parse().map_err(|_| wrong("team"))).transpose()?,
            channel: filled(&self.channel).map(|c| Channel::known(&c).ok_or_else(|| wrong("channel"))).transpose()?,
            queue: filled(&self.queue),
            from: day(&self.from, "day")?.map(|day| zone.begin(day)),
            // The last day is included.
            before: day(&self.to, "day")?.map(|day| zone.begin(day.saturating_add(jiff::Span::new().days(1)))),
        })
    }
}

fn who(speaker: &str) -> String {
    match speaker {
        "system" => "Chat".to_owned(),
        "other" | "unknown" => "Somebody".to_owned(),
        other => words::capitalised(&other.replace('-', " ")),
    }
}

fn line(page: &str, hit: Hit) -> HitLine {
    HitLine {
        // Anchor of the line on the page; the player jumps there too.
        href: format!("{page}#t{}-{}", hit.seq, hit.start_ms),
        clock: words::clock(hit.start_ms),
        who: who(&hit.speaker),
        class: hit.speaker,
        pieces: hit.snippet,
    }
}

fn result(found: SearchHit) -> ResultLine {
    let i = &found.interaction;
    let href = format!("/interactions/{}", i.id);
    let rest = usize::try_from(found.lines).unwrap_or_default().saturating_sub(found.hits.len());
    ResultLine {
        title: words::title(i),
        channel: words::channel(i.channel),
        team: i.team_name.clone(),
        agent: i.agent_name.clone(),
        when: i.occurred_at.into(),
        more: (rest > 0).then(|| words::count(rest, "more line", "more lines")),
        hits: found.hits.into_iter().map(|hit| line(&href, hit)).collect(),
        href,
    }
}

#[handler]
pub(super) async fn show_search(
    who: Viewer<SeeInteractions>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<SearchQuery>,
) -> Result<Response, PageError> {
    let within = asked.within(&desk.clock.zone())?;
    let (teams, agents) = people(desk, &who.visible(), &who.principal, (&asked.team, &asked.agent)).await?;
    let wanted = (!asked.q.trim().is_empty()).then(|| asked.q.parse::<Words>());
    // An invalid cursor shows the first page.
    let after: Option<Cursor> = asked.cursor.parse().ok();
    let start = after.clone().unwrap_or_else(Cursor::start);
    let (found, problem) = match wanted {
        Some(Ok(words)) => (Some(desk.search.find(&who.principal, &words, &within, &start, SIZE).await?), None),
        Some(Err(error)) => (None, Some(words::capitalised(&error.to_string()))),
        None => (None, None),
    };
    let choice = |asked: &str, (code, words): (&str, &str)| Choice {
        code: code.to_owned(),
        words: words.to_owned(),
        chosen: code == asked,
    };
    let narrowed = asked.filled().any(|(name, _)| name != "q");
    let next = found.as_ref().and_then(|found| found.next.clone());
    Ok(html(&SearchPage {
        page: Shell::new(&who, site, "/search"),
        problem,
        searched: found.is_some(),
        results: found.map(|page| page.items).unwrap_or_default().into_iter().map(result).collect(),
        speakers: [("agent", "Agent"), ("customer", "Customer")].map(|one| choice(&asked.speaker, one)).into(),
        channels: [("call", "Calls"), ("chat", "Chats")].map(|one| choice(&asked.channel, one)).into(),
        teams,
        agents,
        narrowed,
        is_agent: who.role() == Some(Role::Agent),
        first: after.is_some().then(|| asked.link(None)),
        older: next.map(|next| asked.link(Some(&next))),
        asked,
    }))
}
