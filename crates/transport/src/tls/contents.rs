//! What the bytes of a certificate or key file hold, whatever its name says: the form is recognised by the contents.

use zeroize::Zeroizing;

use super::der::{
    BIT_STRING, Elements, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, context, open,
};
use super::encrypted;
use super::fault::Problem;
use super::key::{Form, PrivateKey};
use super::pem::{self, Body};

/// The certificates and keys of one file, in its order.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) keys: Vec<PrivateKey>,
    /// What else the file holds, to name it where a certificate or a key is missing.
    pub(super) others: Vec<&'static str>,
    /// Why a key of the file cannot be read. The file may be read for its certificates only.
    pub(super) unread_key: Option<Problem>,
}

/// What one DER element is.
enum Kind {
    Certificate,
    Key(Form),
    EncryptedKey,
    Pkcs12,
    Pkcs7,
    Other(&'static str),
}

impl Contents {
    /// Reads a file. `passwords` are tried in order; without any, the empty one is.
    pub(super) fn read(bytes: &[u8], passwords: &[&str]) -> Result<Self, Problem> {
        let mut contents = Self::default();
        if bytes.trim_ascii().is_empty() {
            return Err(Problem::format("is empty"));
        }
        if bytes.first() == Some(&SEQUENCE) {
            contents.add(bytes, passwords)?;
            return Ok(contents);
        }
        let Some(text) = pem::text(bytes) else { return Err(foreign(bytes)) };
        let blocks = pem::blocks(&text);
        if blocks.is_empty() {
            // An environment variable carries a binary file as base64.
            let decoded = pem::decode(&text).filter(|bytes| bytes.first() == Some(&SEQUENCE));
            let Some(decoded) = decoded else { return Err(foreign(bytes)) };
            contents.add(&decoded, passwords)?;
            return Ok(contents);
        }
        for block in blocks {
            let is_key = block.label.ends_with("PRIVATE KEY");
            match block.body {
                Body::Data(_) if block.label.starts_with("OPENSSH") => {
                    contents.unread_key = Some(Problem::format(
                        "is a private key in the form of OpenSSH: convert it with `ssh-keygen -p -m PKCS8 -f FILE`",
                    ));
                }
                // Parameters stand before a key that names them again.
                Body::Data(_) if block.label.ends_with("PARAMETERS") => {}
                Body::Data(data) => match contents.add(&data, passwords) {
                    Err(problem) if is_key => contents.unread_key = Some(problem),
                    added => added?,
                },
                Body::Encrypted => {
                    contents.unread_key = Some(Problem::format(
                        "is a private key that is encrypted in an old form (Proc-Type: 4,ENCRYPTED): convert it with \
                         `openssl pkcs8 -topk8 -v2 aes256 -in FILE -out NEW`, and give its password",
                    ));
                }
                Body::Damaged(why) if is_key => {
                    contents.unread_key =
                        Some(Problem::format(format!("has a block {} that {why}", visible(&block.label))));
                }
                Body::Damaged(why) => {
                    return Err(Problem::format(format!("has a block {} that {why}", visible(&block.label))));
                }
            }
        }
        Ok(contents)
    }

    fn add(&mut self, der: &[u8], passwords: &[&str]) -> Result<(), Problem> {
        match kind(der) {
            // OpenSSL writes what it trusts a certificate for behind the certificate.
            Some(Kind::Certificate) => {
                self.certificates.extend(Elements(der).next().map(|element| element.whole.to_vec()));
            }
            Some(Kind::Key(form)) => {
                let der = Elements(der).next().map_or(der, |element| element.whole);
                self.keys.push(PrivateKey { form, der: Zeroizing::new(der.to_vec()) });
            }
            Some(Kind::Pkcs7) => self.certificates.extend(of_pkcs7(der).unwrap_or_default()),
            Some(Kind::EncryptedKey) => self.keys.push(encrypted::key(der, passwords)?),
            Some(Kind::Pkcs12) => {
                let (certificates, keys) = encrypted::pkcs12(der, passwords)?;
                self.certificates.extend(certificates);
                self.keys.extend(keys);
            }
            Some(Kind::Other(what)) => self.others.push(what),
            None => return Err(malformed(der)),
        }
        Ok(())
    }

