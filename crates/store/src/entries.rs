//! What every entry of a map needs: a version that no other entry has.

use wellspring_core::{StoreError, Version};

/// No version repeats, not even for a key whose record was deleted.
pub(crate) fn random_version() -> Result<Version, StoreError> {
    random_number().map(Version::new)
}

/// 128 random bits.
pub(crate) fn random_number() -> Result<u128, StoreError> {
    let mut bytes = [0; 16];
    fill_random(&mut bytes)?;
    Ok(u128::from_be_bytes(bytes))
}

/// Random bytes of the operating system.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| {
        StoreError::unavailable(format!("the operating system returned no random bytes: {error}"))
    })
}
