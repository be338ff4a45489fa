//! The TLS settings of a source: `[profile.NAME.tls]`.

use wellspring_transport_blocking::{Tls, TlsFault, TlsIdentity, TlsSetting};

use crate::error::Error;
use crate::settings::TlsSettings;
use crate::value::{Bytes, Value};

/// Which certificate authorities servers are checked against, besides `ca_certificate`.
#[derive(Clone, Copy)]
enum Roots {
    Bundled,
    System,
}

impl TlsSettings {
    pub(crate) fn tls(&self) -> Result<Tls, Error> {
        let mut tls = self.trusted_roots()?;
        if let Some(authority) = &self.ca_certificate {
            tls = match authority.source_of_bytes()? {
                Bytes::File(path) => tls.certificate_authority_file(path),
                Bytes::Given(bytes) => tls.certificate_authority(bytes.to_vec()),
            };
        }
        if let Some(certificate) = &self.client_certificate {
            tls = tls.client_identity(self.identity(certificate)?);
        }
        let needs = |value: &Option<Value>, missing: &Option<Value>, what: &str| match (value, missing) {
            (Some(value), None) => Err(value.place.error(format_args!("needs `{what}`; add it"))),
            _ => Ok(()),
        };
        needs(&self.client_key, &self.client_certificate, "client_certificate")?;
        needs(&self.client_certificate_password, &self.client_certificate, "client_certificate")?;
        needs(&self.client_key_password, &self.client_certificate, "client_certificate")?;
        if self.ca_certificate.is_some() || self.client_certificate.is_some() {
            tls.find_fault().map_err(|fault| self.blame(&fault))?;
        }
        Ok(tls)
    }

    fn identity(&self, certificate: &Value) -> Result<TlsIdentity, Error> {
        let mut identity = match certificate.source_of_bytes()? {
            Bytes::File(path) => TlsIdentity::file(path),
            Bytes::Given(bytes) => TlsIdentity::new(bytes.to_vec()),
        };
        if let Some(key) = &self.client_key {
            identity = match key.source_of_bytes()? {
                Bytes::File(path) => identity.key_file(path),
                Bytes::Given(bytes) => identity.key(bytes.to_vec()),
            };
        }
        if let Some(password) = &self.client_certificate_password {
            identity = identity.password(password.text()?.as_str());
        }
        if let Some(password) = &self.client_key_password {
            identity = identity.key_password(password.text()?.as_str());
        }
        Ok(identity)
    }

    /// The error at the line of the setting to correct.
    fn blame(&self, fault: &TlsFault) -> Error {
        let certificate = self.client_certificate.as_ref();
        let said = fault.to_string();
        let (value, subject) = match fault.setting() {
            TlsSetting::CertificateAuthority => (self.ca_certificate.as_ref(), Some("the CA certificate ")),
            TlsSetting::ClientCertificate => (certificate, Some("the client certificate ")),
            TlsSetting::ClientCertificatePassword => (self.client_certificate_password.as_ref(), None),
            TlsSetting::ClientKey => (self.client_key.as_ref(), Some("the client key ")),
            TlsSetting::ClientKeyPassword => (self.client_key_password.as_ref(), None),
            _ => (None, None),
        };
        let value = value.or(certificate).or(self.ca_certificate.as_ref()).or(self.roots.as_ref());
        match value {
            // The place names the setting, so the sentence does not name it again.
            Some(value) => value.place.error(match subject.and_then(|subject| said.strip_prefix(subject)) {
                Some(rest) => rest.to_owned(),
                None => format!("is invalid: {said}"),
            }),
            None => Error::Settings(fault.to_string()),
        }
    }

    /// By default the authorities that this crate bundles, or those of the environment where it names some.
    fn trusted_roots(&self) -> Result<Tls, Error> {
        let roots = match &self.roots {
            Some(roots) => roots.one_of(&[("system", Roots::System), ("bundled", Roots::Bundled)])?,
            None if cfg!(feature = "platform-verifier") && environment_names_roots() => Roots::System,
            None => Roots::Bundled,
        };
        match roots {
            Roots::Bundled => Ok(Tls::new()),
            #[cfg(feature = "platform-verifier")]
            Roots::System => {
                let tls = Tls::new().system_roots();
                tls.find_fault().map_err(|fault| match &self.roots {
                    Some(roots) => roots.place.error(format_args!("is invalid: {fault}")),
                    None => Error::Settings(format!("{fault}; or set `roots = \"bundled\"` in the profile's tls")),
                })?;
                Ok(tls)
            }
            #[cfg(not(feature = "platform-verifier"))]
            Roots::System => Err(Error::Settings(
                "`roots = \"system\"` needs the feature `platform-verifier`, which this program was built without".to_owned(),
            )),
        }
    }

    /// The files with secrets: the key, or the certificate's file where it holds the key.
    pub(crate) fn secret_files(&self) -> impl Iterator<Item = &Value> {
        let with_key = self.client_key.as_ref().or(self.client_certificate.as_ref());
        with_key.into_iter()
    }
}

/// Whether the variables with which OpenSSL is told its certificate authorities are set.
#[expect(clippy::disallowed_methods, reason = "this is where configuration is made")]
fn environment_names_roots() -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|it| !it.is_empty()))
}
