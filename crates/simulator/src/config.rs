//! Who is known to the providers, and how they behave where their pages leave it open.

use core::fmt;
use core::time::Duration;

/// The providers' settings. The defaults are the values of the published pages.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// The PIX gateway.
    pub pix: Pix,
    /// The OAuth2 application.
    pub app: App,
    /// The Hive blockchain.
    pub hive: Hive,
    /// How long every answer is held back, in real time.
    pub latency: Duration,
    /// How far the `Date` field is ahead of the clock, in seconds; negative is behind.
    pub date_skew: i64,
    /// The same tokens in every run; random ones without.
    pub seed: Option<u64>,
}

/// The PIX gateway (`/oauth/token` and `/api/auth/token`).
#[derive(Clone)]
#[non_exhaustive]
pub struct Pix {
    /// The one client that is known.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The status of an issued token at `/oauth/token`: the page leaves it open.
    pub success_status: u16,
    /// How long a token of `/oauth/token` lives.
    pub lifetime: Duration,
    /// How long a token of `/api/auth/token` lives.
    pub certificate_lifetime: Duration,
    /// What tokens are good for, separated by spaces.
    pub scope: String,
    /// SHA-256 fingerprints (hexadecimal) of the certificates linked to the account; empty: any will do.
    pub linked_certificates: Vec<String>,
    /// Token requests answered in any 60 seconds before `429`.
    pub token_calls_per_minute: Option<u32>,
    /// Errors of the API as `application/problem+json` instead of the gateway's own form.
    pub problem_json: bool,
}

impl Default for Pix {
    fn default() -> Self {
        Self {
            client_id: "your-client-id".into(),
            client_secret: "your-client-secret".into(),
            success_status: 200,
            lifetime: Duration::from_secs(3_600),
            certificate_lifetime: Duration::from_secs(1_800),
            scope: "pix:read pix:write balance:read".into(),
            linked_certificates: Vec::new(),
            token_calls_per_minute: None,
            problem_json: false,
        }
    }
}

/// What a refresh does to the refresh token that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// A new one replaces it; using the old one again revokes everything that came of that sign-in.
    Rotate {
        /// So long after its use the old one is still answered, with its successor, if that is unused.
        replay_window: Option<Duration>,
    },
    /// It stays good, and the answer repeats it.
    Same,
    /// It stays good, and the answer holds no refresh token.
    None,
}

/// An application that may sign people in.
#[derive(Clone)]
#[non_exhaustive]
pub struct OauthClient {
    /// Public.
    pub id: String,
    /// `None`: a public client, which has to use PKCE.
    pub secret: Option<String>,
    /// Compared character by character.
    pub redirect_uris: Vec<String>,
}

impl OauthClient {
    /// A client that can keep a secret.
    #[must_use]
    pub fn confidential(id: &str, secret: &str, redirect_uri: &str) -> Self {
        Self { id: id.into(), secret: Some(secret.into()), redirect_uris: vec![redirect_uri.into()] }
    }

    /// A client that cannot.
    #[must_use]
    pub fn public(id: &str, redirect_uri: &str) -> Self {
        Self { id: id.into(), secret: None, redirect_uris: vec![redirect_uri.into()] }
    }
}

/// The OAuth2 application provider (`/api/oauth2/..`).
#[derive(Clone)]
#[non_exhaustive]
pub struct App {
    /// The applications that are registered from the start.
    pub clients: Vec<OauthClient>,
    /// What `POST /api/oauth_apps` wants to see as Bearer token.
    pub developer_token: String,
    /// Every scope there is, separated by spaces; also what is granted when none is asked for.
    pub scopes: String,
    /// What the user agrees to, if that is less than what was asked for.
    pub consents_to: Option<String>,
    /// What a refresh does to the refresh token.
    pub rotation: Rotation,
    /// How long access tokens live.
    pub access_lifetime: Duration,
    /// How long refresh tokens live, counted from the issue of each.
    pub refresh_lifetime: Duration,
    /// How long authorization codes live.
    pub code_lifetime: Duration,
    /// How long device codes live.
    pub device_lifetime: Duration,
    /// How much time there has to be between two polls with a device code.
    pub device_interval: Duration,
    /// `iss` is added to the callback ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    pub issuer_in_callback: bool,
    /// The issuer, where it is not simply the simulator's own address.
    pub issuer: Option<String>,
}

impl Default for App {
    fn default() -> Self {
        let callback = "https://yourapp.com/oauth/callback";
        Self {
            clients: vec![
                OauthClient::confidential("client_abc123def456", "secret_xyz789uvw012", callback),
                OauthClient::public("client_public", callback),
            ],
            developer_token: "YOUR_DEVELOPER_TOKEN".into(),
            scopes: "profile balance".into(),
            consents_to: None,
            rotation: Rotation::Rotate { replay_window: None },
            access_lifetime: Duration::from_secs(7_200),
            refresh_lifetime: Duration::from_secs(30 * 86_400),
            code_lifetime: Duration::from_secs(600),
            device_lifetime: Duration::from_secs(1_800),
            device_interval: Duration::from_secs(5),
            issuer_in_callback: false,
            issuer: None,
        }
    }
}

/// How Hive says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HiveFailures {
    /// A status that fits, and the code in the envelope.
    WithStatus,
    /// Status 200, and the code in the envelope.
    InEnvelope,
}

/// Hive (`/v2/..`).
#[derive(Clone)]
#[non_exhaustive]
pub struct Hive {
    /// The one id that is known.
    pub id: String,
    /// Its secret.
    pub secret_key: String,
    /// The code of a success: the page says 0 and shows 1000.
    pub success_code: u64,
    /// How it says no.
    pub failures: HiveFailures,
    /// How long access tokens live.
    pub access_lifetime: Duration,
    /// How long refresh tokens live, counted from the issue of each.
    pub refresh_lifetime: Duration,
    /// Whether a refresh ends the refresh token that was used.
    pub refresh_is_single_use: bool,
}

impl Default for Hive {
    fn default() -> Self {
        Self {
            id: "test".into(),
            secret_key: "1234".into(),
            success_code: 0,
            failures: HiveFailures::WithStatus,
            access_lifetime: Duration::from_secs(86_400),
            refresh_lifetime: Duration::from_secs(604_800),
            refresh_is_single_use: true,
        }
    }
}

impl fmt::Debug for Pix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pix")
            .field("client_id", &self.client_id)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OauthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OauthClient").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("clients", &self.clients)
            .field("rotation", &self.rotation)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Hive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hive").field("id", &self.id).finish_non_exhaustive()
    }
}
