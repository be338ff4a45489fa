//! The settings of a store, and its opening.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{StoreError, StorePassword};
use wellspring_store::{HeldLocks, Records, SealingKeys};

use crate::address::Target;
use crate::blocking::Blocking;
use crate::connector::{Certificates, Connector, Login};
use crate::operations::Replicas;
use crate::presence::Presence;
use crate::shared::{Keys, Shared};
use crate::store::{Opened, RedisStore};
use crate::topology::Topology;
use crate::watching::Watching;

const PREFIX: &str = "wellspring:";
const PRESENCE: Duration = Duration::from_secs(15);
const SHORTEST_PRESENCE: Duration = Duration::from_millis(300);

/// The settings of a store in Redis. Only [`sealed`](Self::sealed) and [`unsealed`](Self::unsealed) open it: the server's
/// administrators, its dump and its replicas hold whatever is saved unsealed.
#[must_use = "`sealed` opens the store"]
pub struct RedisStoreBuilder {
    target: Result<Target, StoreError>,
    prefix: String,
    presence: Duration,
    sentinels: Login,
    certificates: Certificates,
    replicas: Option<Replicas>,
}

impl RedisStore {
    /// A store at this URL, still to be configured. [`sealed`](RedisStoreBuilder::sealed) opens it.
    ///
    /// | URL | |
    /// |---|---|
    /// | `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]` | one server, or a cluster by one of its nodes |
    /// | `redis+cluster://..@HOST[:PORT],HOST[:PORT]..` | a cluster by several of its nodes |
    /// | `redis+sentinel://..@HOST[:PORT],../NAME[/DATABASE]` | the primary that the Sentinels know by this name |
    ///
    /// `rediss` in the place of `redis` means TLS; `valkey` and `valkeys` mean the same as these two. User and password are
    /// percent-encoded. They are those of the servers with the records; Sentinels have a login of their own
    /// ([`sentinel_password`](RedisStoreBuilder::sentinel_password)), or none.
    pub fn builder(url: &str) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url)
    }
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.target.as_ref().map(Target::to_string);
        f.debug_struct("RedisStoreBuilder")
            .field("target", &target)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl RedisStoreBuilder {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            target: Target::parse(url),
            prefix: PREFIX.to_owned(),
            presence: PRESENCE,
            sentinels: Login::default(),
            certificates: Certificates::default(),
            replicas: None,
        }
    }

    /// What every key and channel of the store begins with; `wellspring:` by default. Stores with different prefixes share
    /// nothing.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The user of the server's access control list, in the place of that of the URL.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        if let Ok(target) = &mut self.target {
            target.username = Some(username.into());
        }
        self
    }

    /// The password, in the place of that of the URL.
    pub fn password(mut self, password: impl Into<StorePassword>) -> Self {
        if let Ok(target) = &mut self.target {
            target.password = Some(password.into());
        }
        self
    }

    /// The user that Sentinels know; `default` by default.
    pub fn sentinel_username(mut self, username: impl Into<String>) -> Self {
        self.sentinels.username = Some(username.into());
        self
    }

    /// The password that Sentinels ask for, which is not that of the servers with the records. Without it they are asked
    /// without a login.
    pub fn sentinel_password(mut self, password: impl Into<StorePassword>) -> Self {
        self.sentinels.password = Some(password.into());
        self
    }

    /// How long other processes believe that this one lives after it last showed so; 15 seconds by default. It shows so
    /// three times as often. A process that is paused for longer counts as one of which no process can tell whether it lives.
    pub fn presence_for(mut self, lifetime: Duration) -> Self {
        self.presence = lifetime;
        self
    }

    /// The authorities that the server's certificate may be of, in PEM, in the place of the system's.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.roots = Some(pem.into());
        self
    }

    /// The certificates that this client shows to the server, and their key, both in PEM.
    pub fn client_certificate(mut self, pem: impl Into<Vec<u8>>, key: impl Into<StorePassword>) -> Self {
        self.certificates.client = Some((pem.into(), key.into()));
        self
    }

    /// Each save waits until so many replicas have confirmed it (`WAIT`), at most for `within`.
    ///
    /// A save that fewer confirm fails as one that may have been made: it stands on the primary, and a failover may lose it.
    /// The renewal then loads the record and goes on with what it finds. So the setting makes a loss rarer and visible; it
    /// does not exclude one. The saves of an asynchronous program wait for one another meanwhile.
    pub const fn replicas(mut self, number: u32, within: Duration) -> Self {
        self.replicas = Some(Replicas { number, within });
        self
    }

    /// Opens the store, whose records are sealed with the newest of these keys and opened with any. No connection is made
    /// yet: the first operation makes one, so that a program starts while the server is down.
    ///
    /// # Errors
    ///
    /// When a setting or the URL is wrong. No error quotes the URL.
    pub fn sealed(self, keys: SealingKeys) -> Result<Records<RedisStore>, StoreError> {
        Ok(self.unsealed()?.sealed(keys))
    }

    /// Opens the store, whose records are not sealed: the tokens of all users are readable for every person and program that
    /// can read the server, its files or its traffic.
    ///
    /// # Errors
    ///
    /// As those of [`sealed`](Self::sealed).
    pub fn unsealed(self) -> Result<Records<RedisStore>, StoreError> {
        let target = self.target?;
        if self.prefix.contains(['{', '}']) {
            return Err(StoreError::refused(
                "the prefix of the store has a brace: a cluster reads keys by their braces",
            ));
        }
        if self.presence < SHORTEST_PRESENCE {
            return Err(StoreError::refused(format!(
                "the presence of the store lasts {:?}: give it {SHORTEST_PRESENCE:?} or more",
                self.presence
            )));
        }
        if target.username.is_some() && target.password.is_none() {
            return Err(StoreError::refused(
                "the store has a user and no password: give it one in its URL or settings",
            ));
        }
        if self.sentinels.username.is_some() && self.sentinels.password.is_none() {
            return Err(StoreError::refused("the Sentinels have a user and no password: give both"));
        }
        let process = getrandom::u64()
            .map_err(|error| StoreError::unavailable(format!("the system gives no random bytes: {error}")))?;
        let connector = Arc::new(Connector::new(&target, self.sentinels, self.certificates)?);
        let topology = Arc::new(Topology::new(&target));
        let shared = Shared {
            place: target.to_string(),
            keys: Keys { prefix: self.prefix },
            topology: Arc::clone(&topology),
            blocking: Blocking::new(Arc::clone(&connector), Arc::clone(&topology)),
            locks: HeldLocks::new(process),
            presence: Presence::new(self.presence),
            watching: Watching::default(),
            publish_refused: false.into(),
            subscribe_refused: false.into(),
        };
        #[cfg(feature = "async")]
        let nonblocking = crate::nonblocking::Nonblocking::new(connector, topology);
        Ok(Records::new(RedisStore::of(Opened::new(
            shared,
            self.replicas,
            #[cfg(feature = "async")]
            nonblocking,
        ))))
    }
}
