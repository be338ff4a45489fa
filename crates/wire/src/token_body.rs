//! The members of a token response ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use wellspring_core::{
    AccessToken, AuthorizationGrant, Deviation, Members, RefreshToken, ResponseHead, Scope, TokenResponse,
    UnixTime,
};

use crate::challenge::is_token68;
use crate::expiry::lifetime_until;
use crate::http_date::date_of;
use crate::json::{Json, Object};
use crate::jwt::JwtTimes;
use crate::lifetime::LifetimeRules;
use crate::member_name::{alternatives, below, last_member, member, without};
use crate::token_format::TokenFormat;

const REFRESH_TOKEN: Cow<'static, str> = Cow::Borrowed("refresh_token");

/// Why an object is not a token response, as a sentence for a person.
pub(crate) type TokenFault = Cow<'static, str>;

impl TokenFormat {
    /// Reads the token in this object. `head` is the head of the response.
    pub(crate) fn read_members(
        &self,
        grant: &AuthorizationGrant,
        object: &Object,
        head: &ResponseHead,
        now: UnixTime,
    ) -> Result<TokenResponse, TokenFault> {
        let names = &self.names;
        let mut deviations = Vec::new();
        let access_token = self.access_token(only(object, &names.access_token)?)?;
        if let Some(name) = &names.token_type {
            self.check_token_type(only(object, name)?, &mut deviations)?;
        }
        let lifetime = self.lifetime.read(only(object, &names.lifetime)?, &mut deviations);
        let until = match &names.expires_at {
            Some(name) => {
                let date = date_of(head, now).unwrap_or(now);
                lifetime_until(only(object, name)?, date, &mut deviations)
            }
            None => None,
        };
        let scope = self.scope(only(object, &names.scope)?, &mut deviations)?;
        let (refresh_token, refresh_lifetime) = match &names.refresh_token {
            None => (None, None),
            Some(name) => (refresh_token(only(object, name)?)?, self.refresh_lifetime(object)?),
        };
        let fault = deviations.iter().find(|deviation| violates_standard(**deviation));
        if let Some(deviation) = fault.filter(|_| self.strict) {
            return Err(strict_fault(*deviation).into());
        }
        if self.requires_scope(grant) {
            self.check_scope(scope.as_ref())?;
        }
        let mut response = TokenResponse::new(AccessToken::new(access_token));
        let hint = if self.jwt_hint { jwt_lifetime(access_token, head, now) } else { None };
        response.lifetime = lifetime.into_iter().chain(until).chain(hint).min().or(self.default_lifetime);
        response.refresh_lifetime = refresh_token.as_ref().and(refresh_lifetime);
        response.refresh_token = refresh_token;
        response.scope = scope;
        response.members = self.members(object, &mut deviations);
        response.deviations = deviations;
        Ok(response)
    }

