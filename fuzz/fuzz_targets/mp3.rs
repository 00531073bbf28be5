//! MPEG audio.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: afterword_fuzz::quiet_panics(),
    |data: &[u8]| afterword_fuzz::decode(b"", data, "mp3")
);
