//! Bearer tokens that never run dry: the types and the refresh state machine, without I/O.
//!
//! A program with its own sockets asks the machine and carries out what it says:
//!
//! ```
//! use core::time::Duration;
//! use wellspring_core::{
//!     AccessToken, Clocks, Decision, Instant, Lifecycle, Need, Policy, TokenResponse, UnixTime,
//! };
//!
//! let at = |seconds| Clocks {
//!     instant: Instant::after_origin(Duration::from_secs(seconds)),
//!     unix: UnixTime::from_secs(1_760_000_000 + seconds),
//! };
//! let mut lifecycle = Lifecycle::new(Policy::default(), 7);
//!
//! // Without a token the first caller gets the permit to renew, and the second caller waits for it.
//! let first = lifecycle.acquire(Need::Fresh, at(0));
//! assert!(matches!(first, Decision::Refresh(_)));
//! assert!(matches!(lifecycle.acquire(Need::Fresh, at(0)), Decision::Wait));
//!
//! // With a token of one hour every caller uses it. Near its end one caller renews it beside that.
//! let mut lifecycle = Lifecycle::new(Policy::default(), 7);
//! let response = TokenResponse::new(AccessToken::new("secret")).with_lifetime(Duration::from_secs(3_600));
//! lifecycle.take_over(response, at(0), at(0));
//! assert!(matches!(lifecycle.acquire(Need::Fresh, at(60)), Decision::Use(_)));
//! assert!(matches!(lifecycle.acquire(Need::Fresh, at(3_400)), Decision::UseAndRefresh(..)));
//! ```
//!
//! This crate decides; it does not act. It decides when a token is fresh, when to renew it, which caller renews it, how
//! long the pauses after failures are, and what an outcome means. It reads no clock, opens no socket, draws no random
//! number and names no HTTP client, runtime, data format or provider.
//!
//! - [`Lifecycle`] is the state machine of one [`TokenKey`] inside one process: one verb for each input, one answer for
//!   each verb. Its tables, [`TABLE`] and [`REFUSALS`], say who gets what.
//! - [`Acquire`] is one caller's wait for a token, [`Call`] one authenticated call, [`Renewal`] one renewal. All three
//!   are machines of effects: each asks the driver for the next step and is resumed with its result.
//! - [`Provider`] knows the requests and responses of one token endpoint.
//! - [`Store`] holds [`Record`]s where tokens outlive the process, and [`AsyncStore`] is the same for async code.
//!
//! In scope: time, policy, secrets, errors, tokens, the machines.
//! Out of scope: sockets, parsing, files and databases, threads, tasks.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod acquire;
mod async_store;
mod attachments;
mod bounded;
mod call;
mod call_format;
mod credential;
mod decision;
mod error;
mod existing_tokens;
mod extension_grant;
mod fault;
mod generation;
mod http;
#[cfg(feature = "http")]
mod http_types;
mod jitter;
mod key;
mod lapse;
mod lease;
mod lifecycle;
mod liveness;
mod login_reason;
mod members;
mod origin;
mod pauses;
mod pem;
mod policy;
mod proven;
mod provider;
mod record;
mod refresh_state;
mod renewal;
mod rfc3339;
mod rules;
mod scope;
mod secret;
mod store;
#[cfg(feature = "std")]
mod system_time;
mod time;
mod token;
#[cfg(test)]
mod toy;
mod wiped;
mod witnesses;

// The public interface is:
pub use acquire::{
    Acquire, AcquireStep, AwaitChange, AwaitRenewal, Patience, Resumed, acquire_at_once, overdue,
};
pub use async_store::{AsyncStore, StoreFuture};
pub use attachments::Attachments;
pub use call::{AwaitRejection, AwaitToken, AwaitVerdict, Call, CallStep, judge};
pub use call_format::CallFormat;
pub use credential::Credential;
pub use decision::{
    GateState, Holding, REFUSALS, Refusal, RefusedToken, TABLE, Verb, decide, decide_refusal,
};
pub use error::{ErrorKind, ErrorSubject, Fate, TokenError};
pub use existing_tokens::ExistingTokens;
pub use extension_grant::{ExtensionGrant, GrantParameters};
pub use fault::{FaultPlace, OBSTACLES, Obstacle};
pub use generation::{Epoch, Generation};
pub use http::{Header, HttpRequest, HttpResponse, Method, ResponseHead};
#[cfg(feature = "http")]
pub use http_types::HttpTypeError;
pub use key::TokenKey;
pub use lease::{Attempt, Fingerprint, Lease, Owner};
pub use lifecycle::{CallTarget, Completed, Decision, Lifecycle, Need, Permit, Rejected, Resting};
pub use liveness::{LivenessLock, LockDomain};
pub use login_reason::LoginReason;
pub use members::{Member, Members};
pub use origin::{Origin, OriginError};
pub use policy::Policy;
pub use proven::Proven;
pub use provider::{AuthorizationGrant, Provider, ProviderSpec, Reading, Replay, Rotation, Verdict};
pub use record::{Cause, CauseKind, Dead, Granted, Record, SessionState, Throttle, UnknownFields};
pub use renewal::{
    Amendment, Answer, BoundedRequest, ByteLeft, CONFLICT, Choice, Fallback, Forget, Forgetting, Found,
    GrantState, Judgment, LOADED, Load, Loading, Obtainment, Outcome, Pending, REPLAY, Renewal, RenewalJob,
    Resolution, Revocation, Save, Saving, Sent, Sleeping, Spill, Spilling, Step, StoreOp, StoreState,
    TransportError, TransportErrorKind, UnfinishedSave, Watch, Watching,
};
#[cfg(wellspring_explore)]
pub use rules::{Rule, Table, drop_cell, drop_rule};
pub use scope::Scope;
pub use secret::{
    AccessToken, AuthorizationCode, ClientSecret, CodeVerifier, DeviceCode, IdToken, ParameterValue,
    RefreshToken, StorePassword,
};
pub use store::{
    Applied, Loaded, Obtained, PendingSave, SharedBy, Store, StoreError, StoreGuarantees, Stored, Swap,
    Version, WatchOutcome,
};
pub use time::{Clocks, Instant, UnixTime};
pub use token::{Deviation, Successor, Token, TokenResponse};
pub use witnesses::Witnesses;
