//! Checks across values; all problems are reported at once.

use super::{Choices, Company, Config, ConfigError, Database, Http, Mail, Preset, Recordings, Span};
use crate::masking::customer_text;

impl Config {
    /// Checks the whole configuration.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let mut wrong = Vec::new();
        if self.anonymity.k < 3 {
            wrong.push(format!(
                "anonymity.k is {}: batches smaller than 3 would give people away; set 3 or more",
                self.anonymity.k
            ));
        }
        if self.anonymity.goes_up_after < Span::days(30) {
            wrong.push(format!(
                "anonymity.goes_up_after is {}: no answer carries a time, so that ages are known in months; set 30d or more",
                self.anonymity.goes_up_after
            ));
        }
        let public = &self.http.public_url;
        if !public.is_empty() && !is_web_origin(public) {
            wrong.push(format!(
                "http.public_url is \"{public}\": it must be http:// or https:// with a host and no path"
            ));
        }
        wrong.extend(self.database.complaints());
        wrong.extend(self.http.complaints());
        if self.metrics.token.get().is_some_and(|token| token.len() < 16) {
            wrong.push(
                "metrics.token is too simple: set 16 characters or more, such as the output of openssl rand -hex 16"
                    .into(),
            );
        }
        if self.metrics.listen.0 == Some(self.http.listen) {
            wrong.push("metrics.listen is the same as http.listen: set another port, or metrics.token alone".into());
        }
        if self.recordings.max_bytes == 0 {
            wrong.push("recordings.max_bytes is 0: no recording could come in".into());
        }
        if !(1..=1024).contains(&self.recordings.max_renditions) {
            wrong.push(format!(
                "recordings.max_renditions is {}: set 1 to 1024; 2 or so suits most machines",
                self.recordings.max_renditions
            ));
        }
        wrong.extend(self.recordings.complaints());
        wrong.extend(self.mail.complaints());
        wrong.extend(self.hooks.mail.complaints());
        if self.transcription.dead_air.0.as_secs() == 0 {
            wrong.push("transcription.dead_air is under a second: every breath would be dead air; set 8s or so".into());
        }
        if let Some(code) = self.transcription.languages.iter().find(|code| !is_whisper_language(code)) {
            wrong.push(format!(
                "transcription.languages holds \"{code}\", which is no language code of Whisper: write codes such as en, de, zh"
            ));
        }
        if let Some(text) = self.staff.shared_addresses.iter().find(|text| !text.contains('@')) {
            wrong.push(format!(
                "staff.shared_addresses holds \"{text}\": write whole addresses, such as support@example.com"
            ));
        }
        wrong.extend(self.complaints_about_times());
        wrong.extend(self.company.complaints());
        if let Some(tag) = self.survey.customer_tags.iter().find(|tag| customer_text::topic(tag).is_none()) {
            wrong.push(format!(
                "survey.customer_tags holds \"{tag}\": customers read these words; leave out addresses, links and numbers"
            ));
        }
        if tracing_subscriber::EnvFilter::try_new(&self.log.filter).is_err() {
            wrong.push(format!("log.filter is \"{}\": try info, or afterword=debug,warn", self.log.filter));
        }
        if self.followups.low_score > 4 {
            let low = self.followups.low_score;
            wrong.push(format!("followups.low_score is {low}: every rating would be a low one; set 0 (none) to 4"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(ConfigError::Invalid(wrong)) }
    }

    /// Returns contradictions between the time limits and choices of surveys and retention.
    fn complaints_about_times(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.survey.expires_after.0.is_zero() {
            wrong.push("survey.expires_after is 0: nobody could answer".into());
        }
        if self.survey.reminder_after.0 >= self.survey.expires_after.0 {
            wrong.push(
                "survey.reminder_after is not shorter than survey.expires_after: the link would be dead by then".into(),
            );
        }
        let max_age = self.survey.max_age.0;
        if !max_age.is_zero() && max_age <= self.survey.settle.0 {
            wrong.push(
                "survey.max_age is not longer than survey.settle: every interaction would be too old to be surveyed; set 3d or so"
                    .into(),
            );
        }
        let interactions = self.retention.interactions.0;
        if !interactions.is_zero() && interactions < self.survey.expires_after.0 + self.survey.settle.0 {
            wrong.push(
                "retention.interactions is shorter than survey.expires_after: surveys would vanish while they are open"
                    .into(),
            );
        }
        if self.retention.outbox.0 < std::time::Duration::from_secs(7 * 86_400) {
            wrong.push(
                "retention.outbox is under 7 days: bounces that come later would lead nowhere; set 90d or so".into(),
            );
        }
        let audit = self.retention.audit.0;
        if !audit.is_zero() && audit < Span::days(90).0 {
            wrong.push(
                "retention.audit is under 90 days: a log that is gone before anybody reads it shows nothing".into(),
            );
        }
        match (self.survey.choices, self.survey.preset) {
            (Choices::Linked, Preset::Apart) => {
                wrong.push("survey.preset is apart, but survey.choices offers linked only".into());
            }
            (Choices::Apart, Preset::Linked) => {
                wrong.push("survey.preset is linked, but survey.choices offers apart only".into());
            }
            _ => {}
        }
        wrong
    }
}

impl Company {
    /// Returns the problems of the section `company`.
    fn complaints(&self) -> Vec<String> {
        let strange = self.domains.iter().filter(|domain| !is_domain(domain));
        let mut wrong: Vec<_> = strange
            .map(|domain| format!("company.domains holds \"{domain}\": list domains such as example.com, without @"))
            .collect();
        let code = &self.country_code;
        if code.len() > 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            wrong.push(format!("company.country_code is \"{code}\": write its digits alone, such as 44"));
        }
        wrong
    }
}

