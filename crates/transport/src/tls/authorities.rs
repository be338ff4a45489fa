//! The certificate authorities to trust in addition: PEM with one or many certificates, DER, PKCS #7, or a trust store in
//! PKCS #12 without a password.

use super::contents::Contents;
use super::fault::{TlsFault, TlsSetting};
use super::identity::Part;

/// The certificates of each of these files.
pub(super) fn certificates(files: &[Part]) -> Result<Vec<Vec<u8>>, TlsFault> {
    let mut all = Vec::new();
    for file in files {
        let fault =
            |why: &str| TlsFault::new(TlsSetting::CertificateAuthority, format!("the CA certificate {why}"));
        let bytes = file.bytes().map_err(|problem| fault(&problem.text))?;
        let contents = Contents::read(&bytes, &[]).map_err(|problem| fault(&problem.text))?;
        if contents.certificates.is_empty() {
            return Err(fault(&format!("is missing: the file holds {}", contents.summary())));
        }
        all.extend(contents.certificates);
    }
    Ok(all)
}

/// The TLS library takes none of the certificates.
#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
pub(super) fn invalid() -> TlsFault {
    TlsFault::new(
        TlsSetting::CertificateAuthority,
        "the CA certificate is not valid: give a CA's certificate",
    )
}
