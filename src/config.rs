//! Configuration: TOML file, then `AFTERWORD__SECTION__KEY` from the environment; checked together, secrets redacted
//! when printed. Only `app` and `cli` read the whole of it.

mod checks;
mod hooks;
mod mail;
mod networks;
mod operators;
mod values;

pub use hooks::{Hooks, MailHooks};
pub use mail::{Dkim, Mail, Rate};
pub use networks::Networks;
pub use operators::{Metrics, Worker};
pub use values::{DatabaseUrl, ListenAddress, MailUrl, RecordingsUrl, ReturnedUrl, Secret, Span};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything that can be set. Every key has a default, so that no configuration at all works.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How the service is reached.
    pub http: Http,
    /// Where records are kept.
    pub database: Database,
    /// Where sound is kept.
    pub recordings: Recordings,
    /// How mail goes out.
    pub mail: Mail,
    /// What other systems call.
    pub hooks: Hooks,
    /// Speech to text.
    pub transcription: Transcription,
    /// Who is asked, and when.
    pub survey: Survey,
    /// The promise.
    pub anonymity: Anonymity,
    /// How long things are kept.
    pub retention: Retention,
    /// Who asks, for those who are asked.
    pub company: Company,
    /// What somebody has to see to.
    pub followups: FollowUps,
    /// Where events are sent.
    pub webhooks: Webhooks,
    /// Who may read the figures for operators.
    pub metrics: Metrics,
    /// `afterword worker`.
    pub worker: Worker,
    /// Log lines.
    pub log: Log,
}

/// How the service is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// What customers and staff type: scheme, host, maybe a port. `http://` and `listen` where it is empty.
    pub public_url: String,
    /// Reverse proxies in front. A client's address is read from the header that they add; from others that header is ignored.
    pub trusted_proxies: Networks,
    /// After SIGTERM: how long `/readyz` answers 503 while everything else is still served, before the port is closed. Longer
    /// than a load balancer needs to notice.
    pub drain: Span,
    /// After the port is closed: how long running requests and background work may take to finish.
    pub stop_timeout: Span,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Span,
    /// How long a client may take to send a body; for recordings, and for answers that it reads, the longest pause between two
    /// pieces.
    pub body_timeout: Span,
    /// How long a connection is kept open between two requests.
    pub idle_timeout: Span,
    /// Maximum number of open connections. Never more than half of the files that the process may open.
    pub max_connections: usize,
    /// Maximum number of open connections of one client address. Never more than half of all. Trusted proxies have no limit of
    /// their own.
    pub max_connections_per_client: usize,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: String::new(),
            trusted_proxies: Networks::default(),
            drain: Span::seconds(1),
            stop_timeout: Span::seconds(20),
            header_timeout: Span::seconds(10),
            body_timeout: Span::minutes(1),
            idle_timeout: Span::seconds(75),
            max_connections: 4096,
            max_connections_per_client: 256,
        }
    }
}

/// Where records are kept, and how long a request waits for them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://user:password@host/name`.
    pub url: DatabaseUrl,
    /// Maximum number of connections of this process; on SQLite those that read, beside one that writes. 0: 16 on PostgreSQL,
    /// 4 on SQLite.
    pub max_connections: u32,
    /// How long a request waits for a free connection; on SQLite until its transaction has begun.
    pub acquire_timeout: Span,
    /// How long a statement waits for a lock that somebody else holds: PostgreSQL's `lock_timeout`, SQLite's `busy_timeout`.
    pub lock_timeout: Span,
    /// How long a statement may take on PostgreSQL, waiting for locks included (`statement_timeout`).
    pub statement_timeout: Span,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::Sqlite(PathBuf::from("data/afterword.db")),
            max_connections: 0,
            acquire_timeout: Span::seconds(5),
            lock_timeout: Span::seconds(5),
            statement_timeout: Span::seconds(30),
        }
    }
}

/// Where sound is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recordings {
    /// `file:DIR`.
    pub url: RecordingsUrl,
    /// The largest recording taken, in bytes.
    pub max_bytes: u64,
    /// Maximum number of recordings that are made into WAV at the same time, for players that don't know their format.
    pub max_renditions: usize,
    /// Speakers of the channels of a recording whose sender names none, such as `agent,customer`; empty: not known. Applies to
    /// recordings with that many channels.
    pub channels: String,
    /// The same for single sources, by their name.
    #[serde(deserialize_with = "values::table")]
    pub channels_by_source: BTreeMap<String, String>,
}

impl Default for Recordings {
    fn default() -> Self {
        Self {
            url: RecordingsUrl::File(PathBuf::from("data/recordings")),
            max_bytes: 1 << 30,
            max_renditions: 2,
            channels: String::new(),
            channels_by_source: BTreeMap::new(),
        }
    }
}

/// Speech to text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transcription {
    /// A name of `afterword models list`, or a path to a ggml file. Empty: `tiny.en` where English is the only one of
    /// `languages`, else `base`.
    pub model: String,
    /// Codes of the languages that are spoken in the recordings, such as `en`; empty: any.
    #[serde(deserialize_with = "values::list")]
    pub languages: Vec<String>,
    /// Threads that transcribe; 0: one a core.
    pub threads: usize,
    /// Where fetched models lie.
    pub models_dir: PathBuf,
    /// A silence longer than this is dead air.
    pub dead_air: Span,
    /// Recordings up to this length have a place of their own, so that they don't wait for longer ones; `0s`: none has.
    pub short: Span,
}

impl Default for Transcription {
    fn default() -> Self {
        Self {
            model: String::new(),
            languages: Vec::new(),
            threads: 0,
            models_dir: PathBuf::from("data/models"),
            dead_air: Span::seconds(8),
            short: Span::minutes(5),
        }
    }
}

