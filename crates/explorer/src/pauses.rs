//! What must hold for the pauses after refusals, stated without the code that makes them.

use core::time::Duration;
use std::rc::Rc;

use wellspring_core::{ErrorKind, Fingerprint, Proven, Record, Throttle, TokenError, UnixTime};

use crate::invariants::Broken;
use crate::provider::{CLIENT_REFUSED, GATEWAY};
use crate::world::{DEAD_PAUSE, Process, Scene, World};

/// In the time of three pauses that last.
const MOST_REFUSALS: usize = 3;

fn broken(text: String) -> Result<(), Broken> {
    Err(Broken(text))
}

impl Process {
    /// As `look_at_credential` of the transport does.
    pub(crate) fn look_at_credential(&mut self) {
        if self.lifecycle.is_misconfigured() && self.asks_with != self.credential {
            self.lifecycle.credential_changed();
        }
    }

    /// The lifecycle tells its callers an error without a renewal.
    pub(crate) fn check_remembered(&self, error: &TokenError) -> Result<(), Broken> {
        if error.kind() == ErrorKind::Misconfigured && self.asks_with != self.credential {
            return broken(
                "8: a process with another credential waits for the end of its own pause".to_owned(),
            );
        }
        Ok(())
    }
}

impl World {
    /// Whether a pause in the store is for the credential with which this process asks.
    pub(crate) fn is_own_credential(&self, scene: &Scene, who: usize, throttle: &Throttle) -> bool {
        throttle.credential.is_some_and(|seen| self.is_asked_with(scene, who, seen))
    }

    fn is_asked_with(&self, scene: &Scene, who: usize, seen: Fingerprint) -> bool {
        let process = &self.processes[who];
        Fingerprint::of(&*scene.provider(process.user, process.asks_with), seen.salt) == seen
    }

    /// A renewal of this process has failed with this error.
    pub(crate) fn check_credential(&self, process: &Process, error: &TokenError) -> Result<(), Broken> {
        let never = self.history.refused_credentials[usize::from(process.asks_with)] == 0;
        if never && error.to_string().contains(CLIENT_REFUSED) {
            return broken("8: a credential that was never refused is told of a refusal".to_owned());
        }
        Ok(())
    }

    /// The server refuses the client of this process, or its request, once more.
    pub(crate) fn refuse_client(&mut self, who: usize) -> Result<(), Broken> {
        let (now, credential) = (self.processes[who].now().unix, self.processes[who].asks_with);
        let history = Rc::make_mut(&mut self.history);
        let hour = DEAD_PAUSE * 3;
        let refusals = history.client_refusals.iter().filter(|(refused, _)| *refused == credential);
        let recent = refusals.filter(|(_, then)| now.since(*then) < hour).count();
        history.client_refusals.push((credential, now));
        history.refused_credentials[usize::from(credential)] += 1;
        if recent >= MOST_REFUSALS {
            return broken("8: the server has to refuse the client a fourth time in an hour".to_owned());
        }
        Ok(())
    }

    /// A process writes a pause into the store.
    pub(crate) fn check_pause(
        &self,
        scene: &Scene,
        who: usize,
        record: &Record,
        throttle: &Throttle,
    ) -> Result<(), Broken> {
        let process = &self.processes[who];
        let now: UnixTime = process.now().unix;
        let end = record.granted().map(|granted| {
            let life = granted.response.lifetime.unwrap_or(Duration::MAX);
            granted.obtained_at.plus(life)
        });
        let in_force = end.filter(|end| *end > now);
        let Throttle { until, cause, .. } = throttle;
        if in_force.is_some_and(|end| *until > end) {
            return broken("8: a failure before the end of the token outlasts it".to_owned());
        }
        let refusals =
            self.history.client_refusals.iter().filter(|(refused, _)| *refused == process.asks_with).count();
        let soon = in_force.map_or(now, |end| end.max(now));
        let has_worked = |proven: Proven| self.is_asked_with(scene, who, proven.credential);
        let doubts = record.proven.is_some_and(has_worked) && refusals <= 2;
        if cause.text == CLIENT_REFUSED && doubts && *until > soon {
            return broken(format!(
                "8: a credential that has worked is left alone after {refusals} refusals in a row"
            ));
        }
        let ever = self.history.refused_credentials[usize::from(process.asks_with)];
        if cause.text == CLIENT_REFUSED && ever <= 2 && *until > soon.max(now.plus(DEAD_PAUSE)) {
            return broken("8: the refusals of another credential make the pause longer".to_owned());
        }
        if cause.text == GATEWAY && *until > now {
            return broken("8: a gateway silences the source with an answer that is no verdict".to_owned());
        }
        Ok(())
    }
}
