//! The server of a scenario: a world without sockets, or the same world behind a port.
//!
//! Both have the same settings, the same faults and the same log; only the way of the requests differs.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, Scope};

use wellspring_core::TransportErrorKind;
use wellspring_simulator::{
    Config, Endpoint, Fault, HiveFailures, Rotation, SimClock, Simulator, StartError, World,
};

use crate::scenario::{Revoke, Server as Settings};
use crate::span::Span;

/// The beginning of every scenario, in seconds since the epoch.
pub(crate) const BEGINNING: u64 = 1_700_000_000;

/// The server of one scenario, with its own clock.
#[derive(Debug)]
pub(crate) struct Server {
    stand: Stand,
    clock: SimClock,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "each scenario has one, which is never moved")]
enum Stand {
    Pure { world: Mutex<World>, plugged_in: Mutex<bool>, untrusted: bool },
    Real { simulator: Mutex<Simulator>, url: String },
}

/// A port outside the range that the system assigns: a server that has left the network must find its port free when it
/// returns, and no other program may answer there meanwhile.
fn port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Below the system's range, spread over processes.
    let spread = std::process::id().wrapping_mul(1_009);
    let next = spread.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % 20_000;
    10_000 + u16::try_from(next).expect("less than 20,000")
}

/// The URLs of a world without sockets.
const NOWHERE: &str = "http://127.0.0.1:1";
const SECURE_NOWHERE: &str = "https://127.0.0.1:1";

impl Server {
    /// A world without sockets.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub(crate) fn pure(settings: &Settings) -> Result<Self, String> {
        let world = Mutex::new(World::new(config(settings)?));
        let stand = Stand::Pure { world, plugged_in: Mutex::new(true), untrusted: settings.untrusted };
        Ok(Self { stand, clock: SimClock::manual(BEGINNING) })
    }

    /// A world behind a free port of this machine.
    ///
    /// # Errors
    ///
    /// If the settings are invalid, or the server cannot listen.
    pub(crate) fn real(settings: &Settings) -> Result<Self, String> {
        let clock = SimClock::manual(BEGINNING);
        let config = config(settings)?;
        let start = |port| {
            let simulator = Simulator::builder().config(config.clone()).clock(clock.clone()).port(port);
            if settings.untrusted { simulator.tls().start() } else { simulator.start() }
        };
        let mut started = start(port());
        while matches!(started, Err(StartError::PortTaken { .. })) {
            started = start(port());
        }
        let simulator = started.map_err(|error| error.to_string())?;
        let url = simulator.url();
        Ok(Self { stand: Stand::Real { simulator: Mutex::new(simulator), url }, clock })
    }

    /// Its URL, without a slash at the end.
    #[must_use]
    pub(crate) fn url(&self) -> &str {
        match &self.stand {
            Stand::Pure { untrusted: true, .. } => SECURE_NOWHERE,
            Stand::Pure { .. } => NOWHERE,
            Stand::Real { url, .. } => url,
        }
    }

    /// Its clock.
    #[must_use]
    pub(crate) const fn clock(&self) -> &SimClock {
        &self.clock
    }

    /// Reads or changes the world.
    pub(crate) fn with_world<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        match &self.stand {
            Stand::Pure { world, .. } => look(&mut locked(world)),
            Stand::Real { simulator, .. } => look(&mut locked(simulator).world()),
        }
    }

    /// Delays all responses until this number of callers have called at once, or two seconds have passed. Returns when the
    /// delay is active.
    pub(crate) fn hold_answers<'a>(&'a self, callers: usize, scope: &'a Scope<'a, '_>) {
        let Stand::Real { simulator, .. } = &self.stand else { return };
        let (held, holds) = mpsc::channel();
        scope.spawn(move || {
            let simulator = locked(simulator);
            let answers = simulator.world();
            let before = simulator.connections();
            let _ = held.send(());
            let wait_for = |callers: u64, looks| {
                let have_called = || simulator.connections() >= before + callers;
                (0..looks).any(|_| have_called() || passed_a_millisecond())
            };
            // The first caller may reuse an existing connection; every other caller opens one.
            let callers = callers as u64;
            let _ = wait_for(callers.saturating_sub(1), 2_000) && wait_for(callers, 100);
            drop(answers);
        });
        let _ = holds.recv();
    }

    /// Why a request cannot be sent, if it cannot.
    pub(crate) fn keeps_out(&self) -> Option<TransportErrorKind> {
        match &self.stand {
            Stand::Pure { plugged_in, .. } if !*locked(plugged_in) => Some(TransportErrorKind::NotSent),
            Stand::Pure { untrusted: true, .. } => Some(TransportErrorKind::Refused),
            Stand::Pure { .. } | Stand::Real { .. } => None,
        }
    }

    /// Leaves the network or returns.
    ///
    /// # Errors
    ///
    /// If another program has taken the port meanwhile.
    pub(crate) fn plug_in(&self, plugged: bool) -> Result<(), String> {
        match &self.stand {
            Stand::Pure { plugged_in, .. } => *locked(plugged_in) = plugged,
            Stand::Real { simulator, .. } if plugged => {
                locked(simulator).plug_in().map_err(|error| error.to_string())?;
            }
            Stand::Real { simulator, .. } => locked(simulator).unplug(),
        }
        Ok(())
    }

    /// Revokes tokens.
    pub(crate) fn revoke(&self, what: Revoke) {
        self.with_world(|world| match what {
            Revoke::Access => world.revoke_access_tokens(),
            Revoke::Refresh => world.revoke_refresh_tokens(),
            Revoke::Families => world.revoke_families(),
        });
    }

    /// Queues a fault: `FAULT` or `ENDPOINT: FAULT`, followed by ` x3` or ` x*` if it occurs more than once.
    ///
    /// # Errors
    ///
    /// If there is no such fault or endpoint.
    pub(crate) fn fault(&self, text: &str) -> Result<(), String> {
        let (endpoint, fault, times) = fault(text)?;
        self.with_world(|world| world.fault_times(endpoint, fault, times));
        Ok(())
    }

    /// The faults that no request has met; faults without a limit do not count.
    #[must_use]
    pub(crate) fn unused_faults(&self) -> Vec<String> {
        self.with_world(|world| {
            let unused = world.queued().filter(|(.., left)| *left < FOR_EVER / 2);
            unused.map(|(endpoint, fault, _)| format!("{endpoint}: {fault}")).collect()
        })
    }
}

