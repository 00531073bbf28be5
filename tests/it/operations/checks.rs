//! `afterword config check`, and settings from the environment.

use crate::support::postgres;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

/// Prefix of the variables.
const PREFIX: &str = "AFTERWORD__";

fn afterword(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
    // Any free port: other tests run checks at the same time.
    command.args(arguments).current_dir(folder).env("AFTERWORD__HTTP__LISTEN", "127.0.0.1:0");
    command.envs(settings.iter().map(|(key, value)| (format!("{PREFIX}{key}"), value)));
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Returns every file and folder below, with the content of files.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            all.extend(tree(&path));
            all.insert(name, Vec::new());
        } else {
            all.insert(name, std::fs::read(path).unwrap());
        }
    }
    all
}

/// Checks these settings: exactly one problem, which contains `words`; nothing on disk has changed.
fn complains(folder: &Path, settings: &[(&str, &str)], words: &[&str]) {
    let before = tree(folder);
    let output = afterword(folder, &["config", "check"], settings);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{settings:?}: {said}");
    let complaints: Vec<_> = said.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(complaints.len(), 1, "{settings:?}: {said}");
    for word in words {
        assert!(complaints[0].contains(word), "{settings:?}: {word:?} is not in {said}");
    }
    assert!(before == tree(folder), "{settings:?}: the disk has changed");
}

#[test]
fn a_usable_configuration_is_approved_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let output = afterword(folder.path(), &["config", "check"], &[]);
    let said = text(&output);
    assert!(output.status.success() && said.ends_with("The configuration can be used.\n"), "{said}");
    // Everything but transcription works without a model, which is fetched later.
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.starts_with("Recordings will wait: ") && said.contains("`afterword models fetch base`"), "{said}");
    assert!(tree(folder.path()).is_empty());
    // With a database and a key.
    assert!(afterword(folder.path(), &["key", "add", "k", "--scope", "read"], &[]).status.success());
    let before = tree(folder.path());
    let output = afterword(folder.path(), &["config", "check"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(before == tree(folder.path()));
}

#[test]
fn what_can_not_work_on_this_machine_is_refused_a_line_each() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(
        folder.join("file"),
        "this is neither a folder nor a database nor a model, but long enough for any of them",
    )
    .unwrap();
    std::fs::write(folder.join("model.bin"), [0x6c; 4096]).unwrap();
    std::fs::create_dir(folder.join("folder")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (key, value, words) in [
        ("DATABASE__URL", "sqlite:file", &["sqlite:file", "not a database", "database.url"][..]),
        ("DATABASE__URL", "sqlite:file/below.db", &["database.url", "file is no folder"]),
        (
            "DATABASE__URL",
            "postgres://me:hunter2@127.0.0.1:1/x",
            &["postgres://me:***@127.0.0.1:1/x", "start the server"],
        ),
        ("ANONYMITY__KEY_FILE", "file", &["file does not hold a key"]),
        ("ANONYMITY__KEY_FILE", "folder", &["the key file folder", "anonymity.key_file"]),
        ("ANONYMITY__KEY_FILE", "file/key", &["anonymity.key_file"]),
        ("TRANSCRIPTION__MODEL", "model.bin", &["transcription.model", "model.bin"]),
        ("TRANSCRIPTION__MODEL", "missing.bin", &["transcription.model", "missing.bin"]),
        ("TRANSCRIPTION__MODEL", "base.en-q5_1", &["afterword models fetch base.en-q5_1"]),
        ("TRANSCRIPTION__LANGUAGES", "en,German", &["transcription.languages", "German"]),
        ("TRANSCRIPTION__LANGUAGES", "xx", &["transcription.languages", "\"xx\""]),
        ("TRANSCRIPTION__LANGUAGES", "en-GB", &["transcription.languages", "en-GB"]),
        ("TRANSCRIPTION__MODEL", "nonsense", &["transcription.model", "nonsense"]),
        ("RECORDINGS__URL", "file:file", &["recordings.url", "file is no folder"]),
        ("MAIL__URL", "file:file/mail", &["mail.url", "file is no folder"]),
        ("MAIL__JOURNAL", "file", &["mail.journal", "file is no folder"]),
        ("MAIL__RETURNED", "file:missing", &["mail.returned", "missing"]),
        ("MAIL__CA_FILE", "missing.pem", &["missing.pem"]),
        ("HTTP__LISTEN", &taken, &["http.listen", &taken, "set another port"]),
        ("HTTP__LISTEN", "192.0.2.1:80", &["http.listen", "an address of this machine"]),
        ("METRICS__LISTEN", &taken, &["metrics.listen", &taken]),
        ("WORKER__LISTEN", &taken, &["worker.listen", &taken]),
        ("HTTP__PUBLIC_URL", "voice.example.com", &["http.public_url", "https://"]),
        ("HTTP__PUBLIC_URL", "https://me@voice.example.com", &["http.public_url"]),
        ("METRICS__TOKEN", "short", &["metrics.token", "16"]),
    ] {
        complains(folder, &[(key, value)], words);
    }
    // All of them at once.
    let output =
        afterword(folder, &["config", "check"], &[("MAIL__JOURNAL", "file"), ("RECORDINGS__URL", "file:file")]);
    assert_eq!(text(&output).lines().filter(|line| line.starts_with("  ")).count(), 2, "{}", text(&output));
}

#[test]
fn the_model_follows_the_languages_and_must_know_them() {
    let folder = tempfile::tempdir().unwrap();
    let check = |settings| afterword(folder.path(), &["config", "check"], settings);
    assert!(text(&check(&[("TRANSCRIPTION__LANGUAGES", "en")])).contains("`afterword models fetch tiny.en`"));
    assert!(text(&check(&[("TRANSCRIPTION__LANGUAGES", "en,de")])).contains("`afterword models fetch base`"));
    let english = [("TRANSCRIPTION__LANGUAGES", "en,de"), ("TRANSCRIPTION__MODEL", "test-voices.en")];
    complains(folder.path(), &english, &["test-voices.en does not know de", "transcription.languages"]);
}

#[test]
fn a_malformed_address_is_refused_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    for key in ["HTTP__LISTEN", "METRICS__LISTEN", "WORKER__LISTEN"] {
        let output = afterword(folder.path(), &["config", "check"], &[(key, "localhost")]);
        let (said, name) = (text(&output), key.to_lowercase().replace("__", "."));
        assert!(output.status.code() == Some(2) && said.contains(&name), "{key}: {said}");
    }
}

