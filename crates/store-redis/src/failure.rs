//! What can go wrong between this process and a server, and what a caller is told of it. No text quotes what a server says
//! beyond its error code: an answer may repeat the arguments of a command, and those hold tokens.

use redis::{ErrorKind, RedisError, ServerError};
use wellspring_core::StoreError;

use crate::address::Address;

/// The codes that a command in a script may fail with.
const IN_SCRIPTS: [&str; 6] = ["OOM", "READONLY", "NOPERM", "MISCONF", "NOREPLICAS", "WRONGTYPE"];

/// An operation has failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) cause: Cause,
    /// Whether the server may have carried out the request all the same.
    pub(crate) sent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// No connection, and why.
    Unreachable(String),
    /// The time was up.
    TimedOut,
    /// The connection broke.
    Broken(String),
    /// The server does not take the user or the password.
    WrongLogin,
    /// The server asks for a password, and none is known.
    NoLogin,
    /// The server refuses what only a person can correct.
    Refused(String),
    /// The server answered with an error of this code.
    Server(String),
    /// The server's answer is none to the request.
    Unexpected,
    /// What lies there was not written by this store.
    Foreign,
}

/// What an unknown command means: of all that the store uses, engines lack scripts.
const NO_SCRIPTS: &str = "has no scripts, so it cannot compare and swap: two processes would overwrite each other's tokens; \
     use Redis or Valkey";

/// What the library says where `SELECT` fails.
const NO_DATABASE: &str = "refused to switch database";

impl Failure {
    pub(crate) const fn new(cause: Cause) -> Self {
        Self { cause, sent: false }
    }

    /// No answer within the time.
    pub(crate) const fn timed_out() -> Self {
        Self::new(Cause::TimedOut)
    }

    /// The same failure, of a connection with TLS. A server without TLS waits for the rest of what it takes for a request.
    pub(crate) fn with_tls(mut self) -> Self {
        let is_late = matches!(&self.cause, Cause::Unreachable(why) if why == LATE);
        if is_late || matches!(self.cause, Cause::TimedOut) {
            self.cause = Cause::Unreachable(format!("{LATE}: does it speak TLS at this port?"));
        }
        self
    }

    /// The same failure, of a request that may have been carried out.
    pub(crate) const fn sent(mut self) -> Self {
        self.sent = true;
        self
    }

    /// A failure to open a connection.
    pub(crate) fn of_connect(error: &RedisError) -> Self {
        let cause = match error.kind() {
            ErrorKind::AuthenticationFailed => Cause::WrongLogin,
            ErrorKind::Server(_) if error.to_string().contains(NO_DATABASE) => Cause::Refused(
                "refuses the database with the number in the store's URL: correct the number, or permit this user `SELECT`"
                    .to_owned(),
            ),
            // The greeting has an answer, and it is not one of Redis.
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Cause::Unexpected,
            ErrorKind::Server(_) | ErrorKind::Extension => of_code(error.code().unwrap_or_default()),
            ErrorKind::InvalidClientConfig => Cause::Refused(format!("cannot be used: {}", error.category())),
            _ => of_tls(&shown(error)).unwrap_or_else(|| Cause::Unreachable(shown(error))),
        };
        Self::new(cause)
    }

    /// A failure of a request on an open connection.
    pub(crate) fn of_request(error: &RedisError) -> Self {
        let cause = match error.kind() {
            ErrorKind::Io if error.is_timeout() => Cause::TimedOut,
            ErrorKind::Server(_) | ErrorKind::Extension => of_code(error.code().unwrap_or_default()),
            ErrorKind::Io => of_tls(&shown(error)).unwrap_or_else(|| Cause::Broken(shown(error))),
            ErrorKind::Parse => Cause::Unexpected,
            // The driver of an asynchronous connection has ended, with its runtime for example.
            _ if error.is_unrecoverable_error() => Cause::Broken(error.category().to_owned()),
            _ => Cause::Unexpected,
        };
        Self::new(cause).sent()
    }

    /// An error that the server returned for a command.
    pub(crate) fn of_server(error: &ServerError) -> Self {
        let details = error.details().unwrap_or_default();
        if error.code() == "ERR" {
            if details.starts_with("unknown command") {
                return Self::new(of_code("UNKNOWN"));
            }
            // A script meets what the user may not do: in the words of version 7, and of those before it.
            let forbidden = ["ACL failure in script", "The user executing the script can't"];
            if forbidden.iter().any(|words| details.contains(words)) {
                return Self::new(of_code("NOPERM"));
            }
            // Before version 7 a script's error has no code of its own.
            if details.starts_with("Error running script") {
                let code = IN_SCRIPTS.iter().find(|code| details.contains(&format!("-{code} ")));
                return Self::new(of_code(code.unwrap_or(&"ERR")));
            }
        }
        Self::new(of_code(error.code()))
    }

    /// The same failure, of the Sentinel at this address, whose login is not that of the servers with the records.
    pub(crate) fn of_sentinel(mut self, address: &Address) -> Self {
        let what = match self.cause {
            Cause::Refused(text) if text == NO_SCRIPTS => {
                self.cause = Cause::Refused(format!(
                    "names {address}, which is not a Sentinel: write the host and the port of a Sentinel, by default 26379"
                ));
                return self;
            }
            Cause::NoLogin => "asks for a password: set",
            Cause::WrongLogin => "does not take its user and password: correct",
            _ => return self,
        };
        self.cause = Cause::Refused(format!("has a Sentinel at {address} that {what} `sentinel_password`"));
        self
    }

