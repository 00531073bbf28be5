//! Mail that came back: delivery reports, complaints, notices in words.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| afterword_fuzz::read_mail(data));
