//! The end of the user's session at the authorization server
//! ([OpenID Connect RP-Initiated Logout 1.0](https://openid.net/specs/openid-connect-rpinitiated-1_0.html)).

use core::fmt;

use wellspring_core::IdToken;
use wellspring_wire::{Form, append_query};

use crate::app::App;

/// What a logout at the authorization server says, for [`App::end_session_url`].
///
/// The client id goes with it by itself, which tells the server who asks. An ID token does so only if
/// [`id_token_hint`](Self::id_token_hint) sets it, because the URL ends in the browser's history and in logs.
#[must_use = "pass it to `App::end_session_url`"]
#[derive(Clone, Default)]
pub struct EndSession {
    id_token_hint: Option<IdToken>,
    logout_hint: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

impl EndSession {
    /// A logout that says only which client asks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the server sends the browser afterwards. The URI must be registered at the server, byte for byte.
    pub fn post_logout_redirect_uri(mut self, uri: impl fmt::Display) -> Self {
        self.post_logout_redirect_uri = Some(uri.to_string());
        self
    }

    /// What the server adds to the URL of [`post_logout_redirect_uri`](Self::post_logout_redirect_uri).
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Who signs out, for a server that takes such a hint: a user name or the session id.
    pub fn logout_hint(mut self, hint: impl Into<String>) -> Self {
        self.logout_hint = Some(hint.into());
        self
    }

    /// The ID token of the sign-in, also one that has expired. With it most servers ask the user nothing.
    ///
    /// It becomes part of a URL. It names the user, and some services accept an unexpired ID token as a credential: send it
    /// only if your server insists.
    pub fn id_token_hint(mut self, token: IdToken) -> Self {
        self.id_token_hint = Some(token);
        self
    }
}

impl fmt::Debug for EndSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndSession")
            .field("post_logout_redirect_uri", &self.post_logout_redirect_uri)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Whether the server has an end session endpoint.
    #[must_use]
    pub fn has_end_session(&self) -> bool {
        self.config().end_session_url.is_some()
    }

    /// The URL that signs the user out at the server, to open in the user's browser after the application's own logout;
    /// `None` if the server has no end session endpoint.
    ///
    /// ```
    /// use oauth2_app::{App, EndSession};
    ///
    /// let app = App::builder()
    ///     .authorize_url("https://server.example.com/authorize")
    ///     .token_url("https://server.example.com/token")
    ///     .end_session_url("https://server.example.com/logout")
    ///     .client_id("client_abc123def456")
    ///     .redirect_uri("https://yourapp.com/oauth/callback")
    ///     .build()?;
    /// let logout = EndSession::new().post_logout_redirect_uri("https://yourapp.com/").state("s1");
    /// let expected = "https://server.example.com/logout?client_id=client_abc123def456\
    ///     &post_logout_redirect_uri=https%3A%2F%2Fyourapp.com%2F&state=s1";
    /// assert_eq!(app.end_session_url(&logout).as_deref(), Some(expected));
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    #[must_use]
    pub fn end_session_url(&self, logout: &EndSession) -> Option<String> {
        let url = self.config().end_session_url.as_deref()?;
        let query = Form::new()
            .pair("client_id", self.client_id())
            .pair_if("id_token_hint", logout.id_token_hint.as_ref().map(IdToken::expose))
            .pair_if("logout_hint", logout.logout_hint.as_deref())
            .pair_if("post_logout_redirect_uri", logout.post_logout_redirect_uri.as_deref())
            .pair_if("state", logout.state.as_deref());
        Some(append_query(url, &query))
    }
}
