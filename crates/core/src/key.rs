//! Which token: the name under which single flights are shared and records are stored.

use alloc::vec::Vec;
use core::fmt;

use crate::scope::Scope;

/// Everything that makes one token another's: provider, endpoint, client, user, grant, scopes, resource,
/// certificate.
///
/// Each part is written with its tag and its length, so no two keys collide however odd the parts are. A key
/// holds no secret; stores hash it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenKey(Vec<u8>);

impl TokenKey {
    /// A key for this provider's crate name and this token endpoint's URL.
    #[must_use]
    pub fn new(provider: &str, endpoint: &str) -> Self {
        Self(Vec::new()).part(b'p', provider.as_bytes()).part(b'e', endpoint.as_bytes())
    }

    /// The key for this client id.
    #[must_use]
    pub fn client(self, id: &str) -> Self {
        self.part(b'c', id.as_bytes())
    }

    /// The key for this user, under the application's own name for the user.
    #[must_use]
    pub fn user(self, id: &str) -> Self {
        self.part(b'u', id.as_bytes())
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

    /// The key for tokens bound to this client certificate, given in DER or PEM: it is public.
    #[must_use]
    pub fn certificate(self, certificate: &[u8]) -> Self {
        self.part(b'k', certificate)
    }

    /// The key as bytes, to be hashed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn part(mut self, tag: u8, bytes: &[u8]) -> Self {
        self.0.push(tag);
        self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({} bytes)", self.0.len())
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
    fn scopes_in_another_order_are_the_same_key() {
        let key = |scope| TokenKey::new("p", "e").scope(&Scope::parse(scope));
        assert_eq!(key("a b"), key("b a"));
        assert_ne!(key("a b"), key("a"));
    }
}
