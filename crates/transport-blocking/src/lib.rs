//! Bearer tokens that never run dry, in blocking code: ureq, and no async runtime.
//!
//! ```
//! use oauth2_app::{App, GrantType};
//! use wellspring_simulator::{Endpoint, Simulator};
//! use wellspring_transport_blocking::TokenSource;
//!
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
//!     let answer = source.send(http::Request::get(&api).body(())?)?;
//!     assert_eq!(answer.status(), 200);
//! }
//! assert_eq!(server.asked(Endpoint::ClientCredentialsGrant), 1);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! A program holds a [`TokenSource`]. It returns a fresh token at once, renews the token before it expires, runs one
//! renewal for all threads that wait, and sends requests that carry the token.
//!
//! The feature `ureq` enables the HTTP client with TLS by rustls and ring. For another TLS library enable `client` and
//! one of `rustls-aws-lc-rs` and `native-tls`; `platform-verifier` adds the operating system's certificate store. No
//! feature changes how a program's own ureq agent behaves.
//!
//! The HTTP client speaks HTTP/1.1 and goes through HTTP proxies, not through SOCKS proxies.
//!
//! The feature `ureq-middleware` attaches tokens to the requests of a program's own client.
//!
//! The async transport has the same types, methods and files, with `.await`.
//!
//! A session that another program or library has begun continues here without a sign-in:
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use wellspring_core::ExistingTokens;
//! use wellspring_transport_blocking::TokenSource;
//!
//! // A program builds the source with its own provider and store: `TokenSource::builder(app).store(store)`.
//! let source = TokenSource::scripted([]).build()?;
//! let in_an_hour = SystemTime::now() + Duration::from_secs(3_600);
//! let tokens = ExistingTokens::new("the-refresh-token").with_access_token("the-access-token", in_an_hour);
//! assert!(source.import(tokens.clone())?);
//! assert_eq!(source.token()?.expose(), "the-access-token");
//! assert!(!source.import(tokens)?, "there is a session already, which stays");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In scope: waiting, threads, the loop that carries out a renewal's steps, the adapter for ureq.
//! Out of scope: the rules of renewals (core), the formats of endpoints (providers).
#![forbid(unsafe_code)]

mod background;
mod body;
mod builder;
mod carrier;
mod clock;
mod drive;
#[cfg(all(test, wellspring_shuttle))]
mod interleavings;
mod pool;
mod send;
mod source;
mod transport;
#[cfg(feature = "client")]
mod ureq;

// The public interface is:
#[cfg(feature = "ureq-middleware")]
pub use self::ureq::AttachMiddleware;
#[cfg(feature = "client")]
pub use self::ureq::UreqTransport;
pub use body::Body;
pub use builder::Builder;
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
