//! The program's configuration, from outside: exit codes and messages.

use std::process::{Command, Output};

fn afterword(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
    command.args(arguments).current_dir(folder.path()).envs(environment.iter().copied());
    command.output().unwrap()
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn what_can_not_stand_is_refused_with_exit_code_2_and_all_at_once() {
    let output = afterword(
        &["config", "check"],
        &[("AFTERWORD__ANONYMITY__K", "2"), ("AFTERWORD__HTTP__PUBLIC_URL", "voice.example.com")],
    );
    let said = words(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("anonymity.k") && said.contains("http.public_url"), "{said}");
    for (key, value) in [
        ("AFTERWORD__SURVEY__SETTLE", "soon"),
        ("AFTERWORD__MAIL__URL", "pigeon://x"),
        ("AFTERWORD__MAIL__FROM", "nobody"),
        ("AFTERWORD__DATABASE__URL", "mysql://x"),
        ("AFTERWORD__DATABASE__LOCK_TIMEOUT", "0s"),
        ("AFTERWORD__DATABASE__ACQUIRE_TIMEOUT", "2h"),
        ("AFTERWORD__DATABASE__STATEMENT_TIMEOUT", "1s"),
        ("AFTERWORD__DATABASE__MAX_CONNECTIONS", "1"),
        ("AFTERWORD__RECORDINGS__URL", "s3://bucket"),
        ("AFTERWORD__RECORDINGS__CHANNELS", "agent,parrot"),
        ("AFTERWORD__RECORDINGS__CHANNELS_BY_SOURCE__PBX", "left,right"),
        ("AFTERWORD__NO__SUCH", "1"),
        ("AFTERWORD__SURVEY__CHOICES", "none"),
        ("AFTERWORD__SURVEY__CUSTOMER_TAGS", "lost parcel,see evil.example"),
        ("AFTERWORD__COMPANY__TIME_ZONE", "Europe/Berln"),
    ] {
        let output = afterword(&["config", "check"], &[(key, value)]);
        assert_eq!(output.status.code(), Some(2), "{key}={value}: {}", words(&output));
    }
    assert_eq!(afterword(&["bogus"], &[]).status.code(), Some(2));
    assert_eq!(afterword(&["--config", "missing.toml", "config", "check"], &[]).status.code(), Some(2));
    assert_eq!(afterword(&["--version"], &[]).status.code(), Some(0));
}

#[test]
fn who_speaks_on_which_channel_is_set_by_the_environment() {
    let set = [
        ("AFTERWORD__RECORDINGS__CHANNELS", "agent,customer"),
        ("AFTERWORD__RECORDINGS__CHANNELS_BY_SOURCE__PBX", "customer,agent"),
    ];
    let said = words(&afterword(&["config", "show"], &set));
    assert!(said.contains("channels = \"agent,customer\"") && said.contains("pbx = \"customer,agent\""), "{said}");
    // Letter case is ignored, as in a recording's own `channels`.
    let shown = afterword(&["config", "show"], &[("AFTERWORD__RECORDINGS__CHANNELS", "Agent, CUSTOMER")]);
    assert_eq!(shown.status.code(), Some(0), "{}", words(&shown));
}

#[test]
fn time_zone_and_told_tags_are_set_by_the_environment() {
    let set = [
        ("AFTERWORD__COMPANY__TIME_ZONE", "Pacific/Auckland"),
        ("AFTERWORD__SURVEY__CUSTOMER_TAGS", "lost parcel, Refund"),
    ];
    let said = words(&afterword(&["config", "show"], &set));
    assert!(said.contains("time_zone = \"Pacific/Auckland\""), "{said}");
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("\"lost parcel\", \"Refund\""), "{said}");
    let said = words(&afterword(&["config", "show"], &[]));
    assert!(said.contains("time_zone = \"UTC\"") && said.contains("customer_tags = []"), "{said}");
}

#[test]
fn secrets_are_not_shown() {
    let output = afterword(
        &["config", "show"],
        &[
            ("AFTERWORD__DATABASE__URL", "postgres://me:hunter2@db/afterword"),
            ("AFTERWORD__MAIL__URL", "smtp://u:hunter2@mail:587"),
        ],
    );
    let said = words(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("hunter2") && said.contains("***"), "{said}");
}
