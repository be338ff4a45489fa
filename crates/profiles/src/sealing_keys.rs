//! The sealing keys of the store: in the file that `[store]` names, or in the environment.

use std::path::Path;

use wellspring_core::StoreError;
use wellspring_store::SealingKeys;

use crate::error::Error;
use crate::store_settings::StoreSettings;

/// The environment variable with the sealing keys, for a file that names none.
const VARIABLE: &str = "WELLSPRING_SEALING_KEY";

impl StoreSettings {
    /// The file with the sealing keys, if `sealing_key_file` names one.
    #[must_use]
    pub fn sealing_key_file(&self) -> Option<&Path> {
        self.sealing_key_file.as_ref().map(|(_, path)| path.as_path())
    }

    /// The sealing keys: those in the file that `sealing_key_file` names, or in the environment variable
    /// `WELLSPRING_SEALING_KEY`; `None` without either. Reads them now. [`open`](Self::open) uses them.
    ///
    /// # Errors
    ///
    /// If both give keys, the file is missing or open to other users, or what is there is no key. The error shows nothing of
    /// it.
    pub fn sealing_keys(&self) -> Result<Option<SealingKeys>, Error> {
        let failed = |place: &crate::place::Place| {
            let place = place.clone();
            move |source: StoreError| Error::Store { place, source }
        };
        match (&self.sealing_key_file, is_set()) {
            (Some((place, _)), true) => Err(place.error(format_args!(
                "names keys, and the environment variable {VARIABLE} holds keys too: remove one of them"
            ))),
            (Some((place, path)), false) => SealingKeys::from_file(path).map(Some).map_err(failed(place)),
            (None, true) => SealingKeys::from_env(VARIABLE).map(Some).map_err(failed(&self.place)),
            (None, false) => Ok(None),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where configuration is made")]
fn is_set() -> bool {
    std::env::var_os(VARIABLE).is_some()
}
