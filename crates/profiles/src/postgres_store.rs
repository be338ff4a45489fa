//! `[store]` with a URL of Postgres.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::StoreError;
use wellspring_store::OnRuntime;
use wellspring_store_postgres::PostgresStore;

use crate::environment::variable;
use crate::error::Error;
use crate::local_store::LocalStore;
use crate::network_settings::NetworkUrl;
use crate::network_store::NetworkMap;
use crate::store_settings::StoreSettings;

/// The environment variables of libpq that give a password to a URL without one.
const PASSWORD: &str = "PGPASSWORD";
const PASSFILE: &str = "PGPASSFILE";

impl NetworkMap for PostgresStore {
    async fn init(&self, within: Duration) -> Result<String, StoreError> {
        Self::init(self, within).await?;
        Ok(format!("{} has the table {}", self.server(), self.table()))
    }

    async fn check(&self, within: Duration) -> Result<(), StoreError> {
        Self::check(self, within).await
    }

    async fn server_notes(&self, within: Duration) -> Result<Vec<String>, StoreError> {
        Self::server_notes(self, within).await
    }
}

impl StoreSettings {
    /// The store at this URL. Nothing is connected yet.
    pub(crate) fn postgres(&self, url: &NetworkUrl) -> Result<Arc<dyn LocalStore>, Error> {
        let failed = |source| Error::Store { place: self.place.clone(), source };
        let mut builder = PostgresStore::builder(url.text());
        if let Some(table) = &self.network.table {
            builder = builder.table(table.text()?.as_str());
        }
        if let Some(password) = variable(PASSWORD) {
            builder = builder.password(password);
        }
        if let Some(file) = variable(PASSFILE) {
            builder = builder.passfile(file);
        }
        let store = match self.keys_on_a_network()? {
            Some(keys) => builder.sealed(keys),
            None => builder.unsealed(),
        };
        let mut store = store.map_err(failed)?;
        if let Some(spill) = &self.spill {
            store = store.with_spills(spill);
        }
        Ok(Arc::new(OnRuntime::new(store).map_err(failed)?))
    }
}
