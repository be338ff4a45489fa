//! The endpoint of a request, and the groups of endpoints that faults and logs can name.

use core::fmt;
use core::str::FromStr;

use crate::request::Request;

/// The grant type of a device code ([RFC 8628 §3.4](https://www.rfc-editor.org/rfc/rfc8628#section-3.4)).
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An endpoint, or a group of endpoints: see [`Self::covers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Endpoint {
    /// Every endpoint.
    Any,
    /// Every token endpoint of every provider.
    Token,
    /// The endpoints that exchange a refresh token: [`Self::RefreshGrant`] and [`Self::HiveRefresh`].
    Refresh,
    /// Every protected resource.
    Api,
    /// `POST /oauth/token`.
    PixToken,
    /// `POST /api/auth/token`, the gateway's other token endpoint, with a certificate in a header.
    PixCertificateToken,
    /// The PIX resources.
    PixApi,
    /// `GET /api/oauth2/authorize`.
    Authorize,
    /// `POST /api/oauth2/device_authorization`.
    DeviceAuthorization,
    /// `GET` and `POST /api/oauth2/device`, where a user enters the code of a device.
    DevicePage,
    /// `POST /api/oauth2/token` with any grant.
    AppToken,
    /// `POST /api/oauth2/token` with `grant_type=authorization_code`.
    CodeGrant,
    /// `POST /api/oauth2/token` with `grant_type=refresh_token`.
    RefreshGrant,
    /// `POST /api/oauth2/token` with `grant_type=client_credentials`.
    ClientCredentialsGrant,
    /// `POST /api/oauth2/token` with `grant_type=urn:ietf:params:oauth:grant-type:device_code`.
    DeviceGrant,
    /// `GET /api/oauth2/userinfo`.
    Userinfo,
    /// `GET /api/oauth2/topup`.
    TopUp,
    /// `POST /api/oauth_apps`.
    Apps,
    /// `POST /api/oauth2/revoke`.
    Revocation,
    /// `GET /.well-known/..`.
    Metadata,
    /// `POST /v2/auth-token`.
    HiveToken,
    /// `POST /v2/refresh-token`.
    HiveRefresh,
    /// The Hive resources.
    HiveApi,
    /// No endpoint of any provider.
    Elsewhere,
}

/// Every endpoint and group with its name.
const NAMES: [(Endpoint, &str); 24] = [
    (Endpoint::Any, "any"),
    (Endpoint::Token, "token"),
    (Endpoint::Refresh, "refresh"),
    (Endpoint::Api, "api"),
    (Endpoint::PixToken, "pix-token"),
    (Endpoint::PixCertificateToken, "pix-certificate-token"),
    (Endpoint::PixApi, "pix-api"),
    (Endpoint::Authorize, "authorize"),
    (Endpoint::DeviceAuthorization, "device-authorization"),
    (Endpoint::DevicePage, "device-page"),
    (Endpoint::AppToken, "app-token"),
    (Endpoint::CodeGrant, "code-grant"),
    (Endpoint::RefreshGrant, "refresh-grant"),
    (Endpoint::ClientCredentialsGrant, "client-credentials-grant"),
    (Endpoint::DeviceGrant, "device-grant"),
    (Endpoint::Userinfo, "userinfo"),
    (Endpoint::TopUp, "topup"),
    (Endpoint::Apps, "apps"),
    (Endpoint::Revocation, "revocation"),
    (Endpoint::Metadata, "metadata"),
    (Endpoint::HiveToken, "hive-token"),
    (Endpoint::HiveRefresh, "hive-refresh"),
    (Endpoint::HiveApi, "hive-api"),
    (Endpoint::Elsewhere, "elsewhere"),
];

impl Endpoint {
    /// The endpoint of a request. The only group that it returns is [`Self::AppToken`], for an unknown grant.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        match request.path.as_str() {
            "/oauth/token" => Self::PixToken,
            "/api/auth/token" => Self::PixCertificateToken,
            "/accounts/balances" => Self::PixApi,
            "/api/oauth2/authorize" => Self::Authorize,
            "/api/oauth2/device_authorization" => Self::DeviceAuthorization,
            "/api/oauth2/device" => Self::DevicePage,
            "/api/oauth2/token" => Self::of_grant(request),
            "/api/oauth2/userinfo" => Self::Userinfo,
            "/api/oauth2/topup" => Self::TopUp,
            "/api/oauth_apps" => Self::Apps,
            "/api/oauth2/revoke" => Self::Revocation,
            "/v2/auth-token" => Self::HiveToken,
            "/v2/refresh-token" => Self::HiveRefresh,
            path if path.starts_with("/cob/") => Self::PixApi,
            path if path.starts_with("/service/v1/") => Self::HiveApi,
            path if path.starts_with("/.well-known/") || path.contains("/.well-known/") => Self::Metadata,
            _ => Self::Elsewhere,
        }
    }

    fn of_grant(request: &Request) -> Self {
        let form = request.form();
        let grant = form.iter().find(|(name, _)| name == "grant_type").map(|(_, value)| value.as_str());
        match grant {
            Some("authorization_code") => Self::CodeGrant,
            Some("refresh_token") => Self::RefreshGrant,
            Some("client_credentials") => Self::ClientCredentialsGrant,
            Some(DEVICE_CODE) => Self::DeviceGrant,
            _ => Self::AppToken,
        }
    }

    /// Whether an endpoint is this one or belongs to this group.
    #[must_use]
    pub fn covers(self, endpoint: Self) -> bool {
        let grant = matches!(
            endpoint,
            Self::AppToken
                | Self::CodeGrant
                | Self::RefreshGrant
                | Self::ClientCredentialsGrant
                | Self::DeviceGrant
        );
        match self {
            Self::Any => true,
            Self::Token => {
                grant
                    || matches!(
                        endpoint,
                        Self::PixToken | Self::PixCertificateToken | Self::HiveToken | Self::HiveRefresh
                    )
            }
            Self::Refresh => matches!(endpoint, Self::RefreshGrant | Self::HiveRefresh),
            Self::Api => matches!(endpoint, Self::PixApi | Self::Userinfo | Self::TopUp | Self::HiveApi),
            Self::AppToken => grant,
            leaf => leaf == endpoint,
        }
    }

    /// Its name, as [`FromStr`] reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(endpoint, _)| *endpoint == self).map_or("any", |(_, name)| name)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Endpoint {
    type Err = UnknownEndpoint;

    fn from_str(name: &str) -> Result<Self, UnknownEndpoint> {
        NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(endpoint, _)| *endpoint)
            .ok_or_else(|| UnknownEndpoint { name: name.into() })
    }
}

/// No endpoint has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no endpoint is called {name:?}; there are: {}", known())]
#[non_exhaustive]
pub struct UnknownEndpoint {
    name: String,
}

fn known() -> String {
    NAMES.map(|(_, name)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_read_by_its_name_and_belongs_to_any() {
        for (endpoint, name) in NAMES {
            assert_eq!(name.parse(), Ok(endpoint));
            assert_eq!(endpoint.to_string(), name);
            assert!(
                Endpoint::Any.covers(endpoint) && endpoint.covers(endpoint)
                    || endpoint.covers(Endpoint::HiveRefresh)
                    || endpoint == Endpoint::Api
            );
        }
        assert!("nowhere".parse::<Endpoint>().unwrap_err().to_string().contains("hive-refresh"));
    }

    #[test]
    fn requests_to_the_same_path_differ_by_their_grant() {
        let of = |grant: &str| {
            Endpoint::of(&Request::post("/api/oauth2/token").with_form(&[("grant_type", grant)]))
        };
        assert_eq!(of("refresh_token"), Endpoint::RefreshGrant);
        assert_eq!(of("password"), Endpoint::AppToken);
        assert!(Endpoint::AppToken.covers(of("authorization_code")));
        assert!(
            Endpoint::Refresh.covers(of("refresh_token"))
                && !Endpoint::Refresh.covers(of("client_credentials"))
        );
        assert!(Endpoint::Token.covers(of("password")) && !Endpoint::Api.covers(of("password")));
    }
}
