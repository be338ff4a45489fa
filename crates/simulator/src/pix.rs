//! The PIX gateway: two JSON token endpoints, charges and balances.

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::ledger::{Access, AccessState, Realm};
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;
use crate::{form, jwt};

pub(crate) fn answer(
    providers: &mut Providers,
    endpoint: Endpoint,
    request: &Request,
    now: Duration,
) -> Reply {
    match endpoint {
        Endpoint::PixApi => resource(providers, request, now),
        _ if request.method != "POST" => nest(
            404,
            &format!("Cannot {} {}", request.method, request.path),
            Some("Not Found"),
            "wrong method",
        ),
        Endpoint::PixCertificateToken => {
            limited(providers, now).unwrap_or_else(|| certificate_token(providers, request, now))
        }
        _ => limited(providers, now).unwrap_or_else(|| token(providers, request, now)),
    }
}

/// An error in the gateway's own format; `429` and the certificate errors have no `error`.
fn nest(status: u16, message: &str, error: Option<&str>, decision: &str) -> Reply {
    let body = Document::new().number("statusCode", status.into()).string("message", message);
    let body = match error {
        Some(error) => body.string("error", error),
        None => body,
    };
    Reply::json(status, body, decision)
}

fn limited(providers: &mut Providers, now: Duration) -> Option<Reply> {
    let limit = providers.config.pix.token_calls_per_minute?;
    let minute = Duration::from_secs(60);
    providers.token_calls.retain(|at| now < at.saturating_add(minute));
    if providers.token_calls.len() < limit as usize {
        providers.token_calls.push_back(now);
        return None;
    }
    let oldest =
        providers.token_calls.front().map_or(minute, |at| at.saturating_add(minute).saturating_sub(now));
    let seconds = oldest.as_secs() + u64::from(oldest.subsec_nanos() > 0);
    let reply = nest(429, "Too Many Requests", None, "too many token requests in a minute");
    Some(reply.header("Retry-After", &seconds.to_string()))
}

fn token(providers: &mut Providers, request: &Request, now: Duration) -> Reply {
    let credentials = match credentials(request) {
        Ok(credentials) => credentials,
        Err(refusal) => return refusal,
    };
    let pix = &providers.config.pix;
    if credentials != (pix.client_id.clone(), pix.client_secret.clone()) {
        return nest(401, "Credenciais inválidas", Some("Unauthorized"), "unknown client or wrong secret");
    }
    let (status, lifetime, scope) = (pix.success_status, pix.lifetime, pix.scope.clone());
    let claims = claims(&credentials.0, &scope, now, lifetime);
    let token = jwt::rs256_lookalike(&claims, &mut providers.mint);
    issue(providers, &token, request, now.saturating_add(lifetime));
    providers.counters.pix_tokens += 1;
    let body = Document::new()
        .string("access_token", &token)
        .string("token_type", "Bearer")
        .number("expires_in", lifetime.as_secs())
        .string("scope", &scope);
    Reply::tokens(status, body, "token issued")
}

fn certificate_token(providers: &mut Providers, request: &Request, now: Duration) -> Reply {
    let Some(header) = request.header("x-ssl-client-cert") else {
        return nest(
            400,
            "Certificado ausente no header X-SSL-Client-Cert",
            None,
            "no certificate in the header",
        );
    };
    let Some(der) = certificate(header) else {
        return nest(
            400,
            "Certificado malformado no header X-SSL-Client-Cert",
            None,
            "malformed certificate",
        );
    };
    let credentials = match credentials(request) {
        Ok(credentials) => credentials,
        Err(refusal) => return refusal,
    };
    let pix = &providers.config.pix;
    if credentials != (pix.client_id.clone(), pix.client_secret.clone()) {
        let message = "Credenciais inválidas ou certificado inválido";
        return nest(401, message, None, "unknown client or wrong secret");
    }
    let fingerprint: String = Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect();
    let linked = &pix.linked_certificates;
    if !linked.is_empty() && !linked.iter().any(|have| have.eq_ignore_ascii_case(&fingerprint)) {
        return nest(403, "Certificado não vinculado à conta", None, "certificate not linked to the account");
    }
    let lifetime = pix.certificate_lifetime;
    let claims = claims(&credentials.0, &pix.scope, now, lifetime).string("jti", &providers.mint.token());
    let token = jwt::hs256(&claims, providers.mint.key());
    issue(providers, &token, request, now.saturating_add(lifetime));
    providers.counters.pix_certificate_tokens += 1;
    let body = Document::new()
        .string("access_token", &token)
        .string("token_type", "Bearer")
        .number("expires_in", lifetime.as_secs());
    Reply::tokens(201, body, "token issued")
}

fn claims(client: &str, scope: &str, now: Duration, lifetime: Duration) -> Document {
    Document::new()
        .string("sub", client)
        .string("scope", scope)
        .number("iat", now.as_secs())
        .number("exp", now.saturating_add(lifetime).as_secs())
}

fn issue(providers: &mut Providers, token: &str, request: &Request, expires: Duration) {
    let access = Access {
        realm: Realm::Pix,
        scope: providers.config.pix.scope.split(' ').map(Into::into).collect(),
        expires,
        family: None,
        certificate: request.client_certificate.clone(),
        revoked: false,
    };
    providers.ledger.issue_access(token, access);
}

