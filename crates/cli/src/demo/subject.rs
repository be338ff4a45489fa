//! The clients of the demo: one for each provider, with the example credentials of the vendors' documentation.

use core::time::Duration;
use std::sync::Arc;

use hive_auth::HiveAuth;
use oauth2_app::{App, aihubmix};
use pix_bacen::Gateway;
use wellspring_core::{Provider, TokenError};
use wellspring_simulator::Endpoint;

const MINUTE: Duration = Duration::from_secs(60);

/// One provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    PixBacen,
    Oauth2App,
    HiveAuth,
}

/// The provider of a subject, and its app if a person must sign in.
pub(crate) struct Cast {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) app: Option<App>,
}

impl Subject {
    pub(crate) const ALL: [Self; 3] = [Self::PixBacen, Self::Oauth2App, Self::HiveAuth];

    /// The name of the provider's crate.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PixBacen => "pix-bacen",
            Self::Oauth2App => "oauth2-app",
            Self::HiveAuth => "hive-auth",
        }
    }

    /// The lifetime of its access tokens.
    pub(crate) const fn lifetime(self) -> Duration {
        match self {
            Self::PixBacen => Duration::from_secs(3_600),
            Self::Oauth2App => Duration::from_secs(7_200),
            Self::HiveAuth => Duration::from_secs(86_400),
        }
    }

    /// An age at which a token is due with any jitter and still valid.
    pub(crate) fn aging(self) -> Duration {
        self.lifetime().saturating_sub(4 * MINUTE)
    }

    /// The endpoint of a renewal.
    pub(crate) const fn renewal(self) -> Endpoint {
        match self {
            Self::PixBacen => Endpoint::PixToken,
            Self::Oauth2App => Endpoint::RefreshGrant,
            Self::HiveAuth => Endpoint::HiveRefresh,
        }
    }

    /// The endpoint of the first token.
    pub(crate) const fn first(self) -> Endpoint {
        match self {
            Self::PixBacen => Endpoint::PixToken,
            Self::Oauth2App => Endpoint::CodeGrant,
            Self::HiveAuth => Endpoint::HiveToken,
        }
    }

    pub(crate) fn cast(self, url: &str) -> Result<Cast, TokenError> {
        Ok(match self {
            Self::PixBacen => {
                let gateway = Gateway::base_url(url)?.credentials("your-client-id", "your-client-secret")?;
                Cast { provider: Arc::new(gateway), app: None }
            }
            Self::Oauth2App => {
                let app = aihubmix::app(url)?
                    .client_id("client_abc123def456")
                    .client_secret("secret_xyz789uvw012")
                    .redirect_uri("https://yourapp.com/oauth/callback")
                    .scopes(["profile", "balance"])
                    .build()?;
                Cast { provider: Arc::new(app.clone()), app: Some(app) }
            }
            Self::HiveAuth => {
                let hive = HiveAuth::base_url(url)?.credentials("test", "1234")?.api_origin(url)?;
                Cast { provider: Arc::new(hive), app: None }
            }
        })
    }

    /// A request to its API.
    pub(crate) fn call(self, url: &str) -> http::Request<Vec<u8>> {
        let (method, path, body) = match self {
            Self::PixBacen => {
                let charge = br#"{"calendario":{"expiracao":3600},"valor":{"original":"12.50"}}"#;
                (http::Method::PUT, "/cob/7978c0c97ea847e78e8849634473c1f1", charge.to_vec())
            }
            Self::Oauth2App => (http::Method::GET, "/api/oauth2/userinfo", Vec::new()),
            Self::HiveAuth => (http::Method::GET, "/service/v1/ping", Vec::new()),
        };
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() =
            format!("{url}{path}").parse().expect("the simulator's URL and these paths are URIs");
        let json = http::HeaderValue::from_static("application/json");
        request.headers_mut().insert(http::header::CONTENT_TYPE, json);
        request
    }
}
