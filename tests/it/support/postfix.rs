//! A real postfix (Debian's) in a temporary folder, which relays mail to another server.

use super::smtp::{Shows, make_certificate};
use super::{process, skip};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A running postfix; ends when dropped.
pub struct Postfix {
    port: u16,
    folder: tempfile::TempDir,
}

/// Its required services.
const SERVICES: &str = "pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

impl Postfix {
    /// Relays to `relay` (a port of this machine), rejects `gone@example.net` permanently and `busy@example.net`
    /// temporarily; requires encryption. `None` where it is not installed, or this user may not start it.
    pub fn start(relay: u16) -> Option<Self> {
        if !Path::new("/usr/sbin/postfix").exists() {
            return skip::tool("postfix");
        }
        let id = Command::new("id").arg("-u").output().unwrap().stdout;
        if id.trim_ascii() != b"0" {
            return skip::tool("the rights of root, without which postfix does not start,");
        }
        let folder = tempfile::tempdir().unwrap();
        let (path, port) = (folder.path(), free_port());
        open_to_all(path);
        for name in ["etc", "queue", "data"] {
            std::fs::create_dir(path.join(name)).unwrap();
        }
        run(Command::new("chown").arg("postfix").arg(path.join("data")));
        let certificate = make_certificate(path, Shows::Right);
        std::fs::write(path.join("etc/main.cf"), main_cf(path, &certificate, relay)).unwrap();
        std::fs::write(path.join("etc/master.cf"), format!("127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}"))
            .unwrap();
        let this = Self { port, folder };
        run(&mut this.postfix("start"));
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begun.elapsed() < process::START, "postfix does not come up:\n{}", this.log());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Some(this)
    }

    /// Returns the URL for `mail.url`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Returns the certificate to trust (PEM).
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// Returns its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("queue/maillog")).unwrap_or_default()
    }

    fn postfix(&self, command: &str) -> Command {
        let mut postfix = Command::new("/usr/sbin/postfix");
        postfix.arg("-c").arg(self.folder.path().join("etc")).arg(command);
        postfix
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.postfix("stop").output();
    }
}

fn main_cf(path: &Path, certificate: &Path, relay: u16) -> String {
    let (path, certificate) = (path.display(), certificate.display());
    format!(
        "compatibility_level = 3.6
queue_directory = {path}/queue
data_directory = {path}/data
maillog_file = {path}/queue/maillog
maillog_file_prefixes = {path}
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example.net
mynetworks = 127.0.0.0/8
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [127.0.0.1]:{relay}
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {path}/key.pem
smtpd_tls_security_level = encrypt
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ gone@example.net = 550 5.1.1 no such user }}, {{ busy@example.net = 450 4.2.1 busy }} }}, permit_mynetworks, reject
smtpd_sender_restrictions = check_sender_access inline:{{ {{ nobody@northwind.example = 553 5.7.1 that is not you }} }}
"
    )
}

/// Its daemons run as other users.
fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).unwrap().port()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
