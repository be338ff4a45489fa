//! What must hold for the pauses after refusals, stated without the code that makes them.

use core::time::Duration;
use std::rc::Rc;

use wellspring_core::{Record, Throttle, UnixTime};

use crate::invariants::Broken;
use crate::provider::{CLIENT_REFUSED, GATEWAY};
use crate::world::{DEAD_PAUSE, World};

/// In the time of three pauses that last.
const MOST_REFUSALS: usize = 3;

fn broken(text: String) -> Result<(), Broken> {
    Err(Broken(text))
}

impl World {
    /// The server refuses the client of this process, or its request, once more.
    pub(crate) fn refuse_client(&mut self, who: usize) -> Result<(), Broken> {
        let now = self.processes[who].now().unix;
        let history = Rc::make_mut(&mut self.history);
        let hour = DEAD_PAUSE * 3;
        let recent = history.client_refusals.iter().filter(|then| now.since(**then) < hour).count();
        history.client_refusals.push(now);
        if recent >= MOST_REFUSALS {
            return broken("8: the server has to refuse the client a fourth time in an hour".to_owned());
        }
        Ok(())
    }

    /// A process writes a pause into the store.
    pub(crate) fn check_pause(
        &self,
        now: UnixTime,
        record: &Record,
        throttle: &Throttle,
    ) -> Result<(), Broken> {
        let end = record.granted().map(|granted| {
            let life = granted.response.lifetime.unwrap_or(Duration::MAX);
            granted.obtained_at.plus(life)
        });
        let in_force = end.filter(|end| *end > now);
        let Throttle { until, cause, .. } = throttle;
        if in_force.is_some_and(|end| *until > end) {
            return broken("8: a failure before the end of the token outlasts it".to_owned());
        }
        let refusals = self.history.client_refusals.len();
        let soon = in_force.map_or(now, |end| end.max(now));
        if cause.text == CLIENT_REFUSED && record.proven.is_some() && refusals <= 2 && *until > soon {
            return broken(format!(
                "8: a credential that has worked is left alone after {refusals} refusals in a row"
            ));
        }
        if cause.text == GATEWAY && *until > now {
            return broken("8: a gateway silences the source with an answer that is no verdict".to_owned());
        }
        Ok(())
    }
}
