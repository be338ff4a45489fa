//! Logs: on stderr, only with `RUST_LOG`, and never so fine that a secret could stand in them.
//!
//! HTTP clients print heads and bodies at TRACE, `Authorization` and tokens among them. Whatever `RUST_LOG` asks
//! for, the TRACE of everybody but this workspace's own crates is left out.

use std::io::IsTerminal;

use tracing_subscriber::filter::{FilterExt, FilterFn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::exit::Failure;

/// The crates that are known to log no secret at any level.
const OURS: [&str; 4] = ["wellspring", "pix_bacen", "oauth2_app", "hive_auth"];

/// Starts logging, if `RUST_LOG` is set.
pub(crate) fn start() -> Result<(), Failure> {
    let Some(wish) = wish()? else { return Ok(()) };
    let asked = EnvFilter::try_new(wish).map_err(|error| {
        Failure::usage(format!(
            "RUST_LOG cannot be read: {error}; write for instance RUST_LOG=wellspring=debug"
        ))
    })?;
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && !without_colour())
        .with_filter(asked.and(FilterFn::new(is_harmless)));
    tracing_subscriber::registry()
        .with(lines)
        .try_init()
        .map_err(|_| Failure::usage("logging has already been started in this process"))
}

/// Whether people have asked for no colour anywhere (<https://no-color.org>).
#[expect(clippy::disallowed_methods, reason = "how to print is configuration")]
pub(crate) fn without_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn is_harmless(metadata: &tracing::Metadata<'_>) -> bool {
    *metadata.level() <= tracing::Level::DEBUG || OURS.iter().any(|ours| metadata.target().starts_with(ours))
}

#[expect(clippy::disallowed_methods, reason = "how much to log is configuration")]
fn wish() -> Result<Option<String>, Failure> {
    match std::env::var("RUST_LOG") {
        Ok(wish) => Ok(Some(wish).filter(|wish| !wish.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage("RUST_LOG is not UTF-8; set it anew")),
    }
}
