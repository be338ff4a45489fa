//! Why a sign-in on a loopback port failed.

use std::io;

use thiserror::Error;
use wellspring_core::TokenError;

use crate::callback_error::CallbackError;

/// Why a sign-in on a loopback port failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoopbackError {
    /// The redirect URI is not a plain HTTP URL of this machine, or the address is not a loopback address.
    #[error(
        "the redirect URI must be a loopback URL such as http://127.0.0.1/callback, or a loopback address"
    )]
    NotLoopback,
    /// Another program uses the port that the redirect URI names. Stop that program first.
    #[error("port {0} is used by another program: stop that program first")]
    PortInUse(u16),
    /// The address of the redirect URI cannot be bound.
    #[error("the address of the redirect URI cannot be bound")]
    Bind(#[source] io::Error),
    /// The system gives no thread.
    #[error("no thread can be started")]
    Thread(#[source] io::Error),
    /// The user did not sign in in time. Start a new sign-in.
    #[error("the user did not sign in in time")]
    TimedOut,
    /// The server refused the sign-in, or its callback is malformed.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The app cannot start the sign-in, or the code was sent and brought no token.
    #[error(transparent)]
    Token(#[from] TokenError),
}
