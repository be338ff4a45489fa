//! From an endpoint to a gateway: the credentials of one client.

use wellspring_core::{ClientSecret, TokenError};

use crate::credentials::{Credentials, from_environment};
use crate::endpoint::Endpoint;
use crate::gateway::Gateway;
use crate::spec::ClientAuthentication;

impl Endpoint {
    /// The gateway for the client with this id and secret. Neither is trimmed: see [`Gateway::warnings`].
    ///
    /// # Errors
    ///
    /// Fails if the id is empty, the gateway does not allow a secret of this length (the published page allows 8 to 64
    /// characters), or this endpoint takes no secret.
    pub fn credentials(
        self,
        client_id: impl Into<String>,
        client_secret: impl Into<ClientSecret>,
    ) -> Result<Gateway, TokenError> {
        self.client(client_id.into(), Some(client_secret.into()))
    }

    /// The gateway for the client with this id, which authenticates by its certificate and has no secret.
    ///
    /// # Errors
    ///
    /// Fails if the id is empty, or this endpoint requires a secret.
    pub fn client_id(self, client_id: impl Into<String>) -> Result<Gateway, TokenError> {
        self.client(client_id.into(), None)
    }

    /// Like [`credentials`](Self::credentials), with id and secret from the environment variables `CLIENT_ID` and
    /// `CLIENT_SECRET`, which the published page names.
    ///
    /// # Errors
    ///
    /// Fails if a variable is not set or is not UTF-8, and for the reasons of [`credentials`](Self::credentials). The
    /// error names the variable.
    #[expect(clippy::disallowed_methods, reason = "configuration is made here, with the page's own names")]
    pub fn credentials_from_env(self) -> Result<Gateway, TokenError> {
        let (id, secret) = from_environment(|name| std::env::var_os(name))?;
        self.client(id, Some(secret))
    }

    fn client(self, id: String, secret: Option<ClientSecret>) -> Result<Gateway, TokenError> {
        let takes_secret = self.spec.authentication != ClientAuthentication::None;
        if secret.is_some() && !takes_secret {
            return Err(TokenError::misconfigured(
                "this endpoint takes no client secret: the client authenticates by its certificate",
            ));
        }
        if secret.is_none() && takes_secret {
            return Err(TokenError::misconfigured("this endpoint requires a client secret"));
        }
        let credentials = Credentials::new(id, secret, self.spec.secret_length.as_ref())?;
        Ok(Gateway::new(self, credentials))
    }
}
