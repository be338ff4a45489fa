//! Ways to answer badly: what a fault is, how it is named, how it spoils a reply.
//!
//! The list of all names is in [`catalogue`], the bytes of compressed bodies are made in [`gzip`].

mod catalogue;
mod effect;
mod gzip;
mod stage;

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use crate::answer::Delivery;
use crate::document::quoted;
use crate::reply::Reply;
use crate::request::Request;
use effect::{Change, Effect, Instead};
pub use stage::Stage;

/// One way to answer badly.
///
/// Faults that change an answer let the provider decide first. Faults that put something else in its place
/// (a status, a page, silence) keep the request from the provider altogether, unless they are told
/// otherwise with [`Self::after_processing`]: then the token is issued, or rotated, and its answer lost.
///
/// ```
/// use wellspring_simulator::{Fault, Stage};
///
/// assert_eq!(Fault::parse("expires-in-string")?.stage(), Stage::After);
/// assert_eq!(Fault::parse("status=502")?.stage(), Stage::Before);
/// assert_eq!(Fault::parse("status=502@after")?.stage(), Stage::After);
/// let both = Fault::parse("expires-in=0+token-type=mac")?;
/// assert_eq!(both.to_string(), "expires-in=0+token-type=mac");
/// # Ok::<(), wellspring_simulator::UnknownFault>(())
/// ```
#[derive(Clone)]
pub struct Fault {
    name: String,
    stage: Option<Stage>,
    effects: Vec<Effect>,
}

impl Fault {
    /// Reads a name of [`Self::all_names`], or of [`Self::with_values`] with its value after `=`.
    ///
    /// Several joined by `+` strike together. `@before` and `@after` at the end say [when](Stage).
    ///
    /// # Errors
    ///
    /// [`UnknownFault`] when there is no such name, or its value cannot be read.
    pub fn parse(name: &str) -> Result<Self, UnknownFault> {
        let (names, stage) = match name.rsplit_once('@') {
            Some((names, "before")) => (names, Some(Stage::Before)),
            Some((names, "after")) => (names, Some(Stage::After)),
            _ => (name, None),
        };
        let parts: Option<Vec<_>> = names.split('+').map(Self::single).collect();
        let joined = parts.and_then(|parts| parts.into_iter().reduce(Self::and));
        // Where the parts are no names, the plus belongs to a value.
        let fault =
            joined.or_else(|| Self::single(names)).ok_or_else(|| UnknownFault { name: name.into() })?;
        Ok(Self { stage: stage.or(fault.stage), ..fault })
    }

    fn single(name: &str) -> Option<Self> {
        let fault = |stage, effects| Self { name: name.into(), stage, effects };
        let listed = catalogue::simple().find(|listed| listed.name == name);
        if let Some(listed) = listed {
            return Some(fault(listed.stage, (listed.effects)()));
        }
        let (name, value) = name.split_once('=')?;
        let valued = catalogue::VALUED.iter().find(|valued| valued.name == name)?;
        Some(fault(None, (valued.effects)(value)?))
    }

    fn made(name: impl Into<String>, effects: Vec<Effect>) -> Self {
        Self { name: name.into(), stage: None, effects }
    }

    /// This answer instead of the provider's.
    #[must_use]
    pub fn raw(status: u16, content_type: &str, body: &[u8]) -> Self {
        let instead = Instead::new(status, content_type, body.to_vec());
        Self::made(format!("raw {status}"), vec![Effect::Instead(instead)])
    }

    /// A status with an empty body instead of the provider's answer.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::made(format!("status={status}"), vec![Effect::Instead(Instead::bare(status))])
    }

    /// An error body of [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) instead of the
    /// provider's answer.
    #[must_use]
    pub fn oauth_error(status: u16, code: &str) -> Self {
        Self::made(
            format!("oauth-error {status} {code}"),
            vec![Effect::Instead(Instead::oauth(status, code))],
        )
    }

    /// A redirect instead of the provider's answer.
    #[must_use]
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::made(format!("redirect {status}"), Effect::redirect(status, location))
    }

    /// A member of the answer gets this JSON text for its value; a member that was not there is added.
    ///
    /// `data.accessToken` reaches into objects; `access_token` and `refresh_token` are found in Hive's
    /// envelope too.
    #[must_use]
    pub fn member(path: &str, json: &str) -> Self {
        Self::made(format!("{path}: .."), vec![Effect::member(path, Change::Set(json.into()))])
    }

    /// A member of the answer is left out.
    #[must_use]
    pub fn without(path: &str) -> Self {
        Self::made(format!("{path} missing"), vec![Effect::member(path, Change::Remove)])
    }

    /// A header field of the answer gets this value; the answer is the provider's otherwise.
    #[must_use]
    pub fn header(name: &str, value: &str) -> Self {
        let effect = Effect::Header { name: name.to_owned().into(), value: Some(value.to_owned().into()) };
        Self::made(format!("header {name}"), vec![effect])
    }

    /// The answer is delivered like this. Nothing is processed where nothing is delivered, unless
    /// [`Self::after_processing`] says so.
    #[must_use]
    pub fn delivered(delivery: Delivery) -> Self {
        Self::made(format!("{delivery:?}"), vec![Effect::Deliver(delivery)])
    }

    /// A body of one byte at a time, with this pause before each.
    #[must_use]
    pub fn drip(every: Duration) -> Self {
        Self::delivered(Delivery::Dripped { every })
    }

    /// An answer that comes only after so long.
    #[must_use]
    pub fn stall(after: Duration) -> Self {
        Self::delivered(Delivery::Late { after })
    }

    /// Both faults in one answer, this one first.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.name = format!("{}+{}", self.name, other.name);
        self.stage = self.stage.or(other.stage);
        self.effects.extend(other.effects);
        self
    }

    /// The provider does its part, and then the fault strikes.
    #[must_use]
    pub fn after_processing(mut self) -> Self {
        self.stage = Some(Stage::After);
        self
    }

    /// The provider never learns of the request.
    #[must_use]
    pub fn before_processing(mut self) -> Self {
        self.stage = Some(Stage::Before);
        self
    }

    /// When it strikes.
    #[must_use]
    pub fn stage(&self) -> Stage {
        let replaces = self.effects.iter().any(Effect::replaces_the_answer);
        self.stage.unwrap_or(if replaces { Stage::Before } else { Stage::After })
    }

    /// Every name that [`Self::parse`] reads without a value, with what it does.
    pub fn all_names() -> impl Iterator<Item = (&'static str, &'static str)> {
        catalogue::simple().map(|listed| (listed.name, listed.says))
    }

    /// Every name that [`Self::parse`] reads with a value, with what it does.
    pub fn with_values() -> impl Iterator<Item = (&'static str, &'static str)> {
        catalogue::VALUED.iter().map(|valued| (valued.name, valued.says))
    }

    /// Spoils a reply, and adds to its decision what could not be done.
    pub(crate) fn apply(&self, reply: &mut Reply, request: &Request, now: Duration) {
        for effect in &self.effects {
            if !effect.apply(reply, request, now) {
                reply.decision.push_str("; the fault found nothing to change");
            }
        }
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Self::parse(name)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Some(Stage::After) if !self.name.ends_with("-after") => "@after",
            Some(Stage::Before) if !self.name.ends_with("-before") => "@before",
            _ => "",
        };
        write!(f, "{}{stage}", self.name)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({self})")
    }
}

/// No fault has this name, or its value cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownFault {
    name: String,
}

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no fault is called {}", quoted(&self.name))
    }
}

impl core::error::Error for UnknownFault {}
