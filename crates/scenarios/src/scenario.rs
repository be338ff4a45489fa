//! The format of a scenario file: what is set up, what happens, what is to be seen.
//!
//! Reading only. What the words mean is in the stage, in `provider` and in `server`. A member nobody knows is an
//! error, because a misspelt expectation expects nothing.

use serde::Deserialize;

use crate::span::Span;

/// A file: scenarios that belong to one idea, and what they share.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct File {
    /// The provider of every scenario that names none.
    pub provider: Option<Provider>,
    /// The policy of every scenario that has none.
    pub policy: Option<Policy>,
    /// The scenarios.
    pub scenario: Vec<Scenario>,
}

/// One story: a provider, a server, and what happens between them step by step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// What it shows, as a sentence.
    pub name: String,
    /// The ids of what it shows: quirks, decisions, traps.
    pub covers: Vec<String>,
    /// The provider, as the client is told to see it.
    pub provider: Option<Provider>,
    /// The client's policy, where it is not the default.
    pub policy: Option<Policy>,
    /// The server's settings, where they are not those of the published pages.
    pub server: Option<Server>,
    /// What to show beside the usual.
    #[serde(default)]
    pub show: Vec<Show>,
    /// What happens, in order.
    pub step: Vec<Step>,
    /// How often the server saw a spent grant again.
    #[serde(default)]
    pub reuses: u64,
}

/// What lines show only where they are told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Show {
    /// How each request was written: its encoding, members and telling headers.
    Wire,
    /// The scope of each token.
    Scope,
    /// When each token is due for renewal, counted from the beginning.
    Due,
    /// The provider's own words in an error.
    Words,
}

/// The provider, as the client is told to see it.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Provider {
    /// A PIX gateway.
    PixBacen {
        /// `goforge`, `fire-banking` or `standard`.
        #[serde(default)]
        flavour: Flavour,
        /// A secret that is not the server's.
        secret: Option<String>,
    },
    /// An OAuth2 application.
    Oauth2App(OauthApp),
    /// Hive.
    HiveAuth {
        /// A secret that is not the server's.
        secret: Option<String>,
        /// Whether the empty body of a reissue is labelled JSON.
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
    /// A secret that is not the server's.
    pub secret: Option<String>,
    /// The scopes it asks for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whether refresh tokens are known to survive their use.
    #[serde(default)]
    pub reusable: bool,
    /// What follows an answer that got lost: `never`, `owner-dead`, `last-resort` or `within 30s`.
    pub replay: Option<String>,
    /// Whether the authorization request carries a PKCE challenge.
    pub pkce: Option<bool>,
    /// A refresh token's lifetime, where the preset's is not wanted.
    pub refresh_lifetime: Option<Span>,
}

/// Which of the gateway family's token endpoints is spoken to.
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
    /// Somebody signs in.
    #[default]
    AuthorizationCode,
    /// The application for itself.
    ClientCredentials,
}

/// Where a client puts its secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Authentication {
    /// Into the form.
    #[default]
    ClientSecretPost,
    /// Into the `Authorization` field.
    ClientSecretBasic,
    /// Nowhere: it has none.
    None,
}

/// The client's policy, where it is not the default.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// How long before its expiry a token is renewed.
    pub margin: Option<Span>,
    /// How much earlier still, at most.
    pub jitter: Option<Span>,
    /// The time for one exchange. Real time: keep it short where an answer never comes.
    pub deadline: Option<Span>,
    /// The least time between two exchanges that succeed.
    pub min_age: Option<Span>,
    /// The lifetime to assume where the endpoint names none.
    pub assumed_lifetime: Option<Span>,
}

/// The server's settings, where they are not those of the published pages.
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
    /// What a PIX token is good for.
    pub scope: Option<String>,
    /// PIX token requests in a minute before 429.
    pub token_calls_per_minute: Option<u32>,
    /// Only these certificates are linked to the account.
    #[serde(default)]
    pub linked_certificates: Vec<String>,
    /// What the user of the OAuth2 application agrees to.
    pub consents_to: Option<String>,
    /// Hive's code of a success.
    pub success_code: Option<u64>,
    /// Hive says no under status 200.
    pub failures_in_envelope: Option<bool>,
    /// Hive's refresh tokens survive their use.
    pub refresh_survives: Option<bool>,
    /// How far the server's `Date` is ahead, in seconds.
    pub date_skew: Option<i64>,
    /// The server speaks HTTPS, with a certificate that nobody here trusts.
    #[serde(default)]
    pub untrusted: bool,
    /// How long every answer is held back, in real time: for callers that are to meet.
    pub latency: Option<Span>,
}

/// One step: time moves, then the server changes, then somebody does something, and this is seen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Step {
    /// Both sides' clocks move on: a duration, or `pause` for the end of the pause that was told last.
    pub advance: Option<String>,
    /// The client's wall clock is set forward or back by so many seconds; nobody else's is.
    pub wall_clock: Option<i64>,
    /// The server ends tokens before their time.
    pub revoke: Option<Revoke>,
    /// The server leaves the network (`false`) or comes back (`true`).
    pub plugged_in: Option<bool>,
    /// Faults that stopped waiting are forgotten.
    #[serde(default)]
    pub heal: bool,
    /// Faults for the next requests: `FAULT`, `ENDPOINT: FAULT`, either with ` x3` or ` x*` behind it. The
    /// endpoint is `token` where none is named.
    #[serde(default)]
    pub faults: Vec<String>,
    /// How many do it at once.
    pub callers: Option<usize>,
    /// None of them is answered before all of them have called the API.
    #[serde(default)]
    pub meet: bool,
    /// Before them somebody asks for a token without waiting for it, and goes away.
    #[serde(default)]
    pub passing: bool,
    /// Somebody asks for a token: `fresh`, `newer` than the last one given, or `valid for 600s`.
    pub get: Option<String>,
    /// Somebody calls the API: method and path, or a whole URL elsewhere.
    pub call: Option<String>,
    /// The body of that call.
    #[serde(default)]
    pub body: Body,
    /// Somebody signs in, through the authorization endpoint and back.
    #[serde(default)]
    pub sign_in: bool,
    /// Somebody tells that the API refused this token, named as the lines do: `access#1`.
    pub reject: Option<String>,
    /// The requests that the server saw.
    #[serde(default)]
    pub asked: Vec<String>,
    /// What the callers got.
    #[serde(default)]
    pub gives: Vec<String>,
    /// What the reader of answers had to overlook.
    #[serde(default)]
    pub overlooks: Vec<String>,
}

/// Which tokens a server ends before their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Revoke {
    /// Access tokens.
    Access,
    /// Refresh tokens; access tokens live on.
    Refresh,
    /// Sign-ins with all that came of them.
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
    /// One that can be sent again.
    Repeatable,
    /// One that can be sent once.
    Once,
}
