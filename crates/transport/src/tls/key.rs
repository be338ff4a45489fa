//! Private keys, in the three forms that programs write.

use zeroize::Zeroizing;

#[cfg(feature = "native-tls")]
use super::der::NULL;
use super::der::{
    BIT_STRING, Elements, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, context, element, open,
};

/// A private key in DER.
#[derive(Clone)]
pub(crate) struct PrivateKey {
    pub(super) form: Form,
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// How a private key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// [RFC 5958](https://www.rfc-editor.org/rfc/rfc5958)
    Pkcs8,
    /// [RFC 8017 appendix A.1.2](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2)
    Pkcs1,
    /// [RFC 5915](https://www.rfc-editor.org/rfc/rfc5915)
    Sec1,
}

#[cfg(feature = "native-tls")]
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const ELLIPTIC_CURVE: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];

impl PrivateKey {
    /// The bytes, for the fingerprint of a credential.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The key as PKCS #8, which some TLS libraries demand.
    #[cfg(feature = "native-tls")]
    pub(super) fn to_pkcs8(&self) -> Option<Zeroizing<Vec<u8>>> {
        let algorithm = match self.form {
            Form::Pkcs8 => return Some(self.der.clone()),
            Form::Pkcs1 => element(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &[RSA]), &element(NULL, &[])]),
            Form::Sec1 => {
                let curve = open(&self.der, SEQUENCE)?.find(|part| part.tag == context(0))?.inside;
                element(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &[ELLIPTIC_CURVE]), curve])
            }
        };
        Some(wrapped(&algorithm, &self.der))
    }

    /// The key of an elliptic curve with this public key in it. Some programs leave the public key out of the private one, or
    /// compress it, and ring reads neither. `public_key` is that of a certificate; the TLS library checks that both fit.
    pub(super) fn with_public_key(&self, public_key: &[u8]) -> Option<Self> {
        let mut certified = open(public_key, SEQUENCE)?;
        let algorithm = certified.whole_part(SEQUENCE)?;
        let public = certified.whole_part(BIT_STRING)?;
        let inside = match self.form {
            Form::Pkcs1 => return None,
            Form::Sec1 => self.der.as_slice(),
            Form::Pkcs8 => {
                let mut parts = open(&self.der, SEQUENCE)?;
                parts.part(INTEGER)?;
                if parts.whole_part(SEQUENCE)?.inside != algorithm.inside {
                    return None;
                }
                parts.part(OCTET_STRING)?
            }
        };
        if Elements(algorithm.inside).part(OBJECT_IDENTIFIER)? != ELLIPTIC_CURVE {
            return None;
        }
        let mut key = open(inside, SEQUENCE)?;
        let (version, secret) = (key.whole_part(INTEGER)?, key.whole_part(OCTET_STRING)?);
        let public = element(context(1), &[public.whole]);
        let key = Zeroizing::new(element(SEQUENCE, &[version.whole, secret.whole, &public]));
        Some(Self { form: Form::Pkcs8, der: wrapped(algorithm.whole, &key) })
    }
}

/// A key of this algorithm as PKCS #8.
fn wrapped(algorithm: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = Zeroizing::new(element(OCTET_STRING, &[key]));
    Zeroizing::new(element(SEQUENCE, &[&element(INTEGER, &[&[0]]), algorithm, &key]))
}
