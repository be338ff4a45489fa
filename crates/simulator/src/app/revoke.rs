//! Revocation ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)): who has a token may end it.

use super::client::authenticate;
use super::{error, form_of};
use crate::reply::Reply;
use crate::request::Request;
use crate::world::World;

pub(super) fn answer(world: &mut World, request: &Request) -> Reply {
    let decided = form_of(request).and_then(|fields| {
        let client = authenticate(world, request, &fields)?;
        let Some(token) = fields.value("token") else {
            return Err(error(400, "invalid_request", "token is required", "token missing"));
        };
        let family = world.ledger.family_of(token);
        if family.is_some_and(|family| world.ledger.family(family).client != client.id) {
            return Err(error(400, "unauthorized_client", "Not your token", "token of another client"));
        }
        // An unknown token is as good as revoked: https://www.rfc-editor.org/rfc/rfc7009#section-2.2
        Ok(match family {
            Some(family) if world.ledger.is_refresh(token) => {
                world.counters.families_revoked += u64::from(world.ledger.revoke_family(family));
                "refresh token revoked with its family"
            }
            _ if world.ledger.revoke(token) => "access token revoked",
            _ => "unknown token",
        })
    });
    match decided {
        Ok(decision) => Reply::empty(200, decision).header("Cache-Control", "no-store"),
        Err(refusal) => refusal,
    }
}