const FOR_EVER: u32 = u32::MAX;

fn fault(text: &str) -> Result<(Endpoint, Fault, u32), String> {
    let (text, times) = match text.rsplit_once(" x") {
        Some((text, "*")) => (text, FOR_EVER),
        Some((text, times)) => (text, times.parse().map_err(|_| format!("{times:?} is not a number"))?),
        None => (text, 1),
    };
    let (endpoint, name) = match text.split_once(": ") {
        Some((endpoint, name)) => (endpoint.parse().map_err(|error| format!("{error}"))?, name),
        None => (Endpoint::Token, text),
    };
    Ok((endpoint, Fault::parse(name).map_err(|error| error.to_string())?, times))
}

fn config(settings: &Settings) -> Result<Config, String> {
    let mut config = Config::default();
    // The same tokens in every run make failures reproducible.
    config.seed = Some(7);
    config.latency = settings.latency.map(|span| span.0).unwrap_or_default();
    config.date_skew = settings.date_skew.unwrap_or_default();
    if let Some(Span(lifetime)) = settings.lifetime {
        config.pix.lifetime = lifetime;
        config.pix.certificate_lifetime = lifetime;
        config.app.access_lifetime = lifetime;
        config.hive.access_lifetime = lifetime;
    }
    if let Some(Span(lifetime)) = settings.refresh_lifetime {
        config.app.refresh_lifetime = lifetime;
        config.hive.refresh_lifetime = lifetime;
    }
    if let Some(text) = &settings.rotation {
        config.app.rotation = rotation(text)?;
    }
    if let Some(scope) = &settings.scope {
        config.pix.scope.clone_from(scope);
    }
    config.pix.success_status = settings.success_status.unwrap_or(config.pix.success_status);
    config.pix.problem_json = settings.problem_json.unwrap_or_default();
    config.pix.token_calls_per_minute = settings.token_calls_per_minute;
    config.pix.linked_certificates.clone_from(&settings.linked_certificates);
    config.app.consents_to.clone_from(&settings.consents_to);
    config.hive.success_code = settings.success_code.unwrap_or_default();
    if settings.failures_in_envelope == Some(true) {
        config.hive.failures = HiveFailures::InEnvelope;
    }
    config.hive.refresh_is_single_use = settings.refresh_survives != Some(true);
    Ok(config)
}

fn rotation(text: &str) -> Result<Rotation, String> {
    Ok(match text {
        "rotate" => Rotation::Rotate { replay_window: None },
        "same" => Rotation::Same,
        "none" => Rotation::None,
        _ => {
            let window =
                text.strip_prefix("rotate within ").ok_or_else(|| format!("{text:?} is not a rotation"))?;
            Rotation::Rotate { replay_window: Some(span(window)?) }
        }
    })
}

fn span(text: &str) -> Result<Duration, String> {
    text.parse::<Span>().map(|span| span.0)
}

#[expect(clippy::disallowed_methods, reason = "this waits for sockets, and no manual clock moves meanwhile")]
fn passed_a_millisecond() -> bool {
    thread::sleep(Duration::from_millis(1));
    false
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_with_its_endpoint_and_its_count() {
        let read = |text| fault(text).map(|(endpoint, fault, times)| (endpoint, fault.to_string(), times));
        assert_eq!(read("bare-401"), Ok((Endpoint::Token, "bare-401".into(), 1)));
        assert_eq!(read("api: bare-401 x3"), Ok((Endpoint::Api, "bare-401".into(), 3)));
        assert_eq!(read("hive-refresh: status=502@after x*").map(|read| read.2), Ok(u32::MAX));
        for wrong in ["no such fault", "nowhere: bare-401", "bare-401 xx"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
