//! The claims of an ID token whose signature is valid
//! ([OpenID Connect Core §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation)).

use core::time::Duration;

use wellspring_core::UnixTime;
use wellspring_wire::{Json, Object};

use super::error::{IdTokenError, IdTokenErrorKind as Kind};
use crate::id_claims::{IdClaims, IdTokenChecks, seconds};

/// How far the server's clock may be from ours.
const LEEWAY: Duration = Duration::from_secs(60);
/// OpenID Connect Core section 2.
const LONGEST_SUBJECT: usize = 255;

pub(super) fn check(
    payload: &[u8],
    issuer: &str,
    client_id: &str,
    checks: &IdTokenChecks,
    now: UnixTime,
) -> Result<IdClaims, IdTokenError> {
    let malformed = |reason| IdTokenError::new(Kind::Malformed, reason);
    let object = Object::parse(payload).map_err(|_| malformed("its payload is not a JSON object"))?;
    let claims = Claims(&object);
    if claims.text("iss")? != Some(issuer) {
        return Err(IdTokenError::new(Kind::Issuer, "another server issued it"));
    }
    claims.check_audience(client_id)?;
    claims.check_times(now)?;
    if claims.text("nonce")? != checks.nonce.as_deref() {
        return Err(IdTokenError::new(Kind::Nonce, "its nonce is not that of this sign-in"));
    }
    if let Some(max_age) = checks.max_age {
        claims.check_age(max_age, now)?;
    }
    if let Some(wanted) = &checks.acr_values {
        let class = claims.text("acr")?;
        if !class.is_some_and(|class| wanted.split(' ').any(|wanted| wanted == class)) {
            return Err(IdTokenError::new(
                Kind::Acr,
                "the user did not authenticate as the sign-in asked for",
            ));
        }
    }
    match claims.text("sub")? {
        Some(subject) if !subject.is_empty() && subject.len() <= LONGEST_SUBJECT => {}
        _ => return Err(malformed("it names no user")),
    }
    IdClaims::of(object).ok_or_else(|| malformed("it names no user"))
}

/// The claims, each of which may occur once.
struct Claims<'a>(&'a Object);

impl<'a> Claims<'a> {
    fn only(&self, name: &str) -> Result<Option<&'a Json>, IdTokenError> {
        self.0.only(name).map_err(|_| IdTokenError::new(Kind::Malformed, "a claim occurs twice"))
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, IdTokenError> {
        match self.only(name)? {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(IdTokenError::new(Kind::Malformed, "a claim is not a string")),
        }
    }

    fn time(&self, name: &str) -> Result<Option<UnixTime>, IdTokenError> {
        match self.only(name)? {
            None | Some(Json::Null) => Ok(None),
            Some(value) => match seconds(value) {
                Some(time) => Ok(Some(UnixTime::from_secs(time))),
                None => Err(IdTokenError::new(Kind::Malformed, "a time is not a number of seconds")),
            },
        }
    }

    fn check_audience(&self, client_id: &str) -> Result<(), IdTokenError> {
        let (named, others) = match self.only("aud")? {
            Some(Json::Text(audience)) => (audience.as_str() == client_id, false),
            Some(Json::Array(all)) => {
                (all.iter().any(|audience| audience.as_text() == Some(client_id)), all.len() > 1)
            }
            _ => (false, false),
        };
        let party = self.text("azp")?;
        // Beside other audiences, only `azp` says to whom the token was issued.
        let issued_to_us =
            if others { party == Some(client_id) } else { party.is_none_or(|party| party == client_id) };
        if named && issued_to_us {
            Ok(())
        } else {
            Err(IdTokenError::new(Kind::Audience, "it was issued to another client"))
        }
    }

    fn check_times(&self, now: UnixTime) -> Result<(), IdTokenError> {
        let malformed = |reason| IdTokenError::new(Kind::Malformed, reason);
        let expires = self.time("exp")?.ok_or_else(|| malformed("it does not say when it expires"))?;
        let issued = self.time("iat")?.ok_or_else(|| malformed("it does not say when it was issued"))?;
        if now >= expires.plus(LEEWAY) {
            return Err(IdTokenError::new(Kind::Expired, "it has expired: is this machine's clock right?"));
        }
        let start = self.time("nbf")?.map_or(issued, |start| start.max(issued));
        if start > now.plus(LEEWAY) {
            return Err(IdTokenError::new(
                Kind::NotYetValid,
                "it is not valid yet: is this machine's clock right?",
            ));
        }
        Ok(())
    }

    fn check_age(&self, max_age: Duration, now: UnixTime) -> Result<(), IdTokenError> {
        let Some(authenticated) = self.time("auth_time")? else {
            return Err(IdTokenError::new(Kind::AuthTime, "it does not say when the user authenticated"));
        };
        if now > authenticated.plus(max_age).plus(LEEWAY) || authenticated > now.plus(LEEWAY) {
            return Err(IdTokenError::new(
                Kind::AuthTime,
                "the user authenticated longer ago than the sign-in allows",
            ));
        }
        Ok(())
    }
}
