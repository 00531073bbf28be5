//! Values with a syntax of their own. Each prints without its secret.

use crate::clock::Zone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// A duration in human-readable form: `2m`, `30d`, `0s`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl Span {
    /// Returns `n` seconds.
    pub const fn seconds(n: u64) -> Self {
        Self(Duration::from_secs(n))
    }
    /// Returns `n` minutes.
    pub const fn minutes(n: u64) -> Self {
        Self::seconds(n * 60)
    }
    /// Returns `n` days of 24 hours.
    pub const fn days(n: u64) -> Self {
        Self::seconds(n * 86_400)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole days as days: a month of humantime has 30.44 of them.
        match self.0.as_secs() {
            seconds if seconds > 0 && seconds % 86_400 == 0 && self.0.subsec_nanos() == 0 => {
                write!(f, "{}d", seconds / 86_400)
            }
            _ => humantime::format_duration(self.0).fmt(f),
        }
    }
}

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text.trim())
            .map(Self)
            .map_err(|e| format!("\"{text}\" is not a length of time such as 2m, 30d or 0s ({e})"))
    }
}

/// Database URL.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// File of SQLite.
    Sqlite(PathBuf),
    /// PostgreSQL URL, including the password.
    Postgres(String),
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&redacted(url)),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err("sqlite: wants a path behind it".into())
            } else {
                Ok(Self::Sqlite(path.into()))
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            url::Url::parse(text).map_err(|e| format!("the postgres URL is malformed: {e}"))?;
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err("database.url begins with sqlite: or postgres://".into())
    }
}

/// Store of recordings.
#[derive(Clone, PartialEq, Eq)]
pub enum RecordingsUrl {
    /// Folder.
    File(PathBuf),
}

impl fmt::Display for RecordingsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::File(path) = self;
        write!(f, "file:{}", path.display())
    }
}

impl FromStr for RecordingsUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("file:") {
            Some(path) if !path.is_empty() => Ok(Self::File(path.strip_prefix("//").unwrap_or(path).into())),
            _ if text.starts_with("s3:") => {
                Err("recordings.url: this version keeps recordings in a folder (file:DIR); s3 is not built in".into())
            }
            _ => Err("recordings.url is file:DIR".into()),
        }
    }
}

/// Transport of mail.
#[derive(Clone, PartialEq, Eq)]
pub enum MailUrl {
    /// Held and shown to the administrator.
    Hold,
    /// Folder for one `.eml` file each.
    File(PathBuf),
    /// Mail server; `smtp://user:password@host:port` or `smtps://…`.
    Smtp(url::Url),
}

impl fmt::Display for MailUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hold => f.write_str("hold:"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Smtp(url) => f.write_str(&redacted(url.as_str())),
        }
    }
}

impl FromStr for MailUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("hold", _)) => Ok(Self::Hold),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.strip_prefix("//").unwrap_or(path).into())),
            Some(("smtp" | "smtps", _)) => {
                let url = url::Url::parse(text).map_err(|e| format!("mail.url is malformed: {e}"))?;
                if url.host_str().is_none_or(str::is_empty) {
                    return Err("mail.url has no host".into());
                }
                for (key, value) in url.query_pairs() {
                    if key != "tls" || !matches!(&*value, "off" | "offered" | "required") {
                        return Err(
                            "behind mail.url may stand ?tls=off, ?tls=offered or ?tls=required, and nothing else"
                                .into(),
                        );
                    }
                }
                Ok(Self::Smtp(url))
            }
            _ => Err("mail.url is smtp://HOST, smtps://HOST, file:DIR or hold:".into()),
        }
    }
}

/// Source of returned mail.
#[derive(Clone, PartialEq, Eq)]
pub enum ReturnedUrl {
    /// None.
    Nowhere,
    /// Maildir, or folder of .eml files.
    File(PathBuf),
    /// Mailbox; `imaps://user:password@host:port/FOLDER`, or `imap://` with STARTTLS.
    Imap(url::Url),
}

impl fmt::Display for ReturnedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Imap(url) => f.write_str(&redacted(url.as_str())),
        }
    }
}

impl FromStr for ReturnedUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().split_once(':') {
            None if text.trim().is_empty() => Ok(Self::Nowhere),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.strip_prefix("//").unwrap_or(path).into())),
            Some(("imap" | "imaps", _)) => {
                let url = url::Url::parse(text.trim()).map_err(|e| format!("mail.returned is malformed: {e}"))?;
                if url.host_str().is_none_or(str::is_empty) || url.username().is_empty() {
                    return Err("mail.returned wants a user and a host: imaps://user:password@host/INBOX".into());
                }
                Ok(Self::Imap(url))
            }
            _ => Err("mail.returned is file:DIR, imaps://user:password@host/INBOX, or empty".into()),
        }
    }
}

/// A secret; prints as `***`, or as nothing where there is none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Returns the secret, where there is one.
    pub fn get(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|secret| !secret.is_empty())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "" } else { "***" })
    }
}

impl FromStr for Secret {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(text.trim().to_owned()))
    }
}

/// Address and port to listen on, or none (empty).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct ListenAddress(pub Option<SocketAddr>);

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |address| address.fmt(f))
    }
}

impl FromStr for ListenAddress {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        let address = text.trim().parse();
        address
            .map(|address| Self(Some(address)))
            .map_err(|_| format!("\"{text}\" is not ADDRESS:PORT, such as 127.0.0.1:9464"))
    }
}

/// Parses a list: in TOML a list of strings, in the environment one string with commas between the entries.
pub(super) fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Entries {
        Text(String),
        List(Vec<String>),
    }
    let entries = match Entries::deserialize(from)? {
        Entries::Text(text) => text.split(',').map(str::to_owned).collect(),
        Entries::List(list) => list,
    };
    Ok(entries.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect())
}

/// Parses names with values: in TOML a table, in the environment one string (`pbx=customer,agent; crm=agent,customer`).
pub(super) fn table<'de, D, V>(from: D) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: FromStr<Err: fmt::Display>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Entries {
        Text(String),
        Table(BTreeMap<String, String>),
    }
    let parsed = |(name, value): (String, String)| {
        let value = value.parse().map_err(serde::de::Error::custom)?;
        Ok((name, value))
    };
    let text = match Entries::deserialize(from)? {
        Entries::Text(text) => text,
        Entries::Table(table) => return table.into_iter().map(parsed).collect(),
    };
    let entry = |entry: &str| {
        let (name, value) = entry.split_once('=').ok_or_else(|| {
            serde::de::Error::custom(format!("\"{entry}\" has no value: write NAME=VALUE; NAME=VALUE"))
        })?;
        parsed((name.trim().to_owned(), value.trim().to_owned()))
    };
    text.split(';').map(str::trim).filter(|entry| !entry.is_empty()).map(entry).collect()
}

/// Returns the URL with its password replaced.
fn redacted(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut url) => {
            if url.password().is_some() {
                let _ = url.set_password(Some("***"));
            }
            url.to_string()
        }
        Err(_) => "***".into(),
    }
}

/// Serialises from and to text, with a `Debug` as safe as `Display`.
macro_rules! by_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
by_text!(Span, DatabaseUrl, ListenAddress, RecordingsUrl, MailUrl, ReturnedUrl, Secret, Zone);

macro_rules! debug_as_display {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}
debug_as_display!(DatabaseUrl, ListenAddress, RecordingsUrl, MailUrl, ReturnedUrl, Secret);
