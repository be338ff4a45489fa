//! Faults that replace the provider's answer.

use crate::fault::catalogue::entry::{Listed, listed};
use crate::fault::effect::{Effect, Instead};

pub(super) const PAGE: &[u8] =
    b"<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body>Please accept.</body></html>";

fn bare(status: u16) -> Vec<Effect> {
    vec![Effect::Instead(Instead::bare(status))]
}

fn json(status: u16, body: &'static str) -> Vec<Effect> {
    vec![Effect::Instead(Instead::json(status, body))]
}

fn problem(status: u16, body: &'static str) -> Vec<Effect> {
    vec![Effect::Instead(Instead::new(status, "application/problem+json", body.as_bytes()))]
}

fn page(status: u16) -> Vec<Effect> {
    vec![Effect::Instead(Instead::new(status, "text/html; charset=utf-8", PAGE))]
}

fn oauth(status: u16, code: &str) -> Vec<Effect> {
    vec![Effect::Instead(Instead::oauth(status, code))]
}

fn and_header(mut effects: Vec<Effect>, name: &'static str, value: &'static str) -> Vec<Effect> {
    effects.push(Effect::Header { name: name.into(), value: Some(value.into()) });
    effects
}

fn later(mut effects: Vec<Effect>) -> Vec<Effect> {
    effects.push(Effect::DateHeader { name: "Retry-After", ahead: 60 });
    effects
}

