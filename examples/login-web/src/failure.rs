//! Why the site did not start: one line, and an exit status that says whether to correct something or to retry.

use core::error::Error;
use core::fmt;
use core::net::SocketAddr;
use std::io;
use std::process::ExitCode;

use wellspring::{ErrorKind, TokenError};

#[derive(Debug)]
pub(crate) struct Failure {
    /// The command line or the configuration is at fault.
    usage: bool,
    /// The authorization server does not answer as it should, which may pass.
    passes: bool,
    text: String,
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { usage: true, passes: false, text: text.into() }
    }

    /// The error and its causes in one line. None of them contains a secret.
    fn of(usage: bool, error: &dyn Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            let cause = error.to_string();
            // Many clients repeat their cause in their own text.
            if !text.contains(&cause) {
                text = format!("{text}: {cause}");
            }
            source = error.source();
        }
        Self { usage, passes: false, text: text.replace(['\n', '\r'], " ") }
    }

    /// The port cannot be opened.
    pub(crate) fn port(address: SocketAddr, error: &io::Error) -> Self {
        Self::usage(match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("{address} is taken by another program; choose another port with --listen")
            }
            _ => format!("{address} cannot be listened on: {error}; choose another one with --listen"),
        })
    }

    /// Whether the same may work later.
    pub(crate) const fn may_pass(&self) -> bool {
        self.passes
    }

    /// 2 if the command line or the configuration needs a correction.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<wellspring::profiles::Error> for Failure {
    fn from(error: wellspring::profiles::Error) -> Self {
        use wellspring::profiles::Error as E;
        let passes = matches!(&error, E::Issuer(error) if error.kind() != ErrorKind::Misconfigured);
        Self { passes, ..Self::of(matches!(error, E::File { .. } | E::Settings(_)), &error) }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::of(error.kind() == ErrorKind::Misconfigured, &error)
    }
}

impl From<wellspring_simulator::StartError> for Failure {
    fn from(error: wellspring_simulator::StartError) -> Self {
        Self::of(false, &error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::of(false, &error)
    }
}
