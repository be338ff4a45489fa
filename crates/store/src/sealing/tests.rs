//! Keys as text, and what a key opens.

use sha2::{Digest as _, Sha256};
use wellspring_core::TokenKey;

use super::*;
use crate::contract::{Folder, write_private};
use crate::map::hex;

fn name(user: &str) -> KeyName {
    KeyName::of(&TokenKey::new("p", "e").user(user))
}

fn key(byte: u8) -> SealingKey {
    SealingKey::new(&[byte; 32])
}

fn open(keys: &SealingKeys, kind: Kind, name: &KeyName, bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    keys.open(kind, name, &Sealed::read(bytes).expect("sealed bytes")?).map(|plain| plain.to_vec())
}

/// The same bytes with the checksum of what follows it, as someone writes who has no key.
fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let rest = &bytes[end + 1..];
    [b"wellspring sealed 5 ", hex(&Sha256::digest(rest)).as_bytes(), b"\n", rest].concat()
}

#[test]
fn a_key_is_the_same_after_its_text_and_debug_shows_only_its_id() {
    let key = SealingKey::random().unwrap();
    let text = key.to_text();
    assert!(text.starts_with("wellspring-key-1:") && text.len() == 17 + 43, "{} characters", text.len());
    let read: SealingKey = format!(" {}\n", *text).parse().unwrap();
    assert_eq!((read.id(), **read.secret), (key.id(), **key.secret));
    assert_ne!(SealingKey::random().unwrap().id(), key.id());
    let shown = format!("{key:?} {:?}", SealingKeys::new(key.clone()));
    assert_eq!(shown, format!("SealingKey({0}) [SealingKey({0})]", key.id()));
    assert_eq!(
        key.id().to_string(),
        hex(&Sha256::digest([b"wellspring sealing key id\n", &key.secret[..]].concat()))[..16]
    );
}

#[test]
fn several_keys_are_separated_by_commas_or_line_ends_the_newest_first() {
    let [one, two, three] = [1, 2, 3].map(|byte| key(byte).to_text().to_string());
    for text in [
        format!("{one},{two},{three}"),
        format!("{one}\n{two}\r\n\n{three}\n"),
        format!("{one}, {two}\n{three},"),
    ] {
        let keys: SealingKeys = text.parse().unwrap();
        assert_eq!(keys.newest().id(), key(1).id());
        assert!(keys.ids().eq([1, 2, 3].map(|byte| key(byte).id())), "{keys:?}");
    }
}

#[test]
fn a_text_that_is_no_key_is_refused_and_not_shown() {
    let whole = key(1).to_text().to_string();
    let canary = "Y2FuYXJ5";
    for text in [
        String::new(),
        " \n,".to_owned(),
        canary.to_owned(),
        format!("wellspring-key-1:{canary}"),
        format!("wellspring-key-2:{}", &whole[17..]),
        whole[17..].to_owned(),
        whole[..whole.len() - 1].to_owned(),
        format!("{whole}A"),
        format!("{whole}="),
        format!("{whole},{canary}"),
    ] {
        let error = text.parse::<SealingKeys>().unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(error.is_refused() && said.contains("wellspring keygen"), "{said}");
        assert!(!said.contains(canary) && !said.contains(&whole[17..]), "{said}");
    }
    assert!(
        "AAAA".parse::<SealingKey>().unwrap_err().to_string().starts_with("this is no sealing key: write")
    );
    let second = format!("{whole}\nnone").parse::<SealingKeys>().unwrap_err();
    assert!(second.to_string().starts_with("the sealing key at place 2 is none: "), "{second}");
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    let error = SealingKeys::from_env("WELLSPRING_TEST_OF_NO_KEY").unwrap_err();
    let says = "the environment variable WELLSPRING_TEST_OF_NO_KEY is not set: set it to a sealing key";
    assert_eq!((error.is_refused(), error.to_string().as_str()), (true, says));
}