/// `clientId` and `clientSecret`, or the refusal.
fn credentials(request: &Request) -> Result<(String, String), Reply> {
    let refused = |complaints: &[&str]| {
        let body = Document::new().number("statusCode", 400);
        let body = match complaints {
            [one] => body.string("message", one),
            many => body.strings("message", many),
        };
        Reply::json(400, body.string("error", "Bad Request"), format!("refused: {}", complaints.join("; ")))
    };
    if !request.is_of_type("application/json") {
        return Err(refused(&["Content-Type must be application/json"]));
    }
    let Some(body) = request.json_object() else { return Err(refused(&["the body must be a JSON object"])) };
    let text = |name| body.get(name).and_then(|value| value.as_str()).map(ToOwned::to_owned);
    let (id, secret) = (text("clientId"), text("clientSecret"));
    let mut complaints = Vec::new();
    if id.as_deref().is_none_or(str::is_empty) {
        complaints.push("clientId must be a non-empty string");
    }
    match secret.as_deref().map(|secret| secret.chars().count()) {
        None => complaints.push("clientSecret must be a string"),
        Some(..8) => complaints.push("clientSecret must be longer than or equal to 8 characters"),
        Some(65..) => complaints.push("clientSecret must be shorter than or equal to 64 characters"),
        Some(_) => {}
    }
    match (id, secret) {
        (Some(id), Some(secret)) if complaints.is_empty() => Ok((id, secret)),
        _ => Err(refused(&complaints)),
    }
}

/// The DER of a percent-encoded PEM. `+` is not a space here, which many clients get wrong.
fn certificate(header: &str) -> Option<Vec<u8>> {
    let pem = form::decode(header, false);
    let inside = pem.trim().strip_prefix("-----BEGIN CERTIFICATE-----\n")?;
    let inside = inside.strip_suffix("-----END CERTIFICATE-----")?;
    let der = STANDARD.decode(inside.split_whitespace().collect::<String>()).ok()?;
    der.starts_with(&[0x30]).then_some(der)
}

fn resource(providers: &mut Providers, request: &Request, now: Duration) -> Reply {
    let txid = request.path.strip_prefix("/cob/").filter(|txid| !txid.is_empty() && !txid.contains('/'));
    let needed = match (request.method.as_str(), request.path.as_str(), txid) {
        ("PUT", _, Some(_)) => "pix:write",
        ("GET", _, Some(_)) => "pix:read",
        ("GET", "/accounts/balances", _) => "balance:read",
        _ => {
            return refusal(
                providers,
                404,
                "NaoEncontrado",
                "Recurso não encontrado",
                "Not Found",
                "no such resource",
            );
        }
    };
    if let Err(refusal) = admitted(providers, request, needed, now) {
        return refusal;
    }
    let Some(txid) = txid else { return balances(now) };
    if request.method == "PUT" {
        providers.charges.insert(txid.to_owned(), now);
        return charge(201, txid, now, "charge created");
    }
    match providers.charges.get(txid) {
        Some(created) => charge(200, txid, *created, "charge shown"),
        None => {
            refusal(providers, 404, "NaoEncontrado", "Cobrança não encontrada", "Not Found", "no such charge")
        }
    }
}

/// Refuses a missing, invalid or expired token, and a token without the required scope.
fn admitted(providers: &Providers, request: &Request, needed: &str, now: Duration) -> Result<(), Reply> {
    let unauthorized =
        |message, decision| Err(refusal(providers, 401, "NaoAutorizado", message, "Unauthorized", decision));
    let Some(token) = request.authorization("Bearer") else {
        return unauthorized("Token não fornecido", "no token");
    };
    match providers.ledger.access(Realm::Pix, token, now) {
        AccessState::Unknown => unauthorized("Token inválido", "unknown token"),
        AccessState::Revoked => unauthorized("Token inválido", "revoked token"),
        AccessState::Expired => unauthorized("Token expirado", "expired token"),
        AccessState::Valid(access) if access.certificate != request.client_certificate => {
            unauthorized("Token inválido", "token bound to another certificate")
        }
        AccessState::Valid(access) if !access.scope.iter().any(|scope| scope == needed) => {
            let decision = format!("scope {needed} missing");
            Err(refusal(providers, 403, "AcessoNegado", "Permissão insuficiente", "Forbidden", &decision))
        }
        AccessState::Valid(_) => Ok(()),
    }
}

fn refusal(
    providers: &Providers,
    status: u16,
    kind: &str,
    message: &str,
    error: &str,
    decision: &str,
) -> Reply {
    if !providers.config.pix.problem_json {
        return nest(status, message, Some(error), decision);
    }
    let body = Document::new()
        .string("type", &format!("https://pix.bcb.gov.br/api/v2/error/{kind}"))
        .string("title", error)
        .number("status", status.into())
        .string("detail", message);
    Reply::json(status, body, decision).header("Content-Type", "application/problem+json")
}

fn charge(status: u16, txid: &str, created: Duration, decision: &str) -> Reply {
    let body = Document::new()
        .object("calendario", Document::new().number("criacao", created.as_secs()).number("expiracao", 3_600))
        .string("txid", txid)
        .number("revisao", 0)
        .string("status", "ATIVA");
    Reply::json(status, body, decision)
}

fn balances(now: Duration) -> Reply {
    let body = Document::new().json(
        "data",
        format!(
            r#"[{{"eventDate":{},"balanceAmount":{{"available":1500.75,"blocked":0,"overdraft":0}}}}]"#,
            now.as_secs()
        ),
    );
    Reply::json(200, body, "balances shown")
}