fn is_domain(text: &str) -> bool {
    let is_host = matches!(url::Host::parse(text), Ok(url::Host::Domain(_)));
    is_host && text.contains('.') && !text.starts_with('.') && !text.ends_with('.')
}

impl Recordings {
    /// Returns invalid names of speakers.
    fn complaints(&self) -> Vec<String> {
        let by_source =
            self.channels_by_source.iter().map(|(source, names)| (format!("channels_by_source.{source}"), names));
        let all = by_source.chain([("channels".to_owned(), &self.channels)]).filter(|(_, names)| !names.is_empty());
        let is_known =
            |name: &str| ["agent", "customer", "unknown"].iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
        let strange = all.filter(|(_, names)| !names.split(',').all(is_known));
        let text = |(key, names)| {
            format!(
                "recordings.{key} is \"{names}\": list agent, customer or unknown in the order of the channels, such as agent,customer"
            )
        };
        strange.map(text).collect()
    }
}

impl Database {
    /// Returns the problems of the section `database`.
    fn complaints(&self) -> Vec<String> {
        let limits = [
            ("acquire_timeout", self.acquire_timeout),
            ("lock_timeout", self.lock_timeout),
            ("statement_timeout", self.statement_timeout),
        ];
        let possible = Span(std::time::Duration::from_millis(100))..=Span::minutes(60);
        let mut wrong: Vec<_> = limits
            .into_iter()
            .filter(|(_, limit)| !possible.contains(limit))
            .map(|(name, limit)| format!("database.{name} is {limit}: set 100ms to 60m; 5s is usual"))
            .collect();
        if self.statement_timeout < self.lock_timeout {
            wrong.push("database.statement_timeout is shorter than database.lock_timeout, which it includes".into());
        }
        if self.max_connections == 1 {
            wrong.push("database.max_connections is 1: set 2 or more, or 0 for the usual number".into());
        }
        wrong
    }
}

/// Maximum number of bytes of an address's local part (RFC 5321, 4.5.3.1.1), and of the tag and its plus in it.
const MAX_LOCAL_PART_BYTES: usize = 64;
const TAG: usize = 33;

impl Http {
    /// Returns the problems of the section `http`.
    fn complaints(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, limit) in [
            ("header_timeout", self.header_timeout),
            ("body_timeout", self.body_timeout),
            ("idle_timeout", self.idle_timeout),
        ] {
            if limit < Span::seconds(1) {
                wrong.push(format!("http.{name} is {limit}: no client could keep it; set 1s or more"));
            }
        }
        if self.drain > Span::minutes(5) {
            wrong.push(format!(
                "http.drain is {}: service managers kill what stops so slowly; set 5m or less",
                self.drain
            ));
        }
        if self.max_connections < 16 {
            wrong.push(format!(
                "http.max_connections is {}: a few browsers need more; set 16 or more",
                self.max_connections
            ));
        }
        if self.max_connections_per_client < 6 {
            wrong.push(format!(
                "http.max_connections_per_client is {}: one browser opens 6; set 6 or more",
                self.max_connections_per_client
            ));
        }
        wrong
    }
}

impl Mail {
    /// Returns the problems of the section `mail`.
    fn complaints(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.from.parse::<lettre::message::Mailbox>().is_err() {
            wrong.push(format!("mail.from is \"{}\": write it as Name <address@example.com>", self.from));
        }
        match self.bounces.parse::<lettre::Address>() {
            _ if self.bounces.is_empty() => {}
            Ok(address) if address.user().len() + TAG > MAX_LOCAL_PART_BYTES => {
                wrong.push(format!(
                    "mail.bounces is \"{}\": its name must leave room for a tag; 31 letters at most",
                    self.bounces
                ));
            }
            Ok(_) => {}
            Err(_) => {
                wrong.push(format!("mail.bounces is \"{}\": write an address, bounces@example.com", self.bounces))
            }
        }
        if self.connections == 0 {
            wrong.push("mail.connections is 0: no mail could leave; to keep mail back, set mail.url to hold:".into());
        }
        if self.time_limit.0.is_zero() {
            wrong.push("mail.time_limit is 0: no server answers at once; set 2m or so".into());
        }
        let dkim = &self.dkim;
        let whole = !dkim.selector.is_empty() && !dkim.domain.is_empty() && !dkim.key_file.as_os_str().is_empty();
        if dkim.is_on() && !whole {
            wrong.push("mail.dkim wants selector, domain and key_file together, or none of them".into());
        }
        for (name, value) in [("selector", &dkim.selector), ("domain", &dkim.domain)] {
            if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
                wrong
                    .push(format!("mail.dkim.{name} is \"{value}\": it stands in DNS: letters, digits, - and . alone"));
            }
        }
        wrong
    }
}

/// Whether Whisper supports the language of this code. Names of languages and tags with a region are rejected.
fn is_whisper_language(code: &str) -> bool {
    let is_code = matches!(code.len(), 2..=3) && code.bytes().all(|byte| byte.is_ascii_lowercase());
    is_code && whisper_rs::get_lang_id(code).is_some()
}

fn is_web_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/" && plain
    })
}
