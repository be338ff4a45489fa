//! The operator's log, on standard error. `RUST_LOG` chooses another level: `RUST_LOG=wellspring=debug`.
//!
//! HTTP clients print heads and bodies at TRACE, which hold tokens. The log drops the TRACE events of all crates outside
//! this workspace.

use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::failure::Failure;

/// What is logged without `RUST_LOG`: each sign-in and sign-out, and every warning.
const DEFAULT: &str = "warn,wellspring=info,login_web=info";

/// The crates that log no secret at any level.
const OURS: [&str; 3] = ["wellspring", "oauth2_app", "login_web"];

/// Starts the log.
pub(crate) fn start() -> Result<(), Failure> {
    let filter = EnvFilter::try_new(directives()).map_err(|error| {
        Failure::usage(format!(
            "RUST_LOG is not a valid filter: {error}; set for example RUST_LOG=wellspring=debug"
        ))
    })?;
    let harmless = filter_fn(|event| {
        *event.level() <= tracing::Level::DEBUG || OURS.iter().any(|ours| event.target().starts_with(ours))
    });
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_filter(filter.and(harmless));
    tracing_subscriber::registry()
        .with(lines)
        .try_init()
        .map_err(|_| Failure::usage("logging is already started in this process"))
}

#[expect(clippy::disallowed_methods, reason = "how much to log is configuration")]
fn directives() -> String {
    std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty()).unwrap_or_else(|| DEFAULT.to_owned())
}
