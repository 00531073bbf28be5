//! The tokens of a ggml file: byte-level BPE (GPT-2), without the special ones.

use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Number of tokens in the files of whisper.cpp, which derives the special ones from their position.
pub(super) const TOKENS: usize = 50_257;
/// Text for numbers without a token.
const END_OF_TEXT: &str = "<|endoftext|>";

#[derive(Deserialize)]
struct Tokenizer {
    model: TokenizerModel,
}

#[derive(Deserialize)]
struct TokenizerModel {
    vocab: BTreeMap<String, usize>,
}

/// Reads `tokenizer.json`, `vocab.json`, `vocabulary.json` or `vocabulary.txt` of a folder, whichever is there first.
pub(super) fn read(folder: &Path) -> Result<Vec<Vec<u8>>, String> {
    type Parse = fn(&str) -> Result<BTreeMap<String, usize>, String>;
    let files: [(&str, Parse); 4] = [
        ("tokenizer.json", |text| parse::<Tokenizer>(text).map(|tokenizer| tokenizer.model.vocab)),
        ("vocab.json", parse),
        ("vocabulary.json", |text| parse::<Vec<String>>(text).map(numbered)),
        ("vocabulary.txt", |text| Ok(numbered(text.lines().map(str::to_owned).collect()))),
    ];
    for (name, parse) in files {
        let path = folder.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => return tokens(&parse(&text).map_err(|why| format!("{}: {why}", path.display()))?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
    }
    Err("its vocabulary is missing: tokenizer.json, vocab.json, vocabulary.json or vocabulary.txt".into())
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn numbered(tokens: Vec<String>) -> BTreeMap<String, usize> {
    tokens.into_iter().enumerate().map(|(number, token)| (token, number)).collect()
}

fn tokens(vocabulary: &BTreeMap<String, usize>) -> Result<Vec<Vec<u8>>, String> {
    let mut all = vec![END_OF_TEXT.as_bytes().to_vec(); TOKENS];
    let bytes = byte_letters();
    let mut found = 0;
    for (token, number) in vocabulary.iter().filter(|(_, number)| **number < TOKENS) {
        found += 1;
        if !token.starts_with("<|") {
            let decoded: Option<Vec<u8>> = token.chars().map(|letter| bytes.get(&letter).copied()).collect();
            all[*number] = decoded.unwrap_or_else(|| token.as_bytes().to_vec());
        }
    }
    // Whisper's own have 50,256 or 50,257 of them; another alphabet is another model.
    if found < TOKENS - 1 { Err(format!("its vocabulary has {found} tokens, not {TOKENS}")) } else { Ok(all) }
}

/// Returns the printable characters by which GPT-2 writes each byte: itself where it is printable, else the next one
/// from U+0100.
fn byte_letters() -> HashMap<char, u8> {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut others = 0x100_u32..;
    (0..=u8::MAX)
        .filter_map(|byte| {
            let letter = if printable(byte) { Some(u32::from(byte)) } else { others.next() };
            letter.and_then(char::from_u32).map(|letter| (letter, byte))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::byte_letters;

    #[test]
    fn a_space_and_an_umlaut_are_the_letters_of_gpt_2() {
        let letters = byte_letters();
        assert_eq!(letters.len(), 256);
        assert_eq!((letters[&'Ġ'], letters[&'Ċ'], letters[&'A']), (b' ', b'\n', b'A'));
        let umlaut: Vec<u8> = "Ã¼".chars().map(|letter| letters[&letter]).collect();
        assert_eq!(umlaut, "ü".as_bytes());
    }
}
