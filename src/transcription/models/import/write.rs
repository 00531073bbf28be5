//! Writes weights as a ggml file.

use super::tensor::{Precision, Tensor, Weights};
use crate::transcription::models::head::MAGIC;
use half::f16;
use std::io::{self, BufWriter, Write};
use tokio_util::sync::CancellationToken;
use whisper_rs::whisper_rs_sys as sys;

/// Number of bytes that are copied between checks for cancellation.
const COPY_CHUNK: usize = 8 << 20;
/// Elements of a block of both quantised types.
const BLOCK: usize = 32;
/// Version of ggml's quantised types, as its files count it: `GGML_QNT_VERSION`.
const QUANTISATION_VERSION: u32 = 2;
/// Factor of the version in the head of a file: `GGML_QNT_VERSION_FACTOR`.
const QUANTISATION_VERSION_FACTOR: u32 = 1000;

/// Reason why a file is not complete.
pub(super) enum WriteError {
    Io(io::Error),
    /// The weights are not those of a Whisper model.
    Weights(String),
    Cancelled,
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Writes a file in this precision. `progress` is called with tensors written and tensors in all.
pub(super) fn write(
    weights: &Weights<'_>,
    precision: Precision,
    to: &std::fs::File,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), WriteError> {
    let mut to = BufWriter::with_capacity(1 << 20, to);
    head(weights, precision, &mut to)?;
    // Sorted by name: the same weights make the same file, whatever their original format.
    let mut tensors: Vec<&Tensor<'_>> = weights.tensors.iter().collect();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    for (n, tensor) in tensors.into_iter().enumerate() {
        if cancel.is_cancelled() {
            return Err(WriteError::Cancelled);
        }
        write_tensor(tensor, precision, &mut to)?;
        progress(n + 1, weights.tensors.len());
    }
    Ok(to.flush()?)
}

/// Copies a file's bytes.
pub(super) fn copy(bytes: &[u8], mut to: &std::fs::File, cancel: &CancellationToken) -> Result<(), WriteError> {
    for chunk in bytes.chunks(COPY_CHUNK) {
        if cancel.is_cancelled() {
            return Err(WriteError::Cancelled);
        }
        to.write_all(chunk)?;
    }
    Ok(())
}

/// Writes a number in the encoding of the file.
fn number(value: usize, to: &mut impl Write) -> io::Result<()> {
    let value = i32::try_from(value).map_err(io::Error::other)?;
    to.write_all(&value.to_le_bytes())
}

fn head(weights: &Weights<'_>, precision: Precision, to: &mut impl Write) -> io::Result<()> {
    let shape = &weights.shape;
    to.write_all(&MAGIC)?;
    for value in [
        shape.vocabulary,
        shape.audio_context,
        shape.audio_state,
        shape.audio_heads,
        shape.audio_layers,
        shape.text_context,
        shape.text_state,
        shape.text_heads,
        shape.text_layers,
        shape.mels,
    ] {
        number(value, to)?;
    }
    to.write_all(&file_type(precision).to_le_bytes())?;
    number(shape.mels, to)?;
    number(weights.mel.len() / shape.mels.max(1), to)?;
    for weight in &weights.mel {
        to.write_all(&weight.to_le_bytes())?;
    }
    number(weights.vocabulary.len(), to)?;
    for token in &weights.vocabulary {
        number(token.len(), to)?;
        to.write_all(token)?;
    }
    Ok(())
}

/// Returns `ggml_ftype` of a file.
fn file_type(precision: Precision) -> u32 {
    let quantised = QUANTISATION_VERSION * QUANTISATION_VERSION_FACTOR;
    match precision {
        Precision::F16 => 1,
        Precision::Q8_0 => quantised + 7,
        Precision::Q5_1 => quantised + 9,
    }
}

/// Type in which a tensor is written, the same as whisper.cpp's converter and quantiser choose.
enum Form {
    F32,
    F16,
    Blocks(sys::ggml_type),
}

fn form(tensor: &Tensor<'_>, precision: Precision) -> Form {
    let small =
        tensor.dimensions.len() < 2 || tensor.name.ends_with("positional_embedding") || tensor.name.ends_with(".bias");
    let row = tensor.dimensions.last().copied().unwrap_or_default();
    match precision {
        _ if small => Form::F32,
        Precision::F16 => Form::F16,
        _ if tensor.dimensions.len() != 2 || !row.is_multiple_of(BLOCK) => Form::F16,
        Precision::Q8_0 => Form::Blocks(sys::ggml_type_GGML_TYPE_Q8_0),
        Precision::Q5_1 => Form::Blocks(sys::ggml_type_GGML_TYPE_Q5_1),
    }
}

fn write_tensor(tensor: &Tensor<'_>, precision: Precision, to: &mut impl Write) -> Result<(), WriteError> {
    let elements =
        || tensor.to_f32().ok_or_else(|| WriteError::Weights(format!("{} is quantised already", tensor.name)));
    let (kind, bytes) = match form(tensor, precision) {
        Form::F32 => (0, elements()?.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Form::F16 => (1, elements()?.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect()),
        Form::Blocks(kind) => {
            let row = tensor.dimensions.last().copied().unwrap_or_default();
            (kind, quantise(kind, &elements()?, row))
        }
    };
    number(tensor.dimensions.len(), to)?;
    number(tensor.name.len(), to)?;
    to.write_all(&kind.to_le_bytes())?;
    for size in tensor.dimensions.iter().rev() {
        number(*size, to)?;
    }
    to.write_all(tensor.name.as_bytes())?;
    Ok(to.write_all(&bytes)?)
}

/// Quantises rows of this length with ggml's own code.
fn quantise(kind: sys::ggml_type, elements: &[f32], row: usize) -> Vec<u8> {
    let rows = elements.len() / row;
    // SAFETY: `ggml_row_size` gives the bytes of a row of `row` elements, a multiple of a block; `ggml_quantize_chunk`
    // reads `rows * row` numbers and writes `rows` such rows. Neither type needs an importance matrix.
    unsafe {
        let mut bytes = vec![0_u8; sys::ggml_row_size(kind, row as i64) * rows];
        let to = bytes.as_mut_ptr().cast();
        sys::ggml_quantize_chunk(kind, elements.as_ptr(), to, 0, rows as i64, row as i64, std::ptr::null());
        bytes
    }
}
