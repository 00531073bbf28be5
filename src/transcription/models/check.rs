//! Checks before a model is loaded: an invalid file can abort the process.

use super::head::Head;
use super::{Entry, Model, ModelError, Source, Trial, catalogue};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Result of verifying a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Its SHA-256 is one of the catalogue's.
    Good(Source),
    /// It differs from the catalogue, or can't be read; the text says how.
    Bad(Source, String),
    /// There is no file.
    NotInstalled,
}

impl Health {
    pub(super) fn of_built_in(entry: &Entry) -> Self {
        let found = hex::encode(Sha256::digest(Source::built_in_bytes()));
        Self::judge(entry, Source::BuiltIn, found)
    }

    pub(super) fn of_file(entry: &Entry, path: &Path) -> Self {
        let source = Source::File(path.to_owned());
        match hash_file(path) {
            Ok(found) => Self::judge(entry, source, found),
            Err(error) => Self::Bad(source, error.to_string()),
        }
    }

    fn judge(entry: &Entry, source: Source, found: String) -> Self {
        if entry.has_checksum(&found) {
            Self::Good(source)
        } else {
            Self::Bad(source, format!("its SHA-256 is {found}"))
        }
    }
}

/// Returns the SHA-256 of a file, in hexadecimal.
pub fn hash_file(path: &Path) -> Result<String, ModelError> {
    let io = ModelError::io(path);
    let mut file = File::open(path).map_err(&io)?;
    let (mut hash, mut block) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut block).map_err(&io)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&block[..read]),
        }
    }
}

/// Checks that a model can be loaded safely. Returns it with its entry in the catalogue, where its content is that of
/// one.
///
/// # Errors
/// [`ModelError::NotAModel`], [`ModelError::WrongContent`], [`ModelError::Io`], and those of [`Trial::pass`].
pub(crate) fn check(model: Model, trial: &Trial) -> Result<Model, ModelError> {
    let Source::File(path) = model.source.clone() else { return Ok(model) };
    let what = || path.display().to_string();
    let io = ModelError::io(&path);
    let file = File::open(&path).map_err(&io)?;
    let size = file.metadata().map_err(&io)?.len();
    let head = Head::read(&file).map_err(|why| ModelError::NotAModel { what: what(), why })?;
    if size < head.least_size() {
        return Err(ModelError::NotAModel { what: what(), why: "it is cut off".to_owned() });
    }
    let found = hash_file(&path)?;
    match model.entry {
        Some(entry) if entry.has_checksum(&found) => Ok(model),
        Some(entry) => Err(ModelError::WrongContent { what: what(), wanted: entry.sha256.clone(), found }),
        None => match catalogue().iter().find(|entry| entry.has_checksum(&found)) {
            Some(entry) => Ok(Model::of_entry(entry, model.source)),
            None => trial.pass(&path, &found, &CancellationToken::new()).map(|()| model),
        },
    }
}
