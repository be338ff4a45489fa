//! Where a secret may be sent: to HTTPS origins, and over plain HTTP only to this machine.
//!
//! A small, strict reader of absolute URLs. It refuses what it does not understand: a URL that two parsers read
//! differently can send a token to the wrong host.

use alloc::string::{String, ToString};
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

/// Scheme, host and port of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    https: bool,
    host: String,
    port: u16,
}

/// Why a URL was refused. The text names the rule, never the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OriginError(&'static str);

impl Origin {
    /// The origin of an absolute URL to which a secret may be sent.
    ///
    /// # Errors
    ///
    /// When the URL is not absolute HTTP or HTTPS, carries a user name, a fragment, white space, a backslash or
    /// anything but ASCII, or is plain HTTP to another host than this machine's loopback.
    pub fn of(url: &str) -> Result<Self, OriginError> {
        let origin = Self::parse(url)?;
        if !origin.https && !origin.is_loopback() {
            return Err(OriginError(
                "the URL must use https, except to loopback (127.0.0.1, [::1], localhost)",
            ));
        }
        Ok(origin)
    }

    fn parse(url: &str) -> Result<Self, OriginError> {
        if !url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(OriginError(
                "the URL holds a space, a backslash or a byte that is not visible ASCII",
            ));
        }
        let (scheme, rest) = url.split_once("://").ok_or(OriginError("the URL must start with https://"))?;
        let https = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => true,
            _ if scheme.eq_ignore_ascii_case("http") => false,
            _ => return Err(OriginError("the URL must start with https://")),
        };
        if rest.contains('#') {
            return Err(OriginError("the URL must not have a fragment"));
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(OriginError("the URL must not carry a user name or password"));
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            None => {
                if https {
                    443
                } else {
                    80
                }
            }
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map_err(|_| OriginError("the URL's port is not a number up to 65535"))?
            }
            Some(_) => return Err(OriginError("the URL's port is not a number up to 65535")),
        };
        Ok(Self { https, host: canonical_host(host)?, port })
    }

    /// Whether a URL, to which a secret may be sent, has this origin.
    #[must_use]
    pub fn covers(&self, url: &str) -> bool {
        Self::of(url).is_ok_and(|origin| origin == *self)
    }

    /// Whether the host is this machine: 127.0.0.0/8, `[::1]` or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        if let Some(inner) = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            return inner.parse() == Ok(Ipv6Addr::LOCALHOST);
        }
        self.host == "localhost" || self.host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether it is HTTPS.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// The host in lower case; an IPv6 address keeps its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own where the URL names none.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl core::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(url: &str) -> Result<Self, OriginError> {
        Self::of(url)
    }
}

impl TryFrom<&str> for Origin {
    type Error = OriginError;

