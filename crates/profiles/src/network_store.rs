//! Stores on a network: opened without a connection, and looked at on the thread of their runtime.

use core::future::Future;
use core::time::Duration;
use std::path::Path;

use wellspring_core::{StoreError, TokenKey};
use wellspring_store::{AsyncMap, OnRuntime, Records, Resealed, Seal, SealingKeyId, Seals};

use crate::local_store::LocalStore;

/// How long a look at the server may take.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

/// What a person asks of a store on a network.
pub(crate) trait NetworkMap: AsyncMap + Clone + 'static {
    /// Makes what the store needs on the server, and says what there is now.
    fn init(&self, within: Duration) -> impl Future<Output = Result<String, StoreError>> + Send;

    /// Checks that the server is there and has what the store needs.
    fn check(&self, within: Duration) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Sentences about the server that a person should know of.
    fn server_notes(&self, within: Duration) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;
}

impl<M: NetworkMap> LocalStore for OnRuntime<Records<M>> {
    fn open_to_others(&self) -> Vec<String> {
        Vec::new()
    }

    fn problems(&self) -> Vec<StoreError> {
        let look = |store: Records<M>| async move {
            match store.map().check(LOOK_WITHIN).await {
                Err(error) => vec![error],
                Ok(()) => store.problems_async().await,
            }
        };
        let found = self.run(2 * LOOK_WITHIN, |store| async move { Ok(look((*store).clone()).await) });
        found.unwrap_or_else(|error| vec![error])
    }

    fn notes(&self) -> Vec<String> {
        let notes = self.run(LOOK_WITHIN, |store| async move { store.map().server_notes(LOOK_WITHIN).await });
        // A server that does not answer is among the problems.
        notes.unwrap_or_default()
    }

    fn init(&self, within: Duration) -> Result<String, StoreError> {
        self.run(within, move |store| async move { store.map().init(within).await })
    }

    fn spills(&self) -> Option<&Path> {
        self.store().spills().map(|spills| spills.folder())
    }

    fn sealing_key(&self) -> Option<SealingKeyId> {
        self.store().sealing_key()
    }

    fn seal(&self, key: &TokenKey, within: Duration) -> Result<Option<Seal>, StoreError> {
        let key = key.clone();
        self.run(within, move |store| async move { store.seal_async(&key, within).await })
    }

    fn seals(&self, within: Duration) -> Result<Seals, StoreError> {
        self.run(within, move |store| async move { store.seals_async(within).await })
    }

    fn reseal(&self, within: Duration) -> Result<Resealed, StoreError> {
        self.run(within, move |store| async move { store.reseal_async(within).await })
    }
}
