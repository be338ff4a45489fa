//! What is told of the seals of a store, and of their renewal.

use std::collections::BTreeMap;

use wellspring_core::StoreError;

use crate::sealing_key_id::SealingKeyId;

/// How a record lies in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seal {
    /// Every process that can read the store can read the record.
    Plain,
    /// Only this key opens it.
    Sealed(SealingKeyId),
}

/// How the records of a store lie there, its spill key included.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Seals {
    /// How many are plain.
    pub plain: usize,
    /// How many each key has sealed.
    pub sealed: BTreeMap<SealingKeyId, usize>,
    /// An error for each that cannot be opened or read.
    pub problems: Vec<StoreError>,
}

/// What [`Records::reseal`](crate::Records::reseal) has done.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Resealed {
    /// How many records it has sealed.
    pub records: usize,
    /// How many spilled tokens it has sealed.
    pub spills: usize,
    /// How many records and spilled tokens the newest key had sealed before.
    pub unchanged: usize,
    /// An error for each record and spilled token that is as it was, because it cannot be opened, read or saved.
    pub problems: Vec<StoreError>,
}
