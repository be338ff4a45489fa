//! `GET /api/user/topup`: the page on which the signed-in user tops up the account.

use axum::Router;
use axum::extract::Extension;
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use oauth2_app::aihubmix::TopUp;
use serde_json::Map;
use wellspring_core::TokenError;

use crate::account::AccountError;
use crate::call::call;
use crate::events;
use crate::headers::{self, is_navigation};
use crate::not_signed_in::NotSignedIn;
use crate::response::{json, member, not_authenticated, redirect};
use crate::signed_in::SignedIn;
use crate::user;
use crate::web_login::WebLogin;

/// The path of the route.
pub const TOPUP: &str = "/api/user/topup";
/// The code in `/?error=` if the server names no top-up page.
pub(super) const NO_PAGE: &str = "no_topup";

/// A router with `GET /api/user/topup`. Pass it to [`WebLogin::router`], merged with the application's own handlers.
///
/// The answer is `{"topup_url": ..}`, or `{}` if the server names no page. A browser that loads the route as a page is
/// redirected, so that a link works without a script. Without a signed-in user the answer is 401.
pub fn topup_router(endpoint: TopUp) -> Router {
    Router::new()
        .route(TOPUP, get(topup))
        .layer(Extension(endpoint))
        .layer(map_response(headers::secured_alone))
}

async fn topup(
    Extension(login): Extension<WebLogin>,
    Extension(endpoint): Extension<TopUp>,
    signed_in: Result<Option<SignedIn>, NotSignedIn>,
    headers: HeaderMap,
) -> Response {
    let as_page = is_navigation(&headers);
    let signed_in = match (signed_in, as_page) {
        (Ok(Some(signed_in)), _) => signed_in,
        (Ok(None), true) => return login.home(&[("error", "login_required")]),
        (Ok(None), false) => return not_authenticated(),
        (Err(_), true) => return login.home(&[("error", "server_error")]),
        (Err(rejection), false) => return rejection.into_response(),
    };
    match (url(&login, &endpoint, &signed_in).await, as_page) {
        (Ok(Some(url)), true) => redirect(&url),
        (Ok(None), true) => login.home(&[("error", NO_PAGE)]),
        (Ok(Some(url)), false) => json(StatusCode::OK, &member("topup_url", &url)),
        (Ok(None), false) => json(StatusCode::OK, &Map::new()),
        (Err(error), false) => user::failed("topup", signed_in.provider(), error),
        (Err(error), true) => {
            events::failed("topup", Some(signed_in.provider()), &error);
            match AccountError::from(error) {
                AccountError::SignInAgain => login.home(&[("error", "login_required")]),
                AccountError::ServerDown => login.home(&[("error", "server_error")]),
            }
        }
    }
}

async fn url(login: &WebLogin, endpoint: &TopUp, signed_in: &SignedIn) -> Result<Option<String>, TokenError> {
    let answer = call(signed_in.source(), &endpoint.request()).await?;
    endpoint.read(&answer, login.clock().now().unix)
}
