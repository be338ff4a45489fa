//! Formats every public type of every library, with a secret wherever the type can hold one.
//!
//! `cargo xtask tidy` compares the names in this test with the sources: add each new public type here.

mod core_types;
mod observer_types;
mod profile_types;
mod provider_types;
mod store_types;
mod transport_types;
mod web_types;
mod wire_types;

use crate::sentinel;

pub(crate) const ACCESS: &str = "canary-access-token-0123456789";
pub(crate) const REFRESH: &str = "canary-refresh-token-0123456789";
pub(crate) const SECRET: &str = "canary-client-secret-0123456789";
pub(crate) const CODE: &str = "canary-authorization-code-0123456789";
pub(crate) const VERIFIER: &str = "canary-code-verifier-0123456789-0123456789-0123456789";

/// The formatted texts, by the name of the type.
#[derive(Default)]
pub(crate) struct Shown(Vec<(&'static str, String)>);

impl Shown {
    pub(crate) fn add<T: core::fmt::Debug>(&mut self, value: &T) {
        self.0.push((core::any::type_name::<T>(), format!("{value:?}\n{value:#?}")));
    }

    pub(crate) fn add_error<T: core::error::Error + 'static>(&mut self, error: &T) {
        self.0.push((core::any::type_name::<T>(), sentinel::every_way(error)));
    }
}

/// Formats a value of each of these types.
macro_rules! show {
    ($shown:ident: $($type:ty = $value:expr;)+) => {$(
        let value: $type = $value;
        $shown.add(&value);
    )+};
}

pub(crate) use show;

#[test]
fn no_public_type_shows_a_secret_it_holds() {
    let mut shown = Shown::default();
    core_types::show_all(&mut shown);
    store_types::show_all(&mut shown);
    wire_types::show_all(&mut shown);
    transport_types::show_all(&mut shown);
    observer_types::show_all(&mut shown);
    provider_types::show_all(&mut shown);
    web_types::show_all(&mut shown);
    profile_types::show_all(&mut shown);
    let mut leaks = Vec::new();
    for (name, text) in &shown.0 {
        for secret in [ACCESS, REFRESH, SECRET, CODE, VERIFIER] {
            if let Some(encoding) = sentinel::found(text, secret) {
                leaks.push(format!("{name} shows {secret} {encoding}: {text}"));
            }
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
