//! How connections are made: the login, the database, TLS.

use core::fmt;
use core::time::Duration;
use std::net::ToSocketAddrs as _;
use std::sync::mpsc::sync_channel;
use std::thread;

use redis::{Client, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo};
use wellspring_core::{StoreError, StorePassword};

use crate::address::{Address, Target};
use crate::failure::{Cause, Failure};

/// How long a connection may take to be made, the login included.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// What each certificate in PEM begins with.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What TLS needs besides the system's roots.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    /// The authorities that the server's certificate may be of, in PEM; the system's if `None`.
    pub(crate) roots: Option<Vec<u8>>,
    /// The client's certificates and their key, in PEM.
    pub(crate) client: Option<(Vec<u8>, StorePassword)>,
}

/// A user of a server, and its password.
#[derive(Clone, Default)]
pub(crate) struct Login {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<StorePassword>,
}

impl Login {
    fn of(&self, mut settings: RedisConnectionInfo) -> RedisConnectionInfo {
        if let Some(password) = &self.password {
            settings = settings.set_password(password.expose());
        }
        if let Some(username) = &self.username {
            settings = settings.set_username(username);
        }
        settings
    }
}

/// Makes connections.
pub(crate) struct Connector {
    tls: bool,
    database: u32,
    login: Login,
    sentinels: Login,
    certificates: Certificates,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("tls", &self.tls).finish_non_exhaustive()
    }
}

/// Which of the store's servers a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A server with records.
    Records,
    /// A Sentinel, which has no database, and a login of its own.
    Sentinel,
}

impl Connector {
    /// # Errors
    ///
    /// When the URL asks for TLS and the store is built without, or the certificates cannot be read.
    pub(crate) fn new(
        target: &Target,
        sentinels: Login,
        certificates: Certificates,
    ) -> Result<Self, StoreError> {
        if target.tls && cfg!(not(feature = "tls")) {
            return Err(StoreError::refused(
                "the URL of the store asks for TLS, and this program is built without: enable the feature `tls` of \
                 wellspring-store-redis",
            ));
        }
        let connector = Self {
            tls: target.tls,
            database: target.database,
            login: Login { username: target.username.clone(), password: target.password.clone() },
            sentinels,
            certificates,
        };
        let is_pem = |pem: &Vec<u8>| pem.windows(PEM.len()).any(|at| at == PEM);
        if !connector.certificates.roots.iter().all(is_pem) {
            return Err(StoreError::refused("the authorities of the store are no certificates in PEM"));
        }
        // The certificates are read once more for each connection: now is the time to tell that they are none.
        connector.client(&target.hosts[0], Role::Records)?;
        Ok(connector)
    }

    /// The client of the server at this address.
    pub(crate) fn client(&self, address: &Address, role: Role) -> Result<Client, StoreError> {
        let addr = match self.tls {
            false => ConnectionAddr::Tcp(address.host.clone(), address.port),
            true => ConnectionAddr::TcpTls {
                host: address.host.clone(),
                port: address.port,
                insecure: false,
                tls_params: None,
            },
        };
        let settings = RedisConnectionInfo::default().set_skip_set_lib_name();
        let settings = match role {
            Role::Records => self.login.of(settings.set_db(i64::from(self.database))),
            Role::Sentinel => self.sentinels.of(settings),
        };
        let info = addr.into_connection_info().map(|info| info.set_redis_settings(settings));
        let client = info.and_then(|info| match self.tls {
            false => Client::open(info),
            true => self.tls_client(info),
        });
        client.map_err(|_| {
            StoreError::refused(
                "the certificates of the store cannot be read: they must be PEM, and the key must fit",
            )
        })
    }

    #[cfg(feature = "tls")]
    fn tls_client(&self, info: redis::ConnectionInfo) -> redis::RedisResult<Client> {
        // The client's TLS asks for the provider of the process. A program that has none gets the usual one.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            drop(rustls::crypto::ring::default_provider().install_default());
        }
        let client_tls =
            self.certificates.client.as_ref().map(|(certificates, key)| redis::ClientTlsConfig {
                client_cert: certificates.clone(),
                client_key: key.expose().as_bytes().to_vec(),
            });
        let root_cert = self.certificates.roots.clone();
        match (client_tls, root_cert) {
            (None, None) => Client::open(info),
            (client_tls, root_cert) => {
                Client::build_with_tls(info, redis::TlsCertificates { client_tls, root_cert })
            }
        }
    }

    #[cfg(not(feature = "tls"))]
    fn tls_client(&self, info: redis::ConnectionInfo) -> redis::RedisResult<Client> {
        let _ = (&self.certificates.roots, &self.certificates.client);
        Client::open(info)
    }

    /// Connects and blocks for as long as that takes.
    pub(crate) fn connect(
        &self,
        address: &Address,
        role: Role,
        within: Duration,
    ) -> Result<redis::Connection, Failure> {
        let client =
            self.client(address, role).map_err(|error| Failure::new(Cause::Refused(error.to_string())))?;
        let (within, address) = (within.min(CONNECT_WITHIN), address.clone());
        let connect = move || {
            // The client tries one address of a name after the other, each for this long.
            let addresses =
                (address.host.as_str(), address.port).to_socket_addrs().map_or(1, Iterator::count);
            let each = within / u32::try_from(addresses.max(1)).unwrap_or(1);
            if each.is_zero() {
                return Err(Failure::timed_out());
            }
            client.get_connection_with_timeout(each).map_err(|error| Failure::of_connect(&error))
        };
        // No deadline bounds the system's look-up of a name, so it is waited for on another thread.
        let (sender, connected) = sync_channel(1);
        let thread = thread::Builder::new().name("wellspring-redis".to_owned());
        let started = thread.spawn(move || sender.send(connect()));
        started.map_err(|error| {
            Failure::new(Cause::Unreachable(format!("the system starts no thread: {}", error.kind())))
        })?;
        let connected = connected.recv_timeout(within).unwrap_or_else(|_| Err(Failure::timed_out()));
        connected.map_err(|failure| self.failed(failure))
    }

    /// Connects without blocking.
    #[cfg(feature = "async")]
    pub(crate) async fn connect_async(
        &self,
        address: &Address,
        role: Role,
    ) -> Result<redis::aio::MultiplexedConnection, Failure> {
        let client =
            self.client(address, role).map_err(|error| Failure::new(Cause::Refused(error.to_string())))?;
        // Each request has a time of its own.
        let settings = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(None);
        let connected = client.get_multiplexed_async_connection_with_config(&settings).await;
        connected.map_err(|error| self.failed(Failure::of_connect(&error)))
    }

    /// The failure of a connection that was not there in time.
    #[cfg(feature = "async")]
    pub(crate) fn late(&self) -> Failure {
        self.failed(Failure::timed_out())
    }

    /// The failure of a new connection.
    pub(crate) fn failed(&self, failure: Failure) -> Failure {
        if self.tls { failure.with_tls() } else { failure }
    }
}
