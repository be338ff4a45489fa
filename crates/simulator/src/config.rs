//! The settings of the providers: their clients, and their behaviour where the published pages leave it open.

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
    /// The delay of every answer, in real time.
    pub latency: Duration,
    /// How many seconds the `Date` field is ahead of the clock; negative if it is behind.
    pub date_skew: i64,
    /// With a seed, every run issues the same tokens; without one they are random.
    pub seed: Option<u64>,
}

/// The PIX gateway (`/oauth/token` and `/api/auth/token`).
#[derive(Clone)]
#[non_exhaustive]
pub struct Pix {
    /// The id of the only client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The status of a successful answer of `/oauth/token`; the page does not state it.
    pub success_status: u16,
    /// How long a token of `/oauth/token` lives.
    pub lifetime: Duration,
    /// How long a token of `/api/auth/token` lives.
    pub certificate_lifetime: Duration,
    /// The scopes of the tokens, separated by spaces.
    pub scope: String,
    /// SHA-256 fingerprints (hexadecimal) of the certificates linked to the account; if empty, any is accepted.
    pub linked_certificates: Vec<String>,
    /// The limit of token requests in any 60 seconds; more are answered with `429`.
    pub token_calls_per_minute: Option<u32>,
    /// Whether API errors are `application/problem+json` instead of the gateway's own format.
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

/// What a refresh does to the used refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// A new one replaces it. Using the old one again revokes all tokens of that sign-in.
    Rotate {
        /// How long after its use the old one is still answered with its successor, if the successor is unused.
        replay_window: Option<Duration>,
    },
    /// It stays valid, and the answer repeats it.
    Same,
    /// It stays valid, and the answer has no refresh token.
    None,
}

/// An application that may sign users in.
#[derive(Clone)]
#[non_exhaustive]
pub struct OauthClient {
    /// The client id.
    pub id: String,
    /// `None` for a public client, which must use PKCE.
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

    /// A client that cannot keep a secret.
    #[must_use]
    pub fn public(id: &str, redirect_uri: &str) -> Self {
        Self { id: id.into(), secret: None, redirect_uris: vec![redirect_uri.into()] }
    }
}

/// The OAuth2 application provider (`/api/oauth2/..`).
#[derive(Clone)]
#[non_exhaustive]
pub struct App {
    /// The registered applications, which [`Builder::client`](crate::Builder::client) adds to. A request of another client id, or
    /// with another redirect URI, is refused.
    pub clients: Vec<OauthClient>,
    /// The Bearer token that `POST /api/oauth_apps` requires.
    pub developer_token: String,
    /// All scopes, separated by spaces. A request without a scope is granted all of them.
    pub scopes: String,
    /// The scopes that the user consents to, if not to all.
    pub consents_to: Option<String>,
    /// Whether the user agrees to every sign-in at once: no page is shown, and a device code is approved when it is issued. A
    /// request with `decision=deny` is still refused. Default: no.
    pub auto_approve: bool,
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
    /// The least time between two polls with a device code.
    pub device_interval: Duration,
    /// Whether `iss` is added to the callback ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    pub issuer_in_callback: bool,
    /// The issuer. Default: the simulator's own address.
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
            auto_approve: false,
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

/// How Hive reports a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HiveFailures {
    /// A matching status, and the code in the envelope.
    WithStatus,
    /// Status 200, and the code in the envelope.
    InEnvelope,
}

/// Hive (`/v2/..`).
#[derive(Clone)]
#[non_exhaustive]
pub struct Hive {
    /// The only known id.
    pub id: String,
    /// Its secret.
    pub secret_key: String,
    /// The code of a success: the page states 0 and shows 1000 in its example.
    pub success_code: u64,
    /// How failures are reported.
    pub failures: HiveFailures,
    /// How long access tokens live.
    pub access_lifetime: Duration,
    /// How long refresh tokens live, counted from the issue of each.
    pub refresh_lifetime: Duration,
    /// Whether a refresh ends the used refresh token.
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