    fn try_from(url: &str) -> Result<Self, OriginError> {
        Self::of(url)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", if self.https { "https" } else { "http" }, self.host, self.port)
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), OriginError> {
    if authority.starts_with('[') {
        let end =
            authority.find(']').ok_or(OriginError("the URL's IPv6 address lacks its closing bracket"))?;
        let (host, rest) = authority.split_at(end + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(OriginError("the URL's host is not readable")),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

/// The host as every resolver reads it: all spellings of an IPv4 address become the dotted one.
fn canonical_host(host: &str) -> Result<String, OriginError> {
    const UNREADABLE: OriginError = OriginError("the URL's host is not readable");
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address: Ipv6Addr = inner.parse().map_err(|_| UNREADABLE)?;
        return Ok(alloc::format!("[{address}]"));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if host.is_empty() || host.starts_with('.') || !host.bytes().all(plain) {
        return Err(UNREADABLE);
    }
    let host = host.to_ascii_lowercase();
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    // A host that ends in a number is an address (https://url.spec.whatwg.org/#ends-in-a-number-checker).
    if numeric { ipv4(&host).map(|address| address.to_string()).ok_or(UNREADABLE) } else { Ok(host) }
}

/// One to four decimal, octal or hexadecimal parts, the last one filling what is left.
fn ipv4(host: &str) -> Option<Ipv4Addr> {
    let parts = host.split('.').map(number).collect::<Option<alloc::vec::Vec<u32>>>()?;
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|part| *part > 255) {
        return None;
    }
    let room = 8 * (4 - leading.len() as u32);
    if room < 32 && *last >> room != 0 {
        return None;
    }
    let high = leading.iter().enumerate().fold(0, |acc, (n, part)| acc | part << (24 - 8 * n));
    Some(Ipv4Addr::from(high | last))
}

fn number(part: &str) -> Option<u32> {
    let (digits, radix) = match part.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None if part.len() > 1 && part.starts_with('0') => (&part[1..], 8),
        None => (part, 10),
    };
    // A host has no sign characters: the rest is digits or unreadable.
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_alone_judged_on_the_parsed_host() {
        for fine in [
            "https://api.gateway.goforge.com.br/oauth/token",
            "http://127.0.0.1:9001/oauth/token",
            "http://localhost/x",
            "http://[::1]:80",
            "http://[::1]/",
            "http://127.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "HTTP://LOCALHOST/x",
        ] {
            assert!(Origin::of(fine).is_ok(), "{fine}");
        }
        for bad in [
            "http://api.gateway.goforge.com.br/",
            "http://localhost.evil.com/",
            "http://127.0.0.1.evil.com/",
            "http://127.0.0.1@evil.com/",
            "http://evil.com#@127.0.0.1/",
            "http://evil.com\\@127.0.0.1/",
            "http://0.0.0.0/",
            "http://[::ffff:127.0.0.1]/",
            "http://128.0.0.1/",
            "http://1.2.3.4.5/",
            "http://127.0.0.256/",
            "http://0x1ffffffff/",
            "ftp://127.0.0.1/",
            "//127.0.0.1/",
            "http:///x",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:+80/",
            "http://loc alhost/",
            "https://api.example.com/a b",
            "https://api.example.com/a\\b",
            "https://api.example.com/\u{e9}",
            "",
        ] {
            assert!(Origin::of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_names_the_rule_and_never_the_url() {
        let error = Origin::of("http://canary.example/").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the URL must use https, except to loopback (127.0.0.1, [::1], localhost)"
        );
        assert_eq!(Origin::of("HTTPS://Api.Example.com").unwrap().to_string(), "https://api.example.com:443");
    }

    #[test]
    fn the_many_spellings_of_an_address_are_one_host() {
        for (url, host, port) in [
            ("http://127.1:81/", "127.0.0.1", 81),
            ("http://0177.0.0.01/", "127.0.0.1", 80),
            ("http://0x7F000001/", "127.0.0.1", 80),
            ("http://127.0.513/", "127.0.2.1", 80),
            ("https://10.0x1ff/", "10.0.1.255", 443),
            ("https://255.255.255.255./", "", 0),
            ("https://256.1/", "", 0),
            ("https://1.2.3.08/", "", 0),
            ("https://1.2.3.0x/", "", 0),
            ("https://1.256.3.4/", "", 0),
            ("https://1.255.3.4/", "1.255.3.4", 443),
            ("https://1.16777216/", "", 0),
            ("https://1.16777215/", "1.255.255.255", 443),
            ("https://[::1]x/", "", 0),
            ("https://[::1/", "", 0),
            ("https://.example.com/", "", 0),
            ("https://ex%61mple.com/", "", 0),
            ("https://[0:0::1]:8443/", "[::1]", 8443),
            ("https://[::ffff:7f00:1]", "[::ffff:127.0.0.1]", 443),
        ] {
            let seen = Origin::of(url).map(|origin| (origin.host().to_string(), origin.port()));
            let expected = (!host.is_empty()).then(|| (host.to_string(), port));
            assert_eq!(seen.ok(), expected, "{url}");
        }
        assert!(Origin::of("https://a.example").unwrap().is_https());
        assert!(!Origin::of("http://localhost").unwrap().is_https());
    }

    #[test]
    fn an_origin_covers_its_own_urls_and_no_others() {
        let origin = Origin::of("https://api.example.com").unwrap();
        assert!(origin.covers("https://API.example.com:443/cob/1?x=y"));
        for other in [
            "https://api.example.com:444/",
            "http://api.example.com/",
            "https://api.example.com.evil.com/",
            "https://example.com/",
            "https://api.example.com@evil.com/",
        ] {
            assert!(!origin.covers(other), "{other}");
        }
    }
}
