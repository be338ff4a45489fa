//! The client of a scenario: the same operations for the bare machine and for both drivers.

use core::time::Duration;

use wellspring_core::{AuthorizationGrant, Clocks, Need, Rejected, Token, TokenError};

use crate::scenario::Body;

/// The client of a scenario. Every operation returns when no request is in flight any more, including those of background
/// renewals.
pub(crate) trait Player {
    /// This number of callers ask for a token at once.
    fn get(&mut self, need: Need, callers: usize) -> Vec<Result<Token, TokenError>>;

    /// One caller asks for a token without waiting; then this number of callers ask for a token and wait.
    fn pass_and_get(&mut self, callers: usize) -> Vec<Result<Token, TokenError>>;

    /// This number of callers call the API at once.
    fn call(&mut self, call: &Call, callers: usize) -> Vec<Result<Reply, TokenError>>;

    /// A user signs in with this grant.
    fn sign_in(&mut self, grant: AuthorizationGrant) -> Result<Token, TokenError>;

    /// Reports that the API has refused this token.
    fn reject(&mut self, token: &Token) -> Rejected;
}

/// One call of the API.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `GET`, `PUT`, ...
    pub(crate) method: String,
    /// The full URL.
    pub(crate) url: String,
    /// The body.
    pub(crate) body: Body,
}

/// The deadline of a driver's `acquire`. No time passes on a manual clock, so the driver waits for a running renewal and
/// does not wait for a pause.
pub(crate) const NO_TIME: Duration = Duration::from_millis(1);

/// The call as an HTTP request, with the caller's own `Authorization`, which the source must replace.
pub(crate) fn request<B>(call: &Call, body: B) -> Result<http::Request<B>, TokenError> {
    let request = http::Request::builder()
        .method(call.method.as_str())
        .uri(call.url.as_str())
        .header("Authorization", "Bearer of-the-caller")
        .header("Content-Type", "application/json");
    request.body(body).map_err(|error| TokenError::misconfigured(error.to_string()))
}

/// The need to wait for after callers have started a renewal, so that no renewal is running any more: the successor of the
/// token that one of them got. That token exists or is being obtained, so asking for it starts no renewal.
pub(crate) fn successor(got: &[Result<Token, TokenError>], now: Clocks) -> Option<Need> {
    let due = |token: &&Token| token.renew_at().is_some_and(|due| now.reached(due));
    let token = got.iter().filter_map(|got| got.as_ref().ok()).find(due)?;
    Some(Need::Newer(token.generation()))
}

/// The response to an API call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// The missing scope, if the response names one.
    pub(crate) missing: Option<String>,
}
