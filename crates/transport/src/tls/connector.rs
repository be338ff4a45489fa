//! What a client makes connections with: the TLS library's configuration, with the client certificate that is in use now.

use std::sync::{Arc, PoisonError};

#[cfg(feature = "rustls-no-provider")]
use wellspring_core::TokenError;
use wellspring_core::UnixTime;

use super::certificate::CertificateInfo;
use super::chain::Material;
use super::current::Stamp;
use super::fault::TlsFault;
use crate::clock::Clock;
use crate::events;
use crate::sync::Mutex;

/// What a client needs to make TLS connections.
#[derive(Clone)]
#[doc(hidden)]
pub struct TlsConnector(Arc<Connector>);

struct Connector {
    /// `None` in a program without a TLS library.
    settings: Option<Box<dyn Settings>>,
    built: Mutex<Built>,
}

/// The settings that a configuration is made of.
pub(super) trait Settings: Send + Sync {
    /// The client certificate in use, after a look at its files.
    fn material(&self) -> Result<Option<Arc<Material>>, TlsFault>;

    /// How the files of the authorities look now.
    fn authorities(&self) -> Vec<Option<Stamp>>;

    /// The configuration with this client certificate.
    fn library(&self, material: Option<&Material>) -> Result<TlsLibrary, TlsFault>;

    /// Reports the validity of the client certificate, where there is something to report.
    fn report(&self, info: &CertificateInfo, now: UnixTime);
}

/// A configuration, and the certificate and the authorities that it was made with.
struct Built {
    material: Option<Arc<Material>>,
    authorities: Vec<Option<Stamp>>,
    library: TlsLibrary,
}

/// The configuration of a TLS library.
#[derive(Clone)]
#[doc(hidden)]
#[non_exhaustive]
pub enum TlsLibrary {
    /// No TLS library is enabled.
    None,
    /// A configuration of rustls.
    #[cfg(feature = "rustls-no-provider")]
    Rustls(Arc<::rustls::ClientConfig>),
    /// A connector of the operating system's library.
    #[cfg(feature = "native-tls")]
    NativeTls(native_tls::TlsConnector),
}

impl TlsConnector {
    pub(super) fn new(settings: impl Settings + 'static) -> Result<Self, TlsFault> {
        // Before the files are read: what changes meanwhile is read next time.
        let authorities = settings.authorities();
        let material = settings.material()?;
        let library = settings.library(material.as_deref())?;
        let settings: Option<Box<dyn Settings>> = Some(Box::new(settings));
        let built = Mutex::new(Built { material, authorities, library });
        let connector = Self(Arc::new(Connector { settings, built }));
        connector.report();
        Ok(connector)
    }

    /// A connector of a program without a TLS library.
    #[must_use]
    pub fn without_library() -> Self {
        let built = Built { material: None, authorities: Vec::new(), library: TlsLibrary::None };
        Self(Arc::new(Connector { settings: None, built: Mutex::new(built) }))
    }

    /// The configuration for the next connection. It looks whether the files of the client certificate or of the authorities
    /// have changed.
    #[must_use]
    pub fn library(&self) -> TlsLibrary {
        let Connector { settings, built } = &*self.0;
        let mut built = built.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(settings) = settings else { return built.library.clone() };
        let authorities = settings.authorities();
        let trusts_others = authorities != built.authorities;
        // It has been read before, so this is the one in use if the files cannot be read now.
        let material = settings.material().ok().flatten().or_else(|| built.material.clone());
        let same = match (&material, &built.material) {
            (Some(now), Some(used)) => Arc::ptr_eq(now, used),
            (now, used) => now.is_none() && used.is_none(),
        };
        if !same || trusts_others {
            match (settings.library(material.as_deref()), &material) {
                (Ok(library), _) => {
                    built.library = library;
                    if trusts_others {
                        events::authorities_replaced(authorities.len());
                    }
                }
                (Err(fault), Some(now)) if !trusts_others => events::certificate_unusable(&now.info, &fault),
                (Err(fault), _) => events::authorities_unusable(&fault),
            }
            (built.material, built.authorities) = (material, authorities);
        }
        let library = built.library.clone();
        drop(built);
        self.report();
        library
    }

    /// The client certificate that servers are shown.
    #[must_use]
    pub fn shown(&self) -> Option<CertificateInfo> {
        let built = self.0.built.lock().unwrap_or_else(PoisonError::into_inner);
        built.material.as_ref().map(|material| material.info.clone())
    }

    fn report(&self) {
        if let (Some(settings), Some(info)) = (&self.0.settings, self.shown()) {
            settings.report(&info, Clock::system().now().unix);
        }
    }

    /// The configuration of rustls, if that is the library.
    #[cfg(feature = "rustls-no-provider")]
    pub(super) fn client_config(&self) -> Result<Arc<::rustls::ClientConfig>, TokenError> {
        match self.library() {
            TlsLibrary::Rustls(config) => Ok(config),
            _ => Err(TokenError::misconfigured("the TLS library of these settings is not rustls")),
        }
    }
}

crate::debug_fields!([] TlsConnector, |_|);
crate::debug_fields!([] TlsLibrary, |_|);
