//! `POST` sign-out: ends the session here, revokes its tokens at the server, and ends the session there if the server
//! offers that.

use axum::extract::Extension;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use oauth2_app::EndSession;

use crate::clock::within;
use crate::cookies::SetCookie;
use crate::events;
use crate::headers::is_cross_origin;
use crate::response::redirect;
use crate::session::{self, Session};
use crate::tokens::{self, Revoked};
use crate::web_login::WebLogin;

pub(crate) async fn sign_out(Extension(login): Extension<WebLogin>, headers: HeaderMap) -> Response {
    // `SameSite=Lax` keeps the cookie from other sites, but not from other subdomains of this site.
    if is_cross_origin(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    // A task of its own: a browser that disconnects does not cancel the sign-out.
    let secret = login.session_secret(&headers).map(str::to_owned);
    let has_cookie = secret.is_some();
    let ending = tokio::spawn({
        let login = login.clone();
        async move { end(&login, secret).await }
    });
    let ended = ending.await.unwrap_or(Ended::Failed);
    let signed_out = !matches!(ended, Ended::Failed);
    let mut response = match ended {
        Ended::Failed => login.home(&[("error", "server_error")]),
        Ended::Incomplete => login.home(&[("error", "logout_incomplete")]),
        Ended::Here => login.home(&[("logout", "success")]),
        Ended::There(url) => redirect(&url),
    };
    if response.status() == StatusCode::FOUND {
        *response.status_mut() = StatusCode::SEE_OTHER;
    }
    if has_cookie && signed_out {
        let (name, max_age) = (login.cookie_name(), core::time::Duration::ZERO);
        SetCookie { name, value: "", max_age, secure: login.is_secure(), cross_site: false }
            .add_to(response.headers_mut());
    }
    response
}

enum Ended {
    /// Nothing has changed: the user is still signed in.
    Failed,
    /// Signed out here. The server may not have revoked the tokens.
    Incomplete,
    Here,
    /// Signed out here, and the browser has to go there to end its session at the server.
    There(String),
}

/// Signs the browser out, even if its tokens cannot be revoked.
async fn end(login: &WebLogin, secret: Option<String>) -> Ended {
    let Some(secret) = secret else { return Ended::Here };
    let name = session::name(&secret);
    let session = match login.sign_ins().named(&name).await {
        Ok(Some(session)) => session,
        Ok(None) => return Ended::Here,
        Err(error) => {
            events::failed("sign-out", None, &error);
            return Ended::Failed;
        }
    };
    if let Err(error) = login.sign_ins().delete(&name).await {
        events::failed("sign-out", Some(&session.provider), &error);
        return Ended::Failed;
    }
    let there = end_session_url(login, &session);
    // The revocation goes on if the server takes longer than a person waits.
    let revoking = tokio::spawn({
        let login = login.clone();
        async move { revoke(&login, &session).await }
    });
    let revoked = match within(login.clock(), login.patience(), revoking).await {
        Some(revoked) => revoked.unwrap_or(false),
        None => false,
    };
    match there {
        Some(url) => Ended::There(url),
        None if revoked => Ended::Here,
        None => Ended::Incomplete,
    }
}

/// Whether no token is left that the server would revoke.
async fn revoke(login: &WebLogin, session: &Session) -> bool {
    let Some(provider) = login.provider(&session.provider) else { return true };
    match tokens::revoke(login, provider, &session.user).await {
        Ok(revoked) => {
            let word = match revoked {
                Revoked::Done => "done",
                Revoked::Nothing => "nothing",
                Revoked::NotOffered => "not_offered",
            };
            events::signed_out(&provider.name, word);
            true
        }
        Err(error) => {
            events::failed("sign-out", Some(&provider.name), &error);
            events::signed_out(&provider.name, "failed");
            false
        }
    }
}

/// Where the server ends the browser's session with it
/// ([OpenID Connect RP-Initiated Logout 1.0](https://openid.net/specs/openid-connect-rpinitiated-1_0.html)).
fn end_session_url(login: &WebLogin, session: &Session) -> Option<String> {
    let mut ending = EndSession::new();
    if let Some(uri) = login.after_sign_out() {
        ending = ending.post_logout_redirect_uri(uri);
    }
    login.provider(&session.provider)?.app.end_session_url(&ending)
}
