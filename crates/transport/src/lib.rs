//! What both transports of Wellspring share: clocks, the published token, single flight, TLS settings, the rules
//! of a request.
//!
//! Everything that needs std and neither waits nor does I/O lives here once; the transports add waiting,
//! spawning and an HTTP client. Programs use one of the transports and find the public types of this crate
//! there.
//!
//! In scope: reading clocks, the lock around the lifecycle, waking, what may be sent where.
//! Out of scope: sockets, runtimes, threads.
#![forbid(unsafe_code)]

mod active;
mod attach;
mod clock;
mod driver;
pub mod events;
mod in_flight;
mod keep_warm;
mod notify;
mod owner;
mod pool;
mod published;
mod rules;
mod scripted;
mod selector;
mod settings;
mod shared;
mod source;
mod storage;
mod sync;
#[cfg(feature = "tls")]
mod tls;
#[doc(hidden)]
pub mod twins;

// The public interface is:
pub use active::ActiveRenewal;
pub use attach::{AllowedOrigins, missing_scope, not_repeatable, repeated, verdict};
pub use clock::{Clock, LONGEST_NAP, ManualClock};
pub use driver::Driver;
pub use in_flight::{InFlight, RenewalGuard, RenewalRun, SaveGuard, SaveRun};
pub use keep_warm::{KeepWarm, Watch};
pub use notify::{Listener, Notify};
pub use pool::Pool;
pub use published::TokenRef;
pub use rules::{
    BODY_CAP, acceptable, check_deadline, check_start, check_url, error_chain, head_of, is_permanent,
    too_large, wire_request,
};
pub use scripted::Scripted;
pub use selector::SourceSelector;
pub use settings::SharedSettings;
pub use shared::{Action, SharedLifecycle};
pub use source::{MOMENT, Source};
pub use storage::{LivenessSlot, Slices, Storage, check_store};
#[cfg(feature = "tls")]
pub use tls::Tls;
