//! The three providers over real HTTP on loopback, with faults on demand.
//!
//! A [`World`] is the providers without I/O: it takes a [`Request`] and a time, and returns an [`Answer`] and its
//! delivery (complete, a byte at a time, truncated, none). A [`Simulator`] serves a world over HTTP or HTTPS. A
//! [`SimClock`] is the clock of both, and may be shared with the code under test. A [`Fault`] changes or replaces an
//! answer.
//!
//! ```
//! use wellspring_simulator::{Endpoint, Fault, SimClock, Simulator};
//!
//! let clock = SimClock::manual(1_700_000_000);
//! let simulator = Simulator::builder().clock(clock.clone()).start()?;
//! simulator.fault(Endpoint::Token, Fault::parse("expires-in-string")?);
//!
//! // ... point a client at simulator.url() ...
//! assert!(simulator.url().starts_with("http://127.0.0.1:"));
//! assert!(simulator.requests(Endpoint::Token).is_empty());
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! The endpoints and their default credentials, which the [`Config`] can change:
//!
//! | provider | paths | credentials |
//! |---|---|---|
//! | PIX gateway | `POST /oauth/token`, `POST /api/auth/token`, `PUT` and `GET /cob/{txid}`, `GET /accounts/balances` | `your-client-id`, `your-client-secret` |
//! | OAuth2 application | `GET /api/oauth2/authorize`, `POST /api/oauth2/device_authorization`, `GET` and `POST /api/oauth2/device`, `POST /api/oauth2/token`, `POST /api/oauth2/revoke`, `GET /api/oauth2/userinfo`, `GET /api/oauth2/topup`, `POST /api/oauth_apps`, `GET /.well-known/..` | `client_abc123def456`, `secret_xyz789uvw012`; the public client `client_public` |
//! | Hive | `POST /v2/auth-token`, `POST /v2/refresh-token`, `GET /service/v1/ping` | `test`, `1234` |
//! | control | `/__sim/log`, `/__sim/counters`, `/__sim/faults`, `/__sim/clock`, `/__sim/revoke` | none: loopback only |
//!
//! A request can name its own fault: `X-Sandbox-Scenario: expires-in-string`.
//!
//! The control endpoints, for programs that are not written in Rust:
//!
//! | request | effect |
//! |---|---|
//! | `GET /__sim/log` | every request so far: `n`, `at`, `method`, `path`, `endpoint`, `status`, `decision`, `fault`, `secrets` (fingerprints) |
//! | `GET /__sim/counters` | the number of grants of each type, of detected reuses and of revoked families |
//! | `GET /__sim/faults` | `queued`, and every fault that can be queued with its effect |
//! | `POST /__sim/faults` `{"fault": "expires-in-string", "endpoint": "token", "times": 1}` | queues a fault; `endpoint` and `times` are optional |
//! | `DELETE /__sim/faults` | empties the queue |
//! | `GET /__sim/clock` | `{"unix": 1700000000.0}` |
//! | `POST /__sim/clock` `{"advance": 3600}` or `{"unix": 1700000000}` | moves the clock |
//! | `POST /__sim/revoke` `{"what": "access"}`, `"refresh"`, `"families"`, or `{"token": ".."}` | revokes tokens before they expire |
#![forbid(unsafe_code)]

mod answer;
mod app;
mod clock;
mod config;
mod control;
mod document;
mod endpoint;
mod fault;
mod form;
mod grants;
mod hive;
mod http_date;
mod jwt;
mod ledger;
mod log;
mod mint;
mod oauth_error;
mod pix;
mod providers;
mod reply;
mod request;
mod server;
mod simulator;
mod world;

// The public interface is:
pub use answer::{Answer, Delivery};
pub use clock::SimClock;
pub use config::{App, Config, Hive, HiveFailures, OauthClient, Pix, Rotation};
pub use endpoint::{Endpoint, UnknownEndpoint};
pub use fault::{Fault, Stage, UnknownFault};
pub use log::{Counters, Entry, Fingerprint};
pub use request::Request;
pub use server::{Hold, Identity, StartError};
pub use simulator::{Builder, Simulator};
pub use world::World;