    /// What the file holds, for a sentence that says what it lacks.
    pub(super) fn summary(&self) -> String {
        let mut parts = Vec::new();
        if !self.certificates.is_empty() {
            parts.push("a certificate");
        }
        if !self.keys.is_empty() {
            parts.push("a private key");
        }
        parts.extend(&self.others);
        parts.dedup();
        if parts.is_empty() { "nothing that is known".to_owned() } else { parts.join(" and ") }
    }
}

/// A label may hold anything: only words in capitals are shown.
fn visible(label: &str) -> &str {
    let is_of_label = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ';
    if label.len() <= 40 && label.chars().all(is_of_label) { label } else { "of an unknown kind" }
}

/// The contents of a PKCS #12 file begin with the type of their data ([RFC 7292 §4](https://www.rfc-editor.org/rfc/rfc7292#section-4)).
const PKCS7: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7];

fn kind(der: &[u8]) -> Option<Kind> {
    let parts = open(der, SEQUENCE)?;
    let first = parts.clone().next()?;
    Some(match parts.tags()[..] {
        [INTEGER, SEQUENCE] | [INTEGER, SEQUENCE, SEQUENCE] if holds_pkcs7(parts) => Kind::Pkcs12,
        [INTEGER, SEQUENCE, OCTET_STRING, ..] => Kind::Key(Form::Pkcs8),
        [INTEGER, OCTET_STRING, ..] => Kind::Key(Form::Sec1),
        [INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, ..] => {
            Kind::Key(Form::Pkcs1)
        }
        [INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER] => {
            Kind::Other("a DSA key, which TLS no longer uses")
        }
        [INTEGER, INTEGER] => Kind::Other("a public key"),
        [OBJECT_IDENTIFIER, tag, ..] if tag == context(0) && first.inside.starts_with(PKCS7) => Kind::Pkcs7,
        [SEQUENCE, OCTET_STRING] => Kind::EncryptedKey,
        [SEQUENCE, BIT_STRING] => Kind::Other("a public key"),
        [SEQUENCE, SEQUENCE, BIT_STRING] => match Elements(first.inside).tags()[..] {
            [INTEGER, SEQUENCE, SEQUENCE] => Kind::Other(REQUEST),
            [INTEGER, SEQUENCE, SEQUENCE, tag] if tag == context(0) => Kind::Other(REQUEST),
            _ => Kind::Certificate,
        },
        _ => return None,
    })
}

const REQUEST: &str = "a certificate request (CSR), whose answer is the certificate";

/// Whether the second element begins with a type of PKCS #7.
fn holds_pkcs7(mut parts: Elements<'_>) -> bool {
    parts.part(INTEGER);
    let inside = parts.part(SEQUENCE).and_then(|inside| Elements(inside).part(OBJECT_IDENTIFIER));
    inside.is_some_and(|id| id.starts_with(PKCS7))
}

/// The certificates of a PKCS #7 file (`.p7b`, [RFC 2315 §9.1](https://www.rfc-editor.org/rfc/rfc2315#section-9.1)).
fn of_pkcs7(der: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut parts = open(der, SEQUENCE)?;
    parts.part(OBJECT_IDENTIFIER)?;
    let mut signed = open(parts.part(context(0))?, SEQUENCE)?;
    signed.part(INTEGER)?;
    signed.part(SET)?;
    signed.part(SEQUENCE)?;
    let certificates = Elements(signed.part(context(0))?);
    Some(certificates.filter(|one| one.tag == SEQUENCE).map(|one| one.whole.to_vec()).collect())
}

/// Bytes that are neither PEM nor DER.
fn foreign(bytes: &[u8]) -> Problem {
    Problem::format(if bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) || bytes.starts_with(&[0xce; 4]) {
        "is a Java keystore: convert it with `keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12 \
         -deststoretype PKCS12`"
    } else if bytes.starts_with(b"ssh-") || bytes.starts_with(b"PuTTY-") {
        "is a key of SSH: give the certificate and the key that the server's operator issued or signed for TLS"
    } else if bytes.trim_ascii_start().starts_with(b"<") {
        "is a web page and no certificate: download it again"
    } else {
        "is neither PEM, DER nor PKCS #12: it must begin with -----BEGIN, or be the file that the server's operator issued"
    })
}

/// Bytes that begin like DER.
fn malformed(der: &[u8]) -> Problem {
    if der.get(1) == Some(&0x80) {
        return Problem::format(
            "is in BER with indefinite lengths, as macOS and Firefox export it: convert it with \
             `openssl pkcs12 -in FILE -out NEW.pem` (with `-legacy` for an old one)",
        );
    }
    Problem::format("is damaged: it begins like DER and is cut off or changed. Copy it again, in binary mode")
}
