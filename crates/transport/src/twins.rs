//! Methods that both transports have, written once.
//!
//! Each macro takes the tokens in which the two differ: `[async] [.await] [Box::pin]` in the async transport, `[] [] []`
//! in the blocking one. A transport brings its own types and what the methods call on `self`; each macro lists that. All
//! other names come from the [`prelude`].

mod body;
mod builder;
mod pool;
mod send;
mod source;

/// The names that the macros use.
pub mod prelude {
    pub use core::ops::ControlFlow;
    pub use core::time::Duration;
    pub use std::collections::VecDeque;
    pub use std::sync::Arc;

    pub use bytes::Bytes;
    pub use http::HeaderValue;
    pub use http::header::AUTHORIZATION;
    pub use wellspring_core::{
        Acquire, Answer, AuthorizationGrant, CallStep, Generation, HttpRequest, HttpResponse, Instant, Need,
        Patience, Policy, Provider, Rejected, Revocation, Scope, SharedBy, Store, Token, TokenError,
        TokenResponse, overdue,
    };

    pub use crate::attach::{missing_scope, not_repeatable};
    pub use crate::clock::Clock;
    pub use crate::events;
    pub use crate::keep_warm::KeepWarm;
    pub use crate::pool::Pool;
    pub use crate::published::TokenRef;
    pub use crate::scripted::Scripted;
    pub use crate::shared::Action;
    pub use crate::source::Source;
    #[cfg(feature = "tls")]
    pub use crate::tls::Tls;
}
