//! What can be wrong with a model, and what to do about it.

use std::path::PathBuf;

/// Why there is no model to work with.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No such name in the catalogue, and no such file.
    #[error("no speech model is called {name:?}; `afterword models list` shows the names")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The processor lacks what whisper.cpp was built with.
    #[error(
        "this processor has no {missing}, which this build of the program needs to transcribe; build it with GGML_AVX2=OFF \
         GGML_FMA=OFF GGML_F16C=OFF GGML_BMI2=OFF in the environment, or use a newer processor"
    )]
    Processor {
        /// Names of the instruction sets.
        missing: String,
    },
    /// A path without a file.
    #[error("there is no speech model at {}", path.display())]
    NoSuchFile {
        /// The path.
        path: PathBuf,
    },
    /// Known, but not here.
    #[error("the speech model {name} is not installed; get it with `afterword models fetch {name}`")]
    NotInstalled {
        /// Its catalogue name.
        name: String,
    },
    /// Built in.
    #[error("{name} is built in: there is nothing to fetch")]
    NothingToFetch {
        /// Its catalogue name.
        name: String,
    },
    /// No source of the model gave it.
    #[error("{}", not_fetched(.name, .failures, .hint))]
    NotFetched {
        /// Its catalogue name.
        name: String,
        /// Why each source failed, in the order in which they were tried.
        failures: Vec<ModelError>,
        /// What to do without a network.
        hint: String,
    },
    /// The server could not be reached, or stopped in the middle.
    #[error("{host} could not be reached ({cause})")]
    Network {
        /// The server.
        host: String,
        /// The network's words.
        cause: String,
    },
    /// The server answered, but not with the file.
    #[error("{url} answers {status}: the model is not to be had there now")]
    Refused {
        /// The file's address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// There is no pip.
    #[error(
        "there is no pip: neither `python3 -m pip` nor `pip3` runs; on Debian and Ubuntu `apt-get install python3-pip` installs it"
    )]
    NoPip,
    /// pip did not get the packages.
    #[error("pip could not get {packages} ({why})")]
    Pip {
        /// Names and versions.
        packages: String,
        /// pip's last words.
        why: String,
    },
    /// It was stopped.
    #[error("it was stopped")]
    Cancelled,
    /// The bytes are not the ones in the catalogue.
    #[error("{what} is not what the catalogue says (SHA-256 {found}, not {wanted}); fetch it again")]
    WrongContent {
        /// The file.
        what: String,
        /// What it should be.
        wanted: String,
        /// What it is.
        found: String,
    },
    /// Something else than a Whisper model, or a broken one.
    #[error("{what} is no Whisper model in ggml format: {why}")]
    NotAModel {
        /// The file.
        what: String,
        /// What gave it away.
        why: String,
    },
    /// The input of an import is no Whisper model in a known format, or is cut off.
    #[error("{what} can't be imported: {why}")]
    NotImportable {
        /// The file or folder.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A first load in a child process failed.
    #[error("{what} could not be loaded ({why}), so it is not used")]
    TrialFailed {
        /// The file.
        what: String,
        /// How the child ended.
        why: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ModelError {
    /// The same error about something that people know by another name.
    pub(super) fn renamed(self, name: &str) -> Self {
        match self {
            Self::NotImportable { why, .. } => Self::NotImportable { what: name.to_owned(), why },
            other => other,
        }
    }

    pub(super) fn io(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

fn not_fetched(name: &str, failures: &[ModelError], hint: &str) -> String {
    let reasons: Vec<String> = failures.iter().map(ToString::to_string).collect();
    format!("the speech model {name} could not be fetched: {}. {hint}", reasons.join("; then "))
}
