//! Named values in order, bounded in all. Clones share them.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The most bytes of the names in all: 16 KiB.
const MAX_NAMES: usize = 16 << 10;

/// How long a value is.
pub(crate) trait Length {
    /// The bytes of the value.
    fn length(&self) -> usize;
}

/// Named values, each name once, in order. The values have at most [`MAX_BYTES`](Self::MAX_BYTES) in all, the names at most
/// [`MAX_NAMES`]. `None` where there are none: most tokens have none, and a process may hold a million tokens.
#[derive(Clone)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub(crate) struct Bounded<V>(Option<Arc<Vec<(String, V)>>>);

impl<V: Length + Clone> Bounded<V> {
    pub(crate) const MAX_BYTES: usize = 64 << 10;

    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().flat_map(|values| values.iter()).map(|(name, value)| (name.as_str(), value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Adds a value; the last one of a name wins. Returns false, and adds nothing, where there is no room.
    pub(crate) fn insert(&mut self, name: String, value: V) -> bool {
        let (mut names, mut values) = (name.len(), value.length());
        for (kept, value) in self.iter().filter(|(known, _)| *known != name) {
            names = names.saturating_add(kept.len());
            values = values.saturating_add(value.length());
        }
        if names > MAX_NAMES || values > Self::MAX_BYTES {
            return false;
        }
        let values = Arc::make_mut(self.0.get_or_insert_default());
        values.retain(|(known, _)| *known != name);
        values.push((name, value));
        true
    }

    /// Removes the value of this name. Returns whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let found = self.get(name).is_some();
        if let Some(values) = self.0.as_mut().filter(|_| found) {
            let values = Arc::make_mut(values);
            values.retain(|(known, _)| known != name);
            if values.is_empty() {
                self.0 = None;
            }
        }
        found
    }
}

impl<V> Default for Bounded<V> {
    fn default() -> Self {
        Self(None)
    }
}
