//! ggml files of whisper.cpp: copied, or written with fewer bits.

use super::bytes::Cursor;
use super::tensor::{Element, Precision, Shape, Tensor, Weights};
use crate::transcription::models::ModelError;
use crate::transcription::models::head::{HEAD_BYTES, Head, MAGIC};
use std::fs::File;
use std::io::Read;
use std::path::Path;

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
    Ok(head == MAGIC)
}

/// Reads and checks a file. `precision`: the precision that its weights will be written in; `None`: the file is copied.
pub(super) fn read(bytes: &[u8], precision: Option<Precision>) -> Result<Weights<'_>, String> {
    let shape = shape(&Head::read(bytes)?).ok_or("the numbers in its head make no sense")?;
    shape.check()?;
    let weights = parse(bytes, shape).ok_or("it is cut off, or its numbers make no sense")?;
    let quantised = weights.tensors.iter().any(|tensor| tensor.element == Element::Blocks);
    if quantised && precision.is_some() {
        return Err("it is quantised already: import it without --precision, or begin with the file of 16 bits".into());
    }
    Ok(weights)
}

fn shape(head: &Head) -> Option<Shape> {
    let number = |value: i32| usize::try_from(value).ok();
    Some(Shape {
        vocabulary: number(head.vocabulary)?,
        audio_context: number(head.audio_context)?,
        audio_state: number(head.audio_state)?,
        audio_heads: number(head.audio_heads)?,
        audio_layers: number(head.audio_layers)?,
        text_context: number(head.text_context)?,
        text_state: number(head.text_state)?,
        text_heads: number(head.text_heads)?,
        text_layers: number(head.text_layers)?,
        mels: number(head.mels)?,
    })
}

fn parse(bytes: &[u8], shape: Shape) -> Option<Weights<'_>> {
    let mut at = Cursor::new(bytes.get(HEAD_BYTES..)?);
    let (rows, columns) = (at.count()?, at.count()?);
    let mel = at.take(rows.checked_mul(columns)?.checked_mul(4)?)?;
    let mel = mel.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let tokens = at.count().filter(|count| *count <= shape.vocabulary)?;
    let mut vocabulary = Vec::new();
    for _ in 0..tokens {
        let length = at.count().filter(|length| *length <= MAX_NAME)?;
        vocabulary.push(at.take(length)?.to_vec());
    }
    let mut tensors = Vec::new();
    while !at.is_empty() {
        tensors.push(tensor(&mut at)?);
    }
    let has = |name: &str| tensors.iter().any(|tensor| tensor.name == name);
    // The last tensors of each half: a file that is truncated between two tensors lacks one of them.
    let last = format!("decoder.blocks.{}.mlp.2.bias", shape.text_layers.checked_sub(1)?);
    let whole = has("decoder.token_embedding.weight") && has("encoder.ln_post.bias") && has(&last);
    whole.then_some(Weights { shape, mel, vocabulary, tensors })
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
        kind => (Element::Blocks, block_bytes(kind, elements)?),
    };
    Some(Tensor { name, dimensions, element, bytes: at.take(length)?, scales: Vec::new() })
}

/// Returns the size of this number of elements in ggml's blocks, in bytes.
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
    if elements.is_multiple_of(size) { (elements / size).checked_mul(bytes) } else { None }
}
