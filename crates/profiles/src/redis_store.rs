//! `[store]` with a URL of Redis or Valkey.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use wellspring_core::{StoreError, TokenKey};
use wellspring_store::{Records, Resealed, Seal, SealingKeyId, Seals};
use wellspring_store_redis::RedisStore;
use wellspring_transport::regular_file;
use zeroize::Zeroizing;

use crate::environment::variable;
use crate::error::Error;
use crate::local_store::LocalStore;
use crate::network_settings::NetworkUrl;
use crate::store_settings::StoreSettings;
use crate::value::{Bytes, Value};

/// The environment variable of redis-cli that gives a password to a URL without one.
const PASSWORD: &str = "REDISCLI_AUTH";

/// How long a look at the server may take.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

impl LocalStore for Records<RedisStore> {
    fn open_to_others(&self) -> Vec<String> {
        Vec::new()
    }

    fn problems(&self) -> Vec<StoreError> {
        match self.map().check(LOOK_WITHIN) {
            Ok(()) => self.problems(),
            Err(error) => vec![error],
        }
    }

    fn notes(&self) -> Vec<String> {
        self.notes()
    }

    fn init(&self, within: Duration) -> Result<String, StoreError> {
        self.map().check(within)?;
        Ok(format!(
            "{} needs nothing to be made, and compares and swaps as the store needs",
            self.map().server()
        ))
    }

    fn spills(&self) -> Option<&Path> {
        Self::spills(self).map(|spills| spills.folder())
    }

    fn sealing_key(&self) -> Option<SealingKeyId> {
        self.sealing_key()
    }

    fn seal(&self, key: &TokenKey, within: Duration) -> Result<Option<Seal>, StoreError> {
        self.seal(key, within)
    }

    fn seals(&self, within: Duration) -> Result<Seals, StoreError> {
        self.seals(within)
    }

    fn reseal(&self, within: Duration) -> Result<Resealed, StoreError> {
        self.reseal(within)
    }
}

impl StoreSettings {
    /// The store at this URL. Nothing is connected yet.
    pub(crate) fn redis(&self, url: &NetworkUrl) -> Result<Arc<dyn LocalStore>, Error> {
        let failed = |source| Error::Store { place: self.place.clone(), source };
        let mut builder = RedisStore::builder(url.text());
        if let Some(prefix) = &self.network.prefix {
            builder = builder.prefix(prefix.text()?.as_str());
        }
        if let Some(password) = variable(PASSWORD).filter(|_| !url.has_password()) {
            builder = builder.password(password);
        }
        if let Some(username) = &self.network.sentinel_username {
            builder = builder.sentinel_username(username.text()?.as_str());
        }
        if let Some(password) = &self.network.sentinel_password {
            builder = builder.sentinel_password(password.text()?.as_str());
        }
        if let Some(authority) = &self.network.ca_certificate {
            builder = builder.root_certificates(pem(authority, "CERTIFICATE")?.as_bytes());
        }
        if let (Some(certificate), Some(key)) = (&self.network.client_certificate, &self.network.client_key) {
            let (certificate, key) = (pem(certificate, "CERTIFICATE")?, pem(key, "PRIVATE KEY")?);
            builder = builder.client_certificate(certificate.as_bytes(), key.as_str());
        }
        let store = match self.keys_on_a_network()? {
            Some(keys) => builder.sealed(keys),
            None => builder.unsealed(),
        };
        let mut store = store.map_err(failed)?;
        if let Some(spill) = &self.spill {
            store = store.with_spills(spill);
        }
        Ok(Arc::new(store))
    }
}

/// The PEM in this value, or in the file that it names.
fn pem(value: &Value, what: &str) -> Result<Zeroizing<String>, Error> {
    let text = match value.source_of_bytes()? {
        Bytes::Given(bytes) => Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()),
        Bytes::File(path) => {
            let text = regular_file::read_text(&path, regular_file::CERTIFICATES);
            text.map_err(|error| {
                value.place.error(format_args!("cannot be read from {}: {error}", path.display()))
            })?
        }
    };
    match text.contains(&format!("{what}-----")) {
        true => Ok(text),
        false => Err(value.place.error(format_args!("holds no {} in PEM", what.to_lowercase()))),
    }
}
