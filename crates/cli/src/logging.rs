//! Logs on stderr, if `RUST_LOG` is set.
//!
//! HTTP clients print heads and bodies at TRACE, including `Authorization` and tokens, and whole URLs at DEBUG, whose query holds a
//! secret where a vendor demands it. The filter therefore drops both of all crates outside this workspace, whatever `RUST_LOG`
//! says.

use std::io::{self, Write};

use tracing_subscriber::filter::{FilterExt, FilterFn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use wellspring_profiles::visible;

use crate::exit::Failure;

/// The crates that log no secret at any level.
const OURS: [&str; 4] = ["wellspring", "pix_bacen", "oauth2_app", "hive_auth"];

/// Starts logging, if `RUST_LOG` is set.
pub(crate) fn start() -> Result<(), Failure> {
    let Some(directives) = directives()? else { return Ok(()) };
    let filter = EnvFilter::try_new(directives).map_err(|error| {
        Failure::usage(format!(
            "RUST_LOG is not a valid filter: {error}; set for example RUST_LOG=wellspring=debug"
        ))
    })?;
    let lines = fmt::layer()
        .with_writer(|| Visible(io::stderr()))
        // Colours are escape sequences, and the writer lets none pass.
        .with_ansi(false)
        .with_filter(filter.and(FilterFn::new(is_harmless)));
    tracing_subscriber::registry()
        .with(lines)
        .try_init()
        .map_err(|_| Failure::usage("logging is already started in this process"))
}

/// Writes each event as one line that is safe for a terminal, whatever a server's text in it contains.
struct Visible<W>(W);

impl<W: Write> Write for Visible<W> {
    /// The subscriber writes one whole event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        writeln!(self.0, "{}", visible(text.trim_end_matches('\n')))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether `NO_COLOR` is set (<https://no-color.org>).
#[expect(clippy::disallowed_methods, reason = "how to print is configuration")]
pub(crate) fn colour_is_off() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn is_harmless(metadata: &tracing::Metadata<'_>) -> bool {
    *metadata.level() <= tracing::Level::INFO || OURS.iter().any(|ours| metadata.target().starts_with(ours))
}

#[expect(clippy::disallowed_methods, reason = "how much to log is configuration")]
fn directives() -> Result<Option<String>, Failure> {
    match std::env::var("RUST_LOG") {
        Ok(directives) => Ok(Some(directives).filter(|text| !text.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage("RUST_LOG is not UTF-8; set it again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_without_an_escape_sequence() {
        let mut lines = Visible(Vec::new());
        lines
            .write_all("WARN renewal.failed text=\u{1b}]0;owned\u{7}\nERROR forged\u{202e}\n".as_bytes())
            .unwrap();
        assert_eq!(
            String::from_utf8(lines.0).unwrap(),
            "WARN renewal.failed text=\\u{1b}]0;owned\\u{7}\\nERROR forged\\u{202e}\n"
        );
    }
}
