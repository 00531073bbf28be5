//! WebM and Matroska, and what lies in them.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: afterword_fuzz::quiet_panics(),
    |data: &[u8]| afterword_fuzz::decode(b"\x1A\x45\xDF\xA3", data, "webm")
);
