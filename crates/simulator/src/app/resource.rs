//! The protected resources: the user's profile and balance, and the page for a top-up.

use core::time::Duration;

use crate::document::Document;
use crate::ledger::{AccessState, Realm};
use crate::oauth_error::error;
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

/// The scopes of an access token that holds at least one of those needed, or the challenge
/// ([RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
fn admitted(
    providers: &Providers,
    request: &Request,
    any_of: &[&str],
    now: Duration,
) -> Result<Vec<String>, Reply> {
    let Some(token) = request.authorization("Bearer") else {
        // RFC 6750 §3.1: without a token in the request the challenge has no error code.
        let reply = Reply::json(401, Document::new().string("error", "unauthorized"), "no token");
        return Err(reply.header("WWW-Authenticate", r#"Bearer realm="simulator""#));
    };
    let (description, decision) = match providers.ledger.access(Realm::App, token, now) {
        AccessState::Valid(access) if access.scope.iter().any(|have| any_of.contains(&have.as_str())) => {
            return Ok(access.scope.clone());
        }
        AccessState::Valid(_) => {
            let needed = any_of.join(" ");
            let reply = error(
                403,
                "insufficient_scope",
                "The token has none of the required scopes",
                "scope missing",
            );
            let challenge =
                format!(r#"Bearer realm="simulator", error="insufficient_scope", scope="{needed}""#);
            return Err(reply.header("WWW-Authenticate", &challenge));
        }
        AccessState::Unknown => ("The access token is unknown", "unknown token"),
        AccessState::Revoked => ("The access token was revoked", "revoked token"),
        AccessState::Expired => ("The access token expired", "expired token"),
    };
    let challenge =
        format!(r#"Bearer realm="simulator", error="invalid_token", error_description="{description}""#);
    Err(error(401, "invalid_token", description, decision).header("WWW-Authenticate", &challenge))
}

pub(super) fn userinfo(providers: &Providers, request: &Request, now: Duration) -> Reply {
    let scope = match admitted(providers, request, &["profile", "balance"], now) {
        Ok(scope) => scope,
        Err(refusal) => return refusal,
    };
    let has = |name: &str| scope.iter().any(|have| have == name);
    let mut body = Document::new().number("id", 12_345);
    if has("profile") {
        body = body.string("username", "user123").string("email", "user@example.com");
    }
    if has("balance") {
        body = body
            .number("quota", 1_000_000)
            .number("used_quota", 250_000)
            .string("balance_formatted", "750.00");
    }
    Reply::json(200, body.number("created_time", 1_640_995_200).number("status", 1), "user shown")
}

pub(super) fn top_up(providers: &Providers, request: &Request, now: Duration) -> Reply {
    match admitted(providers, request, &["balance"], now) {
        Ok(_) => {
            let body = Document::new().string("topup_url", "https://aihubmix.com/topup");
            Reply::json(200, body, "top-up page named")
        }
        Err(refusal) => refusal,
    }
}
