//! The authorization endpoint: the browser's side of a sign-in.
//!
//! With `auto_authorize=true` in the query, or `auto_approve` in the settings, the browser is redirected back immediately. Otherwise it gets a page with two links,
//! which lead here again with the decision in the query.

use core::time::Duration;

use crate::app::fields::{Fields, scopes};
use crate::app::html::escaped;
use crate::app::metadata;
use crate::config::OauthClient;
use crate::form;
use crate::grants::{AuthorizationCode, CodeChallenge};
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

/// The redirect back to the client, without the outcome.
struct Return {
    redirect_uri: String,
    state: String,
    issuer: Option<String>,
}

impl Return {
    fn with(&self, name: &str, value: &str, decision: impl Into<String>) -> Reply {
        let url = form::with_parameter(&self.redirect_uri, name, value);
        let url = form::with_parameter(&url, "state", &self.state);
        let url = match &self.issuer {
            Some(issuer) => form::with_parameter(&url, "iss", issuer),
            None => url,
        };
        Reply::redirect(&url, decision)
    }

    fn error(&self, code: &str, decision: &str) -> Reply {
        self.with("error", code, decision)
    }
}

/// The checks before any redirect
/// ([RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
fn addressed(
    providers: &Providers,
    request: &Request,
    fields: &Fields,
) -> Result<(OauthClient, Return), Reply> {
    let refused = |what: &str| {
        let page = format!("<!doctype html><title>Error</title><h1>Bad Request</h1><p>{what}</p>");
        Reply::html(400, &page, format!("refused: {what}"))
    };
    let client = fields
        .value("client_id")
        .and_then(|id| providers.config.app.clients.iter().find(|have| have.id == id));
    let Some(client) = client else { return Err(refused("unknown client_id")) };
    let redirect_uri = fields.value("redirect_uri").unwrap_or_default();
    if !client.redirect_uris.iter().any(|have| have == redirect_uri) {
        return Err(refused("redirect_uri is not the registered one"));
    }
    let Some(state) = fields.value("state") else { return Err(refused("state is missing")) };
    let issuer = providers.config.app.issuer_in_callback.then(|| metadata::issuer(providers, request));
    Ok((client.clone(), Return { redirect_uri: redirect_uri.into(), state: state.into(), issuer }))
}

pub(super) fn answer(providers: &mut Providers, request: &Request, now: Duration) -> Reply {
    let fields = match Fields::read(request.parameters()) {
        Ok(fields) => fields,
        Err(name) => {
            return Reply::html(
                400,
                "<!doctype html><title>Error</title>",
                format!("refused: {name} is repeated"),
            );
        }
    };
    let (client, back) = match addressed(providers, request, &fields) {
        Ok(addressed) => addressed,
        Err(refusal) => return refusal,
    };
    if fields.value("response_type") != Some("code") {
        return back.error("unsupported_response_type", "refused: response_type is not code");
    }
    let app = &providers.config.app;
    let (known, asked) = (scopes(&app.scopes), scopes(fields.value("scope").unwrap_or(&app.scopes)));
    if asked.iter().any(|scope| !known.contains(scope)) {
        return back.error("invalid_scope", "refused: unknown scope");
    }
    let is_s256 = match fields.value("code_challenge_method") {
        None | Some("plain") => false,
        Some("S256") => true,
        Some(_) => return back.error("invalid_request", "refused: unknown code_challenge_method"),
    };
    let challenge =
        fields.value("code_challenge").map(|value| CodeChallenge { value: value.into(), is_s256 });
    if challenge.is_none() && client.secret.is_none() {
        return back.error("invalid_request", "refused: a public client without code_challenge");
    }
    let decision = match (fields.value("auto_authorize"), fields.value("decision")) {
        (Some("true"), _) => Some("allow"),
        (_, None) if app.auto_approve => Some("allow"),
        (_, decision) => decision,
    };
    match decision {
        Some("allow") => {
            let agreed = app.consents_to.as_deref().map(scopes);
            let scope =
                asked.into_iter().filter(|scope| agreed.as_ref().is_none_or(|agreed| agreed.contains(scope)));
            let code = AuthorizationCode {
                client: client.id,
                redirect_uri: back.redirect_uri.clone(),
                scope: scope.collect(),
                expires: now.saturating_add(app.code_lifetime),
                challenge,
                family: None,
            };
            let name = providers.mint.token();
            let reply = back.with("code", &name, "code issued");
            providers.codes.insert(name, code);
            reply
        }
        Some("deny") => back.error("access_denied", "the user refused"),
        _ => consent_page(&client.id, &asked.join(" "), &request.query),
    }
}

fn consent_page(client: &str, scope: &str, query: &str) -> Reply {
    let here = escaped(&format!("/api/oauth2/authorize?{query}"));
    let page = format!(
        "<!doctype html><html><head><title>Authorize</title></head><body><h1>{} asks for: {}</h1>\
         <p><a id=\"allow\" href=\"{here}&amp;decision=allow\">Allow</a></p>\
         <p><a id=\"deny\" href=\"{here}&amp;decision=deny\">Deny</a></p></body></html>",
        escaped(client),
        escaped(scope),
    );
    Reply::html(200, &page, "consent page shown")
        .header("Cache-Control", "no-store")
        .header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        .header("Referrer-Policy", "no-referrer")
}
