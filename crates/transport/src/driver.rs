//! What a transport adds to what both transports share: where renewals run.

use std::sync::Arc;

use wellspring_core::TokenError;

use crate::in_flight::RenewalGuard;
use crate::keep_warm::Watch;

/// Where renewals run: on tokio's tasks, or on threads.
pub trait Driver: Clone + Send + Sync + 'static {
    /// What carries requests.
    type Transport: ?Sized + Send + Sync + 'static;
    /// A place where something can run now.
    type Place;

    /// The same driver, for a source that is built here and now.
    #[must_use]
    fn for_source(&self) -> Self;

    /// Where a renewal can run beside its caller now.
    ///
    /// # Errors
    ///
    /// When there is no such place.
    fn place(&self) -> Result<Self::Place, TokenError>;

    /// Runs the renewal there and returns at once.
    fn start(place: &Self::Place, renewal: RenewalGuard, transport: &Arc<Self::Transport>);

    /// Looks there, again and again, until the watch ends.
    ///
    /// # Errors
    ///
    /// When nothing can be started there.
    fn watch(place: &Self::Place, name: &'static str, watch: Watch) -> Result<(), TokenError>;
}
