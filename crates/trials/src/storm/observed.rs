//! The store and the transports of a process of a storm: they say when a refresh token is sent and when its outcome is kept.

use core::fmt::Write as _;
use core::time::Duration;
use std::io::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use wellspring_core::{
    Applied, AsyncStore, Attempt, HttpRequest, HttpResponse, LivenessLock, Loaded, LockDomain, PendingSave,
    Record, Store, StoreError, StoreGuarantees, Swap, TokenKey, TransportError, Version, WatchOutcome,
};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use crate::clock;
use crate::storm::event::{Event, What};

/// Says what happens to one user's token.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    pub(crate) user: String,
}

impl Voice {
    /// One line in one write, which a kill does not tear apart.
    pub(crate) fn say(&self, what: What) {
        let event = Event { at: clock::unix(), user: self.user.clone(), what };
        // A storm that is gone reads nothing.
        drop(writeln!(std::io::stdout().lock(), "{event}"));
    }

    fn sending(&self, request: &HttpRequest, within: Duration) {
        if let Some(hash) = hash_of_refresh_token(request.expose_body()) {
            self.say(What::Sending(hash, within));
        }
    }
}

/// The first eight bytes of the SHA-256 of the refresh token in this form, in hexadecimal.
fn hash_of_refresh_token(form: &[u8]) -> Option<String> {
    let form = core::str::from_utf8(form).ok()?;
    let token = form.split('&').find_map(|pair| pair.strip_prefix("refresh_token="))?;
    let mut hash = String::new();
    for byte in &Sha256::digest(token)[..8] {
        write!(hash, "{byte:02x}").ok()?;
    }
    Some(hash)
}

/// A store that is observed, of either kind.
#[derive(Debug)]
pub(crate) struct ObservedStore<S> {
    pub(crate) store: S,
    pub(crate) voice: Voice,
}

impl<S> ObservedStore<S> {
    /// The save of this record begins.
    fn saving(&self, record: &Record) {
        if let Some(lease) = record.lease {
            self.voice.say(What::Leasing(lease.span));
        }
    }

    /// The save of this record has ended so.
    fn saved(&self, record: &Record, saved: &Result<Swap, StoreError>) {
        match (saved, record.lease) {
            (Ok(Swap::Done(_)), None) => self.voice.say(What::Saved),
            (Ok(Swap::Conflict), Some(_)) => self.voice.say(What::Unleased),
            (Err(error), Some(_)) if error.applied() == Applied::No => self.voice.say(What::Unleased),
            _ => {}
        }
    }
}

impl Store for ObservedStore<Arc<dyn Store>> {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        self.store.load(key, within)
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        self.saving(record);
        let saved = self.store.save(key, expected, record, within);
        self.saved(record, &saved);
        saved
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.store.watch(key, version, domain, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.store.liveness_lock(key, within)
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.store.spill(key, pending_save)?;
        self.voice.say(What::Spilled);
        Ok(())
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)
    }
}

#[async_trait]
impl AsyncStore for ObservedStore<Arc<dyn AsyncStore>> {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    async fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        self.store.load(key, within).await
    }

    async fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        self.saving(record);
        let saved = self.store.save(key, expected, record, within).await;
        self.saved(record, &saved);
        saved
    }

    async fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.store.watch(key, version, domain, within).await
    }

    async fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.store.liveness_lock(key, within).await
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.store.spill(key, pending_save)?;
        self.voice.say(What::Spilled);
        Ok(())
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)
    }
}

/// A transport that is observed.
#[derive(Debug)]
pub(crate) struct Observed<T> {
    pub(crate) transport: T,
    pub(crate) voice: Voice,
}

#[async_trait]
impl<T: asynchronous::Transport> asynchronous::Transport for Observed<T> {
    async fn exchange(
        &self,
        request: &HttpRequest,
        within: Duration,
    ) -> Result<HttpResponse, TransportError> {
        self.voice.sending(request, within);
        self.transport.exchange(request, within).await
    }

    async fn call(
        &self,
        request: http::Request<asynchronous::Body>,
        limits: asynchronous::CallLimits,
    ) -> Result<http::Response<asynchronous::Body>, TransportError> {
        self.transport.call(request, limits).await
    }
}

impl<T: blocking::Transport> blocking::Transport for Observed<T> {
    fn exchange(&self, request: &HttpRequest, within: Duration) -> Result<HttpResponse, TransportError> {
        self.voice.sending(request, within);
        self.transport.exchange(request, within)
    }

    fn call(
        &self,
        request: http::Request<blocking::Body>,
        limits: blocking::CallLimits,
    ) -> Result<http::Response<blocking::Body>, TransportError> {
        self.transport.call(request, limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_refresh_token_wherever_it_stands_in_the_form() {
        // `printf abc | sha256sum` begins like this.
        let abc = Some("ba7816bf8f01cfea".to_owned());
        assert_eq!(hash_of_refresh_token(b"refresh_token=abc&grant_type=refresh_token"), abc);
        assert_eq!(hash_of_refresh_token(b"grant_type=refresh_token&refresh_token=abc"), abc);
        assert_eq!(hash_of_refresh_token(b"grant_type=authorization_code&code=abc"), None);
    }
}
