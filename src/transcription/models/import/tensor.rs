//! Weights in any of the formats, by whisper.cpp's names.

use crate::transcription::models::head::Head;
use half::{bf16, f16};
use std::fmt;
use std::str::FromStr;

/// Sizes of Whisper's vocabularies; whisper.cpp tells English-only models from multilingual ones by them.
const VOCABULARIES: [usize; 3] = [51_864, 51_865, 51_866];

/// Precision of a model's weights. Small vectors stay in 32 bits, convolutions in 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 16-bit floating point: as published.
    F16,
    /// 8 bits a weight: the quickest here, and as good as 16.
    #[default]
    Q8_0,
    /// 5.5 bits a weight: the smallest.
    Q5_1,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F16 => "f16",
            Self::Q8_0 => "q8_0",
            Self::Q5_1 => "q5_1",
        })
    }
}

impl FromStr for Precision {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "f16" => Ok(Self::F16),
            "q8_0" => Ok(Self::Q8_0),
            "q5_1" => Ok(Self::Q5_1),
            other => Err(format!("{other:?} is no precision; there are f16, q8_0 and q5_1")),
        }
    }
}

/// Numbers of a model, in the order in which ggml files hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub vocabulary: usize,
    pub audio_context: usize,
    pub audio_state: usize,
    pub audio_heads: usize,
    pub audio_layers: usize,
    pub text_context: usize,
    pub text_state: usize,
    pub text_heads: usize,
    pub text_layers: usize,
    pub mels: usize,
}

impl Shape {
    /// Checks that a Whisper model can have these numbers, before anything is allocated by them.
    pub(super) fn check(&self) -> Result<(), String> {
        if !VOCABULARIES.contains(&self.vocabulary) {
            return Err(format!("its vocabulary of {} is not one of Whisper's", self.vocabulary));
        }
        // A value that does not fit is out of every range.
        let number = |value: usize| i32::try_from(value).unwrap_or(i32::MAX);
        let head = Head {
            vocabulary: number(self.vocabulary),
            audio_context: number(self.audio_context),
            audio_state: number(self.audio_state),
            audio_heads: number(self.audio_heads),
            audio_layers: number(self.audio_layers),
            text_context: number(self.text_context),
            text_state: number(self.text_state),
            text_heads: number(self.text_heads),
            text_layers: number(self.text_layers),
            mels: number(self.mels),
            kind: 0,
        };
        head.check()
    }
}

/// Encoding of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    F32,
    F16,
    Bf16,
    /// Each row is divided by its own scale.
    I8,
    /// ggml's quantised blocks; they are not decoded.
    Blocks,
}

impl Element {
    /// Returns the bytes of one element; `None` for blocks.
    pub(super) fn bytes(self) -> Option<usize> {
        match self {
            Self::F32 => Some(4),
            Self::F16 | Self::Bf16 => Some(2),
            Self::I8 => Some(1),
            Self::Blocks => None,
        }
    }
}

/// One tensor. Dimensions are row-major: the last one is contiguous.
#[derive(Debug, Clone)]
pub(super) struct Tensor<'a> {
    /// whisper.cpp's name.
    pub name: String,
    pub dimensions: Vec<usize>,
    pub element: Element,
    pub bytes: &'a [u8],
    /// One number a row, for [`Element::I8`].
    pub scales: Vec<f32>,
}

impl Tensor<'_> {
    /// Returns the elements as 32-bit numbers; `None` for blocks.
    pub(super) fn to_f32(&self) -> Option<Vec<f32>> {
        let pairs = || self.bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
        Some(match self.element {
            Element::F32 => self.bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            Element::F16 => pairs().map(|pair| f16::from_le_bytes(pair).to_f32()).collect(),
            Element::Bf16 => pairs().map(|pair| bf16::from_le_bytes(pair).to_f32()).collect(),
            Element::I8 => self.rescaled(),
            Element::Blocks => return None,
        })
    }

    fn rescaled(&self) -> Vec<f32> {
        let row = self.bytes.len() / self.scales.len().max(1);
        let rows = self.bytes.chunks_exact(row.max(1)).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |byte| f32::from(byte.cast_signed()) / scale)).collect()
    }

    /// Whether no dimension is zero, and the number of bytes matches the dimensions.
    pub(super) fn is_whole(&self) -> bool {
        if self.dimensions.is_empty() || self.dimensions.contains(&0) {
            return false;
        }
        let elements: Option<usize> = self.dimensions.iter().try_fold(1_usize, |all, size| all.checked_mul(*size));
        match (elements, self.element.bytes()) {
            (Some(elements), Some(size)) => elements.checked_mul(size) == Some(self.bytes.len()),
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

/// Contents of a ggml file.
#[derive(Debug)]
pub(super) struct Weights<'a> {
    pub shape: Shape,
    /// `mels` rows of 201 weights.
    pub mel: Vec<f32>,
    /// Bytes of each token, by its number; special tokens follow from the size of the vocabulary.
    pub vocabulary: Vec<Vec<u8>>,
    pub tensors: Vec<Tensor<'a>>,
}

impl Weights<'_> {
    /// Checks every tensor. Errors: a sentence that names the first one that is not whole.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.tensors.iter().find(|tensor| !tensor.is_whole()) {
            Some(tensor) => Err(format!("the size of {} differs from its dimensions, or is zero", tensor.name)),
            None => Ok(()),
        }
    }
}
