//! What an app knows after it was checked, and the words for it.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use wellspring_core::{ClientSecret, Replay, Rotation, Scope, TokenError};
use wellspring_wire::TokenFormat;

use crate::RedirectUri;

#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) grant: GrantType,
    pub(crate) authorize_url: Option<String>,
    pub(crate) device_authorization_url: Option<String>,
    pub(crate) token_url: String,
    pub(crate) userinfo_url: Option<String>,
    pub(crate) revocation_url: Option<String>,
    pub(crate) topup_url: Option<String>,
    pub(crate) api_urls: Vec<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) iss_promised: bool,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<ClientSecret>,
    pub(crate) auth: AuthMethod,
    pub(crate) redirect_uri: Option<RedirectUri>,
    pub(crate) scope: Scope,
    /// The scopes in the order they were given, as they stand in requests.
    pub(crate) scope_text: String,
    pub(crate) authorize_parameters: Vec<(String, String)>,
    pub(crate) token_parameters: Vec<(String, String)>,
    pub(crate) pkce: bool,
    pub(crate) rotation: Rotation,
    pub(crate) replay: Replay,
    pub(crate) default_lifetime: Option<Duration>,
    pub(crate) refresh_lifetime: Option<Duration>,
    pub(crate) topup_hosts: Vec<String>,
    pub(crate) format: TokenFormat,
}

impl Config {
    /// The scope as it stands in requests.
    pub(crate) fn scope_text(&self) -> Option<&str> {
        Some(self.scope_text.as_str()).filter(|scope| !scope.is_empty())
    }
}

/// Declares an enum whose variants have names on the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident as $what:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// The name on the wire.
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

words! {
    /// Which grant gets the tokens.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    GrantType as "grant_type" {
        /// A user signs in ([RFC 6749 §4.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1)), in this browser or
        /// on another device ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)).
        #[default]
        AuthorizationCode = "authorization_code",
        /// The client acts for itself ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
        ClientCredentials = "client_credentials",
    }
}

words! {
    /// How the client authenticates at the token endpoint
    /// ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    AuthMethod as "token_endpoint_auth_method" {
        /// Id and secret in the body.
        ClientSecretPost = "client_secret_post",
        /// Id and secret in an `Authorization: Basic` header, form-encoded first.
        ClientSecretBasic = "client_secret_basic",
        /// The id in the body and no secret: a public client.
        None = "none",
    }
}
