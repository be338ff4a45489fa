//! Memory that is wiped when it goes. The explorer, which has no secrets, keeps its states in plain boxes: they can be
//! hashed and compared.

#[cfg(wellspring_explore)]
pub(crate) use alloc::boxed::Box as Zeroizing;
#[cfg(not(wellspring_explore))]
pub(crate) use zeroize::Zeroizing;
