//! Tests that both transports run: each is written once, as an async test.
//!
//! In the async transport `#[twin::test]` is `#[tokio::test]`. In the blocking transport it drops `async` and `.await`,
//! and a task `async move { .. }` becomes the closure `move || { .. }`. What the two name differently (the client, how a
//! caller runs beside the test) is in each transport's `tests/driver`.

mod broken;
mod call;
#[cfg(feature = "pkcs12")]
mod certificate_alerts;
#[cfg(feature = "pkcs12")]
mod certificate_files;
mod client_settings;
mod doubles;
mod exchange;
#[cfg(feature = "pkcs12")]
mod exchanged_authorities;
mod forget;
mod limits;
mod many_users;
#[cfg(all(feature = "metrics", feature = "opentelemetry"))]
mod meters;
#[cfg(all(feature = "metrics", feature = "opentelemetry"))]
mod observed;
#[cfg(all(feature = "metrics", feature = "opentelemetry"))]
mod observed_outcomes;
#[cfg(feature = "pkcs12")]
mod pki;
mod pool;
mod proxied;
mod received;
mod record;
mod single_flight;
mod store;
mod time;
mod tls_versions;
mod user_agent;
