//! A real IMAP server (dovecot) for a test, in a temporary folder.

use super::smtp::{Shows, make_certificate};
use super::{process, skip};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// A running server with one account, `bounces` and `secret`; ends when dropped.
pub struct ImapServer {
    port: u16,
    folder: tempfile::TempDir,
    child: Child,
}

impl ImapServer {
    /// Starts a server on a free port; `None` where it is not installed (the test is skipped).
    pub fn start() -> Option<Self> {
        let Some(program) =
            ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"].into_iter().find(|path| Path::new(path).exists())
        else {
            return skip::tool("dovecot");
        };
        let folder = tempfile::tempdir().unwrap();
        let root = run("id", &["-u"]) == "0";
        // It does not run as root; Debian's package creates a user for it.
        let user = if root { "dovecot".to_owned() } else { run("id", &["-un"]) };
        let (uid, gid, group) = (run("id", &["-u", &user]), run("id", &["-g", &user]), run("id", &["-gn", &user]));
        for box_of in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(folder.path().join("home/Maildir").join(box_of)).unwrap();
        }
        make_certificate(folder.path(), Shows::Right);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = config(folder.path(), (&user, &group), (&uid, &gid), port);
        let path = folder.path().join("dovecot.conf");
        std::fs::write(&path, config).unwrap();
        let mut command = if root {
            run("chown", &["-R", &format!("{uid}:{gid}"), folder.path().to_str().unwrap()]);
            let mut command = Command::new("setpriv");
            command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".into()]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let child = command.arg("-F").arg("-c").arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { port, folder, child };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < process::START, "dovecot does not come up: {log}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Some(server)
    }

    /// Returns the URL for `mail.returned`, with this suffix.
    pub fn url(&self, more: &str) -> String {
        format!("imaps://bounces:secret@localhost:{}/INBOX?{more}", self.port)
    }

    /// The same with the server's certificate trusted.
    pub fn trusted_url(&self, more: &str) -> String {
        self.url(&format!("ca={}{more}", self.folder.path().join("certificate.pem").display()))
    }

    /// Puts a message into the inbox.
    pub fn deliver(&self, name: &str, message: &[u8]) {
        let home = self.folder.path().join("home/Maildir");
        std::fs::write(home.join("tmp").join(name), message).unwrap();
        std::fs::rename(home.join("tmp").join(name), home.join("new").join(name)).unwrap();
    }

    /// Puts a message into the inbox that the server itself can't read.
    pub fn deliver_unreadable(&self, name: &str) {
        let home = self.folder.path().join("home/Maildir");
        let path = home.join("tmp").join(name);
        std::fs::write(&path, "Subject: x\n\nx").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        std::fs::rename(path, home.join("new").join(name)).unwrap();
    }

    /// Returns the messages of a folder with their flags, in Maildir's format: `name:2,S`.
    pub fn messages(&self, folder: &str) -> Vec<String> {
        let home = self.folder.path().join("home/Maildir").join(folder);
        let mut names = Vec::new();
        for box_of in ["new", "cur"] {
            let entries = std::fs::read_dir(home.join(box_of)).into_iter().flatten();
            names.extend(entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()));
        }
        names.sort();
        names
    }
}

impl Drop for ImapServer {
    fn drop(&mut self) {
        // SIGTERM, so that it ends its own children.
        run("kill", &["-TERM", &self.child.id().to_string()]);
        let _ = self.child.wait();
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

fn config(folder: &Path, (user, group): (&str, &str), (uid, gid): (&str, &str), port: u16) -> String {
    let at = |name: &str| -> String { PathBuf::from(folder).join(name).display().to_string() };
    format!(
        "base_dir = {run}\nstate_dir = {state}\nlog_path = {log}\nprotocols = imap\nlisten = 127.0.0.1\n\
         default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n\
         ssl = required\nssl_cert = <{cert}\nssl_key = <{key}\nauth_mechanisms = plain login\nmail_location = maildir:~/Maildir\n\
         passdb {{\n  driver = static\n  args = password=secret\n}}\n\
         userdb {{\n  driver = static\n  args = uid={uid} gid={gid} home={home}\n}}\n\
         namespace inbox {{\n  inbox = yes\n  separator = /\n  mailbox Read {{\n    auto = create\n  }}\n}}\n\
         service anvil {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n\
         service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = 0\n  }}\n  inet_listener imaps {{\n    port = {port}\n    ssl = yes\n  }}\n}}\n",
        run = at("run"),
        state = at("state"),
        log = at("log"),
        cert = at("certificate.pem"),
        key = at("key.pem"),
        home = at("home"),
    )
}
