//! Frames of GSM 6.10 without a head.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: afterword_fuzz::quiet_panics(),
    |data: &[u8]| afterword_fuzz::decode(b"\xD2", data, "gsm")
);
