//! What a client authenticates with: the parts whose change lifts a pause.
//!
//! An endpoint that has refused a credential is asked again only after a pause, unless the credential is another one now.
//! So everything belongs here that an operator corrects after a refusal: the method, the secret, fixed headers, the
//! client certificate. A store holds only a salted hash of it.

use core::fmt;
use core::hash::Hasher;

use crate::pem;

/// Feeds the parts of a credential to a hasher, each with its tag and its length, so that no two credentials are the same
/// however odd their parts are.
///
/// ```
/// use core::hash::Hasher;
/// use wellspring_core::Credential;
///
/// // `Provider::credential` of a client with a secret:
/// fn credential(hasher: &mut dyn Hasher) {
///     Credential::new(hasher).client("client_abc").method("client_secret_basic").secret("correct horse");
/// }
/// ```
pub struct Credential<'h>(&'h mut dyn Hasher);

impl<'h> Credential<'h> {
    /// A credential without a part.
    #[must_use]
    pub fn new(hasher: &'h mut dyn Hasher) -> Self {
        Self(hasher)
    }

    /// Adds the client id.
    pub fn client(&mut self, id: &str) -> &mut Self {
        self.part(b'c', id.as_bytes())
    }

    /// Adds the client authentication method: its name, or whatever distinguishes it from others.
    pub fn method(&mut self, method: &str) -> &mut Self {
        self.part(b'm', method.as_bytes())
    }

    /// Adds a secret.
    pub fn secret(&mut self, secret: &str) -> &mut Self {
        self.part(b's', secret.as_bytes())
    }

    /// Adds a fixed header of the token request.
    pub fn header(&mut self, name: &str, value: &str) -> &mut Self {
        self.part(b'n', name.as_bytes()).part(b'v', value.as_bytes())
    }

    /// Adds a client certificate, in DER or PEM. A comment in a PEM file is no part of it.
    pub fn certificate(&mut self, certificate: &[u8]) -> &mut Self {
        self.pieces(b'k', pem::data(certificate))
    }

    /// Adds a private key, in DER or PEM. A comment in a PEM file is no part of it.
    pub fn private_key(&mut self, key: &[u8]) -> &mut Self {
        self.pieces(b'p', pem::data(key))
    }

    fn part(&mut self, tag: u8, bytes: &[u8]) -> &mut Self {
        self.pieces(tag, core::iter::once(bytes))
    }

    fn pieces<'b>(&mut self, tag: u8, pieces: impl Iterator<Item = &'b [u8]> + Clone) -> &mut Self {
        let length: u64 = pieces.clone().map(|piece| piece.len() as u64).sum();
        self.0.write(&[tag]);
        self.0.write(&length.to_be_bytes());
        pieces.for_each(|piece| self.0.write(piece));
        self
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use siphasher::sip::SipHasher24;

    use super::*;

    fn hash(parts: impl for<'c, 'h> FnOnce(&'c mut Credential<'h>) -> &'c mut Credential<'h>) -> u64 {
        let mut hasher = SipHasher24::new();
        parts(&mut Credential::new(&mut hasher));
        hasher.finish()
    }

    #[test]
    fn each_part_makes_another_credential() {
        let hashes = [
            hash(|none| none),
            hash(|of| of.client("x")),
            hash(|of| of.method("x")),
            hash(|of| of.secret("x")),
            hash(|of| of.header("x", "")),
            hash(|of| of.header("", "x")),
            hash(|of| of.certificate(b"x")),
            hash(|of| of.private_key(b"x")),
            hash(|of| of.secret("y")),
        ];
        for (at, one) in hashes.iter().enumerate() {
            assert!(hashes.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
    }

    #[test]
    fn a_comment_in_a_pem_file_makes_no_other_credential() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let commented = format!("Bag Attributes\n{}\n", pem.replace('\n', "\r\n"));
        let other = pem.replace("AAAA", "AAAB");
        for hash in [
            |bytes: &str| hash(|of| of.certificate(bytes.as_bytes())),
            |bytes: &str| hash(|of| of.private_key(bytes.as_bytes())),
        ] {
            assert_eq!(hash(pem), hash(&commented));
            assert_ne!(hash(pem), hash(&other));
        }
    }

    #[test]
    fn parts_that_join_to_the_same_bytes_are_different_credentials() {
        assert_ne!(hash(|of| of.client("ab").secret("c")), hash(|of| of.client("a").secret("bc")));
        assert_ne!(hash(|of| of.header("a", "bc")), hash(|of| of.header("ab", "c")));
    }

    #[test]
    fn debug_shows_no_part() {
        let mut hasher = SipHasher24::new();
        assert_eq!(format!("{:?}", Credential::new(&mut hasher).secret("canary")), "Credential");
    }
}
