//! The sealing keys of the store: in the file or the keyring entry that `[store]` names, or in the environment.

#[cfg(feature = "keyring")]
use core::time::Duration;
use std::path::Path;

use wellspring_core::StoreError;
use wellspring_store::SealingKeys;

use crate::error::Error;
use crate::place::Place;
use crate::store_settings::StoreSettings;

/// The environment variable with the sealing keys, for a file that names none.
const VARIABLE: &str = "WELLSPRING_SEALING_KEY";

/// How long the keyring may take, which may ask a person to unlock it.
#[cfg(feature = "keyring")]
const KEYRING_WITHIN: Duration = Duration::from_secs(10);

impl StoreSettings {
    /// The file with the sealing keys, if `sealing_key_file` names one.
    #[must_use]
    pub fn sealing_key_file(&self) -> Option<&Path> {
        self.sealing_key_file.as_ref().map(|(_, path)| path.as_path())
    }

    /// The entry of the operating system's keyring with the sealing keys, if `sealing_key_keyring` names one.
    #[must_use]
    pub fn sealing_key_keyring(&self) -> Option<&str> {
        self.sealing_key_keyring.as_ref().map(|(_, name)| name.as_str())
    }

    /// The sealing keys: those in the file that `sealing_key_file` names, in the entry of the operating system's keyring that
    /// `sealing_key_keyring` names, or in the environment variable `WELLSPRING_SEALING_KEY`; `None` without any. Reads them
    /// now. [`open`](Self::open) uses them.
    ///
    /// # Errors
    ///
    /// If two of them give keys, the file is missing or open to other users, the keyring does not answer, or what is there is
    /// no key. The error shows nothing of it.
    pub fn sealing_keys(&self) -> Result<Option<SealingKeys>, Error> {
        let failed = |place: &Place| {
            let place = place.clone();
            move |source: StoreError| Error::Store { place, source }
        };
        match (&self.sealing_key_file, &self.sealing_key_keyring, is_set()) {
            (Some((place, _)), _, true) | (None, Some((place, _)), true) => Err(place.error(format_args!(
                "names keys, and the environment variable {VARIABLE} holds keys too: remove one of them"
            ))),
            (Some((place, _)), Some(_), false) => {
                Err(place.error("names keys, and `sealing_key_keyring` names keys too: remove one of them"))
            }
            (Some((place, path)), None, false) => {
                SealingKeys::from_file(path).map(Some).map_err(failed(place))
            }
            (None, Some((place, name)), false) => from_keyring(place, name).map(Some),
            (None, None, true) => SealingKeys::from_env(VARIABLE).map(Some).map_err(failed(&self.place)),
            (None, None, false) => Ok(None),
        }
    }
}

/// Reads the keys before anything else is done: a sign-in whose token could not be saved would be lost.
#[cfg(feature = "keyring")]
fn from_keyring(place: &Place, name: &str) -> Result<SealingKeys, Error> {
    let keys = SealingKeys::from_keyring(name, KEYRING_WITHIN);
    keys.map_err(|source| Error::Store { place: place.clone(), source })
}

#[cfg(not(feature = "keyring"))]
fn from_keyring(place: &Place, _: &str) -> Result<SealingKeys, Error> {
    Err(place.error(
        "needs a build with the feature `keyring`; name a file as `sealing_key_file`, or set WELLSPRING_SEALING_KEY",
    ))
}

#[cfg(any(feature = "postgres", feature = "redis"))]
impl StoreSettings {
    /// The sealing keys of a store on a network; `None` where the settings switch sealing off.
    ///
    /// # Errors
    ///
    /// As [`sealing_keys`](Self::sealing_keys), and if there are none and sealing is not switched off.
    pub(crate) fn keys_on_a_network(&self) -> Result<Option<SealingKeys>, Error> {
        match (self.sealing_keys()?, self.unsealed) {
            (Some(_), true) => Err(self.place.error(format_args!(
                "has `sealing = \"off\"`, and the environment variable {VARIABLE} holds keys: remove one of them"
            ))),
            (None, false) => Err(self.place.error(
                "names a store on a network, which is sealed: `wellspring keygen --out FILE` makes a key; name it as \
                 `sealing_key_file`, or write `sealing = \"off\"`",
            )),
            (keys, _) => Ok(keys),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where configuration is made")]
fn is_set() -> bool {
    std::env::var_os(VARIABLE).is_some()
}
