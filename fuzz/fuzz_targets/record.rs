//! Stored records: bytes as they are, and fields with a valid first line, which a fuzzer does not find by itself.
#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use wellspring_core::{Loaded, Store as _, StoreError, TokenKey};
use wellspring_fuzz::{FixedMap, check_error, sealed};
use wellspring_store::{Entry, KeyName, Map as _, MemoryStore, Records};

fuzz_target!(|input: &[u8]| {
    let Some((format, bytes)) = input.split_first() else { return };
    let bytes = match format {
        b'0' => bytes.to_vec(),
        format => sealed("record", u32::from(format % 8), bytes),
    };
    let key = TokenKey::new("p", "e");
    let entry = Entry { version: wellspring_core::Version::new(1), bytes: bytes.clone().into() };
    let _ = entry.is_whole();
    let record = match load(&key, bytes) {
        Ok(loaded) => loaded.stored.expect("the map has an entry").record,
        Err(error) => return check_error(&error),
    };
    assert_eq!(entry.holds_lease(), record.lease.is_some());
    // What was read is saved, read again, and saved again without a difference.
    let store = MemoryStore::open();
    store.save(&key, None, &record, Duration::MAX).expect("what was read can be saved");
    let first = encoded(&store, &key);
    let again =
        load(&key, first.clone()).expect("what was saved can be read").stored.expect("the map has an entry");
    let store = MemoryStore::open();
    store.save(&key, None, &again.record, Duration::MAX).expect("what was read can be saved");
    assert_eq!(String::from_utf8_lossy(&first), String::from_utf8_lossy(&encoded(&store, &key)));
});

fn load(key: &TokenKey, bytes: Vec<u8>) -> Result<Loaded, StoreError> {
    let map = FixedMap([(KeyName::of(key).to_string(), bytes)].into());
    Records::new(map).load(key, Duration::from_secs(1))
}

fn encoded(store: &Records<MemoryStore>, key: &TokenKey) -> Vec<u8> {
    let entry = store.map().load(&KeyName::of(key), Duration::MAX).expect("memory does not fail");
    entry.expect("the record was saved").bytes.to_vec()
}
