//! The settings of a store, which end with a choice: sealed, or not.

use core::fmt;
use core::time::Duration;
use std::path::PathBuf;

use wellspring_core::{StoreError, StorePassword};
use wellspring_store::{Records, SealingKeys, Zeroizing};

use crate::connector::Connector;
use crate::server_url::ServerUrl;
use crate::store::PostgresStore;
use crate::table::Table;

/// The table of a store that names none.
const TABLE: &str = "wellspring";

/// How long a process is known to live after it has last said so.
const PRESENCE_FOR: Duration = Duration::from_secs(15);

/// A shorter presence would end in every pause of a busy machine.
const SHORTEST_PRESENCE: Duration = Duration::from_millis(300);

/// Settings of a [`PostgresStore`]. [`sealed`](Self::sealed) or [`unsealed`](Self::unsealed) ends them.
///
/// The URL has the parameters of libpq that this list names; a parameter that the store does not know is an error.
///
/// | parameter | meaning here |
/// |---|---|
/// | `sslmode` | `require`, `verify-ca`, `verify-full`: TLS, always with a check of the certificate and the name. `disable`: none. Without it: none for a socket or a loopback address, TLS for every other host. |
/// | `sslrootcert` | a file with the authorities of the server's certificate, PEM; without it those of the web |
/// | `sslcert`, `sslkey` | the client's certificate and key, PEM; the key's file must be closed to other users |
/// | `sslnegotiation` | `direct`: the TLS handshake comes first (Postgres 17) |
/// | `passfile` | a file with passwords in the format of `.pgpass`, closed to other users; read for each new connection |
/// | `target_session_attrs` | `read-write`: of several hosts, the one that can be written to |
/// | `connect_timeout` | for each address, in seconds; 5 by default |
/// | `user`, `password`, `host`, `hostaddr`, `port`, `dbname`, `options`, `application_name`, `channel_binding`, `load_balance_hosts`, `keepalives`, `keepalives_idle`, `keepalives_interval`, `keepalives_retries`, `tcp_user_timeout` | as in libpq |
#[derive(Clone)]
#[must_use]
pub struct PostgresStoreBuilder {
    url: Zeroizing<String>,
    password: Option<StorePassword>,
    table: String,
    passfile: Option<PathBuf>,
    presence_for: Duration,
    may_go_back: bool,
}

impl PostgresStore {
    /// Settings of a store in the database of this URL: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the parameters
    /// of libpq. [`PostgresStoreBuilder`] says which.
    pub fn builder(url: impl Into<String>) -> PostgresStoreBuilder {
        PostgresStoreBuilder {
            url: Zeroizing::new(url.into()),
            password: None,
            table: TABLE.to_owned(),
            passfile: None,
            presence_for: PRESENCE_FOR,
            may_go_back: false,
        }
    }
}

impl PostgresStoreBuilder {
    /// The password, for a URL without one.
    pub fn password(mut self, password: impl Into<StorePassword>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// A file with passwords in the format of `.pgpass`, for a URL that has neither a password nor a `passfile`. It must be
    /// closed to other users. It is read for each new connection, so a password may change while the program runs.
    pub fn passfile(mut self, path: impl Into<PathBuf>) -> Self {
        self.passfile = Some(path.into());
        self
    }

    /// The table, `TABLE` or `SCHEMA.TABLE`, as Postgres keeps the names: case counts, and nothing is quoted. By default
    /// `wellspring`, in the first schema of the user's search path.
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = name.into();
        self
    }

    /// How long a process counts as alive after it has last shown that it is; 15 s by default, renewed at a third of it. The
    /// lease of a process that was killed is taken over when this time and the lease have both ended.
    pub const fn presence_for(mut self, time: Duration) -> Self {
        self.presence_for = time;
        self
    }

    /// Says that the database may show an older state again: after a failover to a standby that is not synchronous, for
    /// example. [`StoreGuarantees`](wellspring_core::StoreGuarantees) then says so too.
    pub const fn may_go_back(mut self, may: bool) -> Self {
        self.may_go_back = may;
        self
    }

    /// The store, whose records and spilled tokens are sealed with these keys. It connects when it is first used.
    ///
    /// # Errors
    ///
    /// When the URL, the table's name or a time is none. No error shows a part of the URL's secrets.
    pub fn sealed(self, keys: SealingKeys) -> Result<Records<PostgresStore>, StoreError> {
        Ok(self.unsealed()?.sealed(keys))
    }

    /// The store, whose records are not sealed: everyone who can read the table, a dump or a backup of it, or a log of the
    /// server with the parameters of statements can use the tokens. It connects when it is first used.
    ///
    /// # Errors
    ///
    /// As [`sealed`](Self::sealed).
    pub fn unsealed(self) -> Result<Records<PostgresStore>, StoreError> {
        let mut url = ServerUrl::parse(&self.url)?;
        if let (None, Some(password)) = (url.config.get_password(), &self.password) {
            url.config.password(password.expose());
        }
        if self.presence_for < SHORTEST_PRESENCE {
            return Err(StoreError::refused(format!(
                "the presence of a process in a Postgres store lasts at least {SHORTEST_PRESENCE:?}"
            )));
        }
        let connector = Connector { url, table: Table::named(&self.table)?, passfile: self.passfile };
        PostgresStore::new(connector, self.presence_for, self.may_go_back).map(Records::new)
    }
}

impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStoreBuilder").field("table", &self.table).finish_non_exhaustive()
    }
}
