use super::*;
use crate::vault::key::Purpose;

fn passphrase(text: &str) -> KeyRing {
    KeyRing { passphrase: Some(Secret::new(text)), ask: None, file: None, chosen: None }
}

fn key_file(path: &Path) -> KeyRing {
    KeyRing { passphrase: None, ask: None, file: Some(path.to_owned()), chosen: None }
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("vault.db")
    }

    fn vault(&self) -> Sealed {
        Sealed::at(self.file(), key_file(&self.folder.path().join("key")))
    }

    fn sql(&self, sql: &str) {
        Sqlite::open(self.file()).unwrap().execute_batch(sql).unwrap();
    }
}

#[test]
fn reading_makes_nothing() {
    let place = Place::new();
    assert_eq!(place.vault().read("x").unwrap(), None);
    place.vault().delete("x").unwrap();
    assert!(!place.file().exists());
}

#[test]
fn values_of_any_size_come_back_in_another_process() {
    let place = Place::new();
    let odd = "a\0ключ\u{10FFFF}\u{202e}\r\n";
    let of = |size: usize| odd.repeat(size / odd.len() + 1);
    for value in [String::new(), odd.to_owned(), of(64 << 10), of(1 << 20)] {
        place.vault().write("c", &Secret::new(value.clone())).unwrap();
        assert_eq!(place.vault().read("c").unwrap(), Some(Secret::new(value)));
    }
    place.vault().delete("c").unwrap();
    assert_eq!(place.vault().read("c").unwrap(), None);
}

#[test]
fn a_wrong_passphrase_is_told_at_once_and_changes_nothing() {
    let place = Place::new();
    Sealed::at(place.file(), passphrase("right")).write("c", &Secret::new("v")).unwrap();
    let mut wrong = Sealed::at(place.file(), passphrase("wrong"));
    assert!(matches!(wrong.read("c"), Err(VaultError::WrongKey("the passphrase"))));
    assert!(matches!(wrong.write("c", &Secret::new("w")), Err(VaultError::WrongKey(_))));
    assert_eq!(Sealed::at(place.file(), passphrase("right")).read("c").unwrap(), Some(Secret::new("v")));
}

#[test]
fn a_vault_whose_key_file_is_gone_gets_no_new_key() {
    let place = Place::new();
    place.vault().write("c", &Secret::new("v")).unwrap();
    std::fs::remove_file(place.folder.path().join("key")).unwrap();
    assert!(matches!(place.vault().read("c"), Err(VaultError::KeyMissing(_))));
    assert!(matches!(place.vault().write("c", &Secret::new("w")), Err(VaultError::KeyMissing(_))));
    assert!(!place.folder.path().join("key").exists());
}

#[test]
fn a_record_under_another_name_is_refused_by_name() {
    let place = Place::new();
    place.vault().write("a", &Secret::new("v")).unwrap();
    place.sql("UPDATE records SET name = 'b'");
    let error = place.vault().read("b").unwrap_err();
    assert!(matches!(&error, VaultError::Damaged { item, .. } if item == "b"), "{error}");
}

#[test]
fn a_header_that_is_gone_is_damage_and_not_a_new_vault() {
    let place = Place::new();
    place.vault().write("a", &Secret::new("v")).unwrap();
    place.sql("DELETE FROM header");
    assert!(matches!(place.vault().write("a", &Secret::new("w")), Err(VaultError::Damaged { .. })));
}

#[test]
fn a_newer_format_is_refused() {
    let place = Place::new();
    place.vault().write("a", &Secret::new("v")).unwrap();
    place.sql("PRAGMA user_version = 9");
    assert!(matches!(place.vault().read("a"), Err(VaultError::Newer(9))));
}

#[test]
fn nothing_of_a_value_stands_in_the_file() {
    let place = Place::new();
    place.vault().write("a", &Secret::new("canary-7d1f")).unwrap();
    for entry in std::fs::read_dir(place.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(11).any(|window| window == b"canary-7d1f"));
    }
}

#[test]
fn a_vault_that_could_not_be_made_leaves_no_file() {
    let place = Place::new();
    let nobody = KeyRing { passphrase: None, ask: None, file: None, chosen: None };
    assert!(Sealed::at(place.file(), nobody).write("a", &Secret::new("v")).is_err());
    assert!(!place.file().exists());
}

#[test]
fn without_a_passphrase_the_error_says_that_one_is_needed() {
    let place = Place::new();
    let nobody = || KeyRing { passphrase: None, ask: None, file: None, chosen: None };
    assert!(matches!(
        Sealed::at(place.file(), nobody()).write("a", &Secret::new("v")),
        Err(VaultError::PassphraseNeeded(Purpose::Make))
    ));
}

#[test]
fn a_header_from_another_vault_is_refused_as_that() {
    let (place, other) = (Place::new(), Place::new());
    let open = |place: &Place| Sealed::at(place.file(), passphrase("the same"));
    open(&place).write("a", &Secret::new("v")).unwrap();
    open(&other).write("a", &Secret::new("w")).unwrap();
    place.sql(&format!(
        "ATTACH '{}' AS other; DELETE FROM header; INSERT INTO header SELECT * FROM other.header",
        other.file().display()
    ));
    assert!(matches!(open(&place).read("a"), Err(VaultError::ForeignHeader)));
    assert!(matches!(open(&place).write("b", &Secret::new("v")), Err(VaultError::ForeignHeader)));
}

