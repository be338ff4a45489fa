//! Who plays the client's part: the same verbs for the bare machine and for both drivers.

use core::time::Duration;

use wellspring_core::{AuthorizationGrant, Clocks, Need, Rejected, Token, TokenError};

use crate::scenario::Body;

/// The client of a scenario. Every verb returns when nothing is under way any more, renewals in the background
/// included.
pub(crate) trait Player {
    /// So many ask for a token at once.
    fn get(&mut self, need: Need, callers: usize) -> Vec<Result<Token, TokenError>>;

    /// Somebody asks for a token without waiting for it and goes away, and then so many ask for one and wait.
    fn pass_and_get(&mut self, callers: usize) -> Vec<Result<Token, TokenError>>;

    /// So many call the API at once.
    fn call(&mut self, call: &Call, callers: usize) -> Vec<Result<Reply, TokenError>>;

    /// A fresh grant is spent.
    fn sign_in(&mut self, spend: AuthorizationGrant) -> Result<Token, TokenError>;

    /// The API has refused this token.
    fn reject(&mut self, token: &Token) -> Rejected;
}

/// One call of the API.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `GET`, `PUT`, ...
    pub(crate) method: String,
    /// Where to, in full.
    pub(crate) url: String,
    /// What with.
    pub(crate) body: Body,
}

/// How long a driver waits for a token beyond what it is told of a renewal under way. No time passes on a clock
/// that is moved by hand, so a renewal is waited for and a pause is not.
pub(crate) const NO_TIME: Duration = Duration::from_millis(1);

/// The call as an HTTP client takes it, with an `Authorization` of the caller's own, which must not be sent.
pub(crate) fn request<B>(call: &Call, body: B) -> Result<http::Request<B>, TokenError> {
    let request = http::Request::builder()
        .method(call.method.as_str())
        .uri(call.url.as_str())
        .header("Authorization", "Bearer of-the-caller")
        .header("Content-Type", "application/json");
    request.body(body).map_err(|error| TokenError::misconfigured(error.to_string()))
}

/// What to wait for after callers who have started a renewal, so that nothing is under way any more: the successor of
/// the token that one of them was given meanwhile. It is there or being obtained: asking for it starts nothing.
pub(crate) fn successor(got: &[Result<Token, TokenError>], now: Clocks) -> Option<Need> {
    let due = |token: &&Token| token.renew_at().is_some_and(|due| now.reached(due));
    let token = got.iter().filter_map(|got| got.as_ref().ok()).find(due)?;
    Some(Need::Newer(token.generation()))
}

/// What an API call came back with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// The scope that it says is missing, where it says so.
    pub(crate) missing: Option<String>,
}
