//! The page "Seal a store".

use core::time::Duration;

use wellspring::sans_io::{Epoch, Generation, Record, SessionState, Store as _, TokenKey};
use wellspring::store::{Seal, SealingKey};

use crate::outcome::Outcome;

// ANCHOR: open
use std::path::Path;

use wellspring::store::{Records, SealingKeys, SqliteStore, StoreError};

/// The store, sealed with the first key in this file.
fn open(database: &Path, keys: &Path) -> Result<Records<SqliteStore>, StoreError> {
    Ok(SqliteStore::open(database)?.sealed(SealingKeys::from_file(keys)?))
}
// ANCHOR_END: open

pub(crate) fn run() -> Outcome {
    let folder = std::env::temp_dir().join(format!("wellspring-sealed-store-{}", std::process::id()));
    wellspring::store::files::create_private_folder(&folder)?;
    let sealed = save_and_look(&folder);
    std::fs::remove_dir_all(&folder)?;
    sealed
}

fn save_and_look(folder: &Path) -> Outcome {
    let (database, file) = (folder.join("tokens.db"), folder.join("sealing.key"));
    let sealing_key = SealingKey::random()?;
    drop(wellspring::store::files::open_or_create(&file)?);
    std::fs::write(&file, sealing_key.to_text().as_bytes())?;
    let store = open(&database, &file)?;
    let (key, within) = (TokenKey::new("provider", "https://as.example/token"), Duration::from_secs(30));
    let record = Record::new(Epoch::new(1), Generation::new(1), SessionState::LoggedOut);
    store.save(&key, None, &record, within)?;
    assert_eq!(store.seal(&key, within)?, Some(Seal::Sealed(sealing_key.id())));
    assert!(store.load(&key, within)?.stored.is_some());
    // Without the key the record is not absent: the error names the key.
    let error = SqliteStore::open(&database)?.load(&key, within).expect_err("it is sealed");
    assert!(error.to_string().contains(&sealing_key.id().to_string()));
    Ok(())
}
