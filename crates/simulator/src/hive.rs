//! Hive: every answer is in an envelope, and the tokens contain their own lifetime.
//!
//! The failure codes are those of the provider's chat service, because this service publishes none.

use core::time::Duration;

use crate::config::HiveFailures;
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::jwt;
use crate::ledger::{Access, AccessState, FamilyId, Realm, RefreshState};
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

/// Claims of the published example tokens.
const SUBJECT: &str = "com.com2us.c2xwallet.global.normal";
const ROLE: &str = "operator";
const ADDRESS: &str = "xpla19pwda2lut9xaefr8gsmgktuqew90sc5ajlxhkg";

pub(crate) fn answer(
    providers: &mut Providers,
    endpoint: Endpoint,
    request: &Request,
    now: Duration,
) -> Reply {
    match (endpoint, request.method.as_str()) {
        (Endpoint::HiveToken, "POST") => auth_token(providers, request, now),
        (Endpoint::HiveRefresh, "POST") => refresh_token(providers, request, now),
        (Endpoint::HiveApi, _) => resource(providers, request, now),
        _ => failure(providers, 405, "wrong method"),
    }
}

/// The envelope of a failure, with the code that belongs to a status.
fn failure(providers: &Providers, status: u16, decision: &str) -> Reply {
    let (code, message) = match status {
        400 => (100, "Bad request"),
        401 => (101, "Invalid token"),
        403 => (102, "Forbidden"),
        404 => (103, "Not found"),
        405 => (104, "Method not allowed"),
        503 => (108, "Server is busy"),
        _ => (105, "Internal server error"),
    };
    let body = Document::new().number("code", code).string("message", message).json("data", "null");
    let status = if providers.config.hive.failures == HiveFailures::InEnvelope { 200 } else { status };
    Reply::json(status, body, decision)
}

fn auth_token(providers: &mut Providers, request: &Request, now: Duration) -> Reply {
    if !request.is_of_type("application/json") {
        return failure(providers, 400, "Content-Type is not application/json");
    }
    let body = request.json_object().unwrap_or_default();
    let text = |name| body.get(name).and_then(|value| value.as_str()).filter(|value| !value.is_empty());
    let (Some(id), Some(secret)) = (text("id"), text("secretKey")) else {
        return failure(providers, 400, "id or secretKey missing");
    };
    if (id, secret) != (&providers.config.hive.id, &providers.config.hive.secret_key) {
        return failure(providers, 401, "unknown id or wrong secret");
    }
    let family = providers.ledger.open_family(id, Vec::new());
    providers.counters.hive_tokens += 1;
    issue(providers, family, now, "tokens issued").0
}

fn refresh_token(providers: &mut Providers, request: &Request, now: Duration) -> Reply {
    let Some(token) = request.authorization("Bearer").map(ToOwned::to_owned) else {
        return failure(providers, 401, "no refresh token");
    };
    if !request.body.is_empty() {
        return failure(providers, 400, "a body that must be empty");
    }
    let family = match providers.ledger.refresh(Realm::Hive, &token, now, None) {
        RefreshState::Valid(family) => family,
        RefreshState::Unknown
            if matches!(providers.ledger.access(Realm::Hive, &token, now), AccessState::Unknown) =>
        {
            return failure(providers, 401, "unknown refresh token");
        }
        RefreshState::Unknown => {
            return failure(providers, 401, "an access token where a refresh token belongs");
        }
        RefreshState::Expired => return failure(providers, 401, "expired refresh token"),
        RefreshState::Revoked => return failure(providers, 401, "revoked refresh token"),
        RefreshState::Reused(_) | RefreshState::Replay { .. } => {
            providers.counters.reuses_detected += 1;
            return failure(providers, 401, "refresh token used before");
        }
    };
    providers.counters.hive_refreshes += 1;
    let (reply, successor) = issue(providers, family, now, "tokens reissued");
    if providers.config.hive.refresh_is_single_use {
        providers.ledger.mark_used(&token, now, Some(&successor));
    }
    reply
}

/// Issues both tokens. Returns the answer and the refresh token.
fn issue(providers: &mut Providers, family: FamilyId, now: Duration, decision: &str) -> (Reply, String) {
    let (access_lifetime, refresh_lifetime) =
        (providers.config.hive.access_lifetime, providers.config.hive.refresh_lifetime);
    let access = Access {
        realm: Realm::Hive,
        scope: Vec::new(),
        expires: now.saturating_add(access_lifetime),
        family: Some(family),
        certificate: None,
        revoked: false,
    };
    let access_token = fresh(providers, now, access_lifetime);
    providers.ledger.issue_access(&access_token, access);
    let refresh_token = fresh(providers, now, refresh_lifetime);
    providers.ledger.issue_refresh(&refresh_token, Realm::Hive, family, now.saturating_add(refresh_lifetime));
    let body = Document::new()
        .number("code", providers.config.hive.success_code)
        .string("message", "success")
        .object(
            "data",
            Document::new().string("accessToken", &access_token).string("refreshToken", &refresh_token),
        );
    (Reply::tokens(200, body, decision), refresh_token)
}

/// A token with the claims of the published page. Two tokens of the same second differ by a `keyNo`, which is the first
/// claim of the page's fifth token.
fn fresh(providers: &mut Providers, now: Duration, lifetime: Duration) -> String {
    let key = *providers.mint.key();
    let token = |key_no: u64| {
        let claims = if key_no == 0 { Document::new() } else { Document::new().number("keyNo", key_no) };
        let claims = claims
            .string("id", SUBJECT)
            .string("role", ROLE)
            .string("address", ADDRESS)
            .number("iat", now.as_secs())
            .number("exp", now.saturating_add(lifetime).as_secs());
        jwt::hs256(&claims, &key)
    };
    let plain = token(0);
    if providers.ledger.knows(&plain) { token(providers.mint.number()) } else { plain }
}

/// Some services of this provider require the scheme before the token and some do not: both are accepted.
fn resource(providers: &Providers, request: &Request, now: Duration) -> Reply {
    if (request.method.as_str(), request.path.as_str()) != ("GET", "/service/v1/ping") {
        return failure(providers, 404, "no such resource");
    }
    let token = request.authorization("Bearer").or_else(|| request.header("authorization"));
    let Some(token) = token else { return failure(providers, 401, "no token") };
    let decision = match providers.ledger.access(Realm::Hive, token, now) {
        AccessState::Valid(_) => {
            let body = Document::new()
                .number("code", providers.config.hive.success_code)
                .string("message", "success")
                .object("data", Document::new().string("pong", "pong"));
            return Reply::json(200, body, "answered");
        }
        AccessState::Unknown => "unknown token",
        AccessState::Expired => "expired token",
        AccessState::Revoked => "revoked token",
    };
    failure(providers, 401, decision)
}
