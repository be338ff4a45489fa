//! The exit statuses.

use std::process::ExitCode;

/// The exit status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A person must correct something: the command line, the configuration, a file named there, or the store.
    Usage,
    /// A person must sign in.
    LoginRequired,
    /// The server refused the request; a retry without a change does not help.
    Refused,
    /// A server or a store is down or busy, or the deadline has passed: try again later.
    TryLater,
    /// A check of the demo failed.
    DemoFailed,
}

impl Exit {
    pub(crate) const fn status(self) -> u8 {
        match self {
            Self::DemoFailed => 1,
            Self::Usage => 2,
            Self::LoginRequired => 3,
            Self::Refused => 4,
            Self::TryLater => 5,
        }
    }

    /// The exit of another command, by its status.
    pub(crate) fn of_status(status: u8) -> Option<Self> {
        let all = [Self::DemoFailed, Self::Usage, Self::LoginRequired, Self::Refused, Self::TryLater];
        all.into_iter().find(|exit| exit.status() == status)
    }

    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self.status())
    }
}
