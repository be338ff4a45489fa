//! Reads `wellspring.toml`: profiles become providers, policies, TLS settings and stores.
//!
//! A program reads the file, picks a profile, and builds a source with the transport of its choice:
//!
//! ```
//! use wellspring_profiles::Configuration;
//! use wellspring_transport_blocking::Builder;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("wellspring.toml");
//! # let simulator = wellspring_simulator::Simulator::builder().start()?;
//! # let (url, secret) = (simulator.url(), folder.path().join("secret"));
//! # std::fs::write(&secret, "your-client-secret")?;
//! # let text = "[profile.shop]\nprovider = 'pix-bacen'\nclient_id = 'your-client-id'\nclient_secret = { file = 'secret' }\n";
//! # std::fs::write(&path, format!("{text}base_url = '{url}'\n"))?;
//! let profile = Configuration::load(path)?.profile("shop")?.clone();
//! let mut source = Builder::new(profile.provider()?.into()).policy(profile.policy()?).tls(profile.tls()?);
//! if let Some(store) = profile.store().open()? {
//!     source = source.store(store);
//! }
//! for url in profile.api_urls()? {
//!     source = source.allow_origin(&url)?;
//! }
//! assert!(source.build()?.authorization()?.to_str()?.starts_with("Bearer "));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! The book lists the keys of the file on its page "Write a profile".
//!
//! In scope: the file, the environment variables and files that it names, the metadata of an `issuer`. The metadata
//! request blocks; nothing else uses the network. Out of scope: tokens, exit statuses, the search for the file.
#![forbid(unsafe_code)]

mod call_settings;
mod configuration;
mod custom;
mod duration;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod environment;
mod error;
mod identity;
mod issuer;
mod local_store;
mod network_settings;
#[cfg(feature = "postgres")]
mod network_store;
mod place;
#[cfg(feature = "postgres")]
mod postgres_store;
mod presets;
mod profile;
mod provider;
#[cfg(feature = "redis")]
mod redis_store;
mod registration;
mod request_settings;
mod response_settings;
mod sealing_keys;
mod section;
mod settings;
mod shared_settings;
mod sharing;
mod store_settings;
mod tables;
mod tls_settings;
mod value;
mod visible;

// The public interface is:
pub use configuration::Configuration;
pub use duration::parse_duration;
pub use error::Error;
pub use issuer::KeptMetadata;
pub use local_store::LocalStore;
pub use place::Place;
pub use presets::Preset;
pub use profile::Profile;
pub use provider::{AnyProvider, SignsIn};
pub use registration::Developer;
pub use store_settings::StoreSettings;
pub use value::SecretSource;
pub use visible::visible;
