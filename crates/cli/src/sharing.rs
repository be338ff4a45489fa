//! Which profiles have one record in common.

use std::collections::HashMap;

use wellspring_core::TokenKey;
use wellspring_profiles::{Configuration, Profile};

use crate::source::offline_provider;

/// The names of the profiles of each record.
#[derive(Debug, Default)]
pub(crate) struct Sharing(HashMap<TokenKey, Vec<String>>);

impl Sharing {
    /// The profiles with which these ones may share. A profile that cannot be used now shares with none.
    pub(crate) fn of(all: &Configuration, profiles: &[Profile]) -> Self {
        let mut sharing = Self::default();
        for profile in all.profiles() {
            let concerned = match profiles {
                [one] => one.may_share_with(profile),
                _ => true,
            };
            if let Some(provider) = concerned.then(|| offline_provider(profile)).flatten() {
                sharing.add(&provider.spec().key, profile.name());
            }
        }
        sharing
    }

    pub(crate) fn add(&mut self, key: &TokenKey, name: &str) {
        self.0.entry(key.clone()).or_default().push(name.to_owned());
    }

    /// The profiles of each record that several have, in the order of their names.
    pub(crate) fn several(&self) -> Vec<&[String]> {
        let mut several: Vec<_> =
            self.0.values().map(Vec::as_slice).filter(|names| names.len() > 1).collect();
        several.sort_unstable();
        several
    }

    /// The other profiles with this record.
    pub(crate) fn others<'s>(&'s self, key: &TokenKey, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.0.get(key).into_iter().flatten().map(String::as_str).filter(move |other| *other != name)
    }
}
