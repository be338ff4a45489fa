//! Signing in on another device ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)): codes for a device, and the page
//! where a person enters theirs.
//!
//! What the token endpoint says of a device code is decided here too; what a granted one brings is issued there.

use core::time::Duration;

use super::authorize::escaped;
use super::client::authenticate;
use super::{Fields, error, form_of, metadata, words};
use crate::config::OauthClient;
use crate::document::Document;
use crate::ledger::FamilyId;
use crate::mint::Mint;
use crate::reply::Reply;
use crate::request::Request;
use crate::world::World;

/// A device code, from its issue until long after its use.
pub(crate) struct Device {
    client: String,
    user_code: String,
    scope: Vec<String>,
    expires: Duration,
    /// How much time there has to be between two polls.
    interval: Duration,
    polled: Option<Duration>,
    standing: Standing,
}

enum Standing {
    /// Nobody has decided yet.
    Pending,
    Denied,
    Allowed,
    /// What it was exchanged for.
    Exchanged(FamilyId),
}

/// [RFC 8628 §3.1](https://www.rfc-editor.org/rfc/rfc8628#section-3.1)
pub(super) fn authorization(world: &mut World, request: &Request, now: Duration) -> Reply {
    let asked = form_of(request).and_then(|fields| {
        let client = authenticate(world, request, &fields)?;
        let known = words(&world.config.app.scopes);
        let scope = fields.value("scope").map_or_else(|| known.clone(), words);
        if scope.iter().any(|scope| !known.contains(scope)) {
            return Err(error(400, "invalid_scope", "Unknown scope", "refused: unknown scope"));
        }
        Ok((client, scope))
    });
    let (client, scope) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let (lifetime, interval) = (world.config.app.device_lifetime, world.config.app.device_interval);
    let (code, user_code) = (world.mint.token(), user_code(&mut world.mint));
    let page = format!("{}/api/oauth2/device", metadata::origin(world, request));
    let body = Document::new()
        .string("device_code", &code)
        .string("user_code", &user_code)
        .string("verification_uri", &page)
        .string("verification_uri_complete", &format!("{page}?user_code={user_code}"))
        .number("expires_in", lifetime.as_secs())
        .number("interval", interval.as_secs());
    let device = Device {
        client: client.id,
        user_code,
        scope,
        expires: now.saturating_add(lifetime),
        interval,
        polled: None,
        standing: Standing::Pending,
    };
    world.devices.insert(code, device);
    Reply::tokens(200, body, "device code issued")
}

/// Eight consonants, as [RFC 8628 §6.1](https://www.rfc-editor.org/rfc/rfc8628#section-6.1) recommends.
fn user_code(mint: &mut Mint) -> String {
    const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letters: String =
        mint.bytes().iter().take(8).map(|byte| char::from(LETTERS[usize::from(*byte) % 20])).collect();
    format!("{}-{}", &letters[..4], &letters[4..])
}

/// The page that people are sent to: asks for a code, or says what became of it.
pub(super) fn page(world: &mut World, request: &Request, now: Duration) -> Reply {
    if request.method != "POST" {
        return match Fields::read(request.parameters()) {
            Ok(fields) => shown(200, &form(fields.value("user_code").unwrap_or_default()), "code asked for"),
            Err(name) => said(400, "This link is not good.", format!("refused: {name} is repeated")),
        };
    }
    let Ok(fields) = form_of(request) else { return said(400, "This form is not good.", "no form") };
    let entered = letters(fields.value("user_code").unwrap_or_default());
    let pending = |device: &&mut Device| now < device.expires && letters(&device.user_code) == entered;
    let Some(device) = world.devices.values_mut().find(pending) else {
        return said(404, "Nobody waits for this code. Has it expired?", "unknown user code");
    };
    match (&device.standing, fields.value("decision")) {
        (Standing::Pending, Some("allow")) => {
            device.standing = Standing::Allowed;
            said(200, "You are signed in. Go back to your device.", "the user agreed")
        }
        (Standing::Pending, Some("deny")) => {
            device.standing = Standing::Denied;
            said(200, "The device was turned away.", "the user refused")
        }
        (Standing::Pending, _) => shown(200, &form(&device.user_code), "decision asked for"),
        _ => said(409, "This code was used before.", "user code used before"),
    }
}

/// Whatever else a person types: small letters, blanks, another dash.
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

fn said(status: u16, what: &str, decision: impl Into<String>) -> Reply {
    shown(status, &format!("<p>{what}</p>"), decision)
}

fn shown(status: u16, content: &str, decision: impl Into<String>) -> Reply {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><title>Sign in a device</title></head><body>\
         <h1>Sign in a device</h1>{content}</body></html>"
    );
    Reply::html(status, &page, decision)
        .header("Cache-Control", "no-store")
        .header("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
        .header("Referrer-Policy", "no-referrer")
}

/// What a poll is told, or the scope that is granted with it
/// ([RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)).
pub(super) fn poll(
    world: &mut World,
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
    let device = world.devices.get_mut(name).ok_or_else(|| invalid("unknown device code"))?;
    if device.client != client.id {
        return Err(invalid("device code of another client"));
    }
    let since = device.polled.replace(now).map(|last| now.saturating_sub(last));
    match &device.standing {
        Standing::Exchanged(family) => {
            let family = *family;
            world.revoke_family(family);
            return Err(invalid("device code used before: family revoked"));
        }
        _ if now >= device.expires => {
            return Err(error(400, "expired_token", "The device code has expired", "expired device code"));
        }
        Standing::Denied => {
            return Err(error(400, "access_denied", "The user refused", "the user has refused"));
        }
        Standing::Pending if since.is_some_and(|since| since < device.interval) => {
            device.interval = device.interval.saturating_add(Duration::from_secs(5));
            return Err(error(400, "slow_down", "Polled too soon", "polled too soon"));
        }
        Standing::Pending => {
            return Err(error(400, "authorization_pending", "Nobody has decided yet", "nobody has decided"));
        }
        Standing::Allowed => {}
    }
    let scope = device.scope.clone();
    let family = world.ledger.open_family(&client.id, scope.clone());
    if let Some(device) = world.devices.get_mut(name) {
        device.standing = Standing::Exchanged(family);
    }
    Ok((family, scope))
}
