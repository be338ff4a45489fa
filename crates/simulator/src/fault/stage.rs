//! When a fault strikes.

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The provider never learns of the request.
    Before,
    /// The provider has decided, and done what it decided.
    After,
}
