//! Material next to the repository in `../shared`: samples, the demo calls, the speech model's tools.

use super::skip;
use std::path::{Path, PathBuf};

/// Returns a file or folder of it, `samples/audio` for instance. `AFTERWORD_SHARED` names another place.
pub fn path(inside: &str) -> Option<PathBuf> {
    let root = std::env::var_os("AFTERWORD_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join(inside);
    if path.exists() { Some(path) } else { skip::shared(&format!("{} beside the repository", path.display())) }
}

#[test]
fn the_shared_material_is_found() {
    let Some(audio) = path("samples/audio") else { return };
    assert!(std::fs::read_dir(audio).unwrap().next().is_some());
}
