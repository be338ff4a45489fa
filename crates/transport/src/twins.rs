//! Methods that both transports have, written once.
//!
//! Each macro takes the tokens that differ between the transports: `[async] [.await] [Box::pin]` in the async
//! transport, `[] [] []` in the blocking transport. The transport defines the types, and the methods that the macro
//! calls on `self`; the file of each macro lists them. All other names come from the [`prelude`].

mod attach;
mod body;
mod builder;
mod carrier;
mod debug;
mod drive;
mod pool;
mod record;
mod send;
mod source;
mod transport;

/// The names that the macros use.
pub mod prelude {
    pub use core::ops::ControlFlow;
    pub use core::time::Duration;
    pub use std::collections::VecDeque;
    pub use std::sync::{Arc, Mutex, PoisonError};

    pub use bytes::Bytes;
    pub use http::{HeaderMap, HeaderValue};
    pub use wellspring_core::{
        AccessToken, Acquire, Amendment, Answer, Attachments, AuthorizationGrant, CallStep, CallTarget,
        ExistingTokens, Generation, HttpRequest, HttpResponse, Instant, Need, Outcome, Patience, Pending,
        Policy, Provider, Rejected, Revocation, Scope, SharedBy, Step, Store, StoreError, StoreOp, Token,
        TokenError, TokenResponse, TransportError, TransportErrorKind, UnfinishedSave, Verdict, judge,
    };

    pub use crate::ask::Action;
    pub use crate::attach::{Redirected, SourceSelector, missing_scope, repeated, url_of};
    pub use crate::call_limits::CallLimits;
    pub use crate::caller::Caller;
    pub use crate::clock::Clock;
    pub use crate::events;
    pub use crate::in_flight::{InFlight, Report};
    pub use crate::keep_alive::{KeepAlive, KeepAliveReport, KeptAlive};
    pub use crate::keep_warm::KeepWarm;
    pub use crate::observer::Observer;
    pub use crate::pool::Pool;
    pub use crate::published::TokenRef;
    pub use crate::rules::{acceptable, check_deadline, check_start, check_url};
    pub use crate::scripted::Scripted;
    pub use crate::settings::SharedSettings;
    pub use crate::source::Source;
    pub use crate::storage::AnyStore;
    #[cfg(feature = "client")]
    pub use crate::{
        client::{ClientSettings, ProxyChoice},
        tls::Tls,
        user_agent::UserAgent,
    };
}