    /// Whether the connection is of no further use.
    pub(crate) const fn ends_connection(&self) -> bool {
        matches!(
            self.cause,
            Cause::TimedOut | Cause::Broken(_) | Cause::NoLogin | Cause::Refused(_) | Cause::Unexpected
        )
    }

    /// Whether the server that answered is not the one to write to, or is not ready: another may be.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(&self.cause, Cause::Server(code) if matches!(code.as_str(), "READONLY" | "MASTERDOWN" | "LOADING"))
    }

    /// The failure as callers see it. `place` is the store's without a login; `changes` says that the request was a change.
    pub(crate) fn into_error(self, place: &str, changes: bool) -> StoreError {
        let error = match self.cause {
            Cause::Unreachable(why) => StoreError::unavailable(format!("{place} cannot be reached: {why}")),
            Cause::TimedOut => StoreError::unavailable(format!("{place} did not answer in time")),
            Cause::Broken(why) => StoreError::unavailable(format!("the connection to {place} broke: {why}")),
            Cause::WrongLogin => StoreError::refused(format!(
                "{place} does not take this user and password: correct them in the store's URL or settings"
            )),
            Cause::NoLogin => StoreError::refused(format!(
                "{place} asks for a password, and the store has none: give it one in its URL or settings"
            )),
            Cause::Refused(text) => StoreError::refused(format!("{place} {text}")),
            Cause::Server(code) => StoreError::unavailable(format!("{place} {}", meaning(&code))),
            Cause::Unexpected => StoreError::unavailable(format!(
                "{place} gave an answer that is not one of Redis: check the host and the port"
            )),
            Cause::Foreign => StoreError::unreadable(format!(
                "{place} has something else under the key of a record than this version stores: another program or a newer \
                 version wrote it"
            )),
        };
        if changes && self.sent { error.maybe_applied() } else { error }
    }
}

/// A server that takes a connection and does not answer.
const LATE: &str = "no answer in time";

/// An error of this side in words. What an I/O error says is the system's or the TLS library's.
fn shown(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Io if error.is_timeout() => LATE.to_owned(),
        ErrorKind::Io => error.to_string(),
        _ => error.category().to_owned(),
    }
}

/// A certificate that is not trusted stays so until a person corrects it.
fn of_tls(text: &str) -> Option<Cause> {
    text.contains("invalid peer certificate").then(|| {
        Cause::Refused(format!(
            "shows a certificate that is not trusted ({text}): give the store the authority of that certificate"
        ))
    })
}

/// The cause behind an error code of the server.
fn of_code(code: &str) -> Cause {
    let refused = |text: &str| Cause::Refused(text.to_owned());
    match code {
        "WRONGPASS" => Cause::WrongLogin,
        "NOAUTH" => Cause::NoLogin,
        "NOPERM" => refused(
            "does not permit this user what the store needs: give the user the keys and channels of the store's prefix \
             and the commands that the documentation of the store lists",
        ),
        "UNKNOWN" => refused(NO_SCRIPTS),
        "WRONGTYPE" => Cause::Foreign,
        "CROSSSLOT" => refused("is a cluster that the store's keys do not fit"),
        other => Cause::Server(other.to_owned()),
    }
}

/// What an error code of the server means.
fn meaning(code: &str) -> String {
    let meaning = match code {
        "LOADING" => "still loads its data",
        "READONLY" => "is a replica that takes no changes: connect to the primary, or by way of Sentinel",
        "MASTERDOWN" => "is a replica that has lost its primary",
        "CLUSTERDOWN" => "is a cluster of which a part is down",
        "TRYAGAIN" | "ASK" | "MOVED" => "is a cluster that moves the key just now",
        "OOM" => "has no memory left: give it more, and set `maxmemory-policy noeviction`",
        "MISCONF" => "takes no changes because it cannot save to its disk",
        "NOREPLICAS" => "takes no changes because it has too few replicas (`min-replicas-to-write`)",
        "BUSY" => "is busy with a script of another program",
        _ => return format!("answered with the error {}", if code.is_empty() { "(none)" } else { code }),
    };
    meaning.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_must_correct_is_refused_and_all_else_may_be_tried_again() {
        let error = |code: &str| Failure::new(of_code(code)).into_error("redis://h:1/0", true);
        for code in ["WRONGPASS", "NOAUTH", "NOPERM", "UNKNOWN", "CROSSSLOT"] {
            assert!(error(code).is_refused(), "{code}: {}", error(code));
        }
        assert!(error("WRONGTYPE").is_unreadable());
        for code in
            ["LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "OOM", "MISCONF", "NOREPLICAS", "ERR", ""]
        {
            assert!(!error(code).is_permanent(), "{code}: {}", error(code));
            assert!(error(code).to_string().starts_with("redis://h:1/0 "), "{}", error(code));
        }
        assert!(error("UNKNOWN").to_string().contains("cannot compare and swap"));
    }
}
