//! Who plays the client's part: the same verbs for the bare machine and for both drivers.

use wellspring_core::{Need, Rejected, Spend, Token, TokenError};

use crate::scenario::Body;

/// The client of a scenario. Every verb returns when nothing is under way any more, renewals in the background
/// included.
pub trait Player {
    /// So many ask for a token at once.
    fn get(&mut self, need: Need, callers: usize) -> Vec<Result<Token, TokenError>>;

    /// So many call the API at once.
    fn call(&mut self, call: &Call, callers: usize) -> Vec<Result<Reply, TokenError>>;

    /// A fresh grant is spent.
    fn sign_in(&mut self, spend: Spend) -> Result<Token, TokenError>;

    /// The API has refused this token.
    fn reject(&mut self, token: &Token) -> Rejected;
}

/// One call of the API.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`, `PUT`, ...
    pub method: String,
    /// Where to, in full.
    pub url: String,
    /// What with.
    pub body: Body,
}

/// What an API call came back with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The scope that it says is missing, where it says so.
    pub missing: Option<String>,
}
