//! The format of a scenario file: the set-up, the events, the expected result.
//!
//! This module only reads. `stage`, `provider` and `server` define what the words mean. An unknown member is an error,
//! because a misspelt expectation would expect nothing.

use serde::Deserialize;

use crate::span::Span;

/// A file: scenarios about one idea, and their defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct File {
    /// The provider of every scenario without its own.
    pub provider: Option<Provider>,
    /// The policy of every scenario without its own.
    pub policy: Option<Policy>,
    /// The scenarios.
    pub scenario: Vec<Scenario>,
}

/// One scenario: a provider, a server, and the events between them step by step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// What it shows, as a sentence.
    pub name: String,
    /// The ids that it covers: quirks, decisions, problems of other libraries.
    pub covers: Vec<String>,
    /// The provider, as the client is configured.
    pub provider: Option<Provider>,
    /// The client's policy, if it is not the default.
    pub policy: Option<Policy>,
    /// The server's settings, if they differ from the published pages.
    pub server: Option<Server>,
    /// Additional details to show in each line.
    #[serde(default)]
    pub show: Vec<Show>,
    /// The events, in order.
    pub step: Vec<Step>,
    /// How often the server saw a used grant again.
    #[serde(default)]
    pub reuses: u64,
}

/// Optional details of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Show {
    /// The format of each request: its encoding, members and relevant headers.
    Wire,
    /// The scope of each token.
    Scope,
    /// When each token is due for renewal, counted from the beginning.
    Due,
    /// The provider's own words in an error.
    Words,
}

/// The provider, as the client is configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Provider {
    /// A PIX gateway.
    PixBacen {
        /// `goforge`, `fire-banking` or `standard`.
        #[serde(default)]
        flavour: Flavour,
        /// A secret that differs from the server's.
        secret: Option<String>,
    },
    /// An OAuth2 application.
    Oauth2App(OauthApp),
    /// Hive.
    HiveAuth {
        /// A secret that differs from the server's.
        secret: Option<String>,
        /// Whether the empty body of a reissue has the content type JSON.
        content_type: Option<bool>,
        /// Codes of an API's envelope that mean that the token was refused.
        #[serde(default)]
        refusal_codes: Vec<i64>,
    },
}

/// An OAuth2 application.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OauthApp {
    /// How it gets its tokens.
    #[serde(default)]
    pub grant: Grant,
    /// Where the client puts its secret.
    #[serde(default)]
    pub authentication: Authentication,
    /// A secret that differs from the server's.
    pub secret: Option<String>,
    /// The requested scopes.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whether refresh tokens are known to survive their use.
    #[serde(default)]
    pub reusable: bool,
    /// The replay rule after a lost response: `never`, `owner-dead`, `last-resort` or `within 30s`.
    pub replay: Option<String>,
    /// Whether the authorization request carries a PKCE challenge.
    pub pkce: Option<bool>,
    /// The lifetime of a refresh token, instead of the preset's.
    pub refresh_lifetime: Option<Span>,
}

/// The token endpoint of the gateway family that the client uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Flavour {
    /// `/oauth/token`, as GoForge publishes it.
    #[default]
    Goforge,
    /// `/oauth/token`, as Fire Banking publishes it.
    FireBanking,
    /// `/api/auth/token`, with a certificate in a header.
    Standard,
}

/// How an OAuth2 application gets its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Grant {
    /// A user signs in.
    #[default]
    AuthorizationCode,
    /// The application acts for itself.
    ClientCredentials,
}

/// Where a client puts its secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Authentication {
    /// In the form.
    #[default]
    ClientSecretPost,
    /// In the `Authorization` field.
    ClientSecretBasic,
    /// The client has no secret.
    None,
}

/// The client's policy, if it is not the default.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// How long before its expiry a token is renewed.
    pub margin: Option<Span>,
    /// How much earlier still, at most.
    pub jitter: Option<Span>,
    /// The time for one exchange. It is real time: keep it short if the server never answers.
    pub deadline: Option<Span>,
    /// The least time between two successful exchanges.
    pub min_age: Option<Span>,
    /// The assumed lifetime if the endpoint names none.
    pub assumed_lifetime: Option<Span>,
}

