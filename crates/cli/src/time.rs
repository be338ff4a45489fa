//! How long a command may take.

use core::time::Duration;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};

use wellspring_profiles::{Profile, SignsIn};
use wellspring_transport_blocking::Clock;

use crate::exit::{Exit, Failure};
use crate::source::{SHORTEST_EXCHANGE, signs_in};
use crate::{interrupt, progress};

/// How long a command waits after its deadline for an exchange of client credentials, which can be repeated.
const CREDENTIALS_GRACE: Duration = Duration::from_secs(2);

/// The time limits of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    /// The limit for the command.
    pub(crate) deadline: Duration,
    /// How much longer the command lasts to finish an exchange whose grant would be lost otherwise.
    pub(crate) grace: Duration,
    /// How much longer it lasts to save a token that neither the store nor the spill folder takes.
    pub(crate) save: Duration,
}

impl Time {
    pub(crate) fn of(profile: &Profile) -> Result<Self, Failure> {
        let policy = profile.policy()?;
        let grace = if !profile.store().outlives_the_process() {
            Duration::ZERO
        } else if matches!(signs_in(profile)?, SignsIn::NotNeeded) {
            CREDENTIALS_GRACE
        } else {
            // An exchange that started just before the deadline, and the save of its result.
            policy.deadline.saturating_add(policy.store_deadline)
        };
        Ok(Self { deadline: policy.deadline, grace, save: policy.store_deadline })
    }
}

/// The failure of a command that ends with a token that nothing keeps.
fn lost() -> Failure {
    Failure::new(
        Exit::TryLater,
        format!(
            "a new token was obtained, but neither the store nor the spill folder took it before this command had to end, so \
             it is lost{}; correct that and try again later: the next command says whether a new sign-in is needed",
            progress::cause()
        ),
    )
}

/// What the work says while it runs, and its result.
enum Event<T> {
    Unlimited,
    Done(Result<T, Failure>),
}

/// The deadline of a command, which its work may lift.
pub(crate) struct Limit<T>(Sender<Event<T>>);

impl<T> Limit<T> {
    /// From now on the work has limits of its own.
    pub(crate) fn lift(&self) {
        // The receiver is gone after the deadline.
        let _ = self.0.send(Event::Unlimited);
    }
}

/// Runs the work on a thread until the deadline, and through the grace period if an exchange is in flight then.
pub(crate) fn within<T: Send + 'static>(
    time: Time,
    work: impl FnOnce(&Limit<T>) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let Time { deadline, grace, save } = time;
    let (sender, receiver) = channel();
    let working = std::thread::Builder::new().name("work".into()).spawn(move || {
        let limit = Limit(sender);
        let result = work(&limit);
        let _ = limit.0.send(Event::Done(result));
    });
    working.map_err(|error| Failure::new(Exit::TryLater, format!("cannot start a thread: {error}")))?;
    let result = |event| match event {
        Event::Done(result) => Ok(result),
        Event::Unlimited => match receiver.recv() {
            Ok(Event::Done(result)) => Ok(result),
            _ => Err(RecvTimeoutError::Disconnected),
        },
    };
    let in_time = receiver.recv_timeout(deadline).and_then(result);
    let broke_off = matches!(in_time, Err(RecvTimeoutError::Disconnected));
    let is_hopeless = || {
        let now = Clock::system().now().instant;
        progress::unsaved_since().is_some_and(|since| now.since(since) >= save)
    };
    let waited = interrupt::settle(grace, is_hopeless);
    if progress::unsaved_since().is_some() {
        return Err(lost());
    }
    // A result from the grace period is as good as one in time.
    let late = || if waited { receiver.recv_timeout(SHORTEST_EXCHANGE).and_then(result).ok() } else { None };
    in_time.ok().or_else(late).unwrap_or_else(|| {
        let what = if broke_off {
            "the command broke off, because the system refused what its runtime needs".to_owned()
        } else {
            format!("not done within the profile's deadline of {deadline:?}")
        };
        Err(Failure::new(Exit::TryLater, format!("{what}{}; try again later", progress::cause())))
    })
}
