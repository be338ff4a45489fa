//! `GET /api/user/info` and `GET /api/user/topup`: what the page requests from this server.

use axum::extract::Extension;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use serde_json::Map;
use wellspring_core::TokenError;

use crate::account::{Account, AccountError, call};
use crate::headers::wants_page;
use crate::log::log_failure;
use crate::response::{json, member, not_authenticated, redirect, server_error};
use crate::signed_in::{NotSignedIn, SignedIn};
use crate::web_login::WebLogin;

/// The user info; 401 and 500 as documented.
pub(crate) async fn info(Extension(login): Extension<WebLogin>, signed_in: Option<SignedIn>) -> Response {
    let Some(signed_in) = signed_in else { return not_authenticated() };
    match Account::of(login.app(), signed_in.source(), login.clock()).await {
        Ok(account) => json(StatusCode::OK, &account.0),
        Err(error) => failed("userinfo", error),
    }
}

/// The page to top up at. A browser that loads this as a page is redirected, so that the link works without a script.
pub(crate) async fn topup(
    Extension(login): Extension<WebLogin>,
    signed_in: Result<Option<SignedIn>, NotSignedIn>,
    headers: HeaderMap,
) -> Response {
    let as_page = wants_page(&headers);
    let signed_in = match (signed_in, as_page) {
        (Ok(Some(signed_in)), _) => signed_in,
        (Ok(None), true) => return login.home(&[("error", "login_required")]),
        (Ok(None), false) => return not_authenticated(),
        (Err(_), true) => return login.home(&[("error", "server_error")]),
        (Err(rejection), false) => return rejection.into_response(),
    };
    match (topup_url(&login, &signed_in).await, as_page) {
        (Ok(Some(url)), true) => redirect(&url),
        (Ok(None), true) => login.home(&[("error", "no_topup")]),
        (Ok(Some(url)), false) => json(StatusCode::OK, &member("topup_url", &url)),
        (Ok(None), false) => json(StatusCode::OK, &Map::new()),
        (Err(error), false) => failed("topup", error),
        (Err(error), true) => {
            log_failure("topup", &error);
            match AccountError::from(error) {
                AccountError::SignInAgain => login.home(&[("error", "login_required")]),
                AccountError::ServerDown => login.home(&[("error", "server_error")]),
            }
        }
    }
}

async fn topup_url(login: &WebLogin, signed_in: &SignedIn) -> Result<Option<String>, TokenError> {
    let answer = call(signed_in.source(), &login.app().topup_request()?).await?;
    login.app().read_topup(&answer, login.clock().now().unix)
}

fn failed(at: &str, error: TokenError) -> Response {
    log_failure(at, &error);
    match AccountError::from(error) {
        AccountError::SignInAgain => not_authenticated(),
        AccountError::ServerDown => server_error(),
    }
}
