//! What a URL of the store says: which servers, with or without TLS, which database, which user.

use core::fmt;

use wellspring_core::{StoreError, StorePassword};

const DEFAULT_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// A server's host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    /// A name or an IP address; an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// How the servers of a store belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One server, or a cluster that is known by one of its nodes: each server says which of the others has a key.
    Server,
    /// Several nodes of one cluster.
    Cluster,
    /// Sentinels that know the primary of this name.
    Sentinel(String),
}

/// What a URL of the store says.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) tls: bool,
    pub(crate) kind: Kind,
    /// One address at least.
    pub(crate) hosts: Vec<Address>,
    pub(crate) database: u32,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<StorePassword>,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl Address {
    /// Reads `host`, `host:port` or `[::1]:port`.
    pub(crate) fn parse(text: &str, default_port: u16) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
            }
            None => match text.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let port = match port {
            Some(port) => port.parse().ok()?,
            None => default_port,
        };
        (!host.is_empty()).then(|| Self { host: host.to_owned(), port })
    }
}

/// The place without user and password: `redis://host:port/0`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let suffix = match self.kind {
            Kind::Server => "",
            Kind::Cluster => "+cluster",
            Kind::Sentinel(_) => "+sentinel",
        };
        let hosts: Vec<String> = self.hosts.iter().map(Address::to_string).collect();
        write!(f, "{scheme}{suffix}://{}", hosts.join(","))?;
        if let Kind::Sentinel(name) = &self.kind {
            write!(f, "/{name}")?;
        }
        write!(f, "/{}", self.database)
    }
}

/// An error about a URL never quotes it: it may hold a password.
fn refused(text: &str) -> StoreError {
    StoreError::refused(format!("the URL of the store {text}"))
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// When it is none of a Redis store. The error does not quote the URL.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let (scheme, rest) =
            url.split_once("://").ok_or_else(|| refused("has no scheme: write redis://HOST"))?;
        let (protocol, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        let (protocol, kind) = if protocol == "sentinel" { ("redis", "sentinel") } else { (protocol, kind) };
        let tls = match protocol {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(refused("begins with none of redis:, rediss:, valkey:, valkeys:, sentinel:")),
        };
        if let Some(mark) = rest.chars().find(|mark| matches!(mark, '?' | '#')) {
            return Err(refused(&format!(
                "has a `{mark}`, which nothing may follow; in a user name or a password write it as %{:02X}",
                u32::from(mark)
            )));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        let (username, password) = login.map_or(Ok((None, None)), parse_login)?;
        let port = if kind == "sentinel" { SENTINEL_PORT } else { DEFAULT_PORT };
        let hosts: Option<Vec<_>> = hosts.split(',').map(|host| Address::parse(host, port)).collect();
        let hosts = hosts.ok_or_else(|| refused("names no host, or a port that is not a number"))?;
        let (kind, database) = match kind {
            "" if hosts.len() > 1 => {
                return Err(refused("names several hosts: write redis+cluster: or redis+sentinel:"));
            }
            "" => (Kind::Server, path),
            "cluster" => (Kind::Cluster, path),
            "sentinel" => {
                let (name, database) = path.split_once('/').unwrap_or((path, ""));
                if name.is_empty() {
                    return Err(refused("names no primary: write redis+sentinel://HOST/NAME"));
                }
                (Kind::Sentinel(name.to_owned()), database)
            }
            _ => {
                return Err(refused("has an unknown kind of store: write redis+cluster: or redis+sentinel:"));
            }
        };
        let database = if database.is_empty() { Some(0) } else { database.parse().ok() };
        let database = database.ok_or_else(|| refused("has a database that is not a number"))?;
        if kind == Kind::Cluster && database != 0 {
            return Err(refused("names a database, and a cluster has only number 0"));
        }
        Ok(Self { tls, kind, hosts, database, username, password })
    }
}

fn parse_login(login: &str) -> Result<(Option<String>, Option<StorePassword>), StoreError> {
    let (username, password) = match login.split_once(':') {
        Some((username, password)) => (username, Some(password)),
        None => (login, None),
    };
    let wrong = || refused("has a user name or a password with a `%` that no two hexadecimal digits follow");
    let username = decoded(username).ok_or_else(wrong)?;
    let password = password.map(|password| decoded(password).ok_or_else(wrong)).transpose()?;
    Ok(((!username.is_empty()).then_some(username), password.map(StorePassword::new)))
}

/// The text that this percent-encoded text stands for.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let value = |digit: u8| char::from(digit).to_digit(16);
                u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        Target::parse(url).map_or_else(|error| error.to_string(), |target| target.to_string())
    }

    #[test]
    fn a_url_names_servers_a_database_and_a_login() {
        let target = Target::parse("rediss://app:p%40ss%3Aword@[::1]:7000/3").expect("a URL");
        assert!(target.tls && target.database == 3 && target.username.as_deref() == Some("app"));
        assert_eq!(target.password.as_ref().map(StorePassword::expose), Some("p@ss:word"));
        assert_eq!(target.to_string(), "rediss://[::1]:7000/3");
        assert_eq!(shown("redis://:secret@localhost"), "redis://localhost:6379/0");
        assert_eq!(shown("valkey://localhost"), "redis://localhost:6379/0");
        assert_eq!(shown("sentinel://a,b:1/main/2"), "redis+sentinel://a:26379,b:1/main/2");
        assert_eq!(shown("redis+sentinel://a/main"), "redis+sentinel://a:26379/main/0");
        assert_eq!(shown("rediss+cluster://a:1,b:2"), "rediss+cluster://a:1,b:2/0");
    }

    #[test]
    fn an_error_about_a_url_says_what_is_wrong_and_does_not_quote_it() {
        for (url, says) in [
            ("localhost:canary", "has no scheme"),
            ("http://canary@localhost", "begins with none of"),
            ("redis://:can%ary@localhost", "with a `%` that no two"),
            ("redis://:canary?x@localhost", "has a `?`"),
            ("redis://:canary@", "names no host"),
            ("redis://:canary@a:b", "names no host, or a port"),
            ("redis://:canary@a,b", "names several hosts"),
            ("redis://:canary@a/b", "a database that is not a number"),
            ("redis+sentinel://:canary@a", "names no primary"),
            ("redis+cluster://:canary@a/1", "only number 0"),
            ("redis+fancy://:canary@a", "an unknown kind"),
        ] {
            let error = Target::parse(url).expect_err(url);
            let text = error.to_string();
            assert!(error.is_refused() && text.contains(says) && !text.contains("canary"), "{text}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
