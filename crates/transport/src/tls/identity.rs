//! A client certificate and its key: where they come from, and how they are read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::contents::Contents;
use super::fault::{Problem, TlsFault, TlsSetting};
use super::key::PrivateKey;
use crate::regular_file;

/// A client certificate and its key, from files or from memory, in any of the usual forms: PEM, DER, PKCS #12 (`.p12`,
/// `.pfx`), PKCS #7 for the certificates, and PKCS #8, PKCS #1 or SEC 1 for the key. The form is recognised by the contents.
///
/// PKCS #12 files and encrypted keys need the feature `pkcs12`.
///
/// A file that is exchanged while the program runs is used from the next connection on. If the new file cannot be used, the
/// old certificate stays in use, and the event `certificate.unusable` says why.
///
/// ```
/// # #[cfg(feature = "pkcs12")] {
/// use wellspring_transport::{TlsIdentity, Tls};
///
/// // The file that a bank issued, with the certificate, the certificates of its issuers and the key.
/// let tls = Tls::new().client_identity(TlsIdentity::file("bank.p12").password("of the file"));
/// let error = tls.check().unwrap_err();
/// assert!(error.to_string().starts_with("the client certificate cannot be read from bank.p12"));
/// # }
/// ```
#[derive(Clone)]
pub struct TlsIdentity {
    pub(super) certificate: Part,
    /// `None` if the certificate's file holds the key too.
    pub(super) key: Option<Part>,
    password: Option<Arc<Zeroizing<String>>>,
    key_password: Option<Arc<Zeroizing<String>>>,
}

/// Where bytes come from.
#[derive(Clone)]
pub(super) enum Part {
    Bytes(Arc<Zeroizing<Vec<u8>>>),
    File(PathBuf),
}

impl TlsIdentity {
    /// The certificate, or the certificate and the key, in memory.
    #[must_use]
    pub fn new(certificate: impl Into<Vec<u8>>) -> Self {
        Self::of(Part::bytes_of(certificate))
    }

    /// The certificate, or the certificate and the key, in this file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::of(Part::File(path.into()))
    }

    const fn of(certificate: Part) -> Self {
        Self { certificate, key: None, password: None, key_password: None }
    }

    /// The key in memory. Without a key, it is read from where the certificate is.
    #[must_use]
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.key = Some(Part::bytes_of(key));
        self
    }

    /// The key in this file.
    #[must_use]
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key = Some(Part::File(path.into()));
        self
    }

    /// The password of the certificate's file.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Arc::new(Zeroizing::new(password.into())));
        self
    }

    /// The password of the key, if it is another one.
    #[must_use]
    pub fn key_password(mut self, password: impl Into<String>) -> Self {
        self.key_password = Some(Arc::new(Zeroizing::new(password.into())));
        self
    }

    /// The files that may change.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let parts = [Some(&self.certificate), self.key.as_ref()];
        parts.into_iter().flatten().filter_map(Part::path)
    }

    /// The certificates and keys, in the order of the files.
    pub(super) fn read(&self) -> Result<Unordered, TlsFault> {
        let (password, key_password) = (text(self.password.as_ref()), text(self.key_password.as_ref()));
        let of_certificate: Vec<&str> = password.into_iter().chain(key_password).collect();
        let setting = TlsSetting::ClientCertificate;
        let bytes = self.certificate.bytes().map_err(|problem| certificate_fault(setting, &problem))?;
        let mut contents = Contents::read(&bytes, &of_certificate).map_err(|problem| {
            let of_file = if problem.is_of_password && password.is_some() {
                TlsSetting::ClientCertificatePassword
            } else {
                setting
            };
            certificate_fault(of_file, &problem)
        })?;
        if contents.certificates.is_empty() {
            let text = format!("holds no certificate: it holds {}", contents.summary());
            return Err(certificate_fault(setting, &Problem::format(text)));
        }
        let Some(key) = &self.key else {
            let at = |problem: &Problem| match (problem.is_of_password, key_password, password) {
                (true, Some(_), _) => TlsSetting::ClientKeyPassword,
                (true, None, Some(_)) => TlsSetting::ClientCertificatePassword,
                _ => setting,
            };
            if let Some(problem) = contents.unread_key.take().filter(|_| contents.keys.is_empty()) {
                return Err(key_fault(at(&problem), &problem));
            }
            if contents.keys.is_empty() {
                let text = "the client certificate holds no private key: set the client key (`client_key`)";
                return Err(TlsFault::new(setting, text));
            }
            return Ok(Unordered { certificates: contents.certificates, keys: contents.keys, key: setting });
        };
        let of_key: Vec<&str> = key_password.into_iter().chain(password).collect();
        let keys = read_key(key, &of_key).map_err(|problem| {
            let of_password = problem.is_of_password && key_password.is_some();
            let setting = if of_password { TlsSetting::ClientKeyPassword } else { TlsSetting::ClientKey };
            key_fault(setting, &problem)
        })?;
        Ok(Unordered { certificates: contents.certificates, keys, key: TlsSetting::ClientKey })
    }
}

/// Certificates and keys as the files hold them.
pub(super) struct Unordered {
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) keys: Vec<PrivateKey>,
    /// The setting that the keys come from.
    pub(super) key: TlsSetting,
}

impl Part {
    pub(super) fn bytes_of(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(Arc::new(Zeroizing::new(bytes.into())))
    }

    /// The file that may change.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Bytes(_) => None,
        }
    }

    pub(super) fn bytes(&self) -> Result<Arc<Zeroizing<Vec<u8>>>, Problem> {
        match self {
            Self::Bytes(bytes) => Ok(Arc::clone(bytes)),
            Self::File(path) => match regular_file::read(path, regular_file::CERTIFICATES) {
                Ok(bytes) => Ok(Arc::new(bytes)),
                Err(error) => {
                    Err(Problem::format(format!("cannot be read from {}: {error}", path.display())))
                }
            },
        }
    }
}

fn text(password: Option<&Arc<Zeroizing<String>>>) -> Option<&str> {
    password.map(|password| password.as_str())
}

fn read_key(part: &Part, passwords: &[&str]) -> Result<Vec<PrivateKey>, Problem> {
    let mut contents = Contents::read(&part.bytes()?, passwords)?;
    match contents.unread_key.take() {
        Some(problem) if contents.keys.is_empty() => Err(problem),
        _ if contents.keys.is_empty() => {
            Err(Problem::format(format!("holds no private key: it holds {}", contents.summary())))
        }
        _ => Ok(contents.keys),
    }
}

fn certificate_fault(setting: TlsSetting, problem: &Problem) -> TlsFault {
    let hint = password_hint(problem, "`client_certificate_password`");
    TlsFault::new(setting, format!("the client certificate {}{hint}", problem.text))
}

fn key_fault(setting: TlsSetting, problem: &Problem) -> TlsFault {
    let hint = password_hint(problem, "`client_key_password`");
    TlsFault::new(setting, format!("the client key {}{hint}", problem.text))
}

fn password_hint(problem: &Problem, setting: &str) -> String {
    if problem.is_of_password { format!(": give it as {setting}") } else { String::new() }
}

crate::debug_fields!([] TlsIdentity, |identity| files: identity.files().collect::<Vec<_>>());
