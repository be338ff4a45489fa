//! When a fault applies.

/// When a fault applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The provider does not process the request.
    Before,
    /// The provider has processed the request.
    After,
}
