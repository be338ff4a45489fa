//! The token endpoint: exchanges codes, refresh tokens and client credentials for access tokens.

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::app::client::authenticate;
use crate::app::device;
use crate::app::fields::{Fields, scopes};
use crate::config::{OauthClient, Rotation};
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::grants::CodeChallenge;
use crate::jwt;
use crate::ledger::{Access, FamilyId, Realm, RefreshState};
use crate::oauth_error::error;
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

pub(super) fn answer(
    providers: &mut Providers,
    endpoint: Endpoint,
    request: &Request,
    now: Duration,
) -> Reply {
    let granted = Fields::of_form(request).and_then(|fields| {
        let client = authenticate(providers, request, &fields)?;
        match endpoint {
            Endpoint::CodeGrant => code(providers, &fields, &client, now),
            Endpoint::RefreshGrant => refresh(providers, &fields, &client, now),
            Endpoint::DeviceGrant => device_code(providers, &fields, &client, now),
            Endpoint::ClientCredentialsGrant => client_credentials(providers, &fields, &client, now),
            _ if fields.value("grant_type").is_none() => Err(missing("grant_type")),
            _ => Err(error(400, "unsupported_grant_type", "This grant is not supported", "unknown grant")),
        }
    });
    granted.unwrap_or_else(|refusal| refusal)
}

fn missing(parameter: &str) -> Reply {
    error(400, "invalid_request", &format!("{parameter} is required"), format!("{parameter} missing"))
}

fn invalid_grant(decision: &str) -> Reply {
    error(400, "invalid_grant", "The grant is invalid, expired, revoked or used", decision)
}

fn code(
    providers: &mut Providers,
    fields: &Fields,
    client: &OauthClient,
    now: Duration,
) -> Result<Reply, Reply> {
    let name = fields.value("code").ok_or_else(|| missing("code"))?;
    let redirect_uri = fields.value("redirect_uri").ok_or_else(|| missing("redirect_uri"))?;
    let code = providers.codes.get(name).ok_or_else(|| invalid_grant("unknown code"))?;
    if code.client != client.id {
        return Err(invalid_grant("code of another client"));
    }
    if let Some(family) = code.family {
        // https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2: a second use revokes the tokens of the first.
        providers.revoke_family(family);
        return Err(invalid_grant("code used before: family revoked"));
    }
    if now >= code.expires {
        return Err(invalid_grant("expired code"));
    }
    if code.redirect_uri != redirect_uri {
        return Err(invalid_grant("redirect_uri is not that of the authorization request"));
    }
    proven(code.challenge.as_ref(), fields.value("code_verifier"))?;
    let scope = code.scope.clone();
    let family = providers.ledger.open_family(&client.id, scope.clone());
    if let Some(code) = providers.codes.get_mut(name) {
        code.family = Some(family);
    }
    providers.counters.code_grants += 1;
    let refresh = new_refresh(providers, family, now);
    Ok(issue(providers, Some(family), &scope, Some(&refresh), now, "token issued for a code"))
}

/// [RFC 7636 §4.6](https://www.rfc-editor.org/rfc/rfc7636#section-4.6). A verifier without a challenge is
/// refused too, because an attacker could strip the challenge
/// ([RFC 9700 §4.8.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.8.2)).
fn proven(challenge: Option<&CodeChallenge>, verifier: Option<&str>) -> Result<(), Reply> {
    let (challenge, verifier) = match (challenge, verifier) {
        (None, None) => return Ok(()),
        (Some(_), None) => return Err(invalid_grant("code_verifier missing")),
        (None, Some(_)) => return Err(invalid_grant("code_verifier without a challenge")),
        (Some(challenge), Some(verifier)) => (challenge, verifier),
    };
    let fits = if challenge.is_s256 {
        URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge.value
    } else {
        verifier == challenge.value
    };
    if fits { Ok(()) } else { Err(invalid_grant("wrong code_verifier")) }
}

