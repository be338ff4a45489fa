//! `[store]` for a store on a network: its URL, and the settings that only such a store has.

use core::fmt;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::section::Section;
use crate::value::Value;

/// The schemes of each kind of server, up to a `+`.
const POSTGRES: [&str; 2] = ["postgres", "postgresql"];
const REDIS: [&str; 5] = ["redis", "rediss", "valkey", "valkeys", "sentinel"];

/// The URL of a server. It may hold a password, so `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NetworkUrl(Zeroizing<String>, Engine);

/// What kind of server a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    Redis,
}

impl NetworkUrl {
    /// This text, if it is the URL of a server.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (scheme, _) = text.split_once("://")?;
        let protocol = scheme.split('+').next().unwrap_or_default();
        let engine = match protocol {
            _ if POSTGRES.contains(&scheme) => Engine::Postgres,
            _ if REDIS.contains(&protocol) => Engine::Redis,
            _ => return None,
        };
        Some(Self(Zeroizing::new(text.to_owned()), engine))
    }

    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) const fn engine(&self) -> Engine {
        self.1
    }

    /// Whether the URL itself holds a password.
    pub(crate) fn has_password(&self) -> bool {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let (login, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        login.contains(':') || rest.contains("?password=") || rest.contains("&password=")
    }
}

impl fmt::Debug for NetworkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetworkUrl({:?})", self.1)
    }
}

/// The settings that only a store on a network has.
#[derive(Clone, Debug, Default)]
pub(crate) struct NetworkSettings {
    sealing: Option<Value>,
    /// The table of a store in a database.
    pub(crate) table: Option<Value>,
    /// What each key of a store in Redis begins with.
    pub(crate) prefix: Option<Value>,
    /// The authorities of the certificates of Redis servers, and what this client shows to them.
    pub(crate) ca_certificate: Option<Value>,
    pub(crate) client_certificate: Option<Value>,
    pub(crate) client_key: Option<Value>,
    /// The login of the Sentinels, which is not that of the servers with the records.
    pub(crate) sentinel_username: Option<Value>,
    pub(crate) sentinel_password: Option<Value>,
}

impl NetworkSettings {
    pub(crate) fn read(section: &mut Section<'_>) -> Result<Self, Error> {
        Ok(Self {
            sealing: section.value("sealing")?,
            table: section.value("table")?,
            prefix: section.value("prefix")?,
            ca_certificate: section.value("ca_certificate")?,
            client_certificate: section.value("client_certificate")?,
            client_key: section.value("client_key")?,
            sentinel_username: section.value("sentinel_username")?,
            sentinel_password: section.value("sentinel_password")?,
        })
    }

    /// Where the settings ask for sealing in a word that means nothing without a network.
    pub(crate) const fn sealing(&self) -> Option<&Value> {
        self.sealing.as_ref()
    }

    /// Whether the settings switch sealing off. `has_key`: a sealing key is named.
    pub(crate) fn unsealed(&self, has_key: bool) -> Result<bool, Error> {
        let Some(value) = &self.sealing else { return Ok(false) };
        if **value.text()? != *"off" {
            return Err(value
                .place
                .error("is \"off\" or left out: a store on a network is sealed otherwise"));
        }
        if has_key {
            return Err(value.place.error("contradicts the sealing key that is named; remove one of them"));
        }
        Ok(true)
    }

    /// Refuses each setting that this kind of store does not have; `None` is a store on this machine.
    pub(crate) fn check(&self, engine: Option<Engine>) -> Result<(), Error> {
        let of_redis = [
            &self.prefix,
            &self.sentinel_username,
            &self.sentinel_password,
            &self.ca_certificate,
            &self.client_certificate,
            &self.client_key,
        ];
        let refused = |value: &Option<Value>, what: &str| match value {
            Some(value) => Err(value.place.error(what)),
            None => Ok(()),
        };
        match engine {
            Some(Engine::Redis) => {
                refused(&self.table, "is for stores in Postgres; a store in Redis has `prefix`")?;
            }
            Some(Engine::Postgres) => {
                refused(&self.prefix, "is for stores in Redis; a store in Postgres has `table`")?;
                of_redis[1..3]
                    .iter()
                    .try_for_each(|value| refused(value, "is for stores in Redis; remove it"))?;
                let in_the_url = "is for stores in Redis; the URL of a store in Postgres names its files with \
                                  `sslrootcert`, `sslcert` and `sslkey`";
                of_redis[3..].iter().try_for_each(|value| refused(value, in_the_url))?;
            }
            None => {
                refused(&self.table, "is for stores in a database on a network; remove it")?;
                of_redis.iter().try_for_each(|value| refused(value, "is for stores in Redis; remove it"))?;
            }
        }
        let pairs = [
            (&self.client_certificate, &self.client_key, "client_key"),
            (&self.client_key, &self.client_certificate, "client_certificate"),
            (&self.sentinel_username, &self.sentinel_password, "sentinel_password"),
        ];
        for (value, other, missing) in pairs {
            if let (Some(value), None) = (value, other) {
                return Err(value.place.error(format_args!("needs `{missing}`; add it")));
            }
        }
        Ok(())
    }
}
