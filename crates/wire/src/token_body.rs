//! The members of a token response ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use wellspring_core::{
    AccessToken, AuthorizationGrant, Deviation, Extra, RefreshToken, ResponseHead, Scope, TokenResponse,
    UnixTime,
};

use crate::challenge::is_token68;
use crate::lifetime::LifetimeRules;
use crate::{BodyFault, Json, JwtTimes, Object, TokenFormat, date_of};

/// Why an object is no token response: a sentence for a person.
pub(crate) type TokenFault = Cow<'static, str>;

impl TokenFormat {
    /// The token in this object. `head` is that of the answer that brought it.
    pub(crate) fn members(
        &self,
        spend: &AuthorizationGrant,
        object: &Object,
        head: &ResponseHead,
        now: UnixTime,
    ) -> Result<TokenResponse, TokenFault> {
        let names = &self.names;
        let mut noted = Vec::new();
        let access_token = self.access_token(only(object, &names.access_token)?)?;
        if let Some(name) = &names.token_type {
            token_type(only(object, name)?, &mut noted)?;
        }
        let lifetime = self.lifetime.read(only(object, &names.lifetime)?, &mut noted);
        let scope = self.scope(only(object, &names.scope)?, &mut noted)?;
        let (refresh_token, refresh_lifetime) = match &names.refresh_token {
            None => (None, None),
            Some(name) => (refresh_token(only(object, name)?)?, self.refresh_lifetime(object)?),
        };
        if self.strict
            && let Some(deviation) = noted.iter().find(|deviation| is_deviation(**deviation))
        {
            return Err(describe(*deviation).into());
        }
        if self.all_scopes && !matches!(spend, AuthorizationGrant::RefreshToken(_)) {
            self.check_scope(scope.as_ref())?;
        }
        let mut response = TokenResponse::new(AccessToken::new(access_token));
        let hint = if self.jwt_hint { jwt_lifetime(access_token, head, now) } else { None };
        response.lifetime = lifetime.into_iter().chain(hint).min().or(self.default_lifetime);
        response.refresh_lifetime = refresh_token.as_ref().and(refresh_lifetime);
        response.refresh_token = refresh_token;
        response.scope = scope;
        response.extra = self.extra(object);
        response.deviations = noted;
        Ok(response)
    }

    /// A text of visible ASCII: anything else could not be put into a header, or would end it early.
    fn access_token<'a>(&self, value: Option<&'a Json>) -> Result<&'a str, TokenFault> {
        match value {
            None | Some(Json::Null) => Err("the answer holds no access token".into()),
            Some(Json::Text(token)) if token.is_empty() => Err("the access token is empty".into()),
            Some(Json::Text(token)) if !is_visible(token) => {
                Err("the access token holds white space or something else than visible ASCII".into())
            }
            Some(Json::Text(token)) if self.strict && !is_token68_text(token) => {
                Err("the access token holds characters that bearer tokens do not have".into())
            }
            Some(Json::Text(token)) => Ok(token),
            Some(_) => Err("the access token is not a text".into()),
        }
    }

    fn scope(&self, value: Option<&Json>, noted: &mut Vec<Deviation>) -> Result<Option<Scope>, TokenFault> {
        let words = |text: &str| {
            if self.commas { Scope::parse(&text.replace(',', " ")) } else { Scope::parse(text) }
        };
        match value {
            Some(Json::Text(text)) => Ok(Some(words(text))),
            Some(Json::Array(elements)) => {
                noted.push(Deviation::ScopeIsArray);
                let texts: Option<Vec<_>> = elements.iter().map(Json::as_text).collect();
                let texts = texts.ok_or("the scope is an array of something else than texts")?;
                Ok(Some(words(&texts.join(" "))))
            }
            None | Some(Json::Null) => Ok(None),
            Some(_) => Err("the scope is not a text".into()),
        }
    }

    fn check_scope(&self, granted: Option<&Scope>) -> Result<(), TokenFault> {
        let (Some(requested), Some(granted)) = (&self.requested, granted) else { return Ok(()) };
        let missing = granted.missing(requested);
        if missing.is_empty() {
            return Ok(());
        }
        Err(alloc::format!("the endpoint did not grant the scope {missing}").into())
    }

    fn refresh_lifetime(&self, object: &Object) -> Result<Option<Duration>, TokenFault> {
        let Some(name) = &self.names.refresh_lifetime else { return Ok(self.default_refresh_lifetime) };
        let read = LifetimeRules::default().read(only(object, name)?, &mut Vec::new());
        // Zero is how some servers say that a refresh token has no lifetime of its own.
        Ok(read.or(self.default_refresh_lifetime).filter(|lifetime| !lifetime.is_zero()))
    }

    /// Members that nobody here knows; of a repeated one the last.
    fn extra(&self, object: &Object) -> Extra {
        let names = &self.names;
        let known = [
            Some(&names.access_token),
            names.token_type.as_ref(),
            Some(&names.lifetime),
            names.refresh_token.as_ref(),
            names.refresh_lifetime.as_ref(),
            Some(&names.scope),
        ];
        let mut extra = Extra::default();
        for (name, value) in object.members() {
            if known.iter().flatten().any(|known| *known == name) {
                continue;
            }
            match value {
                Json::Text(text) => extra.insert(name, text.to_string()),
                _ => extra.insert(name, value.to_json()),
            }
        }
        extra
    }
}

