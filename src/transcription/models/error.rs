//! Errors about models, with advice.

use std::path::PathBuf;

/// Reasons why a model can't be used, fetched or imported.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No such name in the catalogue, and no such file.
    #[error("no speech model is called {name:?}; `afterword models list` shows the names")]
    Unknown {
        /// Requested name.
        name: String,
    },
    /// The processor lacks instructions that whisper.cpp was built with.
    #[error(
        "this processor has no {missing}, which this build of the program needs to transcribe; build it with GGML_AVX2=OFF \
         GGML_FMA=OFF GGML_F16C=OFF GGML_BMI2=OFF in the environment, or use a newer processor"
    )]
    Processor {
        /// Names of the instruction sets.
        missing: String,
    },
    /// There is no file at a path.
    #[error("there is no speech model at {}", path.display())]
    NoSuchFile {
        /// The path.
        path: PathBuf,
    },
    /// A model of the catalogue that is not installed: it can be fetched.
    #[error("the speech model {name} is not installed; get it with `afterword models fetch {name}`")]
    NotInstalled {
        /// Its catalogue name.
        name: String,
    },
    /// A built-in model was to be fetched.
    #[error("{name} is built in: there is nothing to fetch")]
    NothingToFetch {
        /// Its catalogue name.
        name: String,
    },
    /// Every source of the model failed.
    #[error("{}", not_fetched(.name, .failures, .hint))]
    NotFetched {
        /// Its catalogue name.
        name: String,
        /// Error of each source, in the order in which they were tried.
        failures: Vec<ModelError>,
        /// Advice for machines without a network.
        hint: String,
    },
    /// The server could not be reached, or stopped in the middle.
    #[error("{host} could not be reached ({cause})")]
    Network {
        /// The server.
        host: String,
        /// The network's error.
        cause: String,
    },
    /// The server answered, but not with the file.
    #[error("{url} answers {status}: the model is not available there now")]
    Refused {
        /// The file's address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// pip is not installed.
    #[error(
        "there is no pip: neither `python3 -m pip` nor `pip3` runs; on Debian and Ubuntu `apt-get install python3-pip` installs it"
    )]
    NoPip,
    /// pip did not get the packages.
    #[error("pip could not get {packages} ({why})")]
    Pip {
        /// Names and versions.
        packages: String,
        /// pip's error.
        why: String,
    },
    /// The fetch or import was stopped.
    #[error("it was stopped")]
    Cancelled,
    /// The SHA-256 differs from the one in the catalogue.
    #[error("{what} is not what the catalogue says (SHA-256 {found}, not {wanted}); fetch it again")]
    WrongContent {
        /// The file.
        what: String,
        /// Expected SHA-256.
        wanted: String,
        /// Actual SHA-256.
        found: String,
    },
    /// The file is not a Whisper model, or is damaged.
    #[error("{what} is no Whisper model in ggml format: {why}")]
    NotAModel {
        /// The file.
        what: String,
        /// The reason.
        why: String,
    },
    /// The input of an import is not a Whisper model in a known format, or is truncated.
    #[error("{what} can't be imported: {why}")]
    NotImportable {
        /// The file or folder.
        what: String,
        /// The reason.
        why: String,
    },
    /// The name of an import is that of a model in the catalogue, and the result is not that model.
    #[error("{name} is the name of another model, one of the catalogue; give the import its own name with --name")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The first load in a child process failed.
    #[error("{what} could not be loaded ({why}), so it is not used")]
    TrialFailed {
        /// The file.
        what: String,
        /// Exit status of the child.
        why: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl ModelError {
    /// Returns the same error, about a file of another name.
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
