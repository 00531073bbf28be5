//! FLAC: behind its first four bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: afterword_fuzz::quiet_panics(),
    |data: &[u8]| afterword_fuzz::decode(b"fLaC", data, "flac")
);