#[test]
fn a_key_that_is_gone_or_another_is_told_from_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(afterword(folder, &["key", "add", "k", "--scope", "read"], &[]).status.success());
    let key = folder.join("data/afterword.key");
    std::fs::rename(&key, folder.join("elsewhere.key")).unwrap();
    complains(folder, &[], &["data/afterword.key is missing", "put it back"]);
    std::fs::write(&key, format!("{}\n", "ab".repeat(32))).unwrap();
    complains(folder, &[], &["data/afterword.key is not the one"]);
    complains(
        folder,
        &[("ANONYMITY__KEY_FILE", "elsewhere.key"), ("MAIL__JOURNAL", "elsewhere.key")],
        &["mail.journal"],
    );
}

#[tokio::test]
async fn a_database_on_postgresql_must_be_there_and_up_to_date() {
    let Some(database) = postgres::fresh_database().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let url = database.url();
    let settings = [("DATABASE__URL", url.as_str())];
    complains(
        folder.path(),
        &[("DATABASE__URL", &format!("{url}_missing"))],
        &["start the server, or correct database.url"],
    );
    let behind = afterword(folder.path(), &["config", "check"], &settings);
    if behind.status.code() == Some(2) {
        assert!(text(&behind).contains("afterword migrate"), "{}", text(&behind));
        assert!(afterword(folder.path(), &["migrate"], &settings).status.success());
    }
    let output = afterword(folder.path(), &["config", "check"], &settings);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

/// Collects the keys of a table of TOML and their values, `section.key`; an empty table is a key of its own.
fn leaves(prefix: &str, table: &toml::Table, all: &mut BTreeMap<String, toml::Value>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(below) if !below.is_empty() => leaves(&key, below, all),
            value => {
                all.insert(key, value.clone());
            }
        }
    }
}

fn shown(settings: &[(String, String)]) -> BTreeMap<String, toml::Value> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
    command.args(["config", "show"]).current_dir(folder.path());
    let output = command.envs(settings.iter().cloned()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{settings:?}: {}", text(&output));
    let mut all = BTreeMap::new();
    leaves("", &String::from_utf8(output.stdout).unwrap().parse().unwrap(), &mut all);
    all
}

