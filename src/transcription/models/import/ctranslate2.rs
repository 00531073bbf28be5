//! CTranslate2's `model.bin`, as faster-whisper reads it: a specification's name, variables, aliases.
//!
//! Source of the format: CTranslate2's `python/ctranslate2/specs/model_spec.py` (`_serialize`), binary version 6.

use super::bytes::Cursor;
use super::tensor::{Element, Shape, Tensor, Weights};
use super::{mel, vocabulary};
use crate::transcription::models::ModelError;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Name of the specification of Whisper models.
const SPECIFICATION: &str = "WhisperSpec";
/// Versions of the binary format that hold aliases after the variables.
const VERSIONS: std::ops::RangeInclusive<u32> = 4..=6;
/// Maximum number of variables that are read.
const MAX_VARIABLES: usize = 100_000;

/// Whether the file begins like CTranslate2's.
pub(super) fn is_one(path: &Path) -> Result<bool, ModelError> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(ModelError::io(path))?;
    file.take(64).read_to_end(&mut head).map_err(ModelError::io(path))?;
    let mut at = Cursor::new(&head);
    let version = at.u32();
    Ok(version.is_some_and(|version| VERSIONS.contains(&version)) && text(&mut at).is_some_and(|s| s == SPECIFICATION))
}

/// Reads a string with a length prefix and a terminating zero.
fn text(at: &mut Cursor<'_>) -> Option<String> {
    let length = usize::from(at.u16()?);
    let bytes = at.take(length)?;
    Some(String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned())
}

#[derive(Clone)]
struct Variable<'a> {
    dimensions: Vec<usize>,
    element: u8,
    bytes: &'a [u8],
}

/// Reads the weights, and the vocabulary from the same folder.
pub(super) fn read<'a>(bytes: &'a [u8], folder: &Path) -> Result<Weights<'a>, String> {
    let variables = Variables(variables(bytes).ok_or("the file is cut off")?);
    let shape = variables.shape()?;
    shape.check()?;
    let tensors = variables.tensors(&shape)?;
    let vocabulary = vocabulary::read(folder)?;
    Ok(Weights { mel: mel::filter_bank(shape.mels), shape, vocabulary, tensors })
}

fn variables(bytes: &[u8]) -> Option<HashMap<String, Variable<'_>>> {
    let mut at = Cursor::new(bytes);
    let (_version, _specification, _revision) = (at.u32()?, text(&mut at)?, at.u32()?);
    let count = at.count().filter(|count| *count <= MAX_VARIABLES)?;
    let mut all = HashMap::new();
    for _ in 0..count {
        let name = text(&mut at)?;
        let rank = at.u8()?;
        let dimensions = (0..rank).map(|_| at.count()).collect::<Option<Vec<usize>>>()?;
        let (element, length) = (at.u8()?, at.count()?);
        all.insert(name, Variable { dimensions, element, bytes: at.take(length)? });
    }
    let aliases = at.count().filter(|count| *count <= MAX_VARIABLES)?;
    for _ in 0..aliases {
        let (alias, name) = (text(&mut at)?, text(&mut at)?);
        let variable = all.get(&name).cloned();
        if let Some(variable) = variable {
            all.insert(alias, variable);
        }
    }
    Some(all)
}

struct Variables<'a>(HashMap<String, Variable<'a>>);

impl<'a> Variables<'a> {
    fn get(&self, name: &str) -> Result<&Variable<'a>, String> {
        self.0.get(name).ok_or_else(|| format!("it has no {name}: it is cut off, or of another kind"))
    }

    fn dimension(&self, name: &str, axis: usize) -> Result<usize, String> {
        self.get(name)?.dimensions.get(axis).copied().ok_or_else(|| format!("{name} has too few dimensions"))
    }

    fn layers(&self, side: &str) -> usize {
        (0..).take_while(|n| self.0.contains_key(&format!("{side}/layer_{n}/ffn/linear_0/weight"))).count()
    }

    fn shape(&self) -> Result<Shape, String> {
        let state = self.dimension("encoder/conv1/weight", 0)?;
        let text_state = self.dimension("decoder/embeddings/weight", 1)?;
        let heads = |state: usize| state / 64;
        Ok(Shape {
            vocabulary: self.dimension("decoder/embeddings/weight", 0)?,
            audio_context: self.dimension("encoder/position_encodings/encodings", 0)?,
            audio_state: state,
            audio_heads: heads(state),
            audio_layers: self.layers("encoder"),
            text_context: self.dimension("decoder/position_encodings/encodings", 0)?,
            text_state,
            text_heads: heads(text_state),
            text_layers: self.layers("decoder"),
            mels: self.dimension("encoder/conv1/weight", 1)?,
        })
    }

    fn tensors(&self, shape: &Shape) -> Result<Vec<Tensor<'a>>, String> {
        let mut all = Tensors { variables: self, tensors: Vec::new() };
        all.plain("encoder/position_encodings/encodings", "encoder.positional_embedding")?;
        for n in [1, 2] {
            all.plain(&format!("encoder/conv{n}/weight"), &format!("encoder.conv{n}.weight"))?;
            all.column(&format!("encoder/conv{n}/bias"), &format!("encoder.conv{n}.bias"))?;
        }
        all.norm("encoder/layer_norm", "encoder.ln_post")?;
        for n in 0..shape.audio_layers {
            let (from, to) = (format!("encoder/layer_{n}"), format!("encoder.blocks.{n}"));
            all.self_attention(&from, &to)?;
            all.feed_forward(&from, &to)?;
        }
        all.plain("decoder/position_encodings/encodings", "decoder.positional_embedding")?;
        all.plain("decoder/embeddings/weight", "decoder.token_embedding.weight")?;
        all.norm("decoder/layer_norm", "decoder.ln")?;
        for n in 0..shape.text_layers {
            let (from, to) = (format!("decoder/layer_{n}"), format!("decoder.blocks.{n}"));
            all.self_attention(&from, &to)?;
            all.cross_attention(&from, &to)?;
            all.feed_forward(&from, &to)?;
        }
        Ok(all.tensors)
    }
}