fn too_many() -> Vec<Effect> {
    json(429, r#"{"statusCode":429,"message":"Too Many Requests"}"#)
}

fn challenge(status: u16, code: &str, challenge: &'static str) -> Vec<Effect> {
    and_header(oauth(status, code), "WWW-Authenticate", challenge)
}

pub(super) static LIST: &[Listed] = &[
    listed("no-content", "204", || bare(204)),
    listed("html-200", "200 with a page, as a captive portal does", || page(200)),
    listed("html-403", "403 with a page, as a firewall does", || page(403)),
    listed("html-404", "404 with a page", || page(404)),
    listed("html-407", "407 with a page, as a proxy does", || page(407)),
    listed("html-502", "502 with a page, as a proxy does", || page(502)),
    listed("html-503", "503 with a page", || page(503)),
    listed("html-400-labelled-json", "400 with a page, labelled JSON", || {
        vec![Effect::Instead(Instead::new(400, "application/json", PAGE))]
    }),
    listed("error-in-200", "200 with an OAuth error", || oauth(200, "invalid_grant")),
    listed("bare-400", "400 with nothing", || bare(400)),
    listed("bare-401", "401 with nothing", || bare(401)),
    listed("bare-403", "403 with nothing", || bare(403)),
    listed("bare-404", "404 with nothing", || bare(404)),
    listed("request-timeout", "408", || bare(408)),
    listed("too-early", "425", || bare(425)),
    listed("too-many-requests", "429 without Retry-After", too_many),
    listed("too-many-requests-seconds", "429, Retry-After: 7", || and_header(too_many(), "Retry-After", "7")),
    listed("too-many-requests-date", "429, Retry-After with the date in 60 s", || later(too_many())),
    listed("too-many-requests-garbage", "429, Retry-After: soon", || {
        and_header(too_many(), "Retry-After", "soon")
    }),
    listed("too-many-requests-negative", "429, Retry-After: -5", || {
        and_header(too_many(), "Retry-After", "-5")
    }),
    listed("too-many-requests-zero", "429, Retry-After: 0", || and_header(too_many(), "Retry-After", "0")),
    listed("internal-server-error", "500", || {
        json(500, r#"{"statusCode":500,"message":"Internal server error"}"#)
    }),
    listed("bad-gateway", "502 with nothing", || bare(502)),
    listed("unavailable", "503 without Retry-After", || bare(503)),
    listed("unavailable-seconds", "503, Retry-After: 7", || and_header(bare(503), "Retry-After", "7")),
    listed("unavailable-date", "503, Retry-After with the date in 60 s", || later(bare(503))),
    listed("unavailable-garbage", "503, Retry-After: soon", || and_header(bare(503), "Retry-After", "soon")),
    listed("unavailable-negative", "503, Retry-After: -5", || and_header(bare(503), "Retry-After", "-5")),
    listed("unavailable-century", "503, Retry-After: 3153600000", || {
        and_header(bare(503), "Retry-After", "3153600000")
    }),
    listed("gateway-timeout", "504", || bare(504)),
    listed("invalid-request", "400 invalid_request", || oauth(400, "invalid_request")),
    listed("invalid-client", "401 invalid_client", || oauth(401, "invalid_client")),
    listed("invalid-client-400", "400 invalid_client", || oauth(400, "invalid_client")),
    listed("invalid-grant", "400 invalid_grant", || oauth(400, "invalid_grant")),
    listed("invalid-grant-401", "401 invalid_grant", || oauth(401, "invalid_grant")),
    listed("unauthorized-client", "400 unauthorized_client", || oauth(400, "unauthorized_client")),
    listed("unsupported-grant-type", "400 unsupported_grant_type", || oauth(400, "unsupported_grant_type")),
    listed("invalid-scope", "400 invalid_scope", || oauth(400, "invalid_scope")),
    listed("access-denied", "403 access_denied", || oauth(403, "access_denied")),
    listed("unknown-oauth-error", "400 with an error code of its own", || oauth(400, "quota_exceeded")),
    listed("oauth-server-error", "500 server_error", || oauth(500, "server_error")),
    listed("temporarily-unavailable", "503 temporarily_unavailable", || {
        oauth(503, "temporarily_unavailable")
    }),
    listed("nest-400", "the PIX gateway's 400", || {
        let body = r#"{"statusCode":400,"message":"clientSecret must be longer than or equal to 8 characters","error":"Bad Request"}"#;
        json(400, body)
    }),
    listed("nest-400-array", "the PIX gateway's 400, its message an array", || {
        json(
            400,
            r#"{"statusCode":400,"message":["clientId must be a string","clientSecret must be a string"],"error":"Bad Request"}"#,
        )
    }),
    listed("nest-401", "the PIX gateway's 401 at its token endpoint", || {
        json(401, r#"{"statusCode":401,"message":"Credenciais inválidas","error":"Unauthorized"}"#)
    }),
    listed("nest-403", "the PIX gateway's 403", || {
        json(403, r#"{"statusCode":403,"message":"Permissão insuficiente","error":"Forbidden"}"#)
    }),
    listed("api-401-missing", "the PIX gateway's 401: no token", || {
        json(401, r#"{"statusCode":401,"message":"Token não fornecido","error":"Unauthorized"}"#)
    }),
    listed("api-401-invalid", "the PIX gateway's 401: invalid token", || {
        json(401, r#"{"statusCode":401,"message":"Token inválido","error":"Unauthorized"}"#)
    }),
    listed("api-401-expired", "the PIX gateway's 401: expired token", || {
        json(401, r#"{"statusCode":401,"message":"Token expirado","error":"Unauthorized"}"#)
    }),
    listed("certificate-missing", "the PIX gateway's 400: no certificate", || {
        json(400, r#"{"statusCode":400,"message":"Certificado ausente no header X-SSL-Client-Cert"}"#)
    }),
    listed("certificate-invalid", "the PIX gateway's 401: credentials or certificate", || {
        json(401, r#"{"statusCode":401,"message":"Credenciais inválidas ou certificado inválido"}"#)
    }),
    listed("certificate-unlinked", "the PIX gateway's 403: certificate not linked", || {
        json(403, r#"{"statusCode":403,"message":"Certificado não vinculado à conta"}"#)
    }),
    listed("problem-400", "400 as problem+json", || {
        problem(
            400,
            r#"{"type":"https://pix.bcb.gov.br/api/v2/error/RequisicaoInvalida","title":"Requisição inválida","status":400,"violacoes":[{"razao":"curta demais","propriedade":"clientSecret"}]}"#,
        )
    }),
    listed("problem-401", "401 as problem+json, without a type", || {
        problem(401, r#"{"title":"Unauthorized","status":401,"detail":"token expirado"}"#)
    }),
    listed("problem-403", "403 as problem+json", || {
        problem(
            403,
            r#"{"type":"https://pix.bcb.gov.br/api/v2/error/AcessoNegado","title":"Acesso Negado","status":403,"correlationId":"c-1"}"#,
        )
    }),
    listed("problem-503", "503 as problem+json, its status of the wrong type", || {
        problem(
            503,
            r#"{"type":"https://pix.bcb.gov.br/api/v2/error/ServicoIndisponivel","title":"Serviço Indisponível","status":"503"}"#,
        )
    }),
    listed("challenge-invalid-token", "401 with Bearer error=\"invalid_token\"", || {
        challenge(
            401,
            "invalid_token",
            r#"Bearer realm="simulator", error="invalid_token", error_description="expired""#,
        )
    }),
    listed("challenge-invalid-token-403", "403 with Bearer error=\"invalid_token\"", || {
        challenge(403, "invalid_token", r#"Bearer error="invalid_token""#)
    }),
    listed("challenge-insufficient-scope", "403 with Bearer error=\"insufficient_scope\"", || {
        challenge(403, "insufficient_scope", r#"Bearer error="insufficient_scope", scope="admin""#)
    }),
    listed("challenge-several", "401 with three challenges in one field", || {
        let several =
            r#"Basic realm="a, b", Bearer realm="x\"y", error="invalid_token", Digest qop="auth, auth-int""#;
        challenge(401, "invalid_token", several)
    }),
    listed("inter-401-rate", "401 with nothing but rate limit fields", || {
        let effects = and_header(bare(401), "X-Rate-Limit-Remaining", "0");
        and_header(effects, "X-Rate-Limit-Time", "30000")
    }),
    listed("gateway-409", "409 in a gateway's JSON", || json(409, r#"{"message":"Conflict"}"#)),
    listed("gateway-423", "423 in a gateway's JSON", || json(423, r#"{"message":"Locked"}"#)),
    listed("gateway-403", "403 in a firewall's JSON", || json(403, r#"{"message":"Forbidden"}"#)),
    listed("gateway-404", "404 in a gateway's JSON", || json(404, r#"{"message":"no Route matched"}"#)),
    listed("method-not-allowed", "405 in plain text", || {
        vec![Effect::Instead(Instead::new(405, "text/plain", b"Method Not Allowed"))]
    }),
    listed("gone", "410 with a page", || page(410)),
    listed("certificate-page", "nginx's 400: no client certificate", || {
        let page = b"<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body>\r\n<center><h1>400 Bad \
                     Request</h1></center>\r\n<center>No required SSL certificate was sent</center>\r\n<hr><center>nginx</center>\r\n\
                     </body>\r\n</html>\r\n";
        vec![Effect::Instead(Instead::new(400, "text/html", page))]
    }),
    listed("forbidden-page", "nginx's own 403", || {
        let page = b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n\
                     <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
        vec![Effect::Instead(Instead::new(403, "text/html", page))]
    }),
    listed("invalid-grant-latin-1", "400 invalid_grant, its description in Latin-1", || {
        let body = b"{\"error\":\"invalid_grant\",\"error_description\":\"sess\xE3o expirada\"}";
        vec![Effect::Instead(Instead::new(400, "application/json", body))]
    }),
    listed("vendor-github", "GitHub's 200 for a dead refresh token", || {
        json(
            200,
            r#"{"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect or expired."}"#,
        )
    }),
    listed("vendor-strava", "Strava's 400 for a dead refresh token", || {
        json(
            400,
            r#"{"message":"Bad Request","errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}]}"#,
        )
    }),
    listed("vendor-twitch", "Twitch's 401 for a dead refresh token", || {
        json(401, r#"{"error":"Unauthorized","status":401,"message":"Invalid refresh token"}"#)
    }),
    listed("vendor-zoho", "Zoho's 200 for a dead refresh token", || json(200, r#"{"error":"invalid_code"}"#)),
    listed("app-not-registered", "200 with success: false", || {
        json(200, r#"{"success":false,"message":"Application name already exists"}"#)
    }),
    listed("app-without-secret", "200 with success: true and no client_secret", || {
        json(200, r#"{"success":true,"message":"ok","data":{"id":1,"client_id":"client_x"}}"#)
    }),
    listed("hive-101", "401 with code 101", || {
        json(401, r#"{"code":101,"message":"Invalid token","data":null}"#)
    }),
    listed("hive-101-in-200", "200 with code 101", || {
        json(200, r#"{"code":101,"message":"Invalid token","data":null}"#)
    }),
    listed("hive-100", "400 with code 100", || {
        json(400, r#"{"code":100,"message":"Bad request","data":null}"#)
    }),
    listed("hive-102", "403 with code 102", || {
        json(403, r#"{"code":102,"message":"Forbidden","data":null}"#)
    }),
    listed("hive-105", "500 with code 105", || {
        json(500, r#"{"code":105,"message":"Internal server error","data":null}"#)
    }),
    listed("hive-108", "503 with code 108", || {
        json(503, r#"{"code":108,"message":"Server is busy","data":null}"#)
    }),
    listed("echo-secrets", "400 whose message repeats the request", || {
        vec![Effect::Echo { status: 400, html: false }]
    }),
    listed("echo-secrets-html", "502 with a page that repeats the request", || {
        vec![Effect::Echo { status: 502, html: true }]
    }),
    listed("echo-secrets-200", "200 without a token that repeats the request", || {
        vec![Effect::Echo { status: 200, html: false }]
    }),
    listed("oversized-page", "200 with a page of more than 1 MiB", || {
        vec![Effect::Instead(Instead::new(200, "text/html", vec![b'<'; 1024 * 1024 + 1]))]
    }),
    listed("redirect-307-elsewhere", "307 to another origin", || {
        Effect::redirect(307, "https://attacker.example/")
    }),
    listed("redirect-308-elsewhere", "308 to another origin", || {
        Effect::redirect(308, "https://attacker.example/")
    }),
    listed("redirect-302-elsewhere", "302 to another origin", || {
        Effect::redirect(302, "https://attacker.example/")
    }),
    listed("redirect-301-elsewhere", "301 to another origin", || {
        Effect::redirect(301, "https://attacker.example/")
    }),
];
