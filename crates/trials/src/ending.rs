//! How a run ends that breaks nothing.

/// How a run ends that breaks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The fault hit nothing of the store: the run does not count.
    Missed,
    /// Every caller is served.
    Whole,
}
