//! The refresh token of a response that cannot be used otherwise.
//!
//! The server has replaced the refresh token that it was sent. The new one is the only one that it still accepts, so it is
//! read also where a member beside it is invalid, where a number is out of range, and where the document breaks off after it.
//! Beside an access token it is read under any status, in any place of the document and in a form.

use alloc::string::String;
use core::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use wellspring_core::{
    AuthorizationGrant, Fate, HttpResponse, Reading, RefreshToken, Successor, TokenError, TokenResponse,
};
use zeroize::Zeroizing;

use crate::json::{BYTE_ORDER_MARK, Object};
use crate::member_name::{alternatives, split};
use crate::scattered::granted_in;
use crate::token_body::is_visible;
use crate::token_format::TokenFormat;

impl TokenFormat {
    /// What this result means for the refresh token: if the response cannot be used, but has a refresh token, that is kept.
    /// `inside` names the members around the token response, from the outermost.
    #[must_use]
    pub fn keeping(
        &self,
        result: Result<TokenResponse, TokenError>,
        grant: &AuthorizationGrant,
        response: &HttpResponse,
        inside: &[&str],
    ) -> Reading {
        let error = match result {
            Ok(granted) => return Reading::Granted(granted),
            Err(error) => error,
        };
        match self.successor(&error, grant, response, inside) {
            Some(successor) => Reading::Unusable { successor, error },
            None => Reading::Refused(error),
        }
    }

    fn successor(
        &self,
        error: &TokenError,
        grant: &AuthorizationGrant,
        response: &HttpResponse,
        inside: &[&str],
    ) -> Option<Successor> {
        let names = self.names.refresh_token.as_deref()?;
        if error.fate() == Fate::Dead {
            return None;
        }
        let text = readable(response.expose_body());
        // A refusal may name the member that it complains about: there, only an access token beside it shows a grant.
        let in_place = |path: &str| {
            let (outer, name) = split(path);
            find(&text, &[inside, &outer].concat(), name).or_else(|| find(&text, inside, path))
        };
        let beside = |path: &str| {
            let access = alternatives(&self.names.access_token).map(|path| split(path).1);
            let mut found =
                access.map(|access| granted_in(&text, access, split(path).1, response.is_incomplete()));
            found.find_map(|found| found)
        };
        let in_place = response.head().is_success().then(|| alternatives(names).find_map(in_place)).flatten();
        let refresh_token = in_place.or_else(|| alternatives(names).find_map(beside))?;
        let sent = matches!(grant, AuthorizationGrant::RefreshToken(used) if *used == refresh_token);
        if sent && error.code().is_some() {
            return None;
        }
        let whole = Object::parse(response.expose_body()).ok();
        let object = whole
            .as_ref()
            .and_then(|whole| inside.iter().try_fold(whole, |object, name| object.object(name)));
        self.with_lifetime(Successor::new(refresh_token), grant, object)
    }

    /// Adds the lifetime. `None` if the scope is too small for the session to begin.
    fn with_lifetime(
        &self,
        successor: Successor,
        grant: &AuthorizationGrant,
        object: Option<&Object>,
    ) -> Option<Successor> {
        let Some(object) = object else { return Some(successor) };
        if self.lacks_scope(grant, object) {
            return None;
        }
        Some(match self.refresh_lifetime(object) {
            Ok(Some(lifetime)) => successor.with_lifetime(lifetime),
            Ok(None) | Err(_) => successor,
        })
    }
}

/// The body as text. A token is ASCII: it survives the replacement of other bytes.
fn readable(body: &[u8]) -> Zeroizing<String> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    Zeroizing::new(String::from_utf8_lossy(body).into_owned())
}

/// The last string of this name at the top level, however far the document can be read.
pub(crate) fn text_member(text: &str, name: &str) -> Option<Zeroizing<String>> {
    let mut found = None;
    let search = Search { inside: &[], name, found: &mut found };
    let _ = search.deserialize(&mut serde_json::Deserializer::from_str(text));
    found
}

/// The last refresh token of this name, however far the document can be read.
fn find(text: &str, inside: &[&str], name: &str) -> Option<RefreshToken> {
    let mut found = None;
    let search = Search { inside, name, found: &mut found };
    let _ = search.deserialize(&mut serde_json::Deserializer::from_str(text));
    token(found)
}

fn token(found: Option<Zeroizing<String>>) -> Option<RefreshToken> {
    let found = found.filter(|token| !token.is_empty() && is_visible(token))?;
    Some(RefreshToken::new(found.as_str()))
}

/// Looks for a member, through the members around it.
struct Search<'a> {
    inside: &'a [&'a str],
    name: &'a str,
    found: &'a mut Option<Zeroizing<String>>,
}

/// Takes a value if it is a string.
struct Text<'a>(&'a mut Option<Zeroizing<String>>);

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! ignores_scalars {
    ($($visit:ident: $type:ty),+) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("JSON")
        }

        fn visit_unit<E: Error>(self) -> Result<(), E> {
            Ok(())
        }

        $(fn $visit<E: Error>(self, _: $type) -> Result<(), E> {
            Ok(())
        })+

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            Ok(())
        }
    };
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    ignores_scalars!(visit_bool: bool, visit_u64: u64, visit_i64: i64, visit_f64: f64, visit_str: &str);

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { inside, name, found } = self;
        while let Some(member) = members.next_key::<String>()? {
            match inside.split_first() {
                None if member == name => members.next_value_seed(Text(found))?,
                Some((outer, inside)) if member == *outer => {
                    members.next_value_seed(Search { inside, name, found })?;
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Text<'_> {
    type Value = ();

    ignores_scalars!(visit_bool: bool, visit_u64: u64, visit_i64: i64, visit_f64: f64);

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        *self.0 = Some(Zeroizing::new(text.into()));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