fn refresh(
    providers: &mut Providers,
    fields: &Fields,
    client: &OauthClient,
    now: Duration,
) -> Result<Reply, Reply> {
    let token = fields.value("refresh_token").ok_or_else(|| missing("refresh_token"))?;
    let rotation = providers.config.app.rotation;
    let window = match rotation {
        Rotation::Rotate { replay_window } => replay_window,
        Rotation::Same | Rotation::None => None,
    };
    let (family, replayed) = match providers.ledger.refresh(Realm::App, token, now, window) {
        RefreshState::Valid(family) => (family, None),
        RefreshState::Replay { family, successor } => (family, Some(successor)),
        RefreshState::Reused(family) => {
            providers.revoke_family(family);
            return Err(invalid_grant("reuse detected: family revoked"));
        }
        RefreshState::Expired => return Err(invalid_grant("expired refresh token")),
        RefreshState::Revoked => return Err(invalid_grant("revoked refresh token")),
        RefreshState::Unknown => return Err(invalid_grant("unknown refresh token")),
    };
    if providers.ledger.family(family).client != client.id {
        return Err(invalid_grant("refresh token of another client"));
    }
    // A narrower scope is for this access token only: https://www.rfc-editor.org/rfc/rfc6749#section-6
    let had = providers.ledger.family(family).scope.clone();
    let scope = fields.value("scope").map_or_else(|| had.clone(), scopes);
    if scope.iter().any(|scope| !had.contains(scope)) {
        return Err(error(
            400,
            "invalid_scope",
            "More than was granted",
            "refused: wider scope than granted",
        ));
    }
    if let Some(successor) = replayed {
        providers.counters.replays_forgiven += 1;
        let decision = "spent refresh token answered within the replay window";
        return Ok(issue(providers, Some(family), &scope, Some(&successor), now, decision));
    }
    providers.counters.refresh_grants += 1;
    let (answered, decision) = match rotation {
        Rotation::Rotate { .. } => {
            let next = new_refresh(providers, family, now);
            providers.ledger.mark_used(token, now, Some(&next));
            (Some(next), "token refreshed, refresh token rotated")
        }
        Rotation::Same => (Some(token.to_owned()), "token refreshed, refresh token kept"),
        Rotation::None => (None, "token refreshed, no refresh token answered"),
    };
    Ok(issue(providers, Some(family), &scope, answered.as_deref(), now, decision))
}

fn device_code(
    providers: &mut Providers,
    fields: &Fields,
    client: &OauthClient,
    now: Duration,
) -> Result<Reply, Reply> {
    let (family, scope) = device::poll(providers, fields, client, now)?;
    providers.counters.device_grants += 1;
    let refresh = new_refresh(providers, family, now);
    Ok(issue(providers, Some(family), &scope, Some(&refresh), now, "token issued for a device code"))
}

fn client_credentials(
    providers: &mut Providers,
    fields: &Fields,
    client: &OauthClient,
    now: Duration,
) -> Result<Reply, Reply> {
    if client.secret.is_none() {
        let description = "A public client has no credentials";
        return Err(error(400, "unauthorized_client", description, "client credentials of a public client"));
    }
    let known = scopes(&providers.config.app.scopes);
    let scope = fields.value("scope").map_or_else(|| known.clone(), scopes);
    if scope.iter().any(|scope| !known.contains(scope)) {
        return Err(error(400, "invalid_scope", "Unknown scope", "refused: unknown scope"));
    }
    providers.counters.client_credentials_grants += 1;
    // No refresh token: https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3
    Ok(issue(providers, None, &scope, None, now, "token issued for client credentials"))
}

fn new_refresh(providers: &mut Providers, family: FamilyId, now: Duration) -> String {
    let token = format!("refresh_{}", providers.mint.token());
    let expires = now.saturating_add(providers.config.app.refresh_lifetime);
    providers.ledger.issue_refresh(&token, Realm::App, family, expires);
    token
}

fn issue(
    providers: &mut Providers,
    family: Option<FamilyId>,
    scope: &[String],
    refresh: Option<&str>,
    now: Duration,
    decision: &str,
) -> Reply {
    let lifetime = providers.config.app.access_lifetime;
    let claims = Document::new()
        .string("jti", &providers.mint.token())
        .string("scope", &scope.join(" "))
        .number("iat", now.as_secs())
        .number("exp", now.saturating_add(lifetime).as_secs());
    let token = jwt::hs256(&claims, providers.mint.key());
    let access = Access {
        realm: Realm::App,
        scope: scope.to_vec(),
        expires: now.saturating_add(lifetime),
        family,
        certificate: None,
        revoked: false,
    };
    providers.ledger.issue_access(&token, access);
    let body = Document::new()
        .string("access_token", &token)
        .string("token_type", "Bearer")
        .number("expires_in", lifetime.as_secs());
    let body = match refresh {
        Some(refresh) => body.string("refresh_token", refresh),
        None => body,
    };
    Reply::tokens(200, body.string("scope", &scope.join(" ")), decision)
}
