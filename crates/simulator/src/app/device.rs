//! Signing in on another device ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)): the endpoint that issues device
//! codes, and the page where the user enters the user code.
//!
//! The state of a device code is also checked here for the token endpoint, which issues the tokens.

use core::time::Duration;

use crate::app::client::authenticate;
use crate::app::fields::{Fields, scopes};
use crate::app::html::escaped;
use crate::app::metadata;
use crate::config::OauthClient;
use crate::document::Document;
use crate::grants::{DeviceCode, DeviceCodeState};
use crate::ledger::FamilyId;
use crate::mint::Mint;
use crate::oauth_error::error;
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

/// [RFC 8628 §3.1](https://www.rfc-editor.org/rfc/rfc8628#section-3.1)
pub(super) fn authorization(providers: &mut Providers, request: &Request, now: Duration) -> Reply {
    let asked = Fields::of_form(request).and_then(|fields| {
        let client = authenticate(providers, request, &fields)?;
        let known = scopes(&providers.config.app.scopes);
        let scope = fields.value("scope").map_or_else(|| known.clone(), scopes);
        if scope.iter().any(|scope| !known.contains(scope)) {
            return Err(error(400, "invalid_scope", "Unknown scope", "refused: unknown scope"));
        }
        Ok((client, scope))
    });
    let (client, scope) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let (lifetime, interval) = (providers.config.app.device_lifetime, providers.config.app.device_interval);
    let (code, user_code) = (providers.mint.token(), user_code(&mut providers.mint));
    let page = format!("{}/api/oauth2/device", metadata::origin(providers, request));
    let body = Document::new()
        .string("device_code", &code)
        .string("user_code", &user_code)
        .string("verification_uri", &page)
        .string("verification_uri_complete", &format!("{page}?user_code={user_code}"))
        .number("expires_in", lifetime.as_secs())
        .number("interval", interval.as_secs());
    let device = DeviceCode {
        client: client.id,
        user_code,
        scope,
        expires: now.saturating_add(lifetime),
        interval,
        polled: None,
        state: if providers.config.app.auto_approve {
            DeviceCodeState::Allowed
        } else {
            DeviceCodeState::Pending
        },
    };
    providers.devices.insert(code, device);
    Reply::tokens(200, body, "device code issued")
}

/// Eight consonants, as [RFC 8628 §6.1](https://www.rfc-editor.org/rfc/rfc8628#section-6.1) recommends.
fn user_code(mint: &mut Mint) -> String {
    const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letters: String =
        mint.bytes().iter().take(8).map(|byte| char::from(LETTERS[usize::from(*byte) % 20])).collect();
    format!("{}-{}", &letters[..4], &letters[4..])
}

/// The page for the user: asks for a user code, then for a decision.
pub(super) fn page(providers: &mut Providers, request: &Request, now: Duration) -> Reply {
    if request.method != "POST" {
        return match Fields::read(request.parameters()) {
            Ok(fields) => {
                page_of(200, &form(fields.value("user_code").unwrap_or_default()), "code asked for")
            }
            Err(name) => message(400, "This link is invalid.", format!("refused: {name} is repeated")),
        };
    }
    let Ok(fields) = Fields::of_form(request) else {
        return message(400, "This form is invalid.", "no form");
    };
    let entered = letters(fields.value("user_code").unwrap_or_default());
    let pending = |device: &&mut DeviceCode| now < device.expires && letters(&device.user_code) == entered;
    let Some(device) = providers.devices.values_mut().find(pending) else {
        return message(404, "No device is waiting for this code. It may have expired.", "unknown user code");
    };
    match (&device.state, fields.value("decision")) {
        (DeviceCodeState::Pending, Some("allow")) => {
            device.state = DeviceCodeState::Allowed;
            message(200, "You are signed in. Go back to your device.", "the user agreed")
        }
        (DeviceCodeState::Pending, Some("deny")) => {
            device.state = DeviceCodeState::Denied;
            message(200, "The device was not signed in.", "the user refused")
        }
        (DeviceCodeState::Pending, _) => page_of(200, &form(&device.user_code), "decision asked for"),
        _ => message(409, "This code was used before.", "user code used before"),
    }
}

/// The letters of a code, in upper case: users may type lower case, spaces, or another dash.
fn letters(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

fn form(user_code: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/api/oauth2/device\"><label>Code on your device: \
         <input name=\"user_code\" autocomplete=\"off\" required value=\"{}\"></label>\
         <button id=\"allow\" name=\"decision\" value=\"allow\">Allow</button>\
         <button id=\"deny\" name=\"decision\" value=\"deny\">Deny</button></form>",
        escaped(user_code)
    )
}

fn message(status: u16, text: &str, decision: impl Into<String>) -> Reply {
    page_of(status, &format!("<p>{text}</p>"), decision)
}

fn page_of(status: u16, content: &str, decision: impl Into<String>) -> Reply {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><title>Sign in a device</title></head><body>\
         <h1>Sign in a device</h1>{content}</body></html>"
    );
    Reply::html(status, &page, decision)
        .header("Cache-Control", "no-store")
        .header("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
        .header("Referrer-Policy", "no-referrer")
}

/// Checks a device code for the token endpoint: opens the family and returns it with the granted scope, or refuses
/// ([RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)).
pub(super) fn poll(
    providers: &mut Providers,
    fields: &Fields,
    client: &OauthClient,
    now: Duration,
) -> Result<(FamilyId, Vec<String>), Reply> {
    let Some(name) = fields.value("device_code") else {
        return Err(error(400, "invalid_request", "device_code is required", "device_code missing"));
    };
    let invalid = |decision: &str| {
        error(400, "invalid_grant", "The device code is invalid, used, or another client's", decision)
    };
    let device = providers.devices.get_mut(name).ok_or_else(|| invalid("unknown device code"))?;
    if device.client != client.id {
        return Err(invalid("device code of another client"));
    }
    let since = device.polled.replace(now).map(|last| now.saturating_sub(last));
    match &device.state {
        DeviceCodeState::Exchanged(family) => {
            let family = *family;
            providers.revoke_family(family);
            return Err(invalid("device code used before: family revoked"));
        }
        _ if now >= device.expires => {
            return Err(error(400, "expired_token", "The device code has expired", "expired device code"));
        }
        DeviceCodeState::Denied => {
            return Err(error(400, "access_denied", "The user refused", "the user has refused"));
        }
        DeviceCodeState::Pending if since.is_some_and(|since| since < device.interval) => {
            device.interval = device.interval.saturating_add(Duration::from_secs(5));
            return Err(error(400, "slow_down", "Polled too soon", "polled too soon"));
        }
        DeviceCodeState::Pending => {
            return Err(error(
                400,
                "authorization_pending",
                "The user has not decided yet",
                "the user has not decided",
            ));
        }
        DeviceCodeState::Allowed => {}
    }
    let scope = device.scope.clone();
    let family = providers.ledger.open_family(&client.id, scope.clone());
    if let Some(device) = providers.devices.get_mut(name) {
        device.state = DeviceCodeState::Exchanged(family);
    }
    Ok((family, scope))
}
