//! What an authorization server says of itself
//! ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414),
//! [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html)).
//!
//! Everything in it is believed only as far as its issuer is the one that was asked, to the byte, and its URLs
//! may be called with a secret.

#[cfg(any(feature = "async", feature = "blocking"))]
pub(crate) mod places;

use wellspring_core::{HttpRequest, HttpResponse, Method, Origin, TokenError, UnixTime};
use wellspring_wire::{Json, Object};

use crate::{AuthMethod, answer};

/// The most bytes of metadata that are read: real ones have a few thousand.
const LONGEST: usize = 256 * 1024;

/// The question for an issuer's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    issuer: String,
}

impl Discovery {
    /// Asks this issuer, whose name is compared to the byte: a slash at its end counts.
    ///
    /// # Errors
    ///
    /// When the issuer is neither HTTPS nor plain HTTP to loopback, or has a query
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)).
    pub fn new(issuer: impl Into<String>) -> Result<Self, TokenError> {
        let issuer = issuer.into();
        Origin::of(&issuer)
            .map_err(|error| TokenError::misconfigured(format!("the issuer is no good: {error}")))?;
        if issuer.contains('?') {
            return Err(TokenError::misconfigured("an issuer has no query"));
        }
        Ok(Self { issuer })
    }

    /// The requests to make one after the other until one brings metadata: RFC 8414's, whose well-known part goes
    /// before the path, and OpenID's, whose goes after it.
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

    /// Reads an answer to one of the [`requests`](Self::requests).
    ///
    /// # Errors
    ///
    /// When it is no metadata, the metadata of another issuer, or names a URL that no secret may be sent to.
    pub fn read(&self, response: &HttpResponse, now: UnixTime) -> Result<Metadata, TokenError> {
        let no_metadata = |why| TokenError::protocol(why).with_status(response.status(), None);
        if response.expose_body().len() > LONGEST {
            return Err(no_metadata("the metadata is larger than metadata is"));
        }
        let object = answer::public_object(response, now)?;
        match object.only("issuer") {
            // RFC 8414 §3.3.
            Ok(Some(issuer)) if issuer.as_text() == Some(&self.issuer) => {}
            Ok(Some(_)) => return Err(TokenError::protocol("the metadata is another issuer's")),
            Ok(None) => return Err(no_metadata("the answer is no metadata: it names no issuer")),
            Err(_) => return Err(TokenError::protocol("the metadata names two issuers")),
        }
        let secure = Origin::of(&self.issuer).is_ok_and(|origin| origin.is_https());
        let endpoint = |name| endpoint(&object, name, secure);
        Ok(Metadata {
            issuer: self.issuer.clone(),
            authorization_endpoint: endpoint("authorization_endpoint")?,
            device_authorization_endpoint: endpoint("device_authorization_endpoint")?,
            token_endpoint: endpoint("token_endpoint")?,
            userinfo_endpoint: endpoint("userinfo_endpoint")?,
            revocation_endpoint: endpoint("revocation_endpoint")?,
            scopes_supported: texts(&object, "scopes_supported").unwrap_or_default(),
            auth_methods: texts(&object, "token_endpoint_auth_methods_supported")
                .map(|methods| methods.iter().filter_map(|method| method.parse().ok()).collect()),
            iss_promised: object.bool("authorization_response_iss_parameter_supported") == Some(true),
        })
    }
}

/// What an authorization server says of itself, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The issuer, equal to the one that was asked.
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
    /// `scopes_supported`, which need not be complete.
    pub scopes_supported: Vec<String>,
    /// Those of `token_endpoint_auth_methods_supported` that are known here; `None` where the server does not say.
    pub auth_methods: Option<Vec<AuthMethod>>,
    /// Whether callbacks carry `iss` ([RFC 9207 §3](https://www.rfc-editor.org/rfc/rfc9207#section-3)).
    pub iss_promised: bool,
}

/// An endpoint's URL. An issuer with TLS does not send its clients to endpoints without.
fn endpoint(object: &Object, name: &'static str, secure: bool) -> Result<Option<String>, TokenError> {
    let bad = |why: &str| Err(TokenError::protocol(format!("the metadata's {name} is no good: {why}")));
    match object.only(name) {
        Ok(None | Some(Json::Null)) => Ok(None),
        Ok(Some(Json::Text(url))) => match Origin::of(url) {
            Ok(origin) if secure && !origin.is_https() => bad("it is not HTTPS, and the issuer is"),
            Ok(_) => Ok(Some(url.to_string())),
            Err(error) => bad(&error.to_string()),
        },
        Ok(Some(_)) => bad("it is not a text"),
        Err(_) => bad("it is there twice"),
    }
}

fn texts(object: &Object, name: &str) -> Option<Vec<String>> {
    let array = object.get(name)?.as_array()?;
    Some(array.iter().filter_map(Json::as_text).map(str::to_owned).collect())
}
