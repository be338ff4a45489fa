//! What a storm knows of each process, and of each session that was lost.

use core::time::Duration;

use crate::storm::event::Event;

/// The life of one process, as the storm saw it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    /// Its number in the storm; the process that replaces it has the same.
    pub(crate) number: usize,
    /// Its events, in order.
    pub(crate) events: Vec<Event>,
    /// When it was killed, if it was.
    pub(crate) killed: Option<Duration>,
    /// From when until when it was stopped.
    pub(crate) stops: Vec<(Duration, Duration)>,
}

/// A session that was lost, and the sign-in that replaced it.
#[derive(Clone, Debug)]
pub(crate) struct Loss {
    /// The user.
    pub(crate) user: String,
    /// When the first caller was told to sign in, since the Unix epoch.
    pub(crate) told: Duration,
    /// The reason that the caller was told.
    pub(crate) reason: String,
    /// When the user had signed in before that.
    pub(crate) since: Duration,
}
