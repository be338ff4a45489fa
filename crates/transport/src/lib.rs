//! What both transports of Wellspring share: clocks, the published token, single flight, TLS settings, rules of
//! requests.
//!
//! ```
//! use core::time::Duration;
//! use wellspring_transport::{AllowedOrigins, Clock};
//!
//! // A clock for tests, which stands until the test moves it.
//! let clock = Clock::manual(1_760_000_000);
//! clock.advance(Duration::from_secs(60));
//!
//! // A token goes only to the origins that are named, and over plain HTTP only to this machine.
//! let mut origins = AllowedOrigins::default();
//! origins.allow("https://api.example")?;
//! assert!(origins.check("https://api.example/balances").is_ok());
//! assert!(origins.check("https://api.example.evil.example/").is_err());
//! assert!(origins.allow("http://api.example").is_err());
//! # Ok::<(), wellspring_core::TokenError>(())
//! ```
//!
//! This crate holds what needs std but neither waits nor does I/O. The transports add waiting, spawning and an HTTP
//! client. Programs use one of the transports, which re-exports the public types of this crate.
//!
//! In scope: reading clocks, the lock around the lifecycle, notifications, the rules of where a token may be sent.
//! Out of scope: sockets, runtimes, threads.
#![forbid(unsafe_code)]

mod active;
#[cfg(feature = "client")]
mod alert;
mod ask;
mod attach;
mod call_limits;
mod call_parts;
mod caller;
mod certified;
#[cfg(feature = "client")]
mod client;
mod clock;
mod driver;
pub mod events;
mod failure;
mod guards;
mod in_flight;
mod inflate;
mod keep_alive;
mod keep_warm;
mod kind;
mod lookup;
mod name;
mod notify;
mod observed;
mod observer;
mod obstacle;
mod owner;
mod pool;
mod published;
#[doc(hidden)]
pub mod regular_file;
mod rules;
mod scripted;
mod settings;
mod shared;
mod source;
mod stage;
mod storage;
mod sync;
mod table;
mod timer;
#[cfg(feature = "client")]
mod tls;
mod turns;
#[doc(hidden)]
pub mod twins;
mod user_agent;

// The public interface is:
pub use active::ActiveRenewal;
#[cfg(feature = "client")]
pub use alert::{certificate_refused, handshake_ended};
pub use ask::Action;
pub use attach::{AllowedOrigins, MAX_REPEATABLE, Redirected, SourceSelector, repeated, url_of};
pub use call_limits::CallLimits;
pub use call_parts::CallParts;
#[cfg(feature = "client")]
pub use client::{ClientSettings, ProxyChoice};
pub use clock::{Clock, LONGEST_NAP, LOOK, LOOKS, ManualClock};
pub use driver::Driver;
pub use failure::{Failure, is_of_this_process};
pub use guards::{RenewalGuard, RenewalRun, SaveGuard, SaveRun};
pub use in_flight::{InFlight, Report};
pub use keep_alive::{KeepAlive, KeepAliveReport, KeptAlive};
pub use keep_warm::{KeepWarm, Watch};
pub use lookup::look_up;
pub use notify::{Listener, Notify};
#[cfg(feature = "metrics")]
pub use observer::metrics::MetricsObserver;
#[cfg(feature = "opentelemetry")]
pub use observer::opentelemetry::OpenTelemetryObserver;
pub use observer::{
    Acquisition, FailureReason, Observation, Observer, RejectionAnswer, RenewalOutcome, SignInOutcome,
    instruments::{INSTRUMENTS, Instrument, InstrumentKind},
};
pub use obstacle::{
    error_chain, shares_no_protocol, timed_out, unreachable, unreachable_by_proxy, untrusted,
};
pub use published::TokenRef;
pub use rules::{
    BODY_CAP, FIELDS_CAP, HEAD_CAP, acceptable, check_head, check_url, complete, cut_short, too_large, whole,
    wire_request,
};
pub use scripted::Scripted;
pub use shared::SharedLifecycle;
pub use source::{Common, GRACE, Source};
pub use storage::{AnyStore, LivenessSlot, Slices, Storage};
#[cfg(feature = "client")]
pub use tls::{
    CertificateInfo, Tls, TlsBackend, TlsConnector, TlsFault, TlsIdentity, TlsLibrary, TlsSetting, Validity,
};
pub use user_agent::UserAgent;
