//! Authorization server metadata
//! ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414),
//! [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html)).
//!
//! Metadata is used only if its issuer equals the requested one byte for byte, and each of its URLs may receive a secret.

#[cfg(any(feature = "async", feature = "blocking"))]
pub(crate) mod locations;

use std::sync::Arc;

use wellspring_core::{HttpRequest, HttpResponse, Method, Origin, TokenError, UnixTime};
use wellspring_wire::{Json, Object};

use crate::config::AuthMethod;
use crate::response;

/// The largest metadata that is read, in bytes. Real metadata has a few thousand.
const MAX_METADATA: usize = 256 * 1024;

/// The requests for an issuer's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    issuer: String,
}

impl Discovery {
    /// Discovery for this issuer. Issuers are compared byte for byte, a trailing slash included.
    ///
    /// # Errors
    ///
    /// Fails if the issuer is neither HTTPS nor plain HTTP to loopback, or has a query
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)).
    pub fn new(issuer: impl Into<String>) -> Result<Self, TokenError> {
        let issuer = issuer.into();
        Origin::of(&issuer)
            .map_err(|error| TokenError::misconfigured(format!("the issuer is invalid: {error}")))?;
        if issuer.contains('?') {
            return Err(TokenError::misconfigured("the issuer must not carry a query"));
        }
        Ok(Self { issuer })
    }

    /// The two requests, to send in order until one returns metadata. RFC 8414 puts the well-known segment before the
    /// issuer's path, and OpenID Connect puts it after the path.
    #[must_use]
    pub fn requests(&self) -> [HttpRequest; 2] {
        let issuer = self.issuer.strip_suffix('/').unwrap_or(&self.issuer);
        let start = issuer.find("://").map_or(0, |at| at + 3);
        let path = issuer[start..].find('/').map_or(issuer.len(), |at| start + at);
        let (origin, path) = issuer.split_at(path);
        [
            format!("{origin}/.well-known/oauth-authorization-server{path}"),
            format!("{origin}{path}/.well-known/openid-configuration"),
        ]
        .map(|url| HttpRequest::new(Method::Get, url).header("Accept", "application/json"))
    }

    /// Reads the answer to one of the [`requests`](Self::requests).
    ///
    /// # Errors
    ///
    /// Fails if the answer is not metadata, names another issuer, or names a URL that must not receive a secret.
    pub fn read(&self, response: &HttpResponse, now: UnixTime) -> Result<Metadata, TokenError> {
        let not_metadata = |reason| TokenError::protocol(reason).with_status(response.status(), None);
        if response.expose_body().len() > MAX_METADATA {
            return Err(not_metadata("the metadata is larger than 256 KiB"));
        }
        let object = response::public_object("issuer", response, now)?;
        if matches!(object.only("issuer"), Ok(None)) {
            return Err(not_metadata("the answer is not metadata: it names no issuer"));
        }
        self.metadata(&object, &String::from_utf8_lossy(response.expose_body()))
    }

    /// Reads metadata that the program has kept: the text of [`Metadata::document`]. Keep it where only this user can write:
    /// it says where secrets go.
    ///
    /// ```
    /// use oauth2_app::{App, Discovery};
    ///
    /// let kept = r#"{ "issuer": "https://login.example", "token_endpoint": "https://login.example/token" }"#;
    /// let metadata = Discovery::new("https://login.example")?.read_document(kept)?;
    /// assert_eq!(metadata.token_endpoint.as_deref(), Some("https://login.example/token"));
    /// assert_eq!(metadata.document(), kept);
    /// # let _ = App::from_metadata(&metadata);
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if the text is not metadata, names another issuer, or names a URL that must not receive a secret.
    pub fn read_document(&self, document: &str) -> Result<Metadata, TokenError> {
        let object = Object::parse(document.as_bytes());
        self.metadata(&object.map_err(|_| TokenError::protocol("the kept metadata is not JSON"))?, document)
    }

    fn metadata(&self, object: &Object, document: &str) -> Result<Metadata, TokenError> {
        match object.only("issuer") {
            // RFC 8414 §3.3.
            Ok(Some(issuer)) if issuer.as_text() == Some(&self.issuer) => {}
            Ok(Some(_)) => return Err(TokenError::protocol("the metadata names another issuer")),
            Ok(None) => return Err(TokenError::protocol("the metadata names no issuer")),
            Err(_) => return Err(TokenError::protocol("the metadata names two issuers")),
        }
        let requires_https = Origin::of(&self.issuer).is_ok_and(|origin| origin.is_https());
        let endpoint = |name| endpoint(object, name, requires_https);
        Ok(Metadata {
            issuer: self.issuer.clone(),
            authorization_endpoint: endpoint("authorization_endpoint")?,
            device_authorization_endpoint: endpoint("device_authorization_endpoint")?,
            token_endpoint: endpoint("token_endpoint")?,
            userinfo_endpoint: endpoint("userinfo_endpoint")?,
            revocation_endpoint: endpoint("revocation_endpoint")?,
            // No secret goes there, so a program that needs neither is not stopped by one that cannot be used.
            end_session_endpoint: endpoint("end_session_endpoint").unwrap_or_default(),
            jwks_uri: endpoint("jwks_uri").unwrap_or_default(),
            id_token_signing_alg_values_supported: texts(object, "id_token_signing_alg_values_supported")
                .unwrap_or_default(),
            scopes_supported: texts(object, "scopes_supported").unwrap_or_default(),
            token_endpoint_auth_methods_supported: texts(object, "token_endpoint_auth_methods_supported")
                .map(|methods| methods.iter().filter_map(|method| method.parse().ok()).collect()),
            authorization_response_iss_parameter_supported: object
                .bool("authorization_response_iss_parameter_supported")
                == Some(true),
            document: document.into(),
            mtls_endpoint_aliases: aliases(object, requires_https)?,
        })
    }
}

