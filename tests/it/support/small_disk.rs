//! A real disk (tmpfs) of a few MiB in a separate mount namespace, for a program that is to run out of space.

use super::{process, skip};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command};

/// A mounted disk; unmounted when this is dropped and no program in it runs any more.
pub struct SmallDisk {
    keeper: String,
    mounted_at: PathBuf,
    _stdin: ChildStdin,
    _process: process::Helper,
}

impl SmallDisk {
    /// Mounts one at `folder`, visible only to programs in its namespace. `None` without root permissions.
    pub fn mount(folder: &Path, mebibytes: usize) -> Option<Self> {
        let script = r#"mount -t tmpfs -o size="$1"m tmpfs "$0" && echo "$$" && exec cat"#;
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "sh", "-c", script]).arg(folder).arg(mebibytes.to_string());
        if !matches!(Command::new("unshare").args(["--mount", "true"]).output(), Ok(output) if output.status.success())
        {
            return skip::tool("a mount namespace, for which a test must run as root,");
        }
        let (process, stdin, mut stdout) = process::Helper::start(&mut unshare);
        let mut keeper = String::new();
        stdout.read_line(&mut keeper).unwrap();
        let keeper = keeper.trim().to_owned();
        assert!(!keeper.is_empty(), "the disk could not be mounted");
        Some(Self { keeper, mounted_at: folder.to_owned(), _stdin: stdin, _process: process })
    }

    /// Returns a command of a program on it, in its folder.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--target", &self.keeper, "--", "sh", "-c", r#"cd "$0" && exec "$@""#]);
        command.arg(&self.mounted_at).arg(program);
        command
    }

    /// Returns its folder as a path that this process can open.
    pub fn seen(&self) -> PathBuf {
        let path = self.mounted_at.strip_prefix("/").unwrap();
        Path::new("/proc").join(&self.keeper).join("root").join(path)
    }

    /// Fills all remaining space.
    pub fn fill(&self) {
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        let full = std::iter::repeat_with(|| filler.write_all(&[0; 4096])).find_map(Result::err).unwrap();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
    }

    /// Frees the space again.
    pub fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.seen().join("filler")
    }
}
