//! The command line of a child, and the lines that it prints about its renewals.

use core::fmt;
use core::time::Duration;

use wellspring_core::{ErrorKind, Replay, Token, TokenError};

use crate::kill_point::KillPoint;
use crate::place::Place;

/// The driver of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a trial runs on each")]
pub enum Driver {
    /// On tokio and hyper.
    Async,
    /// On threads and ureq.
    Blocking,
}

impl Driver {
    /// Both drivers.
    pub const ALL: [Self; 2] = [Self::Async, Self::Blocking];

    /// The other driver.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Async => Self::Blocking,
            Self::Blocking => Self::Async,
        }
    }
}

/// The task of a child.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "trials make it")]
pub struct Part {
    /// The store.
    pub place: Place,
    /// The driver.
    pub driver: Driver,
    /// Whether a refresh token of unknown fate may be sent again: `Never`, or `OwnerDead`.
    pub replay: Replay,
    /// The server's URL.
    pub server: String,
    /// Where the process kills itself.
    pub kill_point: Option<KillPoint>,
    /// Whether its store refuses obtained tokens.
    pub refuses: bool,
    /// The deadline of an exchange.
    pub deadline: Duration,
    /// The deadline of the store, before an exchange and after it each.
    pub store_deadline: Duration,
    /// How long it waits through failures; `None` if it asks once.
    pub patience: Option<Duration>,
    /// The number of keys, each of another user.
    pub keys: u32,
    /// The number of tasks or threads for each key.
    pub callers: u32,
    /// How often each of them asks; before each time the process waits for its parent.
    pub rounds: u32,
}

/// The line that ends the results of one round.
pub(crate) const ROUND_OVER: &str = "over";

impl Part {
    /// A part with one caller for one key in this store.
    #[must_use]
    pub const fn new(place: Place, driver: Driver, replay: Replay, server: String) -> Self {
        let second = Duration::from_secs(1);
        Self {
            place,
            driver,
            replay,
            server,
            kill_point: None,
            refuses: false,
            deadline: second,
            store_deadline: second,
            patience: Some(Duration::from_secs(30)),
            keys: 1,
            callers: 1,
            rounds: 1,
        }
    }

    /// The arguments of the command line.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![
            format!("store={}", self.place),
            format!("driver={}", if self.driver == Driver::Async { "async" } else { "blocking" }),
            format!("replay={}", if self.replay == Replay::Never { "never" } else { "owner-dead" }),
            format!("server={}", self.server),
            format!("deadline={}", self.deadline.as_millis()),
            format!("store-deadline={}", self.store_deadline.as_millis()),
            format!("keys={}", self.keys),
            format!("callers={}", self.callers),
            format!("rounds={}", self.rounds),
        ];
        words.extend(self.kill_point.map(|kill_point| format!("kill_point={kill_point}")));
        words.extend(self.patience.map(|patience| format!("patience={}", patience.as_millis())));
        if self.refuses {
            words.push("refuses=outcome".to_owned());
        }
        words
    }

    /// Reads these arguments.
    ///
    /// # Errors
    ///
    /// If they are incomplete or malformed.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        let word = |name: &str| {
            words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        let required = |name: &str| word(name).ok_or(format!("{name}=.. is missing"));
        let number =
            |name: &str| required(name)?.parse::<u32>().map_err(|_| format!("{name} is not a number"));
        let driver = if required("driver")? == "async" { Driver::Async } else { Driver::Blocking };
        let replay = if required("replay")? == "never" { Replay::Never } else { Replay::OwnerDead };
        let mut part = Self::new(Place::parse(&required("store")?)?, driver, replay, required("server")?);
        part.deadline = Duration::from_millis(number("deadline")?.into());
        part.store_deadline = Duration::from_millis(number("store-deadline")?.into());
        part.patience = match word("patience") {
            Some(_) => Some(Duration::from_millis(number("patience")?.into())),
            None => None,
        };
        part.kill_point = word("kill_point").map(|text| KillPoint::parse(&text)).transpose()?;
        part.refuses = word("refuses").is_some();
        part.keys = number("keys")?;
        part.callers = number("callers")?;
        part.rounds = number("rounds")?;
        Ok(part)
    }
}

/// The result of a caller, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial looks at each")]
pub enum CallerResult {
    /// A token of this generation.
    Served(u64),
    /// The user must sign in, for this reason.
    LoginRequired(String),
    /// Another error.
    Failed(String),
}

impl CallerResult {
    pub(crate) fn of(outcome: &Result<Token, TokenError>) -> Self {
        match outcome {
            Ok(token) => Self::Served(token.generation().value()),
            Err(error) => match error.kind() {
                ErrorKind::LoginRequired { reason } => Self::LoginRequired(format!("{reason:?}")),
                kind => Self::Failed(format!("{kind:?} {error}")),
            },
        }
    }

    /// Whether the user must sign in because the fate of the refresh token is unknown.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        *self == Self::LoginRequired("Ambiguous".to_owned())
    }

    fn parse(text: &str) -> Option<Self> {
        let (what, rest) = text.split_once(' ')?;
        Some(match what {
            "served" => Self::Served(rest.parse().ok()?),
            "login-required" => Self::LoginRequired(rest.to_owned()),
            "failed" => Self::Failed(rest.to_owned()),
            _ => return None,
        })
    }
}

impl fmt::Display for CallerResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Served(generation) => write!(f, "served {generation}"),
            Self::LoginRequired(reason) => write!(f, "login-required {reason}"),
            Self::Failed(why) => write!(f, "failed {why}"),
        }
    }
}

/// A line of a child's output: the callers of one key with the same result.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "trials look at it")]
pub struct Line {
    /// The user of the key.
    pub user: u32,
    /// The number of callers with this result.
    pub callers: u32,
    /// When the last of them got it, since the Unix epoch.
    pub last: Duration,
    /// The result.
    pub result: CallerResult,
}

impl Line {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.strip_prefix("result ")?.splitn(4, ' ');
        Some(Self {
            user: words.next()?.parse().ok()?,
            callers: words.next()?.parse().ok()?,
            last: Duration::from_micros(words.next()?.parse().ok()?),
            result: CallerResult::parse(words.next()?)?,
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "result {} {} {} {}", self.user, self.callers, self.last.as_micros(), self.result)
    }
}
