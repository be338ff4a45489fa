//! `GET /api/user/info`: the user info that the page requests from this server.

use axum::extract::Extension;
use axum::response::Response;
use http::StatusCode;
use wellspring_core::TokenError;

use crate::account::{Account, AccountError};
use crate::events;
use crate::response::{json, not_authenticated, server_error};
use crate::signed_in::SignedIn;
use crate::web_login::WebLogin;

/// The user info; 401 and 500 as documented.
pub(crate) async fn info(Extension(login): Extension<WebLogin>, signed_in: Option<SignedIn>) -> Response {
    let Some(signed_in) = signed_in else { return not_authenticated() };
    match Account::of(&login, &signed_in).await {
        Ok(account) => json(StatusCode::OK, &account.0),
        Err(error) => failed("userinfo", signed_in.provider(), error),
    }
}

/// The answer to a call that failed.
pub(crate) fn failed(at: &'static str, provider: &str, error: TokenError) -> Response {
    events::failed(at, Some(provider), &error);
    match AccountError::from(error) {
        AccountError::SignInAgain => not_authenticated(),
        AccountError::ServerDown => server_error(),
    }
}
