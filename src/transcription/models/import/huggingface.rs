//! A folder of Hugging Face's transformers: `config.json`, `model.safetensors` (in one file or in shards), a
//! vocabulary.

use super::tensor::{Element, Shape, Tensor, Weights};
use super::{mel, vocabulary};
use crate::transcription::models::ModelError;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Numbers that are not given by the weights' dimensions.
#[derive(Debug, Deserialize)]
struct Configuration {
    model_type: String,
    encoder_attention_heads: usize,
    decoder_attention_heads: usize,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Returns the files that `model.safetensors.index.json` names, in the same folder.
pub(super) fn shards(index: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let refused = |why: String| ModelError::NotImportable { what: index.display().to_string(), why };
    let text = std::fs::read_to_string(index).map_err(ModelError::io(index))?;
    let index_of: Index = serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
    let names: BTreeSet<String> = index_of.weight_map.into_values().collect();
    let folder = index.parent().unwrap_or(Path::new("."));
    let mut files = Vec::new();
    for name in names {
        // A file name, never a path out of the folder.
        if Path::new(&name).components().count() != 1 || name.starts_with('.') {
            return Err(refused(format!("{name:?} is no file name")));
        }
        files.push(folder.join(name));
    }
    if files.is_empty() { Err(refused("it names no file".into())) } else { Ok(files) }
}

/// Reads the weights from these files' bytes, and the rest from the folder.
pub(super) fn read<'a>(files: &[&'a [u8]], folder: &Path) -> Result<Weights<'a>, String> {
    let path = folder.join("config.json");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let configuration: Configuration =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    if configuration.model_type != "whisper" {
        return Err(format!("{} says {:?}, not \"whisper\"", path.display(), configuration.model_type));
    }
    let mut files_of = Vec::new();
    for file in files {
        files_of.push(SafeTensors::deserialize(file).map_err(|error| format!("its safetensors are broken: {error}"))?);
    }
    let views = Views(files_of);
    let shape = views.shape(&configuration)?;
    shape.check()?;
    let tensors = views.tensors(&shape)?;
    Ok(Weights { mel: mel::filter_bank(shape.mels), shape, vocabulary: vocabulary::read(folder)?, tensors })
}

struct Views<'a>(Vec<SafeTensors<'a>>);

impl<'a> Views<'a> {
    /// Returns the tensor of this name, with or without the prefix of the full model.
    fn get(&self, name: &str) -> Option<Tensor<'a>> {
        let full = format!("model.{name}");
        let view = self.0.iter().find_map(|file| file.tensor(&full).or_else(|_| file.tensor(name)).ok())?;
        let element = match view.dtype() {
            Dtype::F32 => Element::F32,
            Dtype::F16 => Element::F16,
            Dtype::BF16 => Element::Bf16,
            _ => return None,
        };
        let (name, dimensions) = (String::new(), view.shape().to_vec());
        Some(Tensor { name, dimensions, element, bytes: view.data(), scales: Vec::new() })
    }

    fn need(&self, name: &str, to: String) -> Result<Tensor<'a>, String> {
        let tensor = self.get(name).ok_or_else(|| format!("it has no {name} of 16 or 32 bits"))?;
        Ok(Tensor { name: to, ..tensor })
    }

    fn dimension(&self, name: &str, axis: usize) -> Result<usize, String> {
        let tensor = self.need(name, String::new())?;
        tensor.dimensions.get(axis).copied().ok_or_else(|| format!("{name} has too few dimensions"))
    }

    fn layers(&self, side: &str) -> usize {
        (0..).take_while(|n| self.get(&format!("{side}.layers.{n}.fc1.weight")).is_some()).count()
    }

    fn shape(&self, configuration: &Configuration) -> Result<Shape, String> {
        Ok(Shape {
            vocabulary: self.dimension("decoder.embed_tokens.weight", 0)?,
            audio_context: self.dimension("encoder.embed_positions.weight", 0)?,
            audio_state: self.dimension("encoder.conv1.weight", 0)?,
            audio_heads: configuration.encoder_attention_heads,
            audio_layers: self.layers("encoder"),
            text_context: self.dimension("decoder.embed_positions.weight", 0)?,
            text_state: self.dimension("decoder.embed_tokens.weight", 1)?,
            text_heads: configuration.decoder_attention_heads,
            text_layers: self.layers("decoder"),
            mels: self.dimension("encoder.conv1.weight", 1)?,
        })
    }

    fn tensors(&self, shape: &Shape) -> Result<Vec<Tensor<'a>>, String> {
        let mut all = Vec::new();
        for (from, to) in names(shape) {
            let mut tensor = self.need(&from, to)?;
            if matches!(tensor.name.as_str(), "encoder.conv1.bias" | "encoder.conv2.bias") {
                tensor.dimensions.push(1);
            }
            all.push(tensor);
        }
        Ok(all)
    }
}

/// Returns Hugging Face's name of each tensor, and whisper.cpp's.
fn names(shape: &Shape) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |from: String, to: String| all.push((from, to));
    let mut pair = |from: &str, to: &str| {
        for end in ["weight", "bias"] {
            add(format!("{from}.{end}"), format!("{to}.{end}"));
        }
    };
    pair("encoder.conv1", "encoder.conv1");
    pair("encoder.conv2", "encoder.conv2");
    pair("encoder.layer_norm", "encoder.ln_post");
    pair("decoder.layer_norm", "decoder.ln");
    let mut keys = Vec::new();
    for (side, layers) in [("encoder", shape.audio_layers), ("decoder", shape.text_layers)] {
        for n in 0..layers {
            let (from, to) = (format!("{side}.layers.{n}"), format!("{side}.blocks.{n}"));
            let attentions = [("self_attn", "attn"), ("encoder_attn", "cross_attn")];
            for (theirs, ours) in attentions.into_iter().take(if side == "encoder" { 1 } else { 2 }) {
                pair(&format!("{from}.{theirs}_layer_norm"), &format!("{to}.{ours}_ln"));
                for (projection, name) in [("q_proj", "query"), ("v_proj", "value"), ("out_proj", "out")] {
                    pair(&format!("{from}.{theirs}.{projection}"), &format!("{to}.{ours}.{name}"));
                }
                keys.push((format!("{from}.{theirs}.k_proj.weight"), format!("{to}.{ours}.key.weight")));
            }
            pair(&format!("{from}.final_layer_norm"), &format!("{to}.mlp_ln"));
            pair(&format!("{from}.fc1"), &format!("{to}.mlp.0"));
            pair(&format!("{from}.fc2"), &format!("{to}.mlp.2"));
        }
    }
    for (from, to) in [
        ("encoder.embed_positions.weight", "encoder.positional_embedding"),
        ("decoder.embed_positions.weight", "decoder.positional_embedding"),
        ("decoder.embed_tokens.weight", "decoder.token_embedding.weight"),
    ] {
        keys.push((from.to_owned(), to.to_owned()));
    }
    all.extend(keys);
    all
}