fn only<'a>(object: &'a Object, name: &str) -> Result<Option<&'a Json>, TokenFault> {
    object.only(name).map_err(|_| Cow::Borrowed(BodyFault::Repeated.text()))
}

/// `Bearer`, in whatever case; a token of a type that is not understood must not be used
/// ([RFC 6749 §7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)).
fn token_type(value: Option<&Json>, noted: &mut Vec<Deviation>) -> Result<(), TokenFault> {
    match value {
        Some(Json::Text(kind)) if kind.eq_ignore_ascii_case("bearer") => Ok(()),
        None | Some(Json::Null) => {
            noted.push(Deviation::TokenTypeMissing);
            Ok(())
        }
        Some(_) => Err("the token is of another type than Bearer".into()),
    }
}

/// None at all, or one that can be sent.
fn refresh_token(value: Option<&Json>) -> Result<Option<RefreshToken>, TokenFault> {
    match value {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(token)) if token.is_empty() => Ok(None),
        Some(Json::Text(token)) if is_visible(token) => Ok(Some(RefreshToken::new(token.as_str()))),
        Some(_) => Err("the refresh token is not a text of visible ASCII".into()),
    }
}

fn jwt_lifetime(token: &str, head: &ResponseHead, now: UnixTime) -> Option<Duration> {
    JwtTimes::of(token)?.lifetime(date_of(head, now).unwrap_or(now))
}

fn is_visible(token: &str) -> bool {
    token.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_token68_text(token: &str) -> bool {
    let core = token.trim_end_matches('=');
    !core.is_empty() && core.bytes().all(is_token68)
}

/// Whether the standard forbids it. A token that lives for a hundred years, or for none, is allowed.
fn is_deviation(deviation: Deviation) -> bool {
    !matches!(deviation, Deviation::LifetimeIsCut | Deviation::LifetimeIsOver)
}

const fn describe(deviation: Deviation) -> &'static str {
    match deviation {
        Deviation::TokenTypeMissing => "the answer names no token type",
        Deviation::LifetimeIsText => "the lifetime is a text, not a number",
        Deviation::LifetimeIsFractional => "the lifetime has a fraction",
        Deviation::LifetimeUnreadable => "the lifetime is not a number",
        Deviation::ScopeIsArray => "the scope is an array, not a text",
        Deviation::ByteOrderMark => "the answer starts with a byte order mark",
        _ => "the answer deviates from the standard",
    }
}
