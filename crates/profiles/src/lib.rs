//! What `wellspring.toml` says: profiles, read and made into providers, policies, TLS settings and stores.
//!
//! A program reads the file, picks a profile, and makes a source of it with the transport that it likes:
//!
//! ```no_run
//! use wellspring_profiles::Configuration;
//! use wellspring_transport_blocking::Builder;
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let profile = Configuration::load("wellspring.toml")?.profile("shop")?.clone();
//! let mut source = Builder::new(profile.provider()?.into()).policy(profile.policy()?).tls(profile.tls()?);
//! if let Some(store) = profile.store().open()? {
//!     source = source.store(store);
//! }
//! for url in profile.api_urls()? {
//!     source = source.allow_origin(&url)?;
//! }
//! let token = source.build()?.token()?;
//! # Ok(())
//! # }
//! ```
//!
//! What may stand in the file is told in the book, on the page of the command line.
//!
//! In scope: the file, the environment variables and files that it names, an `issuer`'s metadata. Asking an issuer
//! blocks; nothing else goes to a network. Out of scope: tokens, what a failure means for a process, where the file is
//! looked for.
#![forbid(unsafe_code)]

mod configuration;
mod duration;
mod error;
mod local_store;
mod profile;
mod provider;
mod section;
mod settings;
mod store_settings;
mod terms;
mod value;

// The public interface is:
pub use configuration::Configuration;
pub use duration::parse_duration;
pub use error::Error;
pub use local_store::LocalStore;
pub use profile::{Developer, Profile, SecretSource, SignsIn};
pub use provider::AnyProvider;
pub use store_settings::StoreSettings;
pub use value::Place;
