//! PKCS #12 files and keys that a password encrypts. Their cryptography is that of `p12-keystore`.

use super::fault::Problem;
use super::key::PrivateKey;

/// The certificates and the keys of a PKCS #12 file.
pub(super) type Opened = (Vec<Vec<u8>>, Vec<PrivateKey>);

#[cfg(not(feature = "pkcs12"))]
mod missing {
    use crate::tls::encrypted::{Opened, PrivateKey, Problem};

    pub(crate) fn pkcs12(_: &[u8], _: &[&str]) -> Result<Opened, Problem> {
        Err(Problem::format(
            "is a PKCS #12 file (.p12, .pfx), and this program was built without the feature `pkcs12`: enable it, or convert \
             the file with `openssl pkcs12 -in FILE -nodes -out NEW.pem` (with `-legacy` for an old one)",
        ))
    }

    pub(crate) fn key(_: &[u8], _: &[&str]) -> Result<PrivateKey, Problem> {
        Err(Problem::format(
            "is an encrypted private key, and this program was built without the feature `pkcs12`: enable it, or decrypt the \
             key with `openssl pkcs8 -in FILE -out NEW`",
        ))
    }
}

#[cfg(not(feature = "pkcs12"))]
pub(super) use missing::{key, pkcs12};
#[cfg(feature = "pkcs12")]
pub(super) use opened::{key, pkcs12};

#[cfg(feature = "pkcs12")]
mod opened {
    use p12_keystore::Pkcs12Archive;
    use p12_keystore::error::Error;
    // Its features are those that `p12-keystore` decrypts with.
    use pkcs5 as _;
    use zeroize::Zeroizing;

    use crate::tls::der::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, context, element};
    use crate::tls::encrypted::{Opened, PrivateKey, Problem};
    use crate::tls::key::Form;

    pub(crate) fn pkcs12(der: &[u8], passwords: &[&str]) -> Result<Opened, Problem> {
        open(der, passwords, "is a PKCS #12 file")
    }

    /// An encrypted PKCS #8 key ([RFC 5958 §3](https://www.rfc-editor.org/rfc/rfc5958#section-3)).
    pub(crate) fn key(der: &[u8], passwords: &[&str]) -> Result<PrivateKey, Problem> {
        let (_, keys) = open(&around_key(der), passwords, "is an encrypted private key")?;
        keys.into_iter().next().ok_or_else(|| Problem::format("holds no private key"))
    }

    fn open(der: &[u8], passwords: &[&str], what: &str) -> Result<Opened, Problem> {
        let given = if passwords.is_empty() { &[""] } else { passwords };
        let mut failure = None;
        for password in given {
            match Pkcs12Archive::from_pkcs12(der, password) {
                Ok(archive) => return Ok(taken(archive)),
                // Another password changes nothing about a form that cannot be read.
                Err(error) if !is_of_password(&error) => return Err(unsupported(&error, what)),
                Err(error) => failure = Some(error),
            }
        }
        drop(failure);
        Err(if passwords.is_empty() {
            Problem::password(format!("{what}, and its password is missing"))
        } else {
            Problem::password(format!("{what}, and its password is wrong (or the file is damaged)"))
        })
    }

    fn taken(archive: Pkcs12Archive) -> Opened {
        let keys = archive.keys.into_iter().map(|bag| {
            let der = Zeroizing::new(bag.key.as_der().to_vec());
            PrivateKey { form: Form::Pkcs8, der }
        });
        (archive.certs.into_iter().map(|bag| bag.cert.as_der().to_vec()).collect(), keys.collect())
    }

    fn is_of_password(error: &Error) -> bool {
        match error {
            // What a wrong password decrypts is neither padded nor a key nor DER.
            Error::MacError(_)
            | Error::UnpadError
            | Error::InvalidPrivateKey
            | Error::DerError(_)
            | Error::X509Error(_) => true,
            Error::Pkcs5Error(text) => text.contains("decryption failed"),
            _ => false,
        }
    }

    fn unsupported(error: &Error, what: &str) -> Problem {
        Problem::format(format!(
            "{what} in a form that cannot be read ({error}): convert it with `openssl pkcs12 -in FILE -out NEW.pem`, or \
             `openssl pkcs8 -in FILE -topk8 -v2 aes256 -out NEW` for a key (with `-legacy` for an old one)"
        ))
    }

    const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    const ENCRYPTED_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];

    /// A PKCS #12 file without a MAC that holds only this key ([RFC 7292](https://www.rfc-editor.org/rfc/rfc7292)): the way to
    /// the ciphers of `p12-keystore`.
    fn around_key(key: &[u8]) -> Vec<u8> {
        let data = |inside: &[u8]| {
            let inside = element(context(0), &[&element(OCTET_STRING, &[inside])]);
            element(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &[DATA]), &inside])
        };
        let bag = [element(OBJECT_IDENTIFIER, &[ENCRYPTED_KEY]), element(context(0), &[key])];
        let bags = element(SEQUENCE, &[&element(SEQUENCE, &[&bag[0], &bag[1]])]);
        let safe = element(SEQUENCE, &[&data(&bags)]);
        element(SEQUENCE, &[&element(INTEGER, &[&[3]]), &data(&safe)])
    }
}
