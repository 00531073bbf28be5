//! Sending of mail.

use super::{MailUrl, ReturnedUrl, Span};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Sending of mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// Transport: `smtp://` (STARTTLS where offered), `smtps://`, `file:DIR` (one .eml each) or `hold:` (kept and
    /// shown).
    pub url: MailUrl,
    /// Sender: `Name <address>`.
    pub from: String,
    /// Address for bounces: each mail has the envelope sender `NAME+TAG@HOST` of this address. `from` where it is
    /// empty.
    pub bounces: String,
    /// Source of bounces: `file:DIR` (a Maildir, or a folder of .eml files), `imaps://user:password@host/INBOX`, or
    /// none.
    pub returned: ReturnedUrl,
    /// Trusted certificate authorities of the mail server (PEM file). Empty: the system's.
    pub ca_file: PathBuf,
    /// Maximum number of connections to the mail server, for each process.
    pub connections: usize,
    /// Maximum time for a reply of the server; five times as long for the reply that accepts a mail.
    pub time_limit: Span,
    /// Journal of mails that have left but are not settled in the database yet: a folder on this machine, of no use to
    /// others.
    pub journal: PathBuf,
    /// Rate limits by recipient domain: `"gmail.com" = "600/h"`; `default` for domains without one.
    #[serde(deserialize_with = "rates")]
    pub rate: BTreeMap<String, Rate>,
    /// DKIM signatures made by Afterword.
    pub dkim: Dkim,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            url: MailUrl::Hold,
            from: "Customer care <survey@localhost.localdomain>".into(),
            bounces: String::new(),
            returned: ReturnedUrl::Nowhere,
            ca_file: PathBuf::new(),
            connections: 8,
            time_limit: Span::minutes(2),
            journal: PathBuf::from("data/mail-journal"),
            rate: BTreeMap::new(),
            dkim: Dkim::default(),
        }
    }
}

/// DKIM signatures (RFC 6376). All three settings, or none: then the mail server signs, or mail is not signed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dkim {
    /// Selector under which the public key is published: `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// Signing domain: the domain of `mail.from`, or one above it.
    pub domain: String,
    /// File of the private key: Ed25519, or RSA of 2048 bits or more; PEM.
    pub key_file: PathBuf,
}

impl Dkim {
    /// Whether any of the settings is set.
    pub fn is_on(&self) -> bool {
        !self.selector.is_empty() || !self.domain.is_empty() || !self.key_file.as_os_str().is_empty()
    }
}

/// Rate limit of a recipient domain: `600/h`, `10/s`, `2 at once`, or `600/h, 2 at once`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// Maximum number of mails in this time.
    pub most: Option<(u32, Duration)>,
    /// Maximum number of mails in transit at a time, for each process.
    pub at_once: Option<usize>,
}

/// Units of a rate: letter and seconds.
const UNITS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some((most, per)) = self.most {
            let unit = UNITS.iter().find(|(_, seconds)| *seconds == per.as_secs()).map_or("s", |(unit, _)| *unit);
            parts.push(format!("{most}/{unit}"));
        }
        parts.extend(self.at_once.map(|at_once| format!("{at_once} at once")));
        f.write_str(&parts.join(", "))
    }
}

impl FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no rate: write 600/h, 10/s, 2 at once, or 600/h, 2 at once");
        let mut rate = Self::default();
        for part in text.split(',').map(str::trim) {
            if let Some(number) = part.strip_suffix("at once") {
                rate.at_once = Some(number.trim().parse().map_err(|_| wrong())?);
            } else {
                let (most, unit) = part.split_once('/').ok_or_else(wrong)?;
                let (_, seconds) = UNITS.iter().find(|(known, _)| *known == unit.trim()).ok_or_else(wrong)?;
                let most = most.trim().parse().map_err(|_| wrong())?;
                rate.most = Some((most, Duration::from_secs(*seconds)));
            }
        }
        let none = rate.most.is_some_and(|(most, _)| most == 0) || rate.at_once == Some(0);
        if none { Err(format!("\"{text}\" would let nothing through")) } else { Ok(rate) }
    }
}

/// Parses the rates of domains: in TOML a table; in the environment one text (`gmail.com=600/h; default=2 at once`) or
/// a variable for each domain, whose dots arrive as nested tables.
fn rates<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Rate>, D::Error> {
    let mut found = BTreeMap::new();
    match RateTable::deserialize(from)? {
        RateTable::Text(text) => {
            for entry in text.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
                let (domain, rate) = entry.split_once('=').ok_or_else(|| {
                    serde::de::Error::custom(format!("\"{entry}\" is no rate of a domain: write gmail.com=600/h"))
                })?;
                found.insert(domain.trim().to_owned(), rate.parse().map_err(serde::de::Error::custom)?);
            }
        }
        RateTable::Table(table) => flatten("", &table, &mut found).map_err(serde::de::Error::custom)?,
    }
    Ok(found)
}

/// A table of rates, nested where a domain was split at its dots.
#[derive(Deserialize)]
#[serde(untagged)]
enum RateTable {
    Text(String),
    Table(BTreeMap<String, RateTable>),
}

/// Adds the rates below `domain`. Variables of the environment (nested) override the same domain in the file.
fn flatten(
    domain: &str,
    table: &BTreeMap<String, RateTable>,
    found: &mut BTreeMap<String, Rate>,
) -> Result<(), String> {
    let name = |key: &str| if domain.is_empty() { key.to_owned() } else { format!("{domain}.{key}") };
    for (key, value) in table {
        if let RateTable::Text(rate) = value {
            found.insert(name(key), rate.parse()?);
        }
    }
    for (key, value) in table {
        if let RateTable::Table(below) = value {
            flatten(&name(key), below, found)?;
        }
    }
    Ok(())
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_they_are_written() {
        for text in ["600/h", "10/s", "2 at once", "1/d, 1 at once"] {
            assert_eq!(text.parse::<Rate>().map(|rate| rate.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "600", "0/h", "0 at once", "-1/h", "5/w", "many at once", "1/h,,"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
