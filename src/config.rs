//! Configuration: TOML file, then `AFTERWORD__SECTION__KEY` from the environment; checked as a whole, secrets redacted
//! when printed. Only `app` and `cli` read all of it.

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

use crate::clock::Zone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The whole configuration. Every key has a default, so that it may be empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// HTTP server.
    pub http: Http,
    /// Database.
    pub database: Database,
    /// Intake of conversations.
    pub intake: Intake,
    /// Store of recordings.
    pub recordings: Recordings,
    /// Sending of mail.
    pub mail: Mail,
    /// Webhooks called by other systems.
    pub hooks: Hooks,
    /// Transcription.
    pub transcription: Transcription,
    /// Surveys.
    pub survey: Survey,
    /// Anonymity.
    pub anonymity: Anonymity,
    /// Retention.
    pub retention: Retention,
    /// Facts about the company.
    pub company: Company,
    /// Staff and agents.
    pub staff: Staff,
    /// Follow-ups.
    pub followups: FollowUps,
    /// Webhooks that events are sent to.
    pub webhooks: Webhooks,
    /// Access to metrics.
    pub metrics: Metrics,
    /// `afterword worker`.
    pub worker: Worker,
    /// Log.
    pub log: Log,
}

/// HTTP server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Public URL for customers and staff: scheme, host, optional port. `http://` and `listen` where it is empty.
    pub public_url: String,
    /// Reverse proxies. A client's address is read from the header that they add; from other peers that header is
    /// ignored.
    pub trusted_proxies: Networks,
    /// After SIGTERM: time during which `/readyz` answers 503 while everything else is still served, before the port is
    /// closed. Longer than a load balancer needs to notice.
    pub drain: Span,
    /// After the port is closed: maximum time for running requests and background jobs to finish.
    pub stop_timeout: Span,
    /// Maximum time for a client to send the head of a request.
    pub header_timeout: Span,
    /// Maximum time for a client to send a body; for recordings, and for responses that it reads, the maximum pause
    /// between two pieces.
    pub body_timeout: Span,
    /// Maximum idle time of a connection between two requests.
    pub idle_timeout: Span,
    /// Maximum number of open connections. Never more than half of the files that the process may open.
    pub max_connections: usize,
    /// Maximum number of open connections of one client address. Never more than half of all. Trusted proxies have no
    /// limit of their own.
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

/// Database and its time limits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://user:password@host/name`.
    pub url: DatabaseUrl,
    /// Maximum number of connections of this process; on SQLite of readers, in addition to one writer. 0: 16 on
    /// PostgreSQL, 4 on SQLite.
    pub max_connections: u32,
    /// Maximum wait of a request for a free connection; on SQLite until its transaction has begun.
    pub acquire_timeout: Span,
    /// Maximum wait of a statement for a lock: PostgreSQL's `lock_timeout`, SQLite's `busy_timeout`.
    pub lock_timeout: Span,
    /// Maximum time of a statement on PostgreSQL, including waits for locks (`statement_timeout`).
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

/// Intake of conversations.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intake {
    /// Time after its last delivery at which a conversation becomes final that its source never reports as over; 0: never.
    pub final_after: Span,
    /// The same by source, by its name.
    #[serde(deserialize_with = "values::table")]
    pub final_after_by_source: BTreeMap<String, Span>,
}

/// Store of recordings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recordings {
    /// `file:DIR`.
    pub url: RecordingsUrl,
    /// Maximum size of a recording, in bytes.
    pub max_bytes: u64,
    /// Maximum number of recordings that are converted to WAV at the same time, for players that don't support their
    /// format.
    pub max_renditions: usize,
    /// Speakers of the channels of a recording whose sender names none, such as `agent,customer`; empty: unknown.
    /// Applies to recordings with that many channels.
    pub channels: String,
    /// The same by source, by its name.
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

/// Transcription.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transcription {
    /// Name from `afterword models list`, or path of a ggml file. Empty: `tiny.en` where English is the only one of
    /// `languages`, else `base`.
    pub model: String,
    /// Codes of the languages of the recordings, such as `en`; empty: any.
    #[serde(deserialize_with = "values::list")]
    pub languages: Vec<String>,
    /// Number of transcription threads; 0: one a core.
    pub threads: usize,
    /// Folder of fetched models.
    pub models_dir: PathBuf,
    /// Silence longer than this is dead air.
    pub dead_air: Span,
    /// Maximum length of a short recording, which has a reserved slot, so that it does not wait for longer ones; `0s`:
    /// no slot is reserved.
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

/// Choices offered to the customer for the use of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choices {
    /// Linked or apart, chosen by the customer.
    Both,
    /// Linked only.
    Linked,
    /// Apart only.
    Apart,
}

/// Use of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// Shown next to the recording.
    Linked,
    /// Never joined to the interaction.
    Apart,
}

/// Choice that is preselected when the page opens.
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

