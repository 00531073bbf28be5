//! Frames of GSM 6.10 in WAV: the head is given, the frames are not.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: afterword_fuzz::quiet_panics(),
    |data: &[u8]| afterword_fuzz::decode(HEAD, data, "wav")
);

/// One channel, 8 kHz, blocks of 65 bytes, "until it ends".
const HEAD: &[u8] = b"RIFF\xFF\xFF\xFF\xFFWAVEfmt \x14\0\0\0\x31\0\x01\0\x40\x1F\0\0\x59\x06\0\0\x41\0\0\0\x02\0\x40\x01data\xFF\xFF\xFF\xFF";
