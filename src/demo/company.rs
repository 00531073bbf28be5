//! The demo's company, from `demo/company.json` and the chats next to it.

use crate::access::Role;
use crate::clock::Timestamp;
use serde::Deserialize;

const COMPANY: &str = include_str!("../../demo/company.json");
const CHAT_GOOD: &str = include_str!("../../demo/chat-good.json");
const CHAT_BAD: &str = include_str!("../../demo/chat-bad.json");

/// The staff and a quarter of a year.
#[derive(Debug, Deserialize)]
pub(super) struct Company {
    pub teams: Vec<String>,
    pub agents: Vec<Agent>,
    pub staff: Vec<Person>,
    pub interactions: Vec<DemoInteraction>,
}

/// An agent of the demo.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Agent {
    pub id: String,
    pub name: String,
    pub email: String,
    pub team: String,
}

/// A staff account of the demo.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub email: String,
    pub name: String,
    pub role: Role,
    #[serde(default)]
    pub teams: Vec<String>,
    pub agent: Option<String>,
}

/// An interaction, and its customer's response.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct DemoInteraction {
    pub agent: String,
    pub days_ago: i64,
    pub hour: i64,
    pub minute: i64,
    pub channel: String,
    pub topic: String,
    pub wait_s: i64,
    pub talk_s: i64,
    pub hold_s: i64,
    #[serde(default)]
    pub no_address: bool,
    pub answer: Option<Answered>,
    /// Name of the customer, where the conversation mentions it; else one is made up.
    #[serde(default)]
    pub customer: Option<String>,
    /// `call-good`: its audio is in `demo/`.
    #[serde(default)]
    pub recording: Option<String>,
    /// `chat-good`: its messages are in `demo/`.
    #[serde(default)]
    pub chat: Option<String>,
}

/// Response of a customer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Answered {
    pub score: u8,
    pub resolved: Option<String>,
    pub comment: Option<String>,
    #[serde(default)]
    pub apart: bool,
}

/// A chat in `demo/`.
#[derive(Debug, Deserialize)]
struct Chat {
    messages: Vec<ClipLine>,
}

#[derive(Debug, Deserialize)]
struct ClipLine {
    time: String,
    from: String,
    text: String,
}

/// Returns the company; the text is compiled in, so only an internal mistake makes this fail.
pub(super) fn company() -> Result<Company, serde_json::Error> {
    serde_json::from_str(COMPANY)
}

/// Returns sender, text and ms since the first message, of one of the demo's chats.
pub(super) fn chat(name: &str) -> Result<Vec<(String, String, i64)>, serde_json::Error> {
    let chat: Chat = serde_json::from_str(if name == "chat-bad" { CHAT_BAD } else { CHAT_GOOD })?;
    let time = |line: &ClipLine| Timestamp::parse(&line.time).unwrap_or_default();
    let first = chat.messages.first().map(time).unwrap_or_default();
    Ok(chat
        .messages
        .into_iter()
        .map(|line| {
            let since = time(&line).ms_since(first);
            (line.from, line.text, since)
        })
        .collect())
}

/// Returns the audio of one of the demo's calls (Ogg Vorbis, two channels).
pub(super) fn sound(name: &str) -> &'static [u8] {
    if name == "call-bad" {
        include_bytes!("../../demo/call-bad.ogg")
    } else {
        include_bytes!("../../demo/call-good.ogg")
    }
}