/// Which ways of using an answer the customer may choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choices {
    /// Linked or apart, as the customer likes.
    Both,
    /// Linked only.
    Linked,
    /// Apart only.
    Apart,
}

/// A way of using an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// Beside the recording.
    Linked,
    /// Never joined to the interaction.
    Apart,
}

/// Which choice is selected when the page opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// None: the customer chooses.
    None,
    /// Linked; the page says that the company selected it.
    Linked,
    /// Apart; the page says that the company selected it.
    Apart,
}

/// Who is asked, and when.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Survey {
    /// The company's name as customers know it.
    pub company: String,
    /// How long an interaction must have been final before its survey is decided.
    pub settle: Span,
    /// How long a customer is left in peace after being asked.
    pub quiet_period: Span,
    /// How long a link can be answered.
    pub expires_after: Span,
    /// After how long everybody whose survey is open is reminded once; 0s: nobody is.
    pub reminder_after: Span,
    /// How long an answer can be changed.
    pub edit_for: Span,
    /// An answer that comes sooner after its mail left is taken for a program's, and asked to be confirmed; `0s`: none is.
    pub too_fast: Span,
    /// Answered calls with less talk than this are not surveyed.
    pub min_talk: Span,
    /// What the page offers.
    pub choices: Choices,
    /// What is selected when the page opens, where it offers both.
    pub preset: Preset,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            company: "Customer care".into(),
            settle: Span::minutes(2),
            quiet_period: Span::days(30),
            expires_after: Span::days(14),
            reminder_after: Span::seconds(0),
            edit_for: Span::minutes(15),
            too_fast: Span::seconds(3),
            min_talk: Span::seconds(10),
            choices: Choices::Both,
            preset: Preset::None,
        }
    }
}

/// The promise.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Anonymity {
    /// The smallest batch of answers that is ever released; never under 3.
    pub k: u32,
    /// Answers that have waited so long for others of the same agent are counted for the team, and after as long again for
    /// the whole organisation.
    pub goes_up_after: Span,
    /// The key that seals answers and addresses. Not in the database, and never in the same backup as it.
    pub key_file: PathBuf,
}

impl Default for Anonymity {
    fn default() -> Self {
        Self { k: 5, goes_up_after: Span::days(90), key_file: PathBuf::from("data/afterword.key") }
    }
}

/// How long things are kept after their conversation; `0s`: until somebody erases them, which is what is preset. Addresses,
/// marks of who was asked and sealed answers go by themselves, whatever stands here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// The sound of calls. Clips of the library stay, masked, until they are taken out there.
    pub recordings: Span,
    /// Transcripts, and what was written in chats.
    pub transcripts: Span,
    /// Calls and chats with all that hangs on them: recording, words, measures, linked answer.
    pub interactions: Span,
    /// Lines of the audit log.
    pub audit: Span,
    /// Lines of the outbox whose mail has left, was given up or was not wanted any more: how long after that. Never `0s`.
    pub outbox: Span,
    /// What a customer left to be contacted by, after its follow-up is closed.
    pub contacts: Span,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            recordings: Span::seconds(0),
            transcripts: Span::seconds(0),
            interactions: Span::seconds(0),
            audit: Span::seconds(0),
            outbox: Span::days(90),
            contacts: Span::days(30),
        }
    }
}

/// Who asks, for those who are asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Company {
    /// Whom customers turn to about their data, as it stands on `/privacy`: a name, an address, a web page.
    pub privacy_contact: String,
}

/// What somebody has to see to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FollowUps {
    /// A linked rating of this or less opens a follow-up; 0: none does.
    pub low_score: u8,
    /// How long there is to see to one.
    pub due: Span,
}

impl Default for FollowUps {
    fn default() -> Self {
        Self { low_score: 2, due: Span::days(2) }
    }
}

/// Where events are sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Hosts and networks that are reached although they are private: `crm.internal`, `10.0.0.0/8`. Those may be `http://`, too.
    #[serde(deserialize_with = "values::list")]
    pub allow: Vec<String>,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Log lines.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// A tracing filter: `info`, `afterword=debug,warn`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".into() }
    }
}

/// The configuration can't be used; says which key and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("the configuration file {path} can't be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A key is unknown, or a value is of the wrong form.
    #[error("the configuration can't be used: {0}")]
    Malformed(String),
    /// Values that can't stand, all of them.
    #[error("the configuration can't be used:\n  {}", .0.join("\n  "))]
    Invalid(Vec<String>),
}

impl Config {
    /// Reads `file` (else `./afterword.toml` where there is one) and the environment, and checks the whole.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let default = Path::new("afterword.toml");
        let file = file.or_else(|| default.exists().then_some(default));
        let mut builder = config::Config::builder();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|e| ConfigError::Unreadable { path: path.to_owned(), why: e.to_string() })?;
            builder = builder.add_source(config::File::from_str(&text, config::FileFormat::Toml));
        }
        // Every value stays text until its key's type is known: a token of digits keeps its zeros in front.
        let environment = config::Environment::with_prefix("AFTERWORD").prefix_separator("__").separator("__");
        let read = builder.add_source(environment).build();
        let config: Self =
            read.and_then(config::Config::try_deserialize).map_err(|e| ConfigError::Malformed(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// What customers and staff type in front of the path; no slash at the end.
    pub fn public_url(&self) -> String {
        match self.http.public_url.trim_end_matches('/') {
            "" => format!("http://{}", self.http.listen),
            url => url.to_owned(),
        }
    }

    /// The configuration as TOML with passwords masked.
    pub fn to_redacted_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|e| format!("# can't be shown: {e}\n"))
    }
}
