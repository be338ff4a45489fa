//! Which session, or which token: the name under which single flights are shared and records are stored.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::rules::{Rule, holds};
use crate::scope::Scope;

/// What makes one record another's: provider, endpoint, client, user or profile, grant, resource.
///
/// Where a user has signed in, the scopes are not part of it: a sign-in with more scopes supersedes the earlier one in the
/// same record. Where any process may request the token again (client credentials), the scopes and the client certificate
/// are part of it, because each token has its own.
///
/// Each part is written with its tag and its length, so no two keys collide however odd the parts are. A key
/// holds no secret; stores hash it.
#[derive(Clone)]
pub struct TokenKey {
    parts: Vec<u8>,
    /// Under which an earlier version stored the record. Not part of the identity.
    former: Option<Box<Self>>,
}

impl TokenKey {
    /// A key for this provider's crate name and this token endpoint's URL.
    #[must_use]
    pub fn new(provider: &str, endpoint: &str) -> Self {
        let empty = Self { parts: Vec::new(), former: None };
        empty.part(b'p', provider.as_bytes()).part(b'e', endpoint.as_bytes())
    }

    /// The key for this client id.
    #[must_use]
    pub fn client(self, id: &str) -> Self {
        self.part(b'c', id.as_bytes())
    }

    /// The key for this user, under the application's own name for the user.
    #[must_use]
    pub fn user(self, id: &str) -> Self {
        self.identity(b'u', id)
    }

    /// The key for the user of this profile: a section of a configuration that names no user.
    #[must_use]
    pub fn profile(self, name: &str) -> Self {
        self.identity(b'n', name)
    }

    /// The key for this grant type.
    #[must_use]
    pub fn grant(self, grant: &str) -> Self {
        self.part(b'g', grant.as_bytes())
    }

    /// The key for this set of scopes, in whatever order.
    #[must_use]
    pub fn scope(self, scope: &Scope) -> Self {
        scope.iter().fold(self, |key, word| key.part(b's', word.as_bytes()))
    }

    /// The key for this resource or audience.
    #[must_use]
    pub fn resource(self, resource: &str) -> Self {
        self.part(b'r', resource.as_bytes())
    }

    /// The key for tokens bound to this client certificate, given in DER or PEM: it is public. A comment in a PEM file is no
    /// part of it.
    #[must_use]
    pub fn certificate(self, certificate: &[u8]) -> Self {
        let data: Vec<u8> = crate::pem::data(certificate).flatten().copied().collect();
        self.part(b'k', &data)
    }

    /// The same key, whose record an earlier version of the program has stored under `former`. A store that finds no
    /// record under this key takes that one, and moves it with the first save.
    #[must_use]
    pub fn formerly(mut self, former: Self) -> Self {
        self.former = (former != self).then(|| Box::new(former));
        self
    }

    /// The key under which an earlier version of the program has stored the record.
    #[must_use]
    pub fn former(&self) -> Option<&Self> {
        self.former.as_deref()
    }

    /// The scopes in the key.
    #[must_use]
    pub fn scopes(&self) -> Scope {
        let mut rest = self.parts.as_slice();
        let mut words = Vec::new();
        while let Some((tag, part, after)) = split_part(rest) {
            if tag == b's' {
                words.extend(core::str::from_utf8(part));
            }
            rest = after;
        }
        words.into_iter().collect()
    }

    /// The part of the key that says which token endpoint of which provider it belongs to: the same for all its users.
    #[must_use]
    pub fn endpoint(&self) -> &[u8] {
        let mut rest = self.parts.as_slice();
        while let Some((b'p' | b'e', _, after)) = split_part(rest) {
            rest = after;
        }
        &self.parts[..self.parts.len() - rest.len()]
    }

    /// The key as bytes, to be hashed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.parts
    }

    /// The key for this user or profile.
    fn identity(self, tag: u8, identity: &str) -> Self {
        if holds(Rule::IdentityInKey) { self.part(tag, identity.as_bytes()) } else { self }
    }

    fn part(mut self, tag: u8, bytes: &[u8]) -> Self {
        self.parts.push(tag);
        self.parts.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.parts.extend_from_slice(bytes);
        self
    }
}

/// The tag and the bytes of the first part, and the parts after it.
fn split_part(parts: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, after) = parts.split_first()?;
    let (length, after) = after.split_first_chunk()?;
    let (part, after) = after.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
    Some((*tag, part, after))
}

impl PartialEq for TokenKey {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for TokenKey {}

impl PartialOrd for TokenKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TokenKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts.cmp(&other.parts)
    }
}

impl Hash for TokenKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts.hash(state);
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({} bytes)", self.parts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_join_to_the_same_text_are_different_keys() {
        let a = TokenKey::new("p", "e").client("a:b").user("c");
        let b = TokenKey::new("p", "e").client("a").user("b:c");
        assert_ne!(a, b);
        assert_ne!(TokenKey::new("pe", ""), TokenKey::new("p", "e"));
        assert_ne!(TokenKey::new("p", "e").client("x"), TokenKey::new("p", "e").user("x"));
    }

    #[test]
    fn a_key_is_its_tagged_and_counted_parts_and_debug_shows_none_of_them() {
        let key = TokenKey::new("p", "e");
        assert_eq!(key.as_bytes(), b"p\0\0\0\0\0\0\0\x01pe\0\0\0\0\0\0\0\x01e");
        assert_eq!(std::format!("{key:?}"), "TokenKey(20 bytes)");
    }

    #[test]
    fn each_part_makes_another_key() {
        let key = || TokenKey::new("p", "e");
        let keys = [
            key(),
            TokenKey::new("q", "e"),
            TokenKey::new("p", "f"),
            key().client("x"),
            key().user("x"),
            key().profile("x"),
            key().grant("x"),
            key().scope(&Scope::parse("x")),
            key().resource("x"),
            key().certificate(b"x"),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
    }

    #[test]
    fn a_former_key_is_no_part_of_the_identity() {
        let (old, new) = (TokenKey::new("p", "e").user("x"), TokenKey::new("p", "e"));
        let moved = new.clone().formerly(old.clone());
        assert_eq!(moved, new);
        assert_eq!(moved.cmp(&new), Ordering::Equal);
        assert_eq!((moved.as_bytes(), moved.former()), (new.as_bytes(), Some(&old)));
        assert_eq!(new.clone().formerly(new).former(), None, "the key has not changed");
    }

    #[test]
    fn the_scopes_of_a_key_are_read_back() {
        let scope = Scope::parse("profile balance");
        let key = TokenKey::new("p", "e").client("s").scope(&scope).resource("ss");
        assert_eq!(key.scopes(), scope);
        assert!(TokenKey::new("s", "s").user("s").scopes().is_empty());
    }

    #[test]
    fn scopes_in_another_order_are_the_same_key() {
        let key = |scope| TokenKey::new("p", "e").scope(&Scope::parse(scope));
        assert_eq!(key("a b"), key("b a"));
        assert_ne!(key("a b"), key("a"));
    }
}
