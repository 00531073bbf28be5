//! Header of a ggml Whisper file. whisper.cpp aborts the process on some malformed ones, so it is checked here first.

use std::io::Read;
use whisper_rs::DtwModelPreset;

/// Numbers of a model, in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub vocabulary: i32,
    pub audio_context: i32,
    pub audio_state: i32,
    pub audio_heads: i32,
    pub audio_layers: i32,
    pub text_context: i32,
    pub text_state: i32,
    pub text_heads: i32,
    pub text_layers: i32,
    pub mels: i32,
    /// `ggml_ftype` of the file.
    pub kind: i32,
}

/// Minimum number of tokens of a multilingual model; those with fewer know English only.
const FIRST_MULTILINGUAL: i32 = 51_865;
/// First four bytes of a file.
pub(super) const MAGIC: [u8; 4] = 0x6767_6d6c_u32.to_le_bytes();
/// Size of the magic and the numbers, in bytes.
pub(super) const HEAD_BYTES: usize = 48;

impl Head {
    /// Reads and checks the header. Errors: a sentence that says what is wrong.
    pub(super) fn read(mut from: impl Read) -> Result<Self, String> {
        let mut bytes = [0_u8; HEAD_BYTES];
        from.read_exact(&mut bytes).map_err(|_| "it is too short".to_owned())?;
        if bytes[..4] != MAGIC {
            return Err("it does not begin like one".to_owned());
        }
        let number = |at: usize| bytes[4 + at * 4..].first_chunk().map_or(-1, |bytes| i32::from_le_bytes(*bytes));
        let head = Self {
            vocabulary: number(0),
            audio_context: number(1),
            audio_state: number(2),
            audio_heads: number(3),
            audio_layers: number(4),
            text_context: number(5),
            text_state: number(6),
            text_heads: number(7),
            text_layers: number(8),
            mels: number(9),
            kind: number(10),
        };
        head.check().map(|()| head)
    }

    /// Checks that a Whisper model can have these numbers.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.is_plausible() { Ok(()) } else { Err("the numbers in its head make no sense".to_owned()) }
    }

    fn is_plausible(&self) -> bool {
        let whole =
            |state: i32, heads: i32| (16..=4096).contains(&state) && (1..=64).contains(&heads) && state % heads == 0;
        (51_000..=60_000).contains(&self.vocabulary)
            && (1..=1500).contains(&self.audio_context)
            && (1..=448).contains(&self.text_context)
            && whole(self.audio_state, self.audio_heads)
            && whole(self.text_state, self.text_heads)
            && (1..=64).contains(&self.audio_layers)
            && (1..=64).contains(&self.text_layers)
            && matches!(self.mels, 80 | 128)
            && (0..=2999).contains(&self.kind)
    }

    /// Returns the published model of this size, where there is one.
    pub(super) fn preset(&self) -> Option<DtwModelPreset> {
        let english = self.vocabulary < FIRST_MULTILINGUAL;
        match (self.audio_layers, self.text_layers, self.mels) {
            (4, 4, 80) => Some(if english { DtwModelPreset::TinyEn } else { DtwModelPreset::Tiny }),
            (6, 6, 80) => Some(if english { DtwModelPreset::BaseEn } else { DtwModelPreset::Base }),
            (12, 12, 80) => Some(if english { DtwModelPreset::SmallEn } else { DtwModelPreset::Small }),
            (24, 24, 80) => Some(if english { DtwModelPreset::MediumEn } else { DtwModelPreset::Medium }),
            (32, 32, 80) => Some(DtwModelPreset::LargeV2),
            (32, 32, 128) => Some(DtwModelPreset::LargeV3),
            (32, 4, 128) => Some(DtwModelPreset::LargeV3Turbo),
            _ => None,
        }
    }

    /// Returns the number of the decoder's upper layers whose heads are used for alignment where no heads are known.
    pub(super) fn top_layers(&self) -> i32 {
        (self.text_layers / 2).clamp(1, 2)
    }

    /// Whether the decoder has this head in this layer, both from 0.
    pub(super) fn has(&self, layer: i32, head: i32) -> bool {
        (0..self.text_layers).contains(&layer) && (0..self.text_heads).contains(&head)
    }

    /// Returns the minimum size of a file with these numbers, with four bits a weight. A file that is truncated within
    /// its vocabulary loads without an error and transcribes nothing.
    pub(super) fn least_size(&self) -> u64 {
        let whole = |number: i32| u64::from(number.unsigned_abs());
        let audio = whole(self.audio_layers) * 12 * whole(self.audio_state).pow(2);
        let text = whole(self.text_layers) * 16 * whole(self.text_state).pow(2);
        (audio + text + whole(self.vocabulary) * whole(self.text_state)) / 2
    }
}