/// Values of keys with a syntax of their own: for the environment, and as `config show` prints it.
const FORMS: &[(&str, &str, &str)] = &[
    ("anonymity.goes_up_after", "77d", "\"77d\""),
    ("database.acquire_timeout", "6s", "\"6s\""),
    ("database.lock_timeout", "4s", "\"4s\""),
    ("database.max_connections", "7", "7"),
    ("database.statement_timeout", "20s", "\"20s\""),
    ("database.url", "sqlite:other.db", "\"sqlite:other.db\""),
    ("hooks.mail.brevo", "brevo:0123456789", "\"***\""),
    ("hooks.mail.mailgun", "0123456789", "\"***\""),
    ("hooks.mail.mailjet", "mailjet:0123456789", "\"***\""),
    ("hooks.mail.postmark", "postmark:0123456789", "\"***\""),
    ("hooks.mail.sendgrid", "0123456789", "\"***\""),
    ("hooks.mail.ses", "ses:0123456789", "\"***\""),
    ("http.drain", "2s", "\"2s\""),
    ("http.listen", "127.0.0.1:9999", "\"127.0.0.1:9999\""),
    ("http.public_url", "https://voice.example.com", "\"https://voice.example.com\""),
    ("transcription.languages", "en,de", "[\"en\", \"de\"]"),
    ("http.trusted_proxies", "10.0.0.0/8,::1", "[\"10.0.0.0/8\", \"::1/128\"]"),
    ("log.filter", "warn", "\"warn\""),
    ("log.format", "json", "\"json\""),
    ("mail.bounces", "bounces@example.com", "\"bounces@example.com\""),
    ("mail.dkim.domain", "example.com", "\"example.com\""),
    ("mail.from", "Northwind <a@example.com>", "\"Northwind <a@example.com>\""),
    ("mail.rate", "gmail.com=600/h; default=2 at once", "{ \"gmail.com\" = \"600/h\", default = \"2 at once\" }"),
    ("mail.returned", "file:returned", "\"file:returned\""),
    ("mail.url", "file:mails", "\"file:mails\""),
    ("metrics.listen", "127.0.0.1:9464", "\"127.0.0.1:9464\""),
    // Digits stay text: otherwise the zeros would be lost.
    ("metrics.token", "0012345678901234", "\"***\""),
    ("intake.final_after", "1h", "\"1h\""),
    ("intake.final_after_by_source", "crm=2h", "{ crm = \"2h\" }"),
    ("recordings.channels", "agent,customer", "\"agent,customer\""),
    (
        "recordings.channels_by_source",
        "pbx=customer,agent; crm = agent",
        "{ crm = \"agent\", pbx = \"customer,agent\" }",
    ),
    ("recordings.url", "file:sound", "\"file:sound\""),
    ("retention.audit", "120d", "\"120d\""),
    ("retention.interactions", "60d", "\"60d\""),
    ("company.country_code", "44", "\"44\""),
    ("company.time_zone", "Europe/Berlin", "\"Europe/Berlin\""),
    ("survey.customer_tags", "lost parcel", "[\"lost parcel\"]"),
    ("company.domains", "northwind.example", "[\"northwind.example\"]"),
    ("staff.shared_addresses", "info@example.com", "[\"info@example.com\"]"),
    ("survey.choices", "linked", "\"linked\""),
    ("survey.company", "007", "\"007\""),
    ("survey.preset", "linked", "\"linked\""),
    ("survey.reminder_after", "1d", "\"1d\""),
    ("webhooks.allow", "crm.internal, 10.0.0.0/8", "[\"crm.internal\", \"10.0.0.0/8\"]"),
    ("worker.listen", "127.0.0.1:9465", "\"127.0.0.1:9465\""),
];

/// Returns another value for a key, for the environment and as it is shown.
fn another(key: &str, value: &toml::Value) -> (String, toml::Value) {
    if let Some((_, set, shown)) = FORMS.iter().find(|(known, ..)| *known == key) {
        let shown: toml::Table = format!("value = {shown}").parse().unwrap();
        return ((*set).to_owned(), shown["value"].clone());
    }
    match value {
        toml::Value::Integer(number) => ((number + 1).to_string(), toml::Value::Integer(number + 1)),
        toml::Value::Boolean(is) => ((!is).to_string(), toml::Value::Boolean(!is)),
        toml::Value::String(text) => {
            let span = text.parse::<afterword::config::Span>().ok();
            let text = match span {
                Some(span) => afterword::config::Span(span.0 + std::time::Duration::from_secs(86_400)).to_string(),
                None => format!("{text}x"),
            };
            (text.clone(), text.into())
        }
        other => panic!("{key}: no other value for {other}; add one to FORMS"),
    }
}

#[test]
fn every_key_can_be_set_by_the_environment() {
    let usual = shown(&[]);
    assert!(usual.len() > 50, "{usual:?}");
    let (mut settings, mut expected) = (Vec::new(), BTreeMap::new());
    for (key, value) in &usual {
        let (set, shown) = another(key, value);
        settings.push((format!("{PREFIX}{}", key.to_uppercase().replace('.', "__")), set));
        match &shown {
            toml::Value::Table(table) => leaves(key, table, &mut expected),
            shown => drop(expected.insert(key.clone(), shown.clone())),
        }
        assert!(*value != shown || FORMS.iter().any(|(known, ..)| known == key), "{key}: the same as before");
    }
    assert_eq!(shown(&settings), expected);
}

#[test]
fn the_rate_of_one_domain_is_a_variable_of_its_own() {
    let set = |key: &str, value: &str| (format!("{PREFIX}MAIL__RATE{key}"), value.to_owned());
    let all = shown(&[set("__DEFAULT", "10/s"), set("__GMAIL.COM", "600/h"), set("__MAIL.EXAMPLE-SHOP.COM", "1/m")]);
    for (key, rate) in [("default", "10/s"), ("gmail.com", "600/h"), ("mail.example-shop.com", "1/m")] {
        assert_eq!(all[&format!("mail.rate.{key}")], toml::Value::from(rate));
    }
    let folder = tempfile::tempdir().unwrap();
    for wrong in ["gmail.com", "gmail.com=often", "=1/s;x"] {
        let output = afterword(folder.path(), &["config", "show"], &[("MAIL__RATE", wrong)]);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", text(&output));
    }
}
