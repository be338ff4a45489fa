//! Client authentication ([RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::app::fields::Fields;
use crate::config::OauthClient;
use crate::form;
use crate::oauth_error::error;
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

/// The client of a request: by Basic, by the form, or only by its id if it is a public client.
pub(super) fn authenticate(
    providers: &Providers,
    request: &Request,
    fields: &Fields,
) -> Result<OauthClient, Reply> {
    let basic = request.authorization("Basic");
    let invalid = |description, decision| Err(error(400, "invalid_request", description, decision));
    if basic.is_some() && fields.value("client_secret").is_some() {
        return invalid("More than one client authentication method", "two client authentications at once");
    }
    let (id, secret) = match basic.map(read_basic) {
        Some(Some((id, secret))) => (id, Some(secret)),
        Some(None) => return Err(unknown(true, "unreadable Basic credentials")),
        None => match fields.value("client_id") {
            Some(id) => (id.to_owned(), fields.value("client_secret").map(ToOwned::to_owned)),
            None => return Err(unknown(false, "no client authentication")),
        },
    };
    if fields.value("client_id").is_some_and(|named| named != id) {
        return invalid("client_id differs from the authenticated client", "two clients at once");
    }
    let client = providers.config.app.clients.iter().find(|client| client.id == id);
    match client {
        None => Err(unknown(basic.is_some(), "unknown client")),
        Some(client) if client.secret != secret => Err(unknown(basic.is_some(), "wrong client secret")),
        Some(client) => Ok(client.clone()),
    }
}

/// Both halves are form-encoded before they are joined
/// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
fn read_basic(credentials: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form::decode(id, true), form::decode(secret, true)))
}

fn unknown(by_basic: bool, decision: &str) -> Reply {
    let reply = error(401, "invalid_client", "Client authentication failed", decision);
    if by_basic {
        reply.header("WWW-Authenticate", r#"Basic realm="simulator", charset="UTF-8""#)
    } else {
        reply
    }
}
