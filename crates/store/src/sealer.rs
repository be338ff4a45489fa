//! What stands between the encoding and the map: bytes are sealed on their way in and opened on their way out.
//!
//! A store without keys writes plain bytes and opens no sealed ones. A store with keys also takes plain bytes: they are
//! sealed at their next save.

use wellspring_core::{StoreError, Version};
use zeroize::Zeroizing;

use core::time::Duration;

use crate::async_map::AsyncMap;
use crate::encoding::{self, Decoded, Kind, Sealed, Unreadable};
use crate::map::{Entry, KeyName};
#[cfg(feature = "sealing")]
use crate::sealing::SealingKeys;
use crate::sealing_key_id::SealingKeyId;

/// The keys of a store, if it has any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sealer {
    #[cfg(feature = "sealing")]
    keys: Option<SealingKeys>,
}

impl Sealer {
    /// The sealer of these keys.
    #[cfg(feature = "sealing")]
    pub(crate) const fn new(keys: SealingKeys) -> Self {
        Self { keys: Some(keys) }
    }

    /// The key that seals.
    #[cfg(feature = "sealing")]
    pub(crate) fn newest(&self) -> Option<SealingKeyId> {
        self.keys.as_ref().map(|keys| keys.newest().id())
    }

    /// The key that seals: without the feature there is none.
    #[cfg(not(feature = "sealing"))]
    #[expect(clippy::unused_self, reason = "with the feature it has keys")]
    pub(crate) const fn newest(&self) -> Option<SealingKeyId> {
        None
    }

    /// Seals these bytes, if the store has keys.
    #[cfg(feature = "sealing")]
    pub(crate) fn seal(
        &self,
        what: (Kind, bool),
        name: &KeyName,
        plain: Zeroizing<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        match &self.keys {
            Some(keys) => keys.seal(what, name, &plain),
            None => Ok(plain),
        }
    }

    /// Without the feature a store has no keys.
    #[cfg(not(feature = "sealing"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "with the feature it has keys")]
    pub(crate) fn seal(
        &self,
        _: (Kind, bool),
        _: &KeyName,
        plain: Zeroizing<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        Ok(plain)
    }

    /// Opens these bytes, which lie under this name. Plain bytes are open.
    pub(crate) fn open(
        &self,
        kind: Kind,
        name: &KeyName,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        match Sealed::read(&bytes) {
            None => Ok(bytes),
            Some(sealed) => self.open_sealed(kind, name, &sealed?),
        }
    }

    #[cfg(feature = "sealing")]
    fn open_sealed(
        &self,
        kind: Kind,
        name: &KeyName,
        sealed: &Sealed<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        match &self.keys {
            Some(keys) => keys.open(kind, name, sealed),
            None => Err(Unreadable::NoKey { id: sealed.label.key }),
        }
    }

    #[cfg(not(feature = "sealing"))]
    #[expect(clippy::unused_self, reason = "with the feature it has keys")]
    fn open_sealed(
        &self,
        _: Kind,
        _: &KeyName,
        sealed: &Sealed<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        Err(Unreadable::NoKey { id: sealed.label.key })
    }
}

/// A map whose entries are sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealedMap<'a, M> {
    pub(crate) map: M,
    pub(crate) sealer: &'a Sealer,
}

impl<M: AsyncMap> SealedMap<'_, M> {
    /// The entry of this name, opened.
    pub(crate) async fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        let Some(Entry { version, bytes }) = self.map.load(name, within).await? else { return Ok(None) };
        let opened = self.sealer.open(kind(name), name, bytes);
        opened.map(|bytes| Some(Entry { version, bytes })).map_err(|error| self.unreadable(name, &error))
    }

    /// Seals and saves this entry, which is a record with a lease or not.
    pub(crate) async fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        Entry { version, bytes }: Entry,
        leased: bool,
        within: Duration,
    ) -> Result<bool, StoreError> {
        let bytes = self.sealer.seal((kind(name), leased), name, bytes)?;
        self.map.swap(name, expected, &Entry { version, bytes }, within).await
    }

    /// The error for an entry that cannot be opened or decoded.
    pub(crate) fn unreadable(&self, name: &KeyName, error: &Unreadable) -> StoreError {
        let what = if name.is_reserved() { "the store's spill key" } else { "the record" };
        let shown = self.map.shown(name);
        match self.map.removal(name).filter(|_| !name.is_reserved() && !error.is_of_key()) {
            None => error.in_store(&format!("{what} {shown}")),
            Some(removal) => StoreError::unreadable(format!("{what} {shown} {error}; {removal}")),
        }
    }
}

/// Decodes an opened entry of this map. The error says where the record is.
pub(crate) fn decode(
    map: &SealedMap<'_, impl AsyncMap>,
    name: &KeyName,
    entry: &Entry,
) -> Result<Decoded, StoreError> {
    encoding::decode_record(&entry.bytes).map_err(|error| map.unreadable(name, &error))
}

/// What lies under this name.
pub(crate) fn kind(name: &KeyName) -> Kind {
    if name.is_reserved() { Kind::SpillKey } else { Kind::Record }
}
