//! The URL of a server: what of it the connection needs, whether it has TLS, and how it is shown without a secret.

use core::net::IpAddr;
use core::time::Duration;
use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use wellspring_core::StoreError;

/// The parameters that the connection understands itself.
const PASSED_ON: [&str; 18] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a URL says.
#[derive(Clone)]
pub(crate) struct ServerUrl {
    pub(crate) config: Config,
    /// `None` where nothing is encrypted.
    pub(crate) tls: Option<TlsFiles>,
    /// The file with passwords, in the format of `.pgpass`.
    pub(crate) passfile: Option<PathBuf>,
    /// `postgres://HOST:PORT/DATABASE`, for messages.
    pub(crate) shown: String,
}

/// The files of TLS that a URL names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The authorities that the server's certificate may come from; the usual ones of the web if none is named.
    pub(crate) roots: Option<PathBuf>,
    pub(crate) client_certificate: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
}

impl ServerUrl {
    /// Reads a URL. No error shows any part of it.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let rest = ["postgres://", "postgresql://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.ok_or_else(|| {
            StoreError::refused("the URL of a Postgres store begins with postgres:// or postgresql://")
        })?;
        let after_user = rest.find('@').map_or(0, |at| at + 1);
        let query = rest[after_user..].find('?').map(|at| after_user + at);
        let (base, query) = query.map_or((rest, ""), |at| (&rest[..at], &rest[at + 1..]));
        let mut own = OwnParameters::default();
        let mut passed_on = String::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !own.take(name, value)? {
                passed_on.push(if passed_on.is_empty() { '?' } else { '&' });
                passed_on.push_str(pair);
            }
        }
        let config = format!("postgres://{base}{passed_on}").parse::<Config>();
        let mut config = config.map_err(|_| {
            StoreError::refused(
                "the URL of the Postgres store cannot be read: it is postgres://USER@HOST:PORT/DATABASE, with the \
                 characters %, /, ?, #, @ and : of a user or password written as %25, %2F, %3F, %23, %40 and %3A",
            )
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(StoreError::refused("the URL of the Postgres store names no host"));
        }
        let tls = own.tls(&config)?;
        config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        with_defaults(&mut config);
        let shown = shown(&config);
        Ok(Self { config, tls, passfile: own.passfile, shown })
    }

    /// Whether the TLS handshake comes without the server's word before it.
    #[cfg(feature = "tls")]
    pub(crate) fn negotiates_directly(&self) -> bool {
        self.config.get_ssl_negotiation() == tokio_postgres::config::SslNegotiation::Direct
    }
}

/// The parameters that the store itself reads.
#[derive(Default)]
struct OwnParameters {
    mode: Option<String>,
    files: TlsFiles,
    passfile: Option<PathBuf>,
}

impl OwnParameters {
    /// Takes this parameter if it is one of these; `false` leaves it to the connection.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, StoreError> {
        if PASSED_ON.contains(&name) {
            return Ok(false);
        }
        let value =
            decode(value).ok_or_else(|| StoreError::refused("a parameter of the URL is not UTF-8"))?;
        match name {
            "sslmode" => self.mode = Some(value),
            "sslrootcert" => self.files.roots = Some(value.into()),
            "sslcert" => self.files.client_certificate = Some(value.into()),
            "sslkey" => self.files.client_key = Some(value.into()),
            "passfile" => self.passfile = Some(value.into()),
            _ => {
                return Err(StoreError::refused(format!(
                    "the URL of the Postgres store has a parameter that it does not know; known are sslmode, sslrootcert, \
                     sslcert, sslkey, passfile, {}",
                    PASSED_ON.join(", ")
                )));
            }
        }
        Ok(true)
    }

    /// Whether the connection has TLS. Without a word about it, it has unless all hosts are this machine.
    fn tls(&self, config: &Config) -> Result<Option<TlsFiles>, StoreError> {
        let wanted = match self.mode.as_deref() {
            None => self.files != TlsFiles::default() || !is_this_machine(config),
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some(_) => {
                return Err(StoreError::refused(
                    "`sslmode` is `require`, `verify-ca` or `verify-full`, which all check the server's certificate and \
                     name, or `disable`",
                ));
            }
        };
        if wanted && cfg!(not(feature = "tls")) {
            return Err(StoreError::refused(
                "this program is built without TLS for Postgres: enable the feature `tls` of \
                 `wellspring-store-postgres`, or write `sslmode=disable` if nothing can read or change what goes over this network",
            ));
        }
        Ok(wanted.then(|| self.files.clone()))
    }
}