/// The server's settings, if they differ from the published pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Server {
    /// How long access tokens live.
    pub lifetime: Option<Span>,
    /// How long refresh tokens live.
    pub refresh_lifetime: Option<Span>,
    /// `rotate`, `rotate within 30s`, `same` or `none`.
    pub rotation: Option<String>,
    /// The status of an issued PIX token.
    pub success_status: Option<u16>,
    /// The PIX gateway's errors as problem+json.
    pub problem_json: Option<bool>,
    /// The scope of a PIX token.
    pub scope: Option<String>,
    /// PIX token requests in a minute before 429.
    pub token_calls_per_minute: Option<u32>,
    /// Only these certificates are linked to the account.
    #[serde(default)]
    pub linked_certificates: Vec<String>,
    /// The scopes that the user of the OAuth2 application consents to.
    pub consents_to: Option<String>,
    /// Hive's code of a success.
    pub success_code: Option<u64>,
    /// Hive reports failures under status 200.
    pub failures_in_envelope: Option<bool>,
    /// Hive's refresh tokens survive their use.
    pub refresh_survives: Option<bool>,
    /// How far the server's `Date` is ahead, in seconds.
    pub date_skew: Option<i64>,
    /// The server uses HTTPS with a certificate that the client does not trust.
    #[serde(default)]
    pub untrusted: bool,
    /// The real-time delay of every response, so that simultaneous callers meet.
    pub latency: Option<Span>,
}

/// One step: time passes, then the server changes, then a caller acts, and this is the expected result.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Step {
    /// Advances the clocks of client and server: a duration, or `pause` for the end of the last reported pause.
    pub advance: Option<String>,
    /// Sets the client's wall clock forward or back by this number of seconds; the server's clock stays.
    pub wall_clock: Option<i64>,
    /// The server revokes tokens.
    pub revoke: Option<Revoke>,
    /// The server leaves the network (`false`) or comes back (`true`).
    pub plugged_in: Option<bool>,
    /// Clears the queued faults.
    #[serde(default)]
    pub heal: bool,
    /// Faults for the next requests: `FAULT` or `ENDPOINT: FAULT`, optionally followed by ` x3` or ` x*`. The default
    /// endpoint is `token`.
    #[serde(default)]
    pub faults: Vec<String>,
    /// The number of callers that act at once.
    pub callers: Option<usize>,
    /// The server answers no call before all callers have called the API.
    #[serde(default)]
    pub meet: bool,
    /// Before the callers, another caller asks for a token without waiting for it.
    #[serde(default)]
    pub passing: bool,
    /// A caller asks for a token: `fresh`, `newer` than the last token, or `valid for 600s`.
    pub get: Option<String>,
    /// A caller calls the API: method and path, or a full URL of another server.
    pub call: Option<String>,
    /// The body of that call.
    #[serde(default)]
    pub body: Body,
    /// A user signs in through the authorization endpoint.
    #[serde(default)]
    pub sign_in: bool,
    /// A caller reports that the API refused this token, named as in the lines: `access#1`.
    pub reject: Option<String>,
    /// The requests that the server saw.
    #[serde(default)]
    pub asked: Vec<String>,
    /// What the callers got.
    #[serde(default)]
    pub gives: Vec<String>,
    /// The deviations that the reader of responses accepted.
    #[serde(default)]
    pub overlooks: Vec<String>,
}

/// The tokens that a server revokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Revoke {
    /// Access tokens.
    Access,
    /// Refresh tokens; access tokens stay valid.
    Refresh,
    /// Sign-ins with all of their tokens.
    Families,
}

/// The body of an API call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Body {
    /// None.
    #[default]
    None,
    /// A body that can be sent again.
    Repeatable,
    /// A body that can be sent once.
    Once,
}
