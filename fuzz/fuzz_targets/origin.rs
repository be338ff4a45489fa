//! URLs that receive a secret: where this project reads an origin, the HTTP clients read the same one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth2_app::{Discovery, RedirectUri};
use url::{Host, Url};
use wellspring_core::Origin;

fuzz_target!(|url: &str| {
    let _ = (Discovery::new(url).map(|discovery| discovery.requests()), RedirectUri::new(url));
    let Ok(origin) = Origin::of(url) else { return };
    assert!(origin.is_https() || origin.is_loopback(), "{url}");
    assert!(origin.covers(url), "{url}");
    assert_eq!(Origin::of(&origin.to_string()), Ok(origin.clone()), "{url}");
    // reqwest reads URLs with `url`. A URL that it refuses is not sent.
    if let Ok(read) = Url::parse(url) {
        // `url` writes an IPv4 address inside an IPv6 address in hexadecimal digits: the address counts, not its spelling.
        let host = match read.host() {
            Some(Host::Ipv6(address)) => format!("[{address}]"),
            host => host.map(|host| host.to_string()).unwrap_or_default(),
        };
        let read = (read.scheme() == "https", host.as_str(), read.port_or_known_default());
        assert_eq!(read, (origin.is_https(), origin.host(), Some(origin.port())), "{url}");
    }
    // ureq reads them with `http`, and leaves the spelling of an address to the resolver.
    if let Ok(read) = url.parse::<http::Uri>() {
        let https = read.scheme_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        let port = read.port_u16().unwrap_or(if https { 443 } else { 80 });
        assert_eq!((https, port), (origin.is_https(), origin.port()), "{url}");
        let host = read.host().unwrap_or_default();
        let spelled = format!("{}://{host}:{port}", if https { "https" } else { "http" });
        assert_eq!(Origin::of(&spelled), Ok(origin), "{url}");
    }
});