/// Renames variables into tensors; query, key and value are concatenated in one variable.
struct Tensors<'a, 'v> {
    variables: &'v Variables<'a>,
    tensors: Vec<Tensor<'a>>,
}

impl Tensors<'_, '_> {
    fn plain(&mut self, from: &str, to: &str) -> Result<(), String> {
        self.split(from, &[to])
    }

    /// Adds the bias of a convolution, which has one column.
    fn column(&mut self, from: &str, to: &str) -> Result<(), String> {
        self.plain(from, to)?;
        if let Some(tensor) = self.tensors.last_mut() {
            tensor.dimensions.push(1);
        }
        Ok(())
    }

    fn norm(&mut self, from: &str, to: &str) -> Result<(), String> {
        self.plain(&format!("{from}/gamma"), &format!("{to}.weight"))?;
        self.plain(&format!("{from}/beta"), &format!("{to}.bias"))
    }

    /// Splits the rows of one variable in as many equal parts as there are names; an empty name leaves its part out.
    fn split(&mut self, from: &str, names: &[&str]) -> Result<(), String> {
        let variable = self.variables.get(from)?;
        let element = element_of(variable.element).ok_or_else(|| format!("{from} has an unknown type"))?;
        let scales = match element {
            Element::I8 => self.scales(from, variable)?,
            _ => Vec::new(),
        };
        let rows = variable.dimensions.first().copied().unwrap_or_default();
        if !rows.is_multiple_of(names.len()) {
            return Err(format!("{from} cannot be split into {} parts", names.len()));
        }
        let (bytes, scaled) = (variable.bytes.len() / names.len(), scales.len() / names.len());
        for (n, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let mut dimensions = variable.dimensions.clone();
            if let Some(first) = dimensions.first_mut() {
                *first = rows / names.len();
            }
            self.tensors.push(Tensor {
                name: (*name).to_owned(),
                dimensions,
                element,
                bytes: &variable.bytes[n * bytes..(n + 1) * bytes],
                scales: scales[n * scaled..(n + 1) * scaled].to_vec(),
            });
        }
        Ok(())
    }

    /// Returns one scale for each row of a variable.
    fn scales(&self, from: &str, variable: &Variable<'_>) -> Result<Vec<f32>, String> {
        let scales = self.variables.get(&format!("{from}_scale"))?;
        let scales: Vec<f32> =
            scales.bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        if variable.dimensions.first() == Some(&scales.len()) {
            return Ok(scales);
        }
        Err(format!("{from} has {} scales, not one for each row", scales.len()))
    }

    fn linear(&mut self, from: &str, to: &str) -> Result<(), String> {
        self.plain(&format!("{from}/weight"), &format!("{to}.weight"))?;
        self.plain(&format!("{from}/bias"), &format!("{to}.bias"))
    }

    fn self_attention(&mut self, from: &str, to: &str) -> Result<(), String> {
        self.norm(&format!("{from}/self_attention/layer_norm"), &format!("{to}.attn_ln"))?;
        let name = |part: &str| format!("{to}.attn.{part}");
        let weights = [name("query.weight"), name("key.weight"), name("value.weight")];
        self.split(&format!("{from}/self_attention/linear_0/weight"), &weights.each_ref().map(String::as_str))?;
        let biases = [name("query.bias"), String::new(), name("value.bias")];
        self.split(&format!("{from}/self_attention/linear_0/bias"), &biases.each_ref().map(String::as_str))?;
        self.linear(&format!("{from}/self_attention/linear_1"), &name("out"))
    }

    fn cross_attention(&mut self, from: &str, to: &str) -> Result<(), String> {
        self.norm(&format!("{from}/attention/layer_norm"), &format!("{to}.cross_attn_ln"))?;
        let name = |part: &str| format!("{to}.cross_attn.{part}");
        self.linear(&format!("{from}/attention/linear_0"), &name("query"))?;
        let weights = [name("key.weight"), name("value.weight")];
        self.split(&format!("{from}/attention/linear_1/weight"), &weights.each_ref().map(String::as_str))?;
        let biases = [String::new(), name("value.bias")];
        self.split(&format!("{from}/attention/linear_1/bias"), &biases.each_ref().map(String::as_str))?;
        self.linear(&format!("{from}/attention/linear_2"), &name("out"))
    }

    fn feed_forward(&mut self, from: &str, to: &str) -> Result<(), String> {
        self.norm(&format!("{from}/ffn/layer_norm"), &format!("{to}.mlp_ln"))?;
        self.linear(&format!("{from}/ffn/linear_0"), &format!("{to}.mlp.0"))?;
        self.linear(&format!("{from}/ffn/linear_1"), &format!("{to}.mlp.2"))
    }
}

/// Returns the element of a type number of CTranslate2 (`include/ctranslate2/types.h`).
fn element_of(number: u8) -> Option<Element> {
    match number {
        0 => Some(Element::F32),
        1 => Some(Element::I8),
        4 => Some(Element::F16),
        5 => Some(Element::Bf16),
        _ => None,
    }
}
