//! Speech models: the catalogue, the installed files, fetching, importing and checking.

mod alignment;
mod catalogue;
mod check;
mod child;
mod error;
mod fetch;
mod head;
mod import;
mod processor;
mod trial;
mod working;

pub use catalogue::{Entry, FetchSource, Times, catalogue, default_model, entry};
pub use check::{Health, hash_file};
pub use error::ModelError;
pub use fetch::{FetchEvent, FetchOptions, Fetched, OnFetchEvent, fetch};
pub use import::{ImportRequest, Imported, Precision, import};
pub use trial::{Trial, try_here};

pub(crate) use alignment::AlignmentHeads;
pub(crate) use check::check;
pub(crate) use processor::check_processor;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Name of the built-in test model, which knows only the synthetic voices of the tests and the demo.
pub const TEST_MODEL: &str = "test-voices.en";

/// Bytes of the test model, in the read-only section of the program: they take memory only once they are read.
static TEST_MODEL_BYTES: &[u8] = include_bytes!("../../../models/test-voices.en-q5_0.bin");

/// Source of the bytes of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Within the program.
    BuiltIn,
    /// A file.
    File(PathBuf),
}

impl Source {
    pub(crate) fn built_in_bytes() -> &'static [u8] {
        TEST_MODEL_BYTES
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Returns a size in millions of bytes, rounded up: "82 MB".
pub fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

/// An installed model, with the parameters of its use.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Name in the catalogue, or of the file.
    pub name: String,
    /// Source of its bytes.
    pub source: Source,
    /// Maximum length of a span of speech, ms.
    pub max_span_ms: u64,
    /// Source of the times of words.
    pub times: Times,
    /// Its entry in the catalogue; `None` for any other file.
    pub entry: Option<&'static Entry>,
}

impl Model {
    fn of_entry(entry: &'static Entry, source: Source) -> Self {
        Self {
            name: entry.name.clone(),
            source,
            max_span_ms: entry.max_span_ms,
            times: entry.times,
            entry: Some(entry),
        }
    }

    /// Returns a file that is not in the catalogue, used like the models of OpenAI.
    pub fn of_file(path: &Path) -> Self {
        let name =
            path.file_stem().map_or_else(|| path.display().to_string(), |stem| stem.to_string_lossy().into_owned());
        Self { name, source: Source::File(path.to_owned()), max_span_ms: 28_000, times: Times::Model, entry: None }
    }
}

impl Model {
    /// Returns the size of its file in bytes; `None`: it is built in, or the file can't be read.
    pub fn size(&self) -> Option<u64> {
        match &self.source {
            Source::BuiltIn => None,
            Source::File(path) => std::fs::metadata(path).ok().map(|about| about.len()),
        }
    }

    /// Returns a text that differs between models of the same name: the catalogue's SHA-256, or the size and time of
    /// any other file.
    pub(crate) fn version(&self) -> String {
        match (self.entry, &self.source) {
            (Some(entry), _) => entry.sha256.clone(),
            (None, Source::BuiltIn) => String::new(),
            (None, Source::File(path)) => match std::fs::metadata(path) {
                Ok(about) => format!("{} {:?}", about.len(), about.modified().ok()),
                Err(error) => error.to_string(),
            },
        }
    }
}

/// Folders that are searched for models.
#[derive(Clone, Debug)]
pub struct ModelFolders {
    folders: Vec<PathBuf>,
}

impl ModelFolders {
    /// Returns the default folders. `own` is the data folder's `models/`, the target of fetches and imports. `models/`
    /// in the working directory and next to the program are searched too.
    pub fn new(own: impl Into<PathBuf>) -> Self {
        let mut folders = vec![own.into(), PathBuf::from("models")];
        let program = std::env::current_exe().ok();
        folders.extend(program.as_deref().and_then(Path::parent).map(|folder| folder.join("models")));
        Self { folders }
    }

    /// Returns only this folder. The built-in model is found too.
    pub fn only(own: impl Into<PathBuf>) -> Self {
        Self { folders: vec![own.into()] }
    }

    /// Returns the folder of fetched and imported models.
    pub fn own(&self) -> &Path {
        self.folders.first().map_or(Path::new("models"), PathBuf::as_path)
    }

    /// Finds a model by its name in the catalogue, the name that it was imported under, or its file's path. Names and
    /// sizes only are compared: the content is checked when the model is loaded, and by [`Self::verify`].
    ///
    /// # Errors
    /// [`ModelError::NotInstalled`] for a model of the catalogue, [`ModelError::NoSuchFile`] for a path, else
    /// [`ModelError::Unknown`].
    pub fn find(&self, wanted: &str) -> Result<Model, ModelError> {
        if let Some(entry) = entry(wanted) {
            let source = self.locate(entry).ok_or_else(|| ModelError::NotInstalled { name: entry.name.clone() })?;
            return Ok(Model::of_entry(entry, source));
        }
        let imported = self.folders.iter().map(|folder| folder.join(format!("{wanted}.bin")));
        if let Some(path) = imported.into_iter().find(|path| path.is_file()) {
            return Ok(Model::of_file(&path));
        }
        let path = Path::new(wanted);
        if path.is_file() {
            return Ok(Model::of_file(path));
        }
        if path.components().count() > 1 || path.extension().is_some_and(|extension| extension == "bin") {
            return Err(ModelError::NoSuchFile { path: path.to_owned() });
        }
        Err(ModelError::Unknown { name: wanted.to_owned() })
    }

    fn locate(&self, entry: &Entry) -> Option<Source> {
        let complete =
            |path: &PathBuf| std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == entry.size);
        let file = self.folders.iter().map(|folder| folder.join(&entry.file)).find(complete).map(Source::File);
        if entry.name == TEST_MODEL { Some(Source::BuiltIn) } else { file }
    }

    /// Returns the names of the imported models, sorted: `.bin` files in the folders that are not in the catalogue.
    pub fn imported(&self) -> Vec<String> {
        let files = self.folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        let name = |file: std::fs::DirEntry| {
            let name = file.file_name().into_string().ok()?;
            let stem = name.strip_suffix(".bin")?.to_owned();
            (entry(&name).is_none() && !stem.starts_with('.')).then_some(stem)
        };
        files.filter_map(name).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Returns the whole catalogue; each model with its source where it is installed.
    pub fn list(&self) -> Vec<(&'static Entry, Option<Source>)> {
        catalogue().iter().map(|entry| (entry, self.locate(entry))).collect()
    }

    /// Compares the SHA-256 of every installed model with the catalogue. Blocks for as long as reading takes.
    pub fn verify(&self) -> Vec<(&'static Entry, Health)> {
        let files = |entry: &Entry| self.folders.iter().map(|f| f.join(&entry.file)).find(|path| path.is_file());
        let health = |entry: &'static Entry| match files(entry) {
            _ if entry.name == TEST_MODEL => Health::of_built_in(entry),
            Some(path) => Health::of_file(entry, &path),
            None => Health::NotInstalled,
        };
        catalogue().iter().map(|entry| (entry, health(entry))).collect()
    }
}
