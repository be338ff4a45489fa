//! Faulty answers: what a fault is, how it is named, how it changes a reply.
//!
//! All names are in [`catalogue`]; [`gzip`] makes the compressed bodies.

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

/// A fault in an answer.
///
/// A fault that changes an answer lets the provider process the request first. A fault that replaces the answer (by a
/// status, a page, silence) keeps the request from the provider, unless [`Self::after_processing`] is set: then the
/// token is issued or rotated, and its answer is lost.
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
    /// `+` joins several faults. `@before` or `@after` at the end sets the [stage](Stage).
    ///
    /// # Errors
    ///
    /// [`UnknownFault`] if there is no such name, or its value cannot be read.
    pub fn parse(name: &str) -> Result<Self, UnknownFault> {
        let (names, stage) = match name.rsplit_once('@') {
            Some((names, "before")) => (names, Some(Stage::Before)),
            Some((names, "after")) => (names, Some(Stage::After)),
            _ => (name, None),
        };
        let parts: Option<Vec<_>> = names.split('+').map(Self::single).collect();
        let joined = parts.and_then(|parts| parts.into_iter().reduce(Self::and));
        // If the parts are not names, the plus belongs to a value.
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

    /// Sets a member of the answer to this JSON text; adds a missing one.
    ///
    /// `data.accessToken` leads into an object; `access_token` and `refresh_token` are also found in Hive's
    /// envelope.
    #[must_use]
    pub fn member(path: &str, json: &str) -> Self {
        Self::made(format!("{path}: .."), vec![Effect::member(path, Change::Set(json.into()))])
    }

    /// Removes a member of the answer.
    #[must_use]
    pub fn without(path: &str) -> Self {
        Self::made(format!("{path} missing"), vec![Effect::member(path, Change::Remove)])
    }

    /// Sets a header field of the provider's answer.
    #[must_use]
    pub fn header(name: &str, value: &str) -> Self {
        let effect = Effect::Header { name: name.to_owned().into(), value: Some(value.to_owned().into()) };
        Self::made(format!("header {name}"), vec![effect])
    }

    /// Delivers the answer in this way. A request whose answer is not delivered is not processed, unless
    /// [`Self::after_processing`] is set.
    #[must_use]
    pub fn delivered(delivery: Delivery) -> Self {
        Self::made(format!("{delivery:?}"), vec![Effect::Deliver(delivery)])
    }

    /// Delivers the body one byte at a time, with this pause before each.
    #[must_use]
    pub fn drip(every: Duration) -> Self {
        Self::delivered(Delivery::Dripped { every })
    }

    /// Delays the answer.
    #[must_use]
    pub fn stall(after: Duration) -> Self {
        Self::delivered(Delivery::Late { after })
    }

    /// Applies both faults to one answer, this one first.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.name = format!("{}+{}", self.name, other.name);
        self.stage = self.stage.or(other.stage);
        self.effects.extend(other.effects);
        self
    }

    /// Applies the fault after the provider has processed the request.
    #[must_use]
    pub fn after_processing(mut self) -> Self {
        self.stage = Some(Stage::After);
        self
    }

    /// Applies the fault instead of the provider's processing.
    #[must_use]
    pub fn before_processing(mut self) -> Self {
        self.stage = Some(Stage::Before);
        self
    }

    /// When the fault applies.
    #[must_use]
    pub fn stage(&self) -> Stage {
        let replaces = self.effects.iter().any(Effect::replaces_the_answer);
        self.stage.unwrap_or(if replaces { Stage::Before } else { Stage::After })
    }

    /// Every name without a value, with its effect.
    pub fn all_names() -> impl Iterator<Item = (&'static str, &'static str)> {
        catalogue::simple().map(|listed| (listed.name, listed.says))
    }

    /// Every name with a value, with its effect.
    pub fn with_values() -> impl Iterator<Item = (&'static str, &'static str)> {
        catalogue::VALUED.iter().map(|valued| (valued.name, valued.says))
    }

    /// Changes a reply; its decision notes each effect that changed nothing.
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no fault is called {}", quoted(name))]
#[non_exhaustive]
pub struct UnknownFault {
    name: String,
}
