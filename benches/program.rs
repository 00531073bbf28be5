//! The built program as a separate process.

use crate::report::Report;
use afterword::transcription::TEST_MODEL;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Path of the program in its release build.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_afterword");

/// Maximum time of its start.
const START: Duration = Duration::from_secs(30);

/// A temporary folder and settings, before the service is started there.
pub struct Prepared {
    address: SocketAddr,
    settings: Vec<(String, String)>,
    folder: tempfile::TempDir,
}

/// `afterword serve` on a free port, in a temporary folder; ends when dropped.
pub struct Served {
    /// Address that it listens on.
    pub address: SocketAddr,
    /// First line on standard output with a link: that of the administrator.
    pub first_link: Option<String>,
    child: Child,
    prepared: Prepared,
}

impl Prepared {
    /// Returns a folder with settings, by their keys in the configuration: `("mail.url", "file:mail")`.
    pub fn new(settings: &[(&str, &str)]) -> Result<Self> {
        let folder = folder()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut all: Vec<_> = settings.iter().map(|(key, value)| (variable(key), (*value).to_owned())).collect();
        all.push((variable("http.listen"), address.to_string()));
        // The customers of a benchmark respond at once.
        all.push((variable("survey.too_fast"), "0s".to_owned()));
        all.push((variable("transcription.model"), TEST_MODEL.to_owned()));
        all.push((variable("transcription.models_dir"), concat!(env!("CARGO_MANIFEST_DIR"), "/models").to_owned()));
        Ok(Self { address, settings: all, folder })
    }

    /// Returns its folder, for relative paths of the settings.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command of the program there; returns its output.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(PROGRAM);
        let output = command.args(arguments).current_dir(self.folder()).envs(self.settings.clone()).output()?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Starts the service there.
    pub async fn start(self) -> Result<Served> {
        let mut command = Command::new(PROGRAM);
        // One log line for each request; to a file, as with a service manager.
        let log = std::fs::File::create(self.folder().join("log"))?;
        command.arg("serve").current_dir(self.folder()).envs(self.settings.clone());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().with_context(|| PROGRAM.to_owned())?;
        let said = BufReader::new(child.stdout.take().context("standard output")?);
        let (link, links) = mpsc::channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if let Some(at) = line.find("http://").filter(|_| line.contains("/welcome/")) {
                    // The receiver may have been dropped.
                    let _ = link.send(line[at..].trim().to_owned());
                }
            }
        });
        let mut served = Served { address: self.address, first_link: None, child, prepared: self };
        served.wait_until_ready().await?;
        served.first_link = links.recv_timeout(Duration::from_secs(1)).ok();
        Ok(served)
    }
}

impl Served {
    /// Starts it in an empty folder; see [`Prepared::new`].
    pub async fn start(settings: &[(&str, &str)]) -> Result<Self> {
        Prepared::new(settings)?.start().await
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let begin = Instant::now();
        let request = crate::client::request("GET", "/healthz", &[], b"");
        while begin.elapsed() < START {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended at once: {status}\n{}", std::fs::read_to_string(self.folder().join("log"))?);
            }
            if crate::client::ask(self.address, &request).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("it did not come up in {START:?}")
    }

    /// Returns its folder, for relative paths of the settings.
    pub fn folder(&self) -> &Path {
        self.prepared.folder()
    }

    /// Runs another command of the program on the same data; returns its output.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        self.prepared.command(arguments)
    }

    /// Returns the processor time used so far.
    pub fn processor(&self) -> Result<Duration> {
        processor(self.child.id())
    }

    /// Returns its current memory, in MiB.
    pub fn memory(&self) -> Result<f64> {
        memory(self.child.id(), "VmRSS")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a folder on the disk of the build: other temporary folders may be in memory, which would falsify the
/// results.
pub fn folder() -> Result<tempfile::TempDir> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

/// Returns `VmRSS` (current) or `VmHWM` (peak) of a process, in MiB.
pub fn memory(process: u32, which: &str) -> Result<f64> {
    let status = std::fs::read_to_string(PathBuf::from(format!("/proc/{process}/status")))?;
    let line = status.lines().find(|line| line.starts_with(which)).context("memory of a process that has ended")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
    Ok(kilobytes / 1024.0)
}

/// Returns the processor time of a process so far, user and system.
pub fn processor(process: u32) -> Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name, which may hold spaces: the 12th and 13th field, in hundredths of a second.
    let fields: Vec<&str> = text.rsplit(") ").next().context("a name")?.split_whitespace().collect();
    let ticks = |at: usize| -> Result<u64> { Ok(fields.get(at).context("a field")?.parse()?) };
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}

/// Measures the memory of the idle service just after its start, and the size of the program.
pub async fn measure_rest(report: &mut Report) -> Result<()> {
    let served = Served::start(&[]).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let memory = served.memory()?;
    report.aim("Memory at rest, no model loaded", format!("{memory:.0} MiB"), "under 40", memory < 40.0);
    let size = std::fs::metadata(PROGRAM)?.len() as f64 / 1024.0 / 1024.0;
    report.add("Size of the program", format!("{size:.1} MiB"));
    Ok(())
}

/// Returns the environment variable of a key: `mail.url` → `AFTERWORD__MAIL__URL`.
fn variable(key: &str) -> String {
    format!("AFTERWORD__{}", key.to_uppercase().replace('.', "__"))
}