    /// The access token, which must be a string of visible ASCII. A header field cannot carry other characters, or they
    /// would end the field.
    fn access_token<'a>(&self, value: Option<&'a Json>) -> Result<&'a str, TokenFault> {
        match value {
            None | Some(Json::Null) => Err("the response has no access token".into()),
            Some(Json::Text(token)) if token.is_empty() => Err("the access token is empty".into()),
            Some(Json::Text(token)) if !is_visible(token) => {
                Err("the access token has a character that is not visible ASCII".into())
            }
            Some(Json::Text(token)) if self.strict && !is_token68_text(token) => {
                Err("the access token has a character that a bearer token may not have".into())
            }
            Some(Json::Text(token)) => Ok(token),
            Some(_) => Err("the access token is not a string".into()),
        }
    }

    /// Checks that the type is `Bearer` in any case, or a type that this format names. A client must not use a token of an
    /// unknown type ([RFC 6749 §7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)).
    fn check_token_type(
        &self,
        value: Option<&Json>,
        deviations: &mut Vec<Deviation>,
    ) -> Result<(), TokenFault> {
        let known = |kind: &str| {
            let more = self.token_types.iter().map(String::as_str);
            core::iter::once("bearer").chain(more).any(|known| known.eq_ignore_ascii_case(kind))
        };
        match value {
            Some(Json::Text(kind)) if known(kind) => Ok(()),
            None | Some(Json::Null) => {
                deviations.push(Deviation::TokenTypeMissing);
                Ok(())
            }
            Some(_) if self.token_types.is_empty() => Err("the token type is not Bearer".into()),
            Some(_) => {
                let types = self.token_types.join(", ");
                Err(alloc::format!("the token type is neither Bearer nor one of the endpoint's own: {types}")
                    .into())
            }
        }
    }

    fn scope(
        &self,
        value: Option<&Json>,
        deviations: &mut Vec<Deviation>,
    ) -> Result<Option<Scope>, TokenFault> {
        let parse = |text: &str| {
            if self.comma_separated { Scope::parse(&text.replace(',', " ")) } else { Scope::parse(text) }
        };
        match value {
            Some(Json::Text(text)) => Ok(Some(parse(text))),
            Some(Json::Array(elements)) => {
                deviations.push(Deviation::ScopeIsArray);
                let texts: Option<Vec<_>> = elements.iter().map(Json::as_text).collect();
                let texts = texts.ok_or("the scope is an array with an element that is not a string")?;
                Ok(Some(parse(&texts.join(" "))))
            }
            None | Some(Json::Null) => Ok(None),
            Some(_) => Err("the scope is not a string".into()),
        }
    }

    /// Whether this object grants less scope than a session needs to begin.
    pub(crate) fn lacks_scope(&self, grant: &AuthorizationGrant, object: &Object) -> bool {
        let scope = self.scope(last_member(object, &self.names.scope), &mut Vec::new());
        self.requires_scope(grant) && scope.is_ok_and(|scope| self.check_scope(scope.as_ref()).is_err())
    }

    const fn requires_scope(&self, grant: &AuthorizationGrant) -> bool {
        self.require_scopes && !matches!(grant, AuthorizationGrant::RefreshToken(_))
    }

    fn check_scope(&self, granted: Option<&Scope>) -> Result<(), TokenFault> {
        let (Some(requested), Some(granted)) = (&self.requested_scope, granted) else { return Ok(()) };
        let missing = granted.missing(requested);
        if missing.is_empty() {
            return Ok(());
        }
        Err(alloc::format!("the endpoint did not grant the scope {missing}").into())
    }

    pub(crate) fn refresh_lifetime(&self, object: &Object) -> Result<Option<Duration>, TokenFault> {
        let Some(name) = &self.names.refresh_lifetime else { return Ok(self.default_refresh_lifetime) };
        let read = LifetimeRules::default().read(only(object, name)?, &mut Vec::new());
        // Some servers send zero for a refresh token without a lifetime of its own.
        Ok(read.or(self.default_refresh_lifetime).filter(|lifetime| !lifetime.is_zero()))
    }

    /// The members that this format does not know, without those that are `null`. Of a repeated member the last one counts.
    fn members(&self, object: &Object, deviations: &mut Vec<Deviation>) -> Members {
        let names = &self.names;
        let known = [
            Some(&names.access_token),
            names.token_type.as_ref(),
            Some(&names.lifetime),
            // A refresh token that the client ignores is no member for the user.
            Some(names.refresh_token.as_ref().unwrap_or(&REFRESH_TOKEN)),
            names.refresh_lifetime.as_ref(),
            Some(&names.scope),
            names.expires_at.as_ref(),
            names.error.as_ref(),
            names.error_description.as_ref(),
        ];
        let known: Vec<_> = known.into_iter().flatten().flat_map(|name| alternatives(name)).collect();
        let mut members = Members::default();
        for (name, value) in object.members() {
            let inner = below(name, &known);
            let kept = match value {
                Json::Null => true,
                _ if known.contains(&name) => true,
                Json::Text(text) => members.insert_text(name, text.as_str()),
                // Secrets of the response stand in such an object.
                _ if !inner.is_empty() => match without(value, &inner) {
                    Some(rest) => members.insert_json(name, rest.to_json()),
                    None => true,
                },
                _ => members.insert_json(name, value.to_json()),
            };
            if !kept && !deviations.contains(&Deviation::MembersLeftOut) {
                deviations.push(Deviation::MembersLeftOut);
            }
        }
        members
    }
}

fn only<'a>(object: &'a Object, name: &str) -> Result<Option<&'a Json>, TokenFault> {
    member(object, name).map_err(|fault| fault.to_string().into())
}

/// The refresh token, if the response has one. It must be a string of visible ASCII, so that it can be sent.
fn refresh_token(value: Option<&Json>) -> Result<Option<RefreshToken>, TokenFault> {
    match value {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(token)) if token.is_empty() => Ok(None),
        Some(Json::Text(token)) if is_visible(token) => Ok(Some(RefreshToken::new(token.as_str()))),
        Some(_) => Err("the refresh token is not a string of visible ASCII".into()),
    }
}

fn jwt_lifetime(token: &str, head: &ResponseHead, now: UnixTime) -> Option<Duration> {
    JwtTimes::of(token)?.lifetime(date_of(head, now).unwrap_or(now))
}

pub(crate) fn is_visible(token: &str) -> bool {
    token.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_token68_text(token: &str) -> bool {
    let core = token.trim_end_matches('=');
    !core.is_empty() && core.bytes().all(is_token68)
}

/// Whether the deviation violates the standard, which allows lifetimes of any length, also zero.
fn violates_standard(deviation: Deviation) -> bool {
    !matches!(deviation, Deviation::LifetimeIsCut | Deviation::LifetimeIsOver | Deviation::MembersLeftOut)
}

const fn strict_fault(deviation: Deviation) -> &'static str {
    match deviation {
        Deviation::TokenTypeMissing => "the response has no token type",
        Deviation::LifetimeIsText => "the lifetime is a string, not a number",
        Deviation::LifetimeIsFractional => "the lifetime has a fraction",
        Deviation::LifetimeUnreadable => "the lifetime is not a number",
        Deviation::ScopeIsArray => "the scope is an array, not a string",
        Deviation::ByteOrderMark => "the response starts with a byte order mark",
        _ => "the response deviates from the standard",
    }
}
