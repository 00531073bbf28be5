//! From sound to words.

mod words;