/// Whether every host is a socket or a loopback address.
fn is_this_machine(config: &Config) -> bool {
    let loopback = |address: &IpAddr| address.is_loopback();
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address| loopback(&address)),
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

/// What a URL without a word about it means.
fn with_defaults(config: &mut Config) {
    if config.get_application_name().is_none() {
        config.application_name("wellspring");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    // Postgres's own two hours are too long for a peer that is gone.
    if config.get_keepalives_idle() == Duration::from_secs(2 * 60 * 60) {
        config.keepalives_idle(Duration::from_secs(30));
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(Duration::from_secs(10));
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
}

fn shown(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |n: usize| ports.get(n).or(ports.first()).copied().unwrap_or(5432);
    let mut places = Vec::new();
    for (n, host) in config.get_hosts().iter().enumerate() {
        places.push(match host {
            Host::Tcp(name) => format!("{}:{}", visible(name), port(n)),
            #[cfg(unix)]
            Host::Unix(path) => visible(&path.to_string_lossy()),
        });
    }
    if places.is_empty() {
        let addresses = config.get_hostaddrs().iter().enumerate();
        places.extend(addresses.map(|(n, address)| format!("{address}:{}", port(n))));
    }
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{}/{}", places.join(","), visible(database))
}

fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The text behind `%XX`.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.first_chunk::<2>().filter(|_| *first == b'%');
        let byte = digits.and_then(|digits| u8::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_neither_the_user_nor_the_password() {
        let shown = |url: &str| ServerUrl::parse(url).unwrap().shown;
        let none = "sslmode=disable";
        assert_eq!(
            shown(&format!("postgres://u:canary@db.example/tokens?{none}")),
            "postgres://db.example:5432/tokens"
        );
        assert_eq!(shown(&format!("postgresql://u@a:1,b:2/t?{none}")), "postgres://a:1,b:2/t");
        assert_eq!(shown("postgres://u:canary@%2Frun%2Fpostgresql/t"), "postgres:///run/postgresql/t");
        assert_eq!(shown("postgres://localhost/t?user=u&password=canary"), "postgres://localhost:5432/t");
    }

    #[test]
    fn no_error_shows_a_part_of_the_url() {
        for url in [
            "canary://u:canary@h/d",
            "postgres://u:canary@/d",
            "postgres://u:can/ary@h:canary/d",
            "postgres://u:p@h/d?canary=1",
            "postgres://u:p@h/d?sslmode=canary",
            "postgres://u:p@h/d?port=canary",
            "postgres://u:p@canary?ca=1@h/d",
            "postgres://u:p@h/d?passfile=%ffcanary",
        ] {
            let error = ServerUrl::parse(url).err().unwrap_or_else(|| panic!("{url} is read"));
            assert!(error.is_refused() && !error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn other_machines_are_reached_with_tls_unless_it_is_switched_off() {
        let tls = |url: &str| ServerUrl::parse(url).map(|url| url.tls.is_some());
        for local in ["localhost", "127.0.0.1", "[::1]", "%2Frun%2Fpostgresql", "localhost,127.0.0.1:1"] {
            assert_eq!(tls(&format!("postgres://u@{local}/d")).ok(), Some(false), "{local}");
        }
        for other in ["db.example", "10.0.0.1", "localhost,db.example"] {
            let with = tls(&format!("postgres://u@{other}/d"));
            assert_eq!(with.ok(), cfg!(feature = "tls").then_some(true), "{other}");
            assert_eq!(tls(&format!("postgres://u@{other}/d?sslmode=disable")).ok(), Some(false), "{other}");
        }
        for weak in ["prefer", "allow", ""] {
            assert!(tls(&format!("postgres://u@localhost/d?sslmode={weak}")).is_err(), "{weak}");
        }
        let named = ServerUrl::parse("postgres://u@localhost/d?sslrootcert=%2Fetc%2Fca.pem");
        let roots = TlsFiles { roots: Some("/etc/ca.pem".into()), ..TlsFiles::default() };
        assert_eq!(named.ok().map(|url| url.tls), cfg!(feature = "tls").then_some(Some(roots)));
    }

    #[test]
    fn what_is_written_with_percents_is_read_and_a_lone_percent_stays() {
        assert_eq!(decode("%2Frun%2fa b").as_deref(), Some("/run/a b"));
        assert_eq!(decode("50%").as_deref(), Some("50%"));
        assert_eq!(decode("%zz%").as_deref(), Some("%zz%"));
        assert_eq!(decode("%ff"), None);
    }
}
