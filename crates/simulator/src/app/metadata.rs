//! The authorization server's metadata ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)).
//!
//! For an issuer with a path, the well-known name is inserted before the path, or appended to it as in OpenID Connect.

use crate::app::fields::scopes;
use crate::document::Document;
use crate::endpoint::DEVICE_CODE;
use crate::oauth_error::error;
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

const GRANTS: [&str; 4] = ["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE];

pub(super) fn origin(providers: &Providers, request: &Request) -> String {
    let scheme = if providers.https { "https" } else { "http" };
    format!("{scheme}://{}", request.header("host").unwrap_or("127.0.0.1"))
}

/// The issuer that a callback names: the configured one, or the simulator's own address.
pub(super) fn issuer(providers: &Providers, request: &Request) -> String {
    providers.config.app.issuer.clone().unwrap_or_else(|| origin(providers, request))
}

pub(super) fn answer(providers: &Providers, request: &Request) -> Reply {
    let path = request.path.as_str();
    let issuer_path = path
        .strip_prefix(OAUTH)
        .or_else(|| path.strip_prefix(OPENID))
        .or_else(|| path.strip_suffix(OPENID))
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some(issuer_path) = issuer_path else {
        return error(404, "not_found", "No such document", "no such metadata");
    };
    let base = origin(providers, request);
    let issuer = match issuer_path {
        "" => issuer(providers, request),
        path => format!("{base}{path}"),
    };
    let scopes = scopes(&providers.config.app.scopes);
    let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
    let authentication = ["client_secret_post", "client_secret_basic", "none"];
    let body = Document::new()
        .string("issuer", &issuer)
        .string("authorization_endpoint", &format!("{base}/api/oauth2/authorize"))
        .string("device_authorization_endpoint", &format!("{base}/api/oauth2/device_authorization"))
        .string("token_endpoint", &format!("{base}/api/oauth2/token"))
        .string("userinfo_endpoint", &format!("{base}/api/oauth2/userinfo"))
        .string("revocation_endpoint", &format!("{base}/api/oauth2/revoke"))
        .strings("scopes_supported", &scopes)
        .strings("response_types_supported", &["code"])
        .strings("grant_types_supported", &GRANTS)
        .strings("token_endpoint_auth_methods_supported", &authentication)
        .strings("revocation_endpoint_auth_methods_supported", &authentication)
        .strings("code_challenge_methods_supported", &["S256", "plain"])
        .bool("authorization_response_iss_parameter_supported", providers.config.app.issuer_in_callback);
    Reply::json(200, body, "metadata shown")
}
