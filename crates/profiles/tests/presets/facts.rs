//! What each vendor documents: the requests that it takes, the answers that it gives. One file for each preset in `facts/`, written from
//! the sources that it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use wellspring_core::ErrorKind;

/// The documented dialect of one preset.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facts {
    /// The keys of a profile, between semicolons.
    profile: String,
    /// For a preset with two environments.
    live: Option<Place>,
    sandbox: Option<Place>,
    /// For a preset with one.
    only: Option<Place>,
    pub(crate) authorize: Option<Authorize>,
    #[serde(default)]
    pub(crate) grant: Vec<Grant>,
    #[serde(default)]
    pub(crate) call: Call,
    pub(crate) refused: Option<Refused>,
}

/// The URLs of one environment.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    pub(crate) token_url: Option<String>,
    pub(crate) device_authorization: Option<String>,
    pub(crate) revocation: Option<String>,
    pub(crate) userinfo: Option<String>,
    /// A call of the API.
    pub(crate) call: String,
    #[serde(default)]
    certificate: Certificate,
}

/// Which hosts demand a client certificate.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Certificate {
    #[default]
    Nowhere,
    Api,
    Everywhere,
}

/// Where the user's browser is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorize {
    url: String,
    sandbox: Option<String>,
    /// All parameters; `*` is any value.
    pub(crate) query: BTreeMap<String, String>,
}

/// One documented token request and its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    pub(crate) name: String,
    pub(crate) authorization: Option<Basic>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) form: Option<BTreeMap<String, String>>,
    pub(crate) json: Option<String>,
    #[serde(default = "ok")]
    pub(crate) status: u16,
    pub(crate) answer: String,
    /// In seconds; absent where the answer names none.
    pub(crate) lifetime: Option<u64>,
    /// That of the refresh token, in seconds; absent where no document names one.
    pub(crate) refresh_lifetime: Option<u64>,
}

/// How id and secret stand in `Authorization: Basic`.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Basic {
    /// Their bytes.
    Verbatim,
    /// Form-encoded first, as RFC 6749 says.
    Encoded,
}

/// What every call carries besides the token.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    token: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) query: Option<String>,
}

/// A documented refusal of the last grant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) means: String,
}

const fn ok() -> u16 {
    200
}

impl Facts {
    /// All of them, by preset.
    pub(crate) fn all() -> BTreeMap<String, Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/presets/facts");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let read = |path: PathBuf| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let facts = toml::from_str(&fs::read_to_string(&path).unwrap());
            (name.clone(), facts.unwrap_or_else(|error| panic!("{name}: {error}")))
        };
        files.map(read).collect()
    }

    /// The environments, with the profile's line for each.
    pub(crate) fn places(&self) -> Vec<(&'static str, &Place)> {
        let places = [
            ("", &self.only),
            ("environment = \"live\"\n", &self.live),
            ("environment = \"sandbox\"\n", &self.sandbox),
        ];
        places.into_iter().filter_map(|(line, place)| Some((line, place.as_ref()?))).collect()
    }

    /// The keys of the profile, one a line.
    pub(crate) fn keys(&self) -> Vec<&str> {
        self.profile.split("; ").collect()
    }

    /// The header that carries the first token.
    pub(crate) fn token_header(&self) -> (&str, &str) {
        let header = self.call.token.as_deref().unwrap_or("authorization: Bearer first-token");
        header.split_once(": ").unwrap()
    }
}

impl Place {
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.token_url.iter().chain(&self.revocation).chain([&self.call]).map(|url| host(url))
    }

    /// Whether this host demands a client certificate.
    pub(crate) fn certifies(&self, name: &str) -> bool {
        match self.certificate {
            Certificate::Nowhere => false,
            Certificate::Api => name == host(&self.call),
            Certificate::Everywhere => true,
        }
    }

    pub(crate) fn needs_certificate(&self) -> bool {
        self.certificate != Certificate::Nowhere
    }
}

impl Authorize {
    pub(crate) fn url(&self, environment: &str) -> &str {
        self.sandbox.as_deref().filter(|_| environment.contains("sandbox")).unwrap_or(&self.url)
    }
}

impl Refused {
    /// Whether the error of the library says what the refusal means.
    pub(crate) fn is(&self, kind: &ErrorKind) -> bool {
        let kind = match kind {
            ErrorKind::LoginRequired { .. } => "login required",
            ErrorKind::Misconfigured => "misconfigured",
            ErrorKind::Unavailable { .. } => "unavailable",
            ErrorKind::Protocol => "protocol",
            _ => "another",
        };
        self.means == kind
    }
}

/// The host of an `https` URL.
pub(crate) fn host(url: &str) -> &str {
    url.strip_prefix("https://").unwrap().split('/').next().unwrap()
}

/// Path and query of a URL.
pub(crate) fn target(url: &str) -> &str {
    &url["https://".len() + host(url).len()..]
}
