//! What a child is told on its command line, and what it says of its renewals.

use core::fmt;
use core::time::Duration;

use wellspring_core::{ErrorKind, Replay, Token, TokenError};

use crate::blow::Blow;
use crate::place::Place;

/// Which driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a trial runs on each")]
pub enum Driver {
    /// On tokio and reqwest.
    Async,
    /// On threads and ureq.
    Blocking,
}

impl Driver {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Async, Self::Blocking];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Async => Self::Blocking,
            Self::Blocking => Self::Async,
        }
    }
}

/// What a child has to do.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "trials make it")]
pub struct Part {
    /// Whose tokens it shares.
    pub place: Place,
    /// With which driver.
    pub driver: Driver,
    /// Whether a refresh token of unknown fate may be sent again: `Never`, or `OwnerDead`.
    pub replay: Replay,
    /// The server's URL.
    pub server: String,
    /// Where it dies.
    pub blow: Option<Blow>,
    /// Its store takes nothing that was obtained.
    pub refuses: bool,
    /// The deadline of an exchange, and of the store.
    pub deadline: Duration,
    /// How long it waits through failures; `None`: it asks once.
    pub patience: Option<Duration>,
    /// How many keys it asks for, each of another user.
    pub keys: u32,
    /// By how many tasks or threads each.
    pub callers: u32,
}

impl Part {
    /// One caller at this place who asks for one key.
    #[must_use]
    pub const fn new(place: Place, driver: Driver, replay: Replay, server: String) -> Self {
        let second = Duration::from_secs(1);
        Self {
            place,
            driver,
            replay,
            server,
            blow: None,
            refuses: false,
            deadline: second,
            patience: Some(Duration::from_secs(30)),
            keys: 1,
            callers: 1,
        }
    }

    /// The words of its command line.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![
            format!("store={}", self.place),
            format!("driver={}", if self.driver == Driver::Async { "async" } else { "blocking" }),
            format!("replay={}", if self.replay == Replay::Never { "never" } else { "owner-dead" }),
            format!("server={}", self.server),
            format!("deadline={}", self.deadline.as_millis()),
            format!("keys={}", self.keys),
            format!("callers={}", self.callers),
        ];
        words.extend(self.blow.map(|blow| format!("blow={blow}")));
        words.extend(self.patience.map(|patience| format!("patience={}", patience.as_millis())));
        if self.refuses {
            words.push("refuses=outcome".to_owned());
        }
        words
    }

    /// The part that these words say.
    ///
    /// # Errors
    ///
    /// When they say none.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        let word = |name: &str| {
            words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        let told = |name: &str| word(name).ok_or(format!("{name}=.. is missing"));
        let number = |name: &str| told(name)?.parse::<u32>().map_err(|_| format!("{name} is no number"));
        let driver = if told("driver")? == "async" { Driver::Async } else { Driver::Blocking };
        let replay = if told("replay")? == "never" { Replay::Never } else { Replay::OwnerDead };
        let mut part = Self::new(Place::parse(&told("store")?)?, driver, replay, told("server")?);
        part.deadline = Duration::from_millis(number("deadline")?.into());
        part.patience = match word("patience") {
            Some(_) => Some(Duration::from_millis(number("patience")?.into())),
            None => None,
        };
        part.blow = word("blow").map(|text| Blow::parse(&text)).transpose()?;
        part.refuses = word("refuses").is_some();
        part.keys = number("keys")?;
        part.callers = number("callers")?;
        Ok(part)
    }
}

/// What a caller got, as far as it may be printed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial looks at each")]
pub enum Told {
    /// A token of this generation.
    Served(u64),
    /// That somebody has to sign in, and why.
    LoginRequired(String),
    /// Something else.
    Failed(String),
}

impl Told {
    pub(crate) fn of(outcome: &Result<Token, TokenError>) -> Self {
        match outcome {
            Ok(token) => Self::Served(token.generation().value()),
            Err(error) => match error.kind() {
                ErrorKind::LoginRequired { reason } => Self::LoginRequired(format!("{reason:?}")),
                kind => Self::Failed(format!("{kind:?} {error}")),
            },
        }
    }

    /// Whether somebody has to sign in because nobody can tell what has become of the refresh token.
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

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Served(generation) => write!(f, "served {generation}"),
            Self::LoginRequired(reason) => write!(f, "login-required {reason}"),
            Self::Failed(why) => write!(f, "failed {why}"),
        }
    }
}

/// What a child says of so many callers who asked for one key.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "trials look at it")]
pub struct Line {
    /// Whose key.
    pub user: u32,
    /// How many got this.
    pub callers: u32,
    /// When the last of them got it, since the Unix epoch.
    pub last: Duration,
    /// What.
    pub told: Told,
}

impl Line {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.strip_prefix("told ")?.splitn(4, ' ');
        Some(Self {
            user: words.next()?.parse().ok()?,
            callers: words.next()?.parse().ok()?,
            last: Duration::from_micros(words.next()?.parse().ok()?),
            told: Told::parse(words.next()?)?,
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "told {} {} {} {}", self.user, self.callers, self.last.as_micros(), self.told)
    }
}
