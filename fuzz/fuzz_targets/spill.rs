//! Spilled tokens: a file's bytes as they are, and fields with a valid first line, bound to the store or not.
#![no_main]

use core::time::Duration;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use tempfile::TempDir;
use wellspring_core::{Store as _, TokenKey};
use wellspring_fuzz::{FixedMap, check_error, hex, lines, sealed};
use wellspring_store::{KeyName, Records};

/// The name of the entry in which a store keeps its spill key.
const SPILL_KEY: &str = "d0a6c0b8d4dad5893d09aa38ac4a679b4a5a1aa3085471798fb04bcab36f6fd0";

const KEY: [u8; 32] = [7; 32];

static FOLDER: LazyLock<TempDir> =
    LazyLock::new(|| TempDir::with_prefix("spills").expect("there is a temporary folder"));

fuzz_target!(|input: &[u8]| {
    let Some(([kind, format], bytes)) = lines(input) else { return };
    let format = format.parse().unwrap_or(1);
    let key = TokenKey::new("p", "e");
    let name = KeyName::of(&key);
    let bytes = match kind {
        "raw" => bytes.to_vec(),
        "bound" => bound(&name, format, bytes),
        _ => sealed("spill", format, bytes),
    };
    let path = path(&name);
    fs::write(&path, bytes).expect("the folder is writable");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("the file is ours");
    // A store with a spill key uses only what is bound to it, and one without only what is not.
    let has_key = matches!(kind, "bound" | "foreign");
    let entries = if has_key { vec![(SPILL_KEY.to_owned(), spill_key())] } else { vec![] };
    let store = Records::new(FixedMap(entries.into_iter().collect())).with_spills(FOLDER.path());
    let _ = store.problems();
    match store.load(&key, Duration::from_secs(1)) {
        Err(error) => check_error(&error),
        Ok(loaded) => {
            let Some(pending) = loaded.spilled else { return };
            assert!(kind != "foreign", "a spill that is not bound to the store was used");
            store.forget_spill(&key, pending.attempt).expect("the file is ours");
            assert!(!path.exists(), "a spill that was used cannot be removed");
        }
    }
});

/// The file of the attempt that the dictionary names.
fn path(name: &KeyName) -> PathBuf {
    FOLDER.path().join(format!("{name}-00000000000000c3-9.spill"))
}

fn spill_key() -> Vec<u8> {
    sealed("spill-key", 1, format!("key 64 {}\n", hex(&KEY)).as_bytes())
}

fn bound(name: &KeyName, format: u32, fields: &[u8]) -> Vec<u8> {
    let rest = sealed("bound-spill", format, fields);
    let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).expect("HMAC takes keys of any length");
    mac.update(name.as_str().as_bytes());
    mac.update(b"\n");
    mac.update(&rest);
    let mut bytes = format!("wellspring spill 2 {}\n", hex(&mac.finalize().into_bytes())).into_bytes();
    bytes.extend_from_slice(&rest);
    bytes
}
