//! Which server has a key, and when one that could not be reached may be tried again.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wellspring_store::Deadline;

use crate::address::{Address, Kind, Target};
use crate::failure::Failure;

/// The first pause after a server could not be reached; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What this process knows of the servers.
#[derive(Debug)]
pub(crate) struct Topology {
    kind: Kind,
    seeds: Vec<Address>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The primary that a Sentinel named.
    primary: Option<Address>,
    /// The servers of a cluster that have said where a slot is.
    slots: HashMap<u16, Address>,
    /// The seed that is asked next.
    seed: usize,
    gates: HashMap<Address, Gate>,
}

/// A server that could not be reached.
#[derive(Debug)]
struct Gate {
    until: Deadline,
    pause: Duration,
}

impl Topology {
    pub(crate) fn new(target: &Target) -> Self {
        Self { kind: target.kind.clone(), seeds: target.hosts.clone(), known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of the primary, if Sentinels know it.
    pub(crate) fn sentinel_name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Sentinel(name) => Some(name),
            _ => None,
        }
    }

    /// Whether several servers share the keys, as far as this process knows.
    pub(crate) fn is_cluster(&self) -> bool {
        self.kind == Kind::Cluster || !self.known().slots.is_empty()
    }

    /// The server that has this slot; `None` when a Sentinel must be asked.
    pub(crate) fn address_of(&self, slot: u16) -> Option<Address> {
        let known = self.known();
        match self.kind {
            Kind::Sentinel(_) => known.primary.clone(),
            _ => Some(
                known
                    .slots
                    .get(&slot)
                    .cloned()
                    .unwrap_or_else(|| self.seeds[known.seed % self.seeds.len()].clone()),
            ),
        }
    }

    /// The addresses of the URL, the next to ask first.
    pub(crate) fn seeds(&self) -> Vec<Address> {
        let first = self.known().seed % self.seeds.len();
        let (before, after) = self.seeds.split_at(first);
        after.iter().chain(before).cloned().collect()
    }

    /// A Sentinel has named the primary.
    pub(crate) fn found(&self, primary: &Address) {
        self.known().primary = Some(primary.clone());
    }

    /// A server of a cluster has said where this slot is.
    pub(crate) fn moved(&self, slot: u16, to: &Address) {
        self.known().slots.insert(slot, to.clone());
    }

    /// This server is not the one to ask, or cannot be reached: the next request looks anew.
    pub(crate) fn lost(&self, address: &Address) {
        let mut known = self.known();
        known.primary.take_if(|primary| primary == address);
        known.slots.retain(|_, other| other != address);
        if self.seeds[known.seed % self.seeds.len()] == *address {
            known.seed += 1;
        }
    }

    /// How long this server must be left alone.
    pub(crate) fn pause(&self, address: &Address) -> Duration {
        self.known().gates.get(address).map_or(Duration::ZERO, |gate| gate.until.left())
    }

    /// This server has answered.
    pub(crate) fn reached(&self, address: &Address) {
        self.known().gates.remove(address);
    }

    /// This server could not be reached. Each process of a fleet pauses for another time.
    pub(crate) fn not_reached(&self, address: &Address, _: &Failure) {
        let mut known = self.known();
        let pause = known.gates.get(address).map_or(FIRST_PAUSE, |gate| (2 * gate.pause).min(LONGEST_PAUSE));
        let until = Deadline::after(pause.mul_f64(0.5 + random_fraction() / 2.0));
        known.gates.insert(address.clone(), Gate { until, pause });
        drop(known);
        self.lost(address);
    }
}

/// A random number from 0 to 1.
fn random_fraction() -> f64 {
    let number = getrandom::u32().unwrap_or(u32::MAX);
    f64::from(number) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Cause;

    fn topology(url: &str) -> Topology {
        Topology::new(&Target::parse(url).expect("a URL"))
    }

    fn address(text: &str) -> Address {
        Address::parse(text, 1).expect("an address")
    }

    #[test]
    fn a_server_that_cannot_be_reached_is_left_alone_for_longer_each_time() {
        let topology = topology("redis://a:1");
        let failure = Failure::new(Cause::TimedOut);
        assert_eq!(topology.pause(&address("a:1")), Duration::ZERO);
        for n in 0..10 {
            topology.not_reached(&address("a:1"), &failure);
            let longest = (FIRST_PAUSE * 2_u32.pow(n)).min(LONGEST_PAUSE);
            assert!(topology.pause(&address("a:1")) <= longest, "{n}");
        }
        assert!(topology.pause(&address("a:1")) > LONGEST_PAUSE / 3);
        topology.reached(&address("a:1"));
        assert_eq!(topology.pause(&address("a:1")), Duration::ZERO);
    }

    #[test]
    fn another_node_of_a_cluster_is_asked_when_one_is_lost() {
        let topology = topology("redis+cluster://a:1,b:1");
        assert_eq!(topology.address_of(7), Some(address("a:1")));
        topology.moved(7, &address("c:1"));
        assert_eq!(topology.address_of(7), Some(address("c:1")));
        topology.lost(&address("c:1"));
        assert_eq!(topology.address_of(7), Some(address("a:1")));
        topology.lost(&address("a:1"));
        assert_eq!(topology.address_of(7), Some(address("b:1")));
        assert_eq!(topology.seeds(), [address("b:1"), address("a:1")]);
    }

    #[test]
    fn a_sentinel_is_asked_for_the_primary_again_when_that_is_lost() {
        let topology = topology("sentinel://a/main");
        assert_eq!(topology.address_of(0), None);
        topology.found(&address("b:1"));
        assert_eq!(topology.address_of(0), Some(address("b:1")));
        topology.lost(&address("b:1"));
        assert_eq!(topology.address_of(0), None);
    }
}
