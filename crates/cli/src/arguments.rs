//! The command line. Secrets are no part of it: a process list shows arguments to everybody.

use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use wellspring_profiles::parse_duration;

const EXIT_STATUSES: &str = "Exit status: 0 done, 1 a line of the demo did not hold, 2 usage or configuration, 3 login required, \
4 turned away for good, 5 try again later; 130 or 143 after SIGINT or SIGTERM.";

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
    /// Shows every provider, transport and situation against a simulator of its own
    Demo,
    /// Prints a token of a profile
    Token(Token),
    /// Makes one authenticated request; a 401 is renewed and retried once
    Call(Call),
    /// Signs a person in and keeps what that brings in the store
    Login(Login),
    /// Registers apps with a vendor that has an endpoint for it
    #[command(subcommand)]
    Apps(Apps),
    /// Ends a profile's session, in the store and, where the provider can, at the server
    Logout(Logout),
    /// Tells what the store holds for each profile, how fresh it is and who renews it; never a secret
    Status(Status),
    /// Looks for what is wrong with configuration, store and clock
    Doctor,
    /// Runs the simulator until Ctrl-C and prints a configuration for it
    Simulate(Simulate),
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Which driver asks
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
    /// How much longer the token should live, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) valid_for: Option<Duration>,
}

/// What `token` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The token alone
    #[default]
    Token,
    /// An Authorization header field
    Header,
    /// A JSON object: access_token, token_type, expires_in, expires_at, scope
    Json,
    /// Lines for a shell or an environment file: ACCESS_TOKEN, ACCESS_TOKEN_EXPIRES_AT
    Env,
}

/// Which driver asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// tokio and reqwest
    Async,
    /// ureq, and no runtime
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
pub(crate) struct Call {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// GET, PUT, ...
    pub(crate) method: String,
    /// The URL, at an origin where the profile's token may go
    pub(crate) url: String,
    /// The body: a file, or standard input for @-
    #[arg(long, value_name = "@FILE")]
    pub(crate) data: Option<OsString>,
    /// A header field (repeatable). With --data, Content-Type is application/json unless named here
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// Which driver asks
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
}

#[derive(Debug, Args)]
#[command(after_help = LOGIN_HELP)]
pub(crate) struct Login {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// Prints the URL alone on standard output instead of opening a browser, and waits
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Prints a URL and a code to enter there, on any device, and waits: for machines without a browser
    #[arg(long, conflicts_with = "no_browser")]
    pub(crate) device: bool,
    /// How long to wait for the person
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    pub(crate) deadline: Duration,
    /// Which driver asks
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
}

const LOGIN_HELP: &str = "The browser comes back to the profile's redirect_uri: http on 127.0.0.1 or [::1]; without a port \
any free one is taken, where the server allows that. A profile without redirect_uri is signed in to on another device, as \
with --device: it needs a device_authorization_url, or an issuer that names one. It needs a [store] that outlives the command: file:DIR or sqlite:PATH. \
A profile with credentials needs no browser: a token is fetched, and a logout taken back.";

#[derive(Debug, Subcommand)]
pub(crate) enum Apps {
    /// Registers an app and prints what goes into the profile; its secret goes to a new file
    #[command(after_help = APPS_HELP)]
    Create(CreateApp),
}

#[derive(Debug, Args)]
pub(crate) struct CreateApp {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// What its users are shown
    #[arg(long)]
    pub(crate) name: String,
    /// What it is for
    #[arg(long, default_value = "")]
    pub(crate) description: String,
    /// Where its users come back to, to the byte
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: String,
    /// The new file for its secret, readable by its owner alone; one that exists is never overwritten
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: PathBuf,
}

const APPS_HELP: &str = "The profile has preset = \"aihubmix\" and a developer_token, and need not have a client_id yet. \
The vendor tells the secret this once: it is on the disk before anything is printed, and never on the terminal.";

#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// The profile, as in [profile.NAME]
    pub(crate) profile: String,
    /// Which driver asks
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The profile, as in [profile.NAME]; all by default
    pub(crate) profile: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: StatusFormat,
}

/// How `status` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusFormat {
    /// For people
    #[default]
    Text,
    /// A JSON array of objects; times in unix seconds
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The port on 127.0.0.1; a free one by default
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// The provider whose profile is printed (repeatable); all by default
    #[arg(long, value_enum)]
    pub(crate) provider: Vec<Provider>,
    /// What a refresh does to the refresh token it spends
    #[arg(long, value_enum, default_value_t)]
    pub(crate) rotation: Rotation,
    /// A fault to answer with, as NAME or NAME=VALUE (repeatable); `list` prints them all
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<String>,
    /// The endpoint, or group of endpoints, that answers with it
    #[arg(long, value_name = "ENDPOINT", default_value = "token")]
    pub(crate) at: String,
    /// How often it does; always by default
    #[arg(long, value_name = "N")]
    pub(crate) times: Option<u32>,
    /// HTTPS, with a certificate made for the occasion
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

/// What a refresh does to the refresh token it spends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rotation {
    /// A new one each time; using an old one revokes the family
    #[default]
    Rotate,
    /// As rotate, but an old one is answered alike for 30 s
    Window,
    /// It stays good and is answered with
    Same,
    /// It stays good and is not answered with
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
