//! With which settings an app begins: none, a client's credentials, or the server's metadata.

use core::fmt;

use wellspring_core::ClientSecret;

use crate::app::App;
use crate::builder::AppBuilder;
use crate::config::GrantType;
use crate::metadata::Metadata;

impl App {
    /// An app of any OAuth 2.0 authorization server. Set its URLs.
    pub fn builder() -> AppBuilder {
        AppBuilder::default()
    }

    /// An app that acts for itself at this token endpoint: the client credentials grant
    /// ([RFC 6749 section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)). No user signs in.
    ///
    /// ```
    /// use oauth2_app::App;
    ///
    /// let app = App::client_credentials("https://login.example.com/token", "client-id", "client-secret")
    ///     .scopes(["read"])
    ///     .api_url("https://api.example.com")
    ///     .build()?;
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    pub fn client_credentials(
        token_url: impl fmt::Display,
        client_id: impl Into<String>,
        client_secret: impl Into<ClientSecret>,
    ) -> AppBuilder {
        Self::builder()
            .grant_type(GrantType::ClientCredentials)
            .token_url(token_url)
            .client_id(client_id)
            .client_secret(client_secret)
    }

    /// An app of the authorization server with this metadata.
    pub fn from_metadata(metadata: &Metadata) -> AppBuilder {
        let mut builder = AppBuilder::default();
        builder.authorize_url = metadata.authorization_endpoint.clone();
        builder.device_authorization_url = metadata.device_authorization_endpoint.clone();
        builder.token_url = metadata.token_endpoint.clone();
        builder.userinfo_url = metadata.userinfo_endpoint.clone();
        builder.revocation_url = metadata.revocation_endpoint.clone();
        builder.end_session_url = metadata.end_session_endpoint.clone();
        builder.jwks_url = metadata.jwks_uri.clone();
        let alias = &metadata.mtls_endpoint_aliases;
        let pairs = [
            (&metadata.token_endpoint, &alias.token_endpoint),
            (&metadata.device_authorization_endpoint, &alias.device_authorization_endpoint),
            (&metadata.userinfo_endpoint, &alias.userinfo_endpoint),
            (&metadata.revocation_endpoint, &alias.revocation_endpoint),
        ];
        builder.aliases =
            pairs.into_iter().filter_map(|(usual, alias)| usual.clone().zip(alias.clone())).collect();
        builder.issuer = Some(metadata.issuer.clone());
        builder.iss_required = metadata.authorization_response_iss_parameter_supported;
        builder.supported_auth_methods = metadata.token_endpoint_auth_methods_supported.clone();
        builder
    }
}
