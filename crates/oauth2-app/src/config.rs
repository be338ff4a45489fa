//! The checked settings of an app.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use wellspring_core::{CallFormat, ClientSecret, Replay, Rotation, Scope, TokenError};
use wellspring_token_endpoint::TokenRequestSpec;
use wellspring_wire::{BasicEncoding, ClientCertificate, TokenFormat};

use crate::own_grant::OwnGrant;
use crate::redirect_uri::RedirectUri;

#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) grant: GrantType,
    /// What is sent instead of client credentials.
    pub(crate) own_grant: Option<OwnGrant>,
    pub(crate) authorize_url: Option<String>,
    pub(crate) device_authorization_url: Option<String>,
    pub(crate) token_url: String,
    pub(crate) userinfo_url: Option<String>,
    pub(crate) revocation_url: Option<String>,
    pub(crate) end_session_url: Option<String>,
    pub(crate) jwks_url: Option<String>,
    pub(crate) api_urls: Vec<String>,
    pub(crate) issuer: Option<String>,
    /// Whether a callback without `iss` is an error.
    pub(crate) iss_required: bool,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<ClientSecret>,
    pub(crate) auth: AuthMethod,
    /// How an `Authorization: Basic` header holds id and secret.
    pub(crate) basic: BasicEncoding,
    /// What a token request looks like.
    pub(crate) request: TokenRequestSpec,
    pub(crate) client_certificate: Option<ClientCertificate>,
    pub(crate) redirect_uri: Option<RedirectUri>,
    pub(crate) scope: Scope,
    /// The scopes in the order of the settings, as requests carry them.
    pub(crate) scope_text: String,
    /// What each call of an API carries.
    pub(crate) calls: CallFormat,
    pub(crate) authorize_parameters: Vec<(String, String)>,
    pub(crate) token_parameters: Vec<(String, String)>,
    pub(crate) pkce: bool,
    pub(crate) rotation: Rotation,
    pub(crate) replay: Replay,
    pub(crate) default_lifetime: Option<Duration>,
    pub(crate) refresh_lifetime: Option<Duration>,
    pub(crate) format: TokenFormat,
}

impl Config {
    /// The `grant_type` by which this app gets its tokens.
    pub(crate) fn grant_type(&self) -> &str {
        self.own_grant.as_ref().map_or_else(|| self.grant.as_str(), |own| &own.grant_type)
    }

    /// The scope as requests carry it; `None` if no scope is set.
    pub(crate) fn scope_text(&self) -> Option<&str> {
        Some(self.scope_text.as_str()).filter(|scope| !scope.is_empty())
    }
}

/// Declares an enum whose variants have a name in OAuth messages.
macro_rules! named_values {
    ($(#[$doc:meta])* $name:ident as $what:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// The name in OAuth messages.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = TokenError;

            fn from_str(text: &str) -> Result<Self, TokenError> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(TokenError::misconfigured(concat!($what, " must be one of", $(" ", $text),+))),
                }
            }
        }
    };
}

named_values! {
    /// How an app gets its tokens: a user signs in, or the client acts by itself.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    GrantType as "grant_type" {
        /// A user signs in, in a browser ([RFC 6749 §4.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1)) or on
        /// another device ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)).
        #[default]
        AuthorizationCode = "authorization_code",
        /// The client acts on its own behalf ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
        ClientCredentials = "client_credentials",
    }
}

named_values! {
    /// How the client authenticates at the token endpoint
    /// ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    AuthMethod as "token_endpoint_auth_method" {
        /// The body holds client id and secret.
        ClientSecretPost = "client_secret_post",
        /// An `Authorization: Basic` header holds client id and secret, form-encoded first.
        ClientSecretBasic = "client_secret_basic",
        /// The body holds the client id, and there is no secret: a public client.
        None = "none",
        /// The client certificate of the TLS connection, which an authority of the server has signed. The body holds the
        /// client id, and there is no secret ([RFC 8705 §2.1](https://www.rfc-editor.org/rfc/rfc8705#section-2.1)).
        TlsClientAuth = "tls_client_auth",
        /// The client certificate of the TLS connection, which the client has signed itself and registered. The body holds
        /// the client id, and there is no secret ([RFC 8705 §2.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.2)).
        SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
    }
}

impl AuthMethod {
    pub(crate) const fn needs_secret(self) -> bool {
        matches!(self, Self::ClientSecretPost | Self::ClientSecretBasic)
    }

    pub(crate) const fn needs_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }
}