#[test]
fn a_file_of_keys_is_read_only_if_it_is_closed_to_other_users() {
    let folder = Folder::new();
    let path = folder.path().join("key");
    let missing = SealingKeys::from_file(&path).unwrap_err();
    assert!(missing.is_refused() && missing.to_string().contains("does not exist: restore it"), "{missing}");
    let text = key(1).to_text();
    write_private(&path, text.as_bytes());
    assert_eq!(SealingKeys::from_file(&path).unwrap().newest().id(), key(1).id());
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let set_mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        set_mode(0o400);
        assert!(SealingKeys::from_file(&path).is_ok());
        set_mode(0o640);
        let open = SealingKeys::from_file(&path).unwrap_err();
        assert!(open.is_refused() && open.to_string().contains("chmod 600"), "{open}");
        set_mode(0o600);
        symlink(&path, folder.path().join("link")).unwrap();
        assert!(SealingKeys::from_file(folder.path().join("link")).unwrap_err().is_refused());
    }
    for (bytes, says) in
        [(&b"\xff"[..], "is not text"), (b"canary", "at place 1 is none"), (b"", "there is no sealing key")]
    {
        write_private(&path, bytes);
        let error = SealingKeys::from_file(&path).unwrap_err();
        let said = error.to_string();
        assert!(error.is_refused() && said.contains(says) && said.contains(path.to_str().unwrap()), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn sealed_bytes_open_only_with_their_key_as_their_kind_and_under_their_name() {
    let keys = SealingKeys::new(key(1));
    let sealed = keys.seal((Kind::Record, true), &name("a"), b"canary").unwrap();
    assert!(!sealed.windows(6).any(|bytes| bytes == b"canary"));
    let ring = SealingKeys::new(key(2)).with_older(key(1));
    for keys in [&keys, &ring] {
        assert_eq!(open(keys, Kind::Record, &name("a"), &sealed).unwrap(), b"canary");
        for (kind, user) in [(Kind::Spill, "a"), (Kind::SpillKey, "a"), (Kind::Record, "b")] {
            let error = open(keys, kind, &name(user), &sealed).unwrap_err();
            assert!(matches!(error, Unreadable::SealBroken { id } if id == key(1).id()), "{kind:?} {user}");
        }
    }
    let error = open(&SealingKeys::new(key(2)), Kind::Record, &name("a"), &sealed).unwrap_err().to_string();
    let [first, second] = [1, 2].map(|byte| key(byte).id());
    assert_eq!(
        error,
        format!(
            "is sealed with the key {first}, and this store has only {second}: add that key to the keys of the store"
        )
    );
}

#[test]
fn no_seal_is_like_another_of_the_same_bytes() {
    let keys = SealingKeys::new(key(1));
    let seal = || keys.seal((Kind::Record, false), &name("a"), b"canary").unwrap();
    assert_ne!(*seal(), *seal());
}

#[test]
fn sealed_bytes_that_were_changed_anywhere_do_not_open_even_with_a_right_checksum() {
    let keys = SealingKeys::new(key(1));
    let sealed = keys.seal((Kind::Record, false), &name("a"), b"a record").unwrap();
    assert_eq!(with_checksum(&sealed), **sealed);
    let line = sealed.iter().position(|byte| *byte == b'\n').unwrap();
    for at in line + 1..sealed.len() {
        for bit in [1, 0x20, 0x80] {
            let mut changed = sealed.to_vec();
            changed[at] ^= bit;
            assert!(open(&keys, Kind::Record, &name("a"), &changed).is_err(), "byte {at}");
            assert!(
                open(&keys, Kind::Record, &name("a"), &with_checksum(&changed)).is_err(),
                "byte {at}, mended"
            );
        }
        assert!(open(&keys, Kind::Record, &name("a"), &with_checksum(&sealed[..at])).is_err(), "cut to {at}");
    }
    let leased = String::from_utf8_lossy(&sealed[..line + 60]).replace(" - ", " leased ").into_bytes();
    let leased = [&leased[..], &sealed[line + 60..]].concat();
    let error = open(&keys, Kind::Record, &name("a"), &with_checksum(&leased));
    assert!(error.is_err(), "what a map reads without a key is authentic too");
}
