//! DKIM signatures, verified by another program (dkimpy).

use super::only;
use crate::app::TestApp;
use crate::support::skip;
use crate::support::smtp::SmtpServer;
use crate::surveys::{SETTLED, state_of};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Verifies a mail on standard input with the record in the first argument; prints the signed part.
const VERIFY: &str = "
import sys, dkim
mail = sys.stdin.buffer.read()
record = sys.argv[1].encode()
asked = []
def txt(name, timeout=5):
    asked.append(name)
    return record
d = dkim.DKIM(mail)
print('good' if d.verify(dnsfunc=txt) else 'bad', asked[0].decode(), ':'.join(h.decode() for h in d.include_headers))
";

fn has_dkimpy() -> bool {
    let tried = Command::new("/usr/bin/python3").args(["-c", "import dkim, nacl"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

fn verify(mail: &[u8], record: &str) -> String {
    let mut program = Command::new("/usr/bin/python3");
    let mut child = program.args(["-c", VERIFY, record]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(mail).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

fn make_key(folder: &Path, arguments: &[&str]) -> PathBuf {
    let path = folder.join("dkim.pem");
    let made = Command::new("openssl").arg(arguments[0]).arg("-out").arg(&path).args(&arguments[1..]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    path
}

#[tokio::test]
async fn signatures_are_good_and_bad_where_a_word_was_changed() {
    if !has_dkimpy() {
        return skip::tool::<()>("python3-dkim and python3-nacl").unwrap_or_default();
    }
    let Some(server) = SmtpServer::start() else { return };
    for arguments in [
        &["genpkey", "-algorithm", "ed25519"][..],
        &["genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"],
        &["genrsa", "-traditional", "2048"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (key, url) = (make_key(folder.path(), arguments), server.url().parse().unwrap());
        let app = TestApp::start_with(|c| {
            c.mail.url = url;
            c.mail.dkim.selector = "aw1".into();
            c.mail.dkim.domain = "northwind.example".into();
            c.mail.dkim.key_file = key;
        })
        .await;
        let settings = afterword::mail::Settings::new(&app.app.config.mail, &app.app.config.retention);
        assert_eq!(settings.complaints(), Vec::<String>::new());
        let record = settings.dkim_record().unwrap().unwrap();
        assert_eq!(record.name, "aw1._domainkey.northwind.example");
        assert!(record.zone_text().split("\" \"").all(|part| part.len() <= 257), "{}", record.zone_text());
        let before = server.messages().len();
        // Names of several scripts and lengths, for headers that fold and bodies of either encoding.
        for (n, name) in ["Jerry", "Ünal Çelik", "沙夏", &"Bartholomew ".repeat(9)].iter().enumerate() {
            let mut body = crate::app::call_body(&format!("c{n}@example.net"));
            body["customer"]["name"] = (*name).into();
            app.interaction(&n.to_string(), &body).await;
        }
        app.pass(SETTLED).await;
        for mail in server.wait_for(before + 4).await.split_off(before) {
            let raw = mail.raw();
            let said = verify(&raw, &record.text);
            assert!(
                said.starts_with("good aw1._domainkey.northwind.example."),
                "{said}\n{}",
                String::from_utf8_lossy(&raw)
            );
            for name in ["from", "subject", "content-type", "list-unsubscribe", "list-unsubscribe-post", "message-id"] {
                assert!(said.contains(name), "{name} is not signed: {said}");
            }
            let text = String::from_utf8(raw).unwrap();
            for (from, to) in [("Northwind", "Southwind"), ("List-Unsubscribe: <http", "List-Unsubscribe: <xttp")] {
                let changed = text.replacen(from, to, 1);
                assert!(changed != text && verify(changed.as_bytes(), &record.text).starts_with("bad"), "{from}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_is_none_is_complained_about_before_it_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let short = make_key(folder.path(), &["genrsa", "1024"]);
    let text = folder.path().join("text.pem");
    std::fs::write(&text, "no key").unwrap();
    let missing = folder.path().join("missing.pem");
    for (path, words) in [(short, "too short"), (text, "can't be used"), (missing, "can't be used")] {
        let app = TestApp::start_with(|c| {
            c.mail.dkim.selector = "aw1".into();
            c.mail.dkim.domain = "northwind.example".into();
            c.mail.dkim.key_file = path;
        })
        .await;
        let settings = afterword::mail::Settings::new(&app.app.config.mail, &app.app.config.retention);
        let complaints = settings.complaints();
        assert!(complaints.len() == 1 && complaints[0].contains("mail.dkim.key_file"), "{complaints:?}");
        assert!(complaints[0].contains(words), "{complaints:?}");
        // A service that keeps running despite the error sends nothing unsigned.
        let id = app.call("1", "jerry@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &id).await.0, "scheduled");
        assert_eq!(only(&app).await.state, "queued");
        assert!(app.app.mail.stopped().await.unwrap().unwrap().reason.contains("mail.dkim.key_file"));
    }
}
