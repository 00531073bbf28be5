//! Opus packets: each as long as its first two bytes say, put into Ogg pages; so checksums hold nothing back.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: afterword_fuzz::quiet_panics(),
    |data: &[u8]| afterword_fuzz::decode(b"", &afterword_fuzz::pages(data), "opus")
);
