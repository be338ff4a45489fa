//! The endpoints and the habits of AIHubMix's authorization server.

use core::fmt;
use core::time::Duration;

use wellspring_core::TokenError;

use super::base_url;
use crate::app::App;
use crate::builder::AppBuilder;
use crate::config::AuthMethod;

/// The base URL at which the published page registers apps.
pub const API: &str = "https://api.aihubmix.com";

/// An app of AIHubMix at this base URL. The published page names [`API`] only for the registration of apps and a
/// placeholder for every other endpoint, so the preset has no base URL of its own.
///
/// The preset signs users in with one click (`auto_authorize`), sends the client secret in the body, and uses no PKCE,
/// which the page does not mention. An access token lives two hours and a refresh token thirty days. A refresh token
/// counts as single-use, because the page does not mention rotation. To ask the user for consent again, remove the
/// parameter `auto_authorize` with an empty value.
///
/// # Errors
///
/// Fails if the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
pub fn app(base_url: impl fmt::Display) -> Result<AppBuilder, TokenError> {
    let (_, base) = base_url::checked(base_url)?;
    Ok(App::builder()
        .authorize_url(format!("{base}/api/oauth2/authorize"))
        .token_url(format!("{base}/api/oauth2/token"))
        .userinfo_url(format!("{base}/api/oauth2/userinfo"))
        .token_endpoint_auth_method(AuthMethod::ClientSecretPost)
        .authorize_parameter("auto_authorize", "true")
        .pkce(false)
        .default_lifetime(Duration::from_secs(7_200))
        .refresh_lifetime(Duration::from_secs(30 * 86_400)))
}
