//! What an observer keeps for each provider: found without a lock, and for a bounded number of names.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

/// How many names a program's own providers may have. The metrics of any further one have the label [`OTHER`].
const MOST: usize = 64;

/// The label of the providers beyond [`MOST`].
const OTHER: &str = "other";

/// One value for each provider, made when the provider is first seen.
pub(super) struct ByProvider<T> {
    /// The name for every provider, where the program gives one.
    name: Option<Arc<str>>,
    known: ArcSwap<Vec<(Arc<str>, Arc<T>)>>,
    adding: Mutex<()>,
}

impl<T> ByProvider<T> {
    pub(super) fn new(name: Option<&str>) -> Self {
        Self { name: name.map(Arc::from), known: ArcSwap::default(), adding: Mutex::new(()) }
    }

    /// Calls `then` with what is kept for this provider, which `make` makes of the label.
    pub(super) fn with(&self, provider: &str, make: impl FnOnce(&Arc<str>) -> T, then: impl FnOnce(&T)) {
        let provider = self.name.as_deref().unwrap_or(provider);
        let known = self.known.load();
        match known.iter().find(|(name, _)| **name == *provider) {
            Some((_, value)) => then(value),
            None => then(&self.add(provider, make)),
        }
    }

    #[cold]
    fn add(&self, provider: &str, make: impl FnOnce(&Arc<str>) -> T) -> Arc<T> {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.known.load();
        let provider = if known.len() < MOST { provider } else { OTHER };
        if let Some((_, value)) = known.iter().find(|(name, _)| **name == *provider) {
            return Arc::clone(value);
        }
        let name: Arc<str> = provider.into();
        let value = Arc::new(make(&name));
        let mut more = Vec::clone(&known);
        more.push((name, Arc::clone(&value)));
        self.known.store(Arc::new(more));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_a_name_of_the_program_replaces_all() {
        let labels = |by_provider: &ByProvider<Arc<str>>| {
            for _ in 0..2 {
                for n in 0..1_000 {
                    by_provider.with(&format!("provider-{n}"), Arc::clone, |_| {});
                }
            }
            by_provider.known.load().iter().map(|(_, label)| label.to_string()).collect::<Vec<_>>()
        };
        let all = labels(&ByProvider::new(None));
        assert_eq!((all.len(), all[0].as_str(), all[MOST].as_str()), (MOST + 1, "provider-0", OTHER));
        assert_eq!(labels(&ByProvider::new(Some("billing"))), ["billing"]);
    }
}
