//! Duration of an AMR file by its frames: ffmpeg leaves out the pauses for which the coder sent nothing.

use super::AudioFormat;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

/// Number of bytes after the first of a frame, by mode; mode 15 is "nothing sent".
const NARROW: [Option<u16>; 16] = sizes([12, 13, 15, 17, 19, 20, 26, 31, 5], 9);
const WIDE: [Option<u16>; 16] = sizes([17, 23, 32, 36, 40, 46, 50, 58, 60], 10);

const fn sizes(speech: [u16; 9], modes: usize) -> [Option<u16>; 16] {
    let mut sizes = [None; 16];
    let mut mode = 0;
    while mode < speech.len() {
        sizes[mode] = Some(speech[mode]);
        mode += 1;
    }
    if modes == 10 {
        // Comfort noise, and "lost".
        sizes[9] = Some(5);
        sizes[14] = Some(0);
    }
    sizes[15] = Some(0);
    sizes
}

/// Returns the number of samples in the file, where its frames are valid to its end. Each frame lasts 20 ms.
pub(super) fn samples(mut file: impl Read + Seek, format: AudioFormat) -> std::io::Result<Option<u64>> {
    let (head, sizes, samples) = match format {
        AudioFormat::Amr => (6, &NARROW, 160),
        _ => (9, &WIDE, 320),
    };
    file.seek(SeekFrom::Start(head))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut frames = 0_u64;
    loop {
        let Some(&first) = reader.fill_buf()?.first() else { return Ok(Some(frames * samples)) };
        reader.consume(1);
        let Some(size) = sizes[usize::from((first >> 3) & 0x0F)] else { return Ok(None) };
        let mut left = usize::from(size);
        while left > 0 {
            let there = reader.fill_buf()?.len().min(left);
            if there == 0 {
                return Ok(Some(frames * samples));
            }
            reader.consume(there);
            left -= there;
        }
        frames += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn frames_are_counted_by_their_modes() {
        let count = |bytes: Vec<u8>, format| samples(Cursor::new(bytes), format).unwrap();
        // Speech at 12.2 kbit/s, comfort noise, two frames without data.
        let mut narrow = b"#!AMR\n\x3C".to_vec();
        narrow.extend([7; 31]);
        narrow.push(0x44);
        narrow.extend([7; 5]);
        narrow.extend([0x7C, 0x7C]);
        assert_eq!(count(narrow.clone(), AudioFormat::Amr), Some(640));
        narrow.extend([0x3C, 1, 2]);
        assert_eq!(count(narrow.clone(), AudioFormat::Amr), Some(640), "a frame that is cut off is none");
        let wide = [&b"#!AMR-WB\n\x04"[..], &[1; 17], &[0x4C], &[1; 5], &[0x74]].concat();
        assert_eq!(count(wide, AudioFormat::AmrWb), Some(960));
        assert_eq!(count(b"#!AMR\n\x5C\0\0".to_vec(), AudioFormat::Amr), None, "a mode that is none");
    }
}
