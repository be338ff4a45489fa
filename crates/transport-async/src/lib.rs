//! Bearer tokens that never run dry, on tokio and hyper.
//!
//! ```
//! use oauth2_app::{App, GrantType};
//! use wellspring_simulator::{Endpoint, Simulator};
//! use wellspring_transport_async::TokenSource;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn core::error::Error>> {
//! // A simulated server; yours has its own URL.
//! let server = Simulator::builder().start()?;
//! let app = App::builder()
//!     .grant_type(GrantType::ClientCredentials)
//!     .token_url(format!("{}/api/oauth2/token", server.url()))
//!     .client_id("client_abc123def456")
//!     .client_secret("secret_xyz789uvw012")
//!     .api_url(server.url())
//!     .build()?;
//! let source = TokenSource::builder(app).build()?;
//!
//! // The first call obtains a token, and the second call uses it again.
//! let api = format!("{}/api/oauth2/userinfo", server.url());
//! for _ in 0..2 {
//!     let answer = source.send(http::Request::get(&api).body(())?).await?;
//!     assert_eq!(answer.status(), 200);
//! }
//! assert_eq!(server.asked(Endpoint::ClientCredentialsGrant), 1);
//! # Ok(())
//! # }
//! ```
//!
//! A program holds a [`TokenSource`]. It returns a fresh token at once, renews the token before it expires, runs one
//! renewal for all tasks that wait, and sends requests that carry the token.
//!
//! The feature `reqwest` enables the HTTP client with TLS by rustls and ring. For another TLS library enable `client` and
//! one of `rustls-aws-lc-rs` and `native-tls`; `platform-verifier` adds the operating system's certificate store. No
//! feature changes how a program's own reqwest client behaves.
//!
//! The HTTP client speaks HTTP/1.1 and goes through HTTP proxies. It speaks neither HTTP/2 nor SOCKS.
//!
//! The features `tower` and `reqwest-middleware` attach tokens to the requests of a program's own client.
//!
//! The blocking transport has the same types, methods and files, without `.await`.
//!
//! A session that another program or library has begun continues here without a sign-in:
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use wellspring_core::ExistingTokens;
//! use wellspring_transport_async::TokenSource;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // A program builds the source with its own provider and store: `TokenSource::builder(app).store(store)`.
//! let source = TokenSource::scripted([]).build()?;
//! let in_an_hour = SystemTime::now() + Duration::from_secs(3_600);
//! let tokens = ExistingTokens::new("the-refresh-token").with_access_token("the-access-token", in_an_hour);
//! assert!(source.import(tokens.clone()).await?);
//! assert_eq!(source.token().await?.expose(), "the-access-token");
//! assert!(!source.import(tokens).await?, "there is a session already, which stays");
//! # Ok::<(), wellspring_core::TokenError>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In scope: waiting, spawning, the loop that carries out a renewal's steps, the adapters for hyper and reqwest.
//! Out of scope: the rules of renewals (core), the formats of endpoints (providers).
#![forbid(unsafe_code)]

mod background;
mod body;
mod builder;
mod carrier;
mod clock;
mod drive;
#[cfg(feature = "client")]
mod hyper;
#[cfg(all(test, wellspring_shuttle))]
mod interleavings;
mod off_thread;
mod pool;
#[cfg(feature = "reqwest-types")]
mod reqwest;
mod send;
mod source;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "tower")]
mod tower_bodies;
mod transport;

// The public interface is:
#[cfg(feature = "client")]
pub use self::hyper::HyperTransport;
#[cfg(feature = "reqwest-middleware")]
pub use self::reqwest::AttachMiddleware;
#[cfg(feature = "tower")]
pub use self::tower::{Attach, AttachError, AttachLayer};
#[cfg(feature = "tower")]
pub use self::tower_bodies::{MappedBody, RepeatableBody, RequestBodies, SameBody};
pub use body::Body;
pub use builder::Builder;
pub use off_thread::OffThread;
pub use pool::TokenPool;
pub use send::IntoRequest;
pub use source::TokenSource;
pub use transport::Transport;
#[cfg(feature = "metrics")]
pub use wellspring_transport::MetricsObserver;
#[cfg(feature = "opentelemetry")]
pub use wellspring_transport::OpenTelemetryObserver;
pub use wellspring_transport::{
    Acquisition, CallLimits, Clock, FailureReason, INSTRUMENTS, Instrument, InstrumentKind, KeepAlive,
    KeepAliveReport, KeepWarm, KeptAlive, ManualClock, Observation, Observer, RejectionAnswer,
    RenewalOutcome, SignInOutcome, TokenRef, events,
};
#[cfg(feature = "client")]
pub use wellspring_transport::{
    CertificateInfo, Tls, TlsBackend, TlsFault, TlsIdentity, TlsSetting, UserAgent, Validity,
};