/// The metadata of an authorization server, as far as this crate uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// `issuer`, equal to the requested one.
    pub issuer: String,
    /// `authorization_endpoint`.
    pub authorization_endpoint: Option<String>,
    /// `device_authorization_endpoint` ([RFC 8628 §4](https://www.rfc-editor.org/rfc/rfc8628#section-4)).
    pub device_authorization_endpoint: Option<String>,
    /// `token_endpoint`.
    pub token_endpoint: Option<String>,
    /// `userinfo_endpoint`.
    pub userinfo_endpoint: Option<String>,
    /// `revocation_endpoint`.
    pub revocation_endpoint: Option<String>,
    /// `end_session_endpoint`
    /// ([OpenID Connect RP-Initiated Logout 1.0 §2.1](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#OPMetadata)).
    /// A URL that cannot be used, such as a plain HTTP one, counts as missing.
    pub end_session_endpoint: Option<String>,
    /// `jwks_uri`: where the keys are that sign ID tokens. A URL that cannot be used counts as missing.
    pub jwks_uri: Option<String>,
    /// `id_token_signing_alg_values_supported`: the names of algorithms
    /// ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)). Empty if the server names none.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// `scopes_supported`, which need not be complete.
    pub scopes_supported: Vec<String>,
    /// `token_endpoint_auth_methods_supported`, without the methods that this crate does not know; `None` if the server
    /// names none.
    pub token_endpoint_auth_methods_supported: Option<Vec<AuthMethod>>,
    /// `authorization_response_iss_parameter_supported`: whether every callback carries `iss`
    /// ([RFC 9207 §3](https://www.rfc-editor.org/rfc/rfc9207#section-3)).
    pub authorization_response_iss_parameter_supported: bool,
    /// `mtls_endpoint_aliases`: the endpoints for clients with a client certificate, where they are others.
    pub mtls_endpoint_aliases: MtlsEndpointAliases,
    document: Arc<str>,
}

impl Metadata {
    /// The whole document as the server sent it, at most 256 KiB of JSON, with what this crate does not use. A program that
    /// keeps it needs no request the next time: see [`Discovery::read_document`].
    #[must_use]
    pub fn document(&self) -> &str {
        &self.document
    }
}

/// The endpoints for clients that authenticate by a client certificate, or whose tokens are bound to it
/// ([RFC 8705 §5](https://www.rfc-editor.org/rfc/rfc8705#section-5)). [`App::from_metadata`](crate::App::from_metadata) uses
/// them if a client certificate is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MtlsEndpointAliases {
    /// `token_endpoint`.
    pub token_endpoint: Option<String>,
    /// `device_authorization_endpoint`.
    pub device_authorization_endpoint: Option<String>,
    /// `userinfo_endpoint`.
    pub userinfo_endpoint: Option<String>,
    /// `revocation_endpoint`.
    pub revocation_endpoint: Option<String>,
}

fn aliases(object: &Object, requires_https: bool) -> Result<MtlsEndpointAliases, TokenError> {
    let aliases = match object.only("mtls_endpoint_aliases") {
        Ok(None | Some(Json::Null)) => return Ok(MtlsEndpointAliases::default()),
        Ok(Some(Json::Object(aliases))) => aliases,
        Ok(Some(_)) => {
            return Err(TokenError::protocol("the metadata's mtls_endpoint_aliases is not an object"));
        }
        Err(_) => return Err(TokenError::protocol("the metadata's mtls_endpoint_aliases occurs twice")),
    };
    let endpoint = |name| endpoint(aliases, name, requires_https);
    Ok(MtlsEndpointAliases {
        token_endpoint: endpoint("token_endpoint")?,
        device_authorization_endpoint: endpoint("device_authorization_endpoint")?,
        userinfo_endpoint: endpoint("userinfo_endpoint")?,
        revocation_endpoint: endpoint("revocation_endpoint")?,
    })
}

/// An endpoint's URL. The endpoints of an HTTPS issuer must be HTTPS.
fn endpoint(object: &Object, name: &'static str, requires_https: bool) -> Result<Option<String>, TokenError> {
    let invalid =
        |reason: &str| Err(TokenError::protocol(format!("the metadata's {name} is invalid: {reason}")));
    match object.only(name) {
        Ok(None | Some(Json::Null)) => Ok(None),
        Ok(Some(Json::Text(url))) => match Origin::of(url) {
            Ok(origin) if requires_https && !origin.is_https() => {
                invalid("it is not HTTPS, and the issuer is")
            }
            Ok(_) => Ok(Some(url.to_string())),
            Err(error) => invalid(&error.to_string()),
        },
        Ok(Some(_)) => invalid("it is not a string"),
        Err(_) => invalid("it occurs twice"),
    }
}

fn texts(object: &Object, name: &str) -> Option<Vec<String>> {
    let array = object.get(name)?.as_array()?;
    Some(array.iter().filter_map(Json::as_text).map(str::to_owned).collect())
}
