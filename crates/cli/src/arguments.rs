//! The command line. It takes no secrets, because process lists show arguments to every user.

use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use wellspring_profiles::parse_duration;

const EXIT_STATUSES: &str = "Exit status: 0 done, 1 a check of the demo failed, 2 usage or configuration, 3 login required, \
4 refused, 5 try again later; 128 and its number after a signal.";

/// Bearer tokens that never run dry.
#[derive(Debug, Parser)]
#[command(name = "wellspring", version, after_help = EXIT_STATUSES, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The file that holds the profiles
    #[arg(long, global = true, value_name = "FILE", default_value = "wellspring.toml")]
    pub(crate) config: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs every provider, transport and situation against a simulator
    Demo,
    /// Prints a token of a profile
    Token(Token),
    /// Sends one authenticated request; after a 401 it renews the token and retries once
    Call(Call),
    /// Signs a person in and saves the session in the store
    Login(Login),
    /// Registers apps with a vendor that has an endpoint for it
    #[command(subcommand)]
    Apps(Apps),
    /// Ends a profile's session in the store and, where the provider supports it, at the server
    Logout(Logout),
    /// Renews the refresh tokens that no process has used for a while, before the server ends them
    KeepAlive(KeepAlive),
    /// Shows what the store holds for each profile, how fresh it is and which process renews it; never a secret
    Status(Status),
    /// Checks the configuration, the store, the token endpoints and the clock, before the first token is needed
    Doctor(Doctor),
    /// Lists the vendors that profiles know by name, or prints a profile for one
    Presets(Presets),
    /// Makes a sealing key, for `sealing_key_file` in [store], the keyring or the environment variable WELLSPRING_SEALING_KEY
    Keygen(Keygen),
    /// Seals all that the store holds with the newest sealing key
    Rekey,
    /// Makes what the store needs
    #[command(subcommand)]
    Store(StoreCommand),
    /// Runs the simulator until a signal ends it and prints a configuration for it
    Simulate(Simulate),
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Makes the table of a store in a database, if it is not there; a store of files is made when it is opened
    Init,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// The transport that sends the requests
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
    /// The least remaining lifetime of the token, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) valid_for: Option<Duration>,
    /// Renews a token that is due and prints nothing: for the process that the command leaves behind
    #[arg(long, hide = true)]
    pub(crate) behind: bool,
}

/// What `token` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Only the token
    #[default]
    Token,
    /// An Authorization header field
    Header,
    /// A JSON object: access_token, token_type, expires_in, expires_at, scope, and the other members of the response, such
    /// as id_token
    Json,
    /// Lines for a shell or an environment file: ACCESS_TOKEN, ACCESS_TOKEN_EXPIRES_AT
    Env,
}

/// The transport that sends the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// tokio and hyper
    Async,
    /// ureq, without a runtime
    #[default]
    Blocking,
}

impl Transport {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Async => "async",
            Self::Blocking => "blocking",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Presets {
    /// The preset whose profile to print, as in preset = "NAME"
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// GET, PUT, ...
    pub(crate) method: String,
    /// The URL, at an origin that may receive the profile's token
    pub(crate) url: String,
    /// The body: a file, or standard input for @-
    #[arg(long, value_name = "@FILE")]
    pub(crate) data: Option<OsString>,
    /// A header field (repeatable). With --data, Content-Type is application/json unless set here
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// The transport that sends the requests
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
}

#[derive(Debug, Args)]
#[command(after_help = LOGIN_HELP)]
pub(crate) struct Login {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// Prints only the URL on standard output instead of opening a browser, and waits
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Prints a URL and a code to enter there on any device, and waits: for machines without a browser
    #[arg(long, conflicts_with = "no_browser")]
    pub(crate) device: bool,
    /// How long to wait for the sign-in
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    pub(crate) deadline: Duration,
    /// The transport that sends the requests
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
}

const LOGIN_HELP: &str = "The browser returns to the profile's redirect_uri: http on 127.0.0.1 or [::1]. Without a port the \
command uses any free one, if the server allows that. A profile without redirect_uri signs in on another device, as \
with --device: it needs a device_authorization_url, or an issuer that names one. The command needs a persistent [store]: \
file:DIR, sqlite:PATH, postgres://HOST/DATABASE or redis://HOST. A profile with client credentials needs no browser: the command requests a token, which also \
reverses a logout.";

#[derive(Debug, Subcommand)]
pub(crate) enum Apps {
    /// Registers an app and prints the lines for the profile; the app's secret goes to a new file
    #[command(after_help = APPS_HELP)]
    Create(CreateApp),
}

#[derive(Debug, Args)]
pub(crate) struct CreateApp {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// The name that its users see
    #[arg(long)]
    pub(crate) name: String,
    /// The purpose of the app
    #[arg(long, default_value = "")]
    pub(crate) description: String,
    /// Where its users return to; the server compares it byte for byte
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: String,
    /// The new file for its secret, readable only by its owner; an existing file is never overwritten
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: PathBuf,
}

const APPS_HELP: &str = "The profile has preset = \"aihubmix\" and a developer_token, and need not have a client_id yet. \
The vendor sends the secret only once: it is on the disk before the command prints anything, and never on the terminal.";

#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// The transport that sends the requests
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
}

#[derive(Debug, Args)]
pub(crate) struct KeepAlive {
    /// The profiles, as in [profile.NAME]; all by default
    pub(crate) profiles: Vec<String>,
    /// How long a refresh token is unused when it is renewed, such as 480h: less than the server allows
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) unused_for: Duration,
    /// The most renewals in a minute
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) per_minute: u32,
    /// The transport that sends the requests
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The profile, as in [profile.NAME]; all by default
    pub(crate) profile: Option<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: StatusFormat,
}

/// How `status` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusFormat {
    /// Text for people
    #[default]
    Text,
    /// A JSON array of objects; times in unix seconds
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// The new file for the key, readable only by its owner; an existing file is never overwritten. Without it the key goes
    /// to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The new entry for the key in the operating system's keyring, for `sealing_key_keyring`; an existing entry is never
    /// overwritten
    #[arg(long, value_name = "NAME", conflicts_with = "out")]
    #[cfg(feature = "keyring")]
    pub(crate) keyring: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The profile, as in [profile.NAME]; all by default
    pub(crate) profile: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The port on 127.0.0.1; a free one by default
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// A provider to print a profile for (repeatable); all by default
    #[arg(long, value_enum)]
    pub(crate) provider: Vec<Provider>,
    /// How the simulator rotates refresh tokens
    #[arg(long, value_enum, default_value_t)]
    pub(crate) rotation: Rotation,
    /// A fault to answer with, as NAME or NAME=VALUE (repeatable); `list` prints all faults
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<String>,
    /// The endpoint, or group of endpoints, that answers with it
    #[arg(long, value_name = "ENDPOINT", default_value = "token")]
    pub(crate) at: String,
    /// The number of faulty responses; no limit by default
    #[arg(long, value_name = "N")]
    pub(crate) times: Option<u32>,
    /// HTTPS, with a new certificate
    #[arg(long)]
    pub(crate) tls: bool,
}

/// The providers, by their crate names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Provider {
    /// PIX gateways
    PixBacen,
    /// OAuth 2.0 for third-party apps
    Oauth2App,
    /// The Hive blockchain
    HiveAuth,
}

/// How the simulator rotates refresh tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rotation {
    /// Each refresh returns a new token; use of an old one revokes all of them
    #[default]
    Rotate,
    /// As rotate, but the server accepts an old token for 30 s
    Window,
    /// The token stays valid, and each response repeats it
    Same,
    /// The token stays valid, and responses omit it
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
