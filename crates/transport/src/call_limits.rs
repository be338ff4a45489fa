//! How long a call may take.

use core::time::Duration;

/// How long one attempt of a call may take.
///
/// The idle timeout limits silence: a large upload or download is not cut off while its bytes flow. The deadline limits the
/// whole attempt, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallLimits {
    /// How long the client waits for the next byte: for the server to take one of the request, for the whole head of the
    /// response after that, and for each part of the body while the caller reads it.
    pub idle_timeout: Duration,
    /// The time for the whole attempt, from name lookup to the last byte of the response; `None` is no limit.
    pub deadline: Option<Duration>,
}

impl CallLimits {
    /// What a client says of a call that was silent for too long.
    pub const SILENT: &'static str = "no byte came within the idle timeout of the call";

    /// What a client says of a call whose response took too long.
    pub const OVERDUE: &'static str = "the deadline of the call has passed";

    /// A limit of silence only.
    #[must_use]
    pub const fn idle(timeout: Duration) -> Self {
        Self { idle_timeout: timeout, deadline: None }
    }

    /// The same with a limit of the whole attempt.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}
