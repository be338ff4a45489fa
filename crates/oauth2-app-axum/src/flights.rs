//! Callbacks in progress in this process. A callback's work outlives its request, and the same callback, loaded again,
//! waits for the first one's result.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::pending::Outcome;

/// All callbacks in progress, by their states.
#[derive(Clone, Default)]
pub(crate) struct Flights(Arc<Mutex<HashMap<String, Arc<Flight>>>>);

/// The work of one callback.
pub(crate) struct Flight {
    fingerprint: String,
    result: watch::Sender<Option<Done>>,
    claim: watch::Sender<Delivery>,
}

/// The result of a callback's work.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) outcome: Outcome,
    /// Whether this process has done the work. Otherwise the store says which process ends it.
    pub(crate) here: bool,
}

/// Whether a browser has the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    Open,
    Claimed,
    Ended,
}

/// What a callback finds.
pub(crate) enum Entered {
    /// It is the first: its work has to be done, and the work ends with this.
    First(Arc<Flight>, Landing),
    /// The same callback is in progress.
    Same(Arc<Flight>),
    /// Another callback of the same state is in progress.
    Other,
}

impl Flights {
    pub(crate) fn enter(&self, state: &str, fingerprint: &str) -> Entered {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(state) {
            let same = flight.fingerprint == fingerprint;
            return if same { Entered::Same(Arc::clone(flight)) } else { Entered::Other };
        }
        let flight = Arc::new(Flight {
            fingerprint: fingerprint.to_owned(),
            result: watch::Sender::new(None),
            claim: watch::Sender::new(Delivery::Open),
        });
        flights.insert(state.to_owned(), Arc::clone(&flight));
        let landing = Landing { flights: self.clone(), state: state.to_owned(), flight: Arc::clone(&flight) };
        Entered::First(flight, landing)
    }

    /// The same callback, if this process works on it.
    pub(crate) fn running(&self, state: &str, fingerprint: &str) -> Option<Arc<Flight>> {
        self.lock().get(state).filter(|flight| flight.fingerprint == fingerprint).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Flight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    /// Waits for the result.
    pub(crate) async fn done(&self) -> Done {
        let mut result = self.result.subscribe();
        let done = result.wait_for(Option::is_some).await.map(|done| done.clone());
        done.ok().flatten().unwrap_or_else(failed)
    }

    /// The result is for this browser; `false` if it was ended because no browser came.
    pub(crate) fn claim(&self) -> bool {
        self.decide(Delivery::Claimed)
    }

    /// No browser came for the result; `false` if one did.
    pub(crate) fn end(&self) -> bool {
        self.decide(Delivery::Ended)
    }

    fn decide(&self, decision: Delivery) -> bool {
        self.claim.send_if_modified(|claim| {
            let open = *claim == Delivery::Open;
            if open {
                *claim = decision;
            }
            open
        });
        *self.claim.borrow() == decision
    }

    /// Waits until a browser has claimed the result.
    pub(crate) async fn claimed(&self) {
        let mut claim = self.claim.subscribe();
        let _ = claim.wait_for(|claim| *claim != Delivery::Open).await;
    }
}

/// Where the work of a callback ends. If the work panics, the result is a failure.
pub(crate) struct Landing {
    flights: Flights,
    state: String,
    flight: Arc<Flight>,
}

impl Landing {
    pub(crate) fn land(&self, done: Done) {
        self.flight.result.send_replace(Some(done));
    }

    pub(crate) fn flight(&self) -> &Flight {
        &self.flight
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flight.result.send_if_modified(|result| {
            let missing = result.is_none();
            if missing {
                *result = Some(failed());
            }
            missing
        });
        self.flights.lock().remove(&self.state);
    }
}

fn failed() -> Done {
    Done { outcome: Outcome::Failed { word: "server_error".to_owned(), notice: None }, here: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(flights: &Flights, state: &str) -> (Arc<Flight>, Landing) {
        match flights.enter(state, "a") {
            Entered::First(flight, landing) => (flight, landing),
            _ => panic!("no other is in progress"),
        }
    }

    #[tokio::test]
    async fn the_same_callback_waits_for_the_first_ones_result() {
        let flights = Flights::default();
        let (flight, landing) = first(&flights, "s");
        let Entered::Same(same) = flights.enter("s", "a") else { panic!("it is the same") };
        assert!(matches!(flights.enter("s", "b"), Entered::Other));
        let waiting = tokio::spawn(async move { same.done().await.outcome });
        landing.land(Done { outcome: Outcome::SignedIn, here: true });
        drop(landing);
        assert_eq!(waiting.await.unwrap(), Outcome::SignedIn);
        assert_eq!(flight.done().await.outcome, Outcome::SignedIn);
        assert!(matches!(flights.enter("s", "b"), Entered::First(..)));
    }

    #[tokio::test]
    async fn work_that_panics_is_a_failure_for_all_who_wait() {
        let flights = Flights::default();
        let (flight, landing) = first(&flights, "s");
        drop(landing);
        assert!(
            matches!(flight.done().await.outcome, Outcome::Failed { word, .. } if word == "server_error")
        );
    }

    #[tokio::test]
    async fn a_result_is_claimed_or_ended_and_never_both() {
        let flights = Flights::default();
        let (flight, landing) = first(&flights, "s");
        assert!(flight.claim() && flight.claim());
        assert!(!landing.flight().end());
        flight.claimed().await;
        let (flight, _landing) = first(&flights, "t");
        assert!(flight.end());
        assert!(!flight.claim());
    }
}
