//! What each transport adds: where renewals run.

use std::sync::Arc;

use wellspring_core::TokenError;

use crate::guards::RenewalGuard;
use crate::keep_warm::Watch;

/// Where renewals run: on tokio tasks, or on threads.
pub trait Driver: Clone + Send + Sync + 'static {
    /// The trait object that carries requests.
    type Transport: ?Sized + Send + Sync + 'static;
    /// A place where a renewal can run now: a runtime, or the permission to start threads.
    type Place;

    /// The driver of a source that is built now.
    #[must_use]
    fn for_source(&self) -> Self;

    /// Whether [`for_source`](Self::for_source) finds nothing more than this driver has.
    #[must_use]
    fn is_complete(&self) -> bool;

    /// The place where a renewal can run beside its caller now.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when there is no such place.
    fn place(&self) -> Result<Self::Place, TokenError>;

    /// Runs the renewal there and returns at once.
    fn start(place: &Self::Place, renewal: RenewalGuard, transport: &Arc<Self::Transport>);

    /// Runs the watch there until it ends, and returns at once.
    ///
    /// # Errors
    ///
    /// When nothing can be started there.
    fn watch(place: &Self::Place, name: &'static str, watch: Watch) -> Result<(), TokenError>;
}
