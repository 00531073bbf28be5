//! The key that is not in the database.

use crate::app::TestApp;
use afterword::app::{StartError, open_vault};
use afterword::vault::{Vault, VaultError};

#[tokio::test]
async fn a_missing_or_wrong_key_stops_the_start() {
    for app in TestApp::on_both(|_| {}).await {
        let config = &app.app.config;
        let path = &config.anonymity.key_file;
        let key = std::fs::read(path).unwrap();
        assert!(open_vault(config, &app.app.db).await.is_ok());
        std::fs::remove_file(path).unwrap();
        let missing = open_vault(config, &app.app.db).await.unwrap_err();
        assert!(matches!(missing, StartError::WrongKey(_)) && missing.to_string().contains("missing"), "{missing}");
        assert!(!path.exists(), "a key was made for a database that has another");
        Vault::create(path).unwrap();
        let wrong = open_vault(config, &app.app.db).await.unwrap_err();
        assert!(matches!(wrong, StartError::WrongKey(_)), "{wrong}");
        let text = String::from_utf8(key.clone()).unwrap();
        // Another file, an empty one, a truncated key, one that is too long, one with other characters.
        for wrong in
            ["not a key", "", "\n", &text[..62], &format!("00{text}"), &text.replace(|c: char| c.is_ascii_digit(), "z")]
        {
            std::fs::write(path, wrong).unwrap();
            let refused = open_vault(config, &app.app.db).await.unwrap_err();
            assert!(matches!(refused, StartError::Vault(VaultError::NotAKey(_))), "{wrong:?}: {refused}");
            assert!(refused.to_string().contains("put the right file back"), "{refused}");
            assert_eq!(std::fs::read_to_string(path).unwrap(), wrong, "it is left as it was found");
        }
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
        assert!(open_vault(config, &app.app.db).await.is_err(), "a folder in its place");
        std::fs::remove_dir(path).unwrap();
        std::fs::write(path, key).unwrap();
        assert!(open_vault(config, &app.app.db).await.is_ok());
    }
}

#[test]
fn the_key_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/afterword.key");
    let vault = Vault::create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(Vault::create(&path).is_err(), "a key was written over another");
    let again = Vault::read(&path).unwrap().unwrap();
    let sealed = vault.seal("purpose", b"secret");
    assert_eq!(again.open("purpose", &sealed).unwrap(), b"secret");
    assert!(again.open("another purpose", &sealed).is_err());
    assert_ne!(vault.seal("purpose", b"secret"), sealed, "the same text is sealed alike twice");
    assert_ne!(vault.keyed_hash("a", b"x"), vault.keyed_hash("b", b"x"));
    for (at, _) in sealed.char_indices().step_by(7) {
        let mut broken = sealed.clone().into_bytes();
        broken[at] = if broken[at] == b'A' { b'B' } else { b'A' };
        assert!(again.open("purpose", std::str::from_utf8(&broken).unwrap()).is_err(), "changed at {at}");
    }
}
