//! Captures the log lines of all threads, from `tracing` and from `log`.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Starts the capture; call it once in a process.
pub(crate) fn start() {
    let lines = fmt::layer().with_writer(|| Lines).with_ansi(false).with_filter(FilterFn::new(is_kept));
    tracing_subscriber::registry().with(lines).init();
}

/// The filter of the command with `RUST_LOG=trace`.
fn is_kept(metadata: &Metadata<'_>) -> bool {
    let ours = ["wellspring", "pix_bacen", "oauth2_app", "hive_auth"];
    *metadata.level() <= Level::INFO || ours.iter().any(|ours| metadata.target().starts_with(ours))
}

/// Takes the lines since the last call.
pub(crate) fn take() -> String {
    let lines = core::mem::take(&mut *LINES.lock().unwrap_or_else(PoisonError::into_inner));
    String::from_utf8(lines).unwrap()
}

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
