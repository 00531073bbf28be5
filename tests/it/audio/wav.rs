//! WAV files of every codec of telephone systems, made by the test itself, with test audio.

use afterword::audio::Decoder;
use std::path::{Path, PathBuf};

/// Multichannel audio.
pub struct Sound {
    /// Sample rate, Hz.
    pub rate: u32,
    /// Samples, one vector a channel.
    pub channels: Vec<Vec<f32>>,
}

/// Coding of a WAV file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coding {
    Pcm8,
    Pcm16,
    Pcm24,
    Pcm32,
    /// PCM-16 with the extensible form of the header.
    Extensible,
    Float,
    Double,
    MuLaw,
    ALaw,
}

impl Coding {
    /// All codings.
    pub const ALL: [Self; 9] = [
        Self::Pcm8,
        Self::Pcm16,
        Self::Pcm24,
        Self::Pcm32,
        Self::Extensible,
        Self::Float,
        Self::Double,
        Self::MuLaw,
        Self::ALaw,
    ];

    /// Returns format tag and bits per sample.
    fn tag(self) -> (u16, u16) {
        match self {
            Self::Pcm8 => (1, 8),
            Self::Pcm16 => (1, 16),
            Self::Pcm24 => (1, 24),
            Self::Pcm32 => (1, 32),
            Self::Extensible => (0xFFFE, 16),
            Self::Float => (3, 32),
            Self::Double => (3, 64),
            Self::MuLaw => (7, 8),
            Self::ALaw => (6, 8),
        }
    }

    fn sample(self, x: f32) -> Vec<u8> {
        let whole = |max: f64| (f64::from(x.clamp(-1.0, 1.0)) * max).round() as i64;
        match self {
            Self::Pcm8 => vec![(whole(127.0) + 128) as u8],
            Self::Pcm16 | Self::Extensible => (whole(32_767.0) as i16).to_le_bytes().to_vec(),
            Self::Pcm24 => (whole(8_388_607.0) as i32).to_le_bytes()[..3].to_vec(),
            Self::Pcm32 => (whole(2_147_483_647.0) as i32).to_le_bytes().to_vec(),
            Self::Float => x.to_le_bytes().to_vec(),
            Self::Double => f64::from(x).to_le_bytes().to_vec(),
            Self::MuLaw => vec![mu_law(whole(32_767.0) as i32)],
            Self::ALaw => vec![a_law(whole(32_767.0) as i32)],
        }
    }
}

/// G.711, by its reference tables.
fn mu_law(pcm: i32) -> u8 {
    let sign = if pcm < 0 { 0x80 } else { 0 };
    let biased = (pcm.abs().min(32_635) + 0x84) as u32;
    let exponent = 31 - biased.leading_zeros() - 7;
    let mantissa = (biased >> (exponent + 3)) & 0x0F;
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

fn a_law(pcm: i32) -> u8 {
    let sign = if pcm >= 0 { 0x80 } else { 0 };
    let size = (if pcm < 0 { -pcm - 1 } else { pcm }) as u32 >> 4;
    let code = if size < 16 {
        size as u8
    } else {
        let exponent = 28 - size.leading_zeros();
        (exponent << 4) as u8 | ((size >> (exponent - 1)) & 0x0F) as u8
    };
    (sign | code) ^ 0x55
}

impl Sound {
    /// Reads a file with the decoder under test.
    pub fn read(path: &Path) -> Self {
        let mut decoder = Decoder::open(path).unwrap();
        let mut channels = vec![Vec::new(); usize::from(decoder.channels())];
        while let Some(block) = decoder.next_block().unwrap() {
            for (channel, samples) in channels.iter_mut().zip(block) {
                channel.extend_from_slice(samples);
            }
        }
        Self { rate: decoder.sample_rate(), channels }
    }

    /// Returns the first seconds of a demo call.
    pub fn demo(name: &str, seconds: u32) -> Self {
        let mut sound = Self::read(&demo(name));
        let frames = (sound.rate * seconds) as usize;
        sound.channels.iter_mut().for_each(|channel| channel.truncate(frames));
        sound
    }

    /// Returns silence.
    pub fn silence(rate: u32, channels: usize, seconds: u32) -> Self {
        Self { rate, channels: vec![vec![0.0; (rate * seconds) as usize]; channels] }
    }

    /// Returns noise, the same each time.
    pub fn noise(rate: u32, seconds: u32, loud: f32) -> Self {
        let mut random = Random(7);
        let channel = (0..rate * seconds).map(|_| loud * (random.byte() as f32 / 127.5 - 1.0)).collect();
        Self { rate, channels: vec![channel] }
    }

    /// Returns a WAV file.
    pub fn wav(&self, coding: Coding) -> Vec<u8> {
        let frames = self.channels.first().map_or(0, Vec::len);
        let samples = (0..frames).flat_map(|at| self.channels.iter().map(move |channel| channel[at]));
        let data: Vec<u8> = samples.flat_map(|x| coding.sample(x)).collect();
        let mut bytes = head(coding, self.channels.len() as u16, self.rate, data.len() as u32);
        bytes.extend(data);
        bytes
    }
}

/// Returns the header of a WAV file.
pub fn head(coding: Coding, channels: u16, rate: u32, data: u32) -> Vec<u8> {
    let (tag, bits) = coding.tag();
    let frame = channels * (bits / 8);
    let mut fmt = Vec::new();
    fmt.extend(tag.to_le_bytes());
    fmt.extend(channels.to_le_bytes());
    fmt.extend(rate.to_le_bytes());
    fmt.extend((rate * u32::from(frame)).to_le_bytes());
    fmt.extend(frame.to_le_bytes());
    fmt.extend(bits.to_le_bytes());
    if coding == Coding::Extensible {
        fmt.extend([22, 0, 16, 0, 3, 0, 0, 0, 1, 0]);
        fmt.extend(*b"\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71");
    }
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((data.saturating_add(20 + fmt.len() as u32)).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend((fmt.len() as u32).to_le_bytes());
    bytes.extend(fmt);
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    bytes
}

/// Returns the path of a recording of `tests/calls/`.
pub fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls").join(name)
}

/// Returns the similarity of two channels, over the length of the shorter: 1 is the same except for loudness.
pub fn alike(a: &[f32], b: &[f32]) -> f64 {
    let product = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

/// Pseudo-random numbers, the same each time.
pub struct Random(pub u64);

impl Random {
    /// Returns the next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// Returns the next number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    /// Returns a byte.
    pub fn byte(&mut self) -> u8 {
        self.next() as u8
    }

    /// Returns `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }
}
