//! One renewal, as a machine of effects: it asks the driver for I/O and is resumed with the result.
//!
//! ```text
//! without a store    begin ──▶ Send ──▶ Done
//! with a store       begin ──▶ Load ──▶ Save(lease) ──▶ Send ──▶ Save(outcome) ──▶ Done
//!                                ╰──▶ Watch, while another's lease stands
//! ```
//!
//! Each step holds its continuation by value, so nothing can be resumed twice and nothing is forgotten. A renewal is in
//! one phase at a time, and a phase holds only what it needs. The phases do not know each other: [`transitions`] says
//! which follows which. How bytes travel, where records lie and how long callers wait is the driver's business.
//!
//! - [`step`]: what a driver does; [`operation`]: what it asks the store for; [`answer`], [`outcome`]: the results
//! - [`job`], [`transitions`]: how a renewal begins and continues; [`context`]: what every phase needs
//! - phases: [`judge`], [`unknown_owner`], [`end_lease`], [`acquire_lease`], [`exchange`], [`save_token`], [`record_failure`], [`sign_in`], [`sign_out`], [`amend`]
//! - tables: [`loaded`], [`replay`], [`conflict`]
//! - [`ask`], [`request`]: what phases have in common: asking a store that may fail, and a token request

#![expect(clippy::large_enum_variant, reason = "a phase is moved a few times for each request that it makes")]

mod acquire_lease;
pub(crate) mod amend;
mod answer;
pub(crate) mod ask;
mod conflict;
mod context;
mod end_lease;
mod exchange;
pub(crate) mod job;
mod judge;
mod loaded;
mod operation;
pub(crate) mod outcome;
mod record_failure;
mod replay;
mod request;
mod resume;
mod save_token;
mod sign_in;
mod sign_out;
mod step;
mod transitions;
mod unknown_owner;

// The public interface is:
pub use amend::Amendment;
pub use answer::{Answer, TransportError, TransportErrorKind};
pub use conflict::{CONFLICT, Obtainment, Resolution, StoreState};
pub use context::Fallback;
pub use job::RenewalJob;
pub use loaded::{Found, Judgment, LOADED};
pub use operation::{Forget, Load, Save, Spill, Watch};
pub use outcome::{ByteLeft, Outcome, Revocation};
pub use replay::{Choice, GrantState, REPLAY};
pub use request::BoundedRequest;
pub use step::{
    Forgetting, Loading, Pending, Saving, Sent, Sleeping, Spilling, Step, StoreOp, UnfinishedSave, Watching,
};
pub use transitions::Renewal;

#[cfg(test)]
mod tests;
