//! whisper.cpp's own files: taken as they are, or written anew with fewer bits.

use super::bytes::Cursor;
use super::tensor::{Element, Precision, Shape, Tensor, Weights};
use crate::transcription::models::ModelError;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The first four bytes of a file, as a little-endian number.
pub(super) const MAGIC: u32 = 0x6767_6d6c;
/// ggml's numbers of the types that are not in blocks.
const F32: u32 = 0;
const F16: u32 = 1;
/// Maximum length of a token or of a tensor's name, in bytes.
const MAX_NAME: usize = 1024;

/// Whether the file begins like whisper.cpp's.
pub(super) fn is_one(path: &Path) -> Result<bool, ModelError> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(ModelError::io(path))?;
    file.take(4).read_to_end(&mut head).map_err(ModelError::io(path))?;
    Ok(head == MAGIC.to_le_bytes())
}

/// Reads a file; `precision` is what it will be written in, `None` for as it is.
pub(super) fn read(bytes: &[u8], precision: Option<Precision>) -> Result<Weights<'_>, String> {
    let weights = parse(bytes).ok_or("it is cut off, or its numbers make no sense")?;
    let quantised = weights.tensors.iter().any(|tensor| matches!(tensor.element, Element::Blocks(_)));
    if quantised && precision.is_some() {
        return Err("it is quantised already: import it without --precision, or begin with the file of 16 bits".into());
    }
    Ok(weights)
}

fn parse(bytes: &[u8]) -> Option<Weights<'_>> {
    let mut at = Cursor::new(bytes);
    at.u32()?;
    let mut number = || at.count();
    let shape = Shape {
        vocabulary: number()?,
        audio_context: number()?,
        audio_state: number()?,
        audio_heads: number()?,
        audio_layers: number()?,
        text_context: number()?,
        text_state: number()?,
        text_heads: number()?,
        text_layers: number()?,
        mels: number()?,
    };
    let file_type = at.u32()?;
    let (rows, columns) = (at.count()?, at.count()?);
    let mel = at.take(rows.checked_mul(columns)?.checked_mul(4)?)?;
    let mel = mel.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let tokens = at.count().filter(|count| *count <= shape.vocabulary)?;
    let mut vocabulary = Vec::with_capacity(tokens);
    for _ in 0..tokens {
        let length = at.count().filter(|length| *length <= MAX_NAME)?;
        vocabulary.push(at.take(length)?.to_vec());
    }
    let mut tensors = Vec::new();
    while !at.is_empty() {
        tensors.push(tensor(&mut at)?);
    }
    let has = |name: &str| tensors.iter().any(|tensor| tensor.name == name);
    // The last ones of each half: a file that is cut off between two tensors has fewer of them.
    let last = format!("decoder.blocks.{}.mlp.2.bias", shape.text_layers.checked_sub(1)?);
    let whole = has("decoder.token_embedding.weight") && has("encoder.ln_post.bias") && has(&last);
    whole.then_some(Weights { shape, mel, vocabulary, tensors, file_type })
}

fn tensor<'a>(at: &mut Cursor<'a>) -> Option<Tensor<'a>> {
    let (rank, name_length, kind) = (at.count()?, at.count()?, at.u32()?);
    if !(1..=4).contains(&rank) || name_length > MAX_NAME {
        return None;
    }
    let mut dimensions = (0..rank).map(|_| at.count()).collect::<Option<Vec<usize>>>()?;
    dimensions.reverse();
    let name = String::from_utf8(at.take(name_length)?.to_vec()).ok()?;
    let elements = dimensions.iter().try_fold(1_usize, |all, size| all.checked_mul(*size))?;
    let (element, length) = match kind {
        F32 => (Element::F32, elements.checked_mul(4)?),
        F16 => (Element::F16, elements.checked_mul(2)?),
        kind => (Element::Blocks(kind), block_bytes(kind, elements)?),
    };
    Some(Tensor { name, dimensions, element, bytes: at.take(length)?, scales: Vec::new() })
}

/// Bytes of so many elements in ggml's blocks.
fn block_bytes(kind: u32, elements: usize) -> Option<usize> {
    // Elements and bytes of a block: ggml.c's type_traits of Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 and of the K quants.
    let (size, bytes) = match kind {
        2 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        10 => (256, 84),
        11 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        _ => return None,
    };
    elements.is_multiple_of(size).then(|| elements / size * bytes)
}