/// Surveys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Survey {
    /// Name of the company for customers.
    pub company: String,
    /// Time that an interaction must have been final before its survey is decided.
    pub settle: Span,
    /// Minimum time between two invitations of a customer.
    pub quiet_period: Span,
    /// Validity of a link.
    pub expires_after: Span,
    /// Time after which an open survey is reminded of once; 0s: never.
    pub reminder_after: Span,
    /// Time during which a response can be changed.
    pub edit_for: Span,
    /// Minimum time between the mail and a response: an earlier one is treated as automatic, and confirmation is
    /// requested; `0s`: none is.
    pub too_fast: Span,
    /// Minimum talk time of answered calls that are surveyed.
    pub min_talk: Span,
    /// Time after the end of an interaction in which it can still be surveyed; `0s`: no limit.
    pub max_age: Span,
    /// Maximum time that a final interaction without an address waits for one; `0s`: it is skipped once it has settled.
    pub address_wait: Span,
    /// Choices offered on the page.
    pub choices: Choices,
    /// Preselected choice, where both are offered.
    pub preset: Preset,
    /// Tags that customers may read as the topic of their conversation; case is ignored. Others are for staff alone.
    #[serde(deserialize_with = "values::list")]
    pub customer_tags: Vec<String>,
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
            max_age: Span::days(3),
            address_wait: Span::minutes(60),
            choices: Choices::Both,
            preset: Preset::None,
            customer_tags: Vec::new(),
        }
    }
}

/// Anonymity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Anonymity {
    /// Minimum batch size of released responses; never under 3.
    pub k: u32,
    /// Time after which waiting responses of an agent are counted for the team, and after as long again for the whole
    /// organisation.
    pub goes_up_after: Span,
    /// File of the key that seals responses and addresses. Not in the database, and never in the same backup as it.
    pub key_file: PathBuf,
}

impl Default for Anonymity {
    fn default() -> Self {
        Self { k: 5, goes_up_after: Span::days(90), key_file: PathBuf::from("data/afterword.key") }
    }
}

/// Retention after the end of the conversation; `0s` (the default): until erased. Addresses, marks of surveyed
/// customers and sealed responses are deleted automatically, independent of these settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Audio of calls. Clips in the library stay, masked, until they are removed there.
    pub recordings: Span,
    /// Transcripts, and messages of chats.
    pub transcripts: Span,
    /// Calls and chats with all dependent data: recording, transcript, measures, linked response.
    pub interactions: Span,
    /// Lines of the audit log.
    pub audit: Span,
    /// Rows of the outbox after their mail was sent, given up or cancelled. Never `0s`.
    pub outbox: Span,
    /// Contact data of callback requests, after the follow-up is closed.
    pub contacts: Span,
    /// Tombstones of erased interactions, after which the same one could be stored again; `0s`: kept.
    pub tombstones: Span,
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
            tombstones: Span::days(400),
        }
    }
}

/// Facts about the company.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Company {
    /// Contact for questions about personal data, as shown on `/privacy`: a name, an address, a web page.
    pub privacy_contact: String,
    /// Domains of the company's own e-mail addresses, which are never surveyed; subdomains included.
    #[serde(deserialize_with = "values::list")]
    pub domains: Vec<String>,
    /// Country code of telephone numbers without one: `44`. Empty: such numbers are compared as written.
    pub country_code: String,
    /// Time zone (IANA name) that decides which day and month a time is in.
    pub time_zone: Zone,
}

/// Staff and agents.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Staff {
    /// Addresses that several agents use, such as `support@example.com`: agents are not merged by them.
    #[serde(deserialize_with = "values::list")]
    pub shared_addresses: Vec<String>,
}

/// Follow-ups.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FollowUps {
    /// Maximum linked rating that opens a follow-up; 0: none does.
    pub low_score: u8,
    /// Time until a follow-up is due.
    pub due: Span,
}

impl Default for FollowUps {
    fn default() -> Self {
        Self { low_score: 2, due: Span::days(2) }
    }
}

/// Webhooks that events are sent to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Private hosts and networks that may be called: `crm.internal`, `10.0.0.0/8`. For these `http://` is allowed,
    /// too.
    #[serde(deserialize_with = "values::list")]
    pub allow: Vec<String>,
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Format: `text` or `json`.
    pub format: LogFormat,
    /// Tracing filter: `info`, `afterword=debug,warn`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".into() }
    }
}

/// Error of the configuration; names the key and the next step.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing or unreadable.
    #[error("the configuration file {path} can't be read: {why}")]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// The system's error.
        why: String,
    },
    /// A key is unknown, or a value is malformed.
    #[error("the configuration can't be used: {0}")]
    Malformed(String),
    /// Invalid values, all of them.
    #[error("the configuration can't be used:\n  {}", .0.join("\n  "))]
    Invalid(Vec<String>),
}

impl Config {
    /// Reads `file` (else `./afterword.toml` where it exists) and the environment, and checks the result.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let default = Path::new("afterword.toml");
        let file = file.or_else(|| default.exists().then_some(default));
        let mut builder = config::Config::builder();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|e| ConfigError::Unreadable { path: path.to_owned(), why: e.to_string() })?;
            builder = builder.add_source(config::File::from_str(&text, config::FileFormat::Toml));
        }
        // Every value stays text until its key's type is known: a token of digits keeps its leading zeros.
        let environment = config::Environment::with_prefix("AFTERWORD").prefix_separator("__").separator("__");
        let read = builder.add_source(environment).build();
        let config: Self =
            read.and_then(config::Config::try_deserialize).map_err(|e| ConfigError::Malformed(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// Returns the public URL without a path; no slash at the end.
    pub fn public_url(&self) -> String {
        match self.http.public_url.trim_end_matches('/') {
            "" => format!("http://{}", self.http.listen),
            url => url.to_owned(),
        }
    }

    /// Returns the configuration as TOML with passwords masked.
    pub fn to_redacted_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|e| format!("# can't be shown: {e}\n"))
    }
}