#[test]
fn a_file_that_was_cut_off_is_damage_at_every_length() {
    let place = Place::new();
    let large = Secret::new("x".repeat(20_000));
    place.vault().write("a", &large).unwrap();
    let whole = std::fs::read(place.file()).unwrap();
    for length in (0..whole.len()).step_by(997).chain([4096, 8192]) {
        std::fs::write(place.file(), &whole[..length]).unwrap();
        let error = place.vault().expected(true).read("a").unwrap_err();
        let is_told = match &error {
            VaultError::Gone { found: "empty", .. } => length == 0,
            VaultError::Corrupt { path, .. } => *path == place.file(),
            _ => false,
        };
        assert!(is_told, "at {length}: {error:?}");
        let written = place.vault().expected(true).write("b", &Secret::new("w"));
        // What is cut off in its last page may still take another record. SQLite gives an empty file
        // its first page; to us it stays an empty vault.
        let is_untouched = length == 0 || std::fs::read(place.file()).unwrap() == whole[..length];
        assert!(written.is_ok() || is_untouched, "something was made over the file of {length} bytes");
        assert!(written.is_err() || length + 4096 > whole.len(), "at {length}");
    }
    std::fs::write(place.file(), &whole).unwrap();
    assert_eq!(place.vault().read("a").unwrap(), Some(large));
}

#[test]
fn a_vault_that_held_secrets_and_is_gone_is_a_loss_and_not_an_empty_one() {
    let place = Place::new();
    assert!(matches!(place.vault().expected(true).read("a"), Err(VaultError::Gone { found: "gone", .. })));
    place.vault().expected(true).delete("a").unwrap();
    place.vault().expected(true).write("a", &Secret::new("anew")).unwrap();
}

#[test]
fn a_vault_of_the_first_format_is_read_and_upgraded_by_the_first_write_after_a_copy() {
    let place = Place::new();
    place.vault().write("a", &Secret::new("v")).unwrap();
    place.sql("DROP TABLE marker; PRAGMA user_version = 1");
    assert_eq!(place.vault().read("a").unwrap(), Some(Secret::new("v")));
    let copy = place.file().with_extension("db.format-1");
    assert!(!copy.exists(), "reading changes nothing");
    place.vault().write("b", &Secret::new("w")).unwrap();
    let version = |file: &Path| {
        let database = Sqlite::open(file).unwrap();
        database.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).unwrap()
    };
    assert_eq!((version(&copy), version(&place.file())), (1, FORMAT));
    assert_eq!(place.vault().read("a").unwrap(), Some(Secret::new("v")));
}

#[test]
fn deleting_needs_no_key() {
    let place = Place::new();
    place.vault().write("b", &Secret::new("v")).unwrap();
    place.vault().write("a", &Secret::new("v")).unwrap();
    let nobody = || Sealed::at(place.file(), KeyRing { passphrase: None, ask: None, file: None, chosen: None });
    nobody().delete("b").unwrap();
    assert_eq!(place.vault().read("b").unwrap(), None);
    assert_eq!(place.vault().read("a").unwrap(), Some(Secret::new("v")));
}

#[test]
fn any_flipped_bit_is_found_or_touches_no_record() {
    let place = Place::new();
    let values =
        [("config/github", "{\"client_secret\":\"s\"}"), ("connection/github/jane", "{\"access_token\":\"t\"}")];
    for (name, value) in values {
        place.vault().write(name, &Secret::new(value)).unwrap();
    }
    place.sql("PRAGMA journal_mode = DELETE");
    let whole = std::fs::read(place.file()).unwrap();
    let mut found = 0;
    for byte in (0..whole.len()).step_by(61) {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1 << (byte % 8);
        std::fs::write(place.file(), &flipped).unwrap();
        let mut vault = place.vault().expected(true);
        for (name, value) in values {
            match vault.read(name) {
                Ok(Some(read)) => assert_eq!(read, Secret::new(value), "byte {byte}"),
                // The store knows that there was one.
                Ok(None) | Err(_) => found += 1,
            }
        }
    }
    assert!(found > 0, "no flip was noticed");
}

#[test]
fn a_file_with_a_view_in_the_place_of_a_table_is_refused_before_it_is_asked() {
    let place = Place::new();
    place.vault().write("a", &Secret::new("v")).unwrap();
    let endless = "WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT n, n, n FROM more";
    place.sql(&format!(
        "PRAGMA journal_mode = DELETE; DROP TABLE header; CREATE VIEW header (source, salt, wrapped) AS {endless}"
    ));
    let bytes = std::fs::read(place.file()).unwrap();
    let keys = key_file(&place.folder.path().join("key"));
    let error = Sealed::from_bytes(&bytes, PathBuf::from("hostile.backup"), keys).err().unwrap();
    assert!(matches!(&error, VaultError::Damaged { item, .. } if item == "file"), "{error}");
}
