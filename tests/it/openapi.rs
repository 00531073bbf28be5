//! The committed specification is what the program says of itself.

use std::path::Path;
use std::process::Command;

#[test]
fn openapi_yaml_is_what_the_code_says() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.yaml");
    let printed = Command::new(env!("CARGO_BIN_EXE_afterword")).arg("openapi").output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let code = String::from_utf8(printed.stdout).unwrap();
    let file = std::fs::read_to_string(committed).unwrap_or_default();
    let first = file.lines().zip(code.lines()).enumerate().find(|(_, (file, code))| file != code);
    assert!(
        file == code,
        "openapi.yaml is not what the code says; `make openapi` writes it anew. First difference: {first:?}"
    );
}
