//! Revocation ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)): a client may end its own tokens.

use crate::app::client::authenticate;
use crate::app::fields::Fields;
use crate::oauth_error::error;
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

pub(super) fn answer(providers: &mut Providers, request: &Request) -> Reply {
    let decided = Fields::of_form(request).and_then(|fields| {
        let client = authenticate(providers, request, &fields)?;
        let Some(token) = fields.value("token") else {
            return Err(error(400, "invalid_request", "token is required", "token missing"));
        };
        let family = providers.ledger.family_of(token);
        if family.is_some_and(|family| providers.ledger.family(family).client != client.id) {
            return Err(error(400, "unauthorized_client", "Not your token", "token of another client"));
        }
        // An unknown token counts as revoked: https://www.rfc-editor.org/rfc/rfc7009#section-2.2
        Ok(match family {
            Some(family) if providers.ledger.is_refresh(token) => {
                providers.counters.families_revoked += u64::from(providers.ledger.revoke_family(family));
                "refresh token revoked with its family"
            }
            _ if providers.ledger.revoke(token) => "access token revoked",
            _ => "unknown token",
        })
    });
    match decided {
        Ok(decision) => Reply::empty(200, decision).header("Cache-Control", "no-store"),
        Err(refusal) => refusal,
    }
}
