//! The executions of a scenario.

use std::sync::Arc;

use wellspring_core::Lifecycle;
use wellspring_store::MemoryStore;
use wellspring_transport_async::Builder;

use crate::async_driver::AsyncDriver;
use crate::blocking_driver::BlockingDriver;
use crate::machine::Machine;
use crate::observation::Observation;
use crate::provider::{Cast, policy};
use crate::scenario::Scenario;
use crate::server::Server;
use crate::stage::Stage;

/// The seed of every scenario's jitter, so that pauses are the same with every player.
const SEED: u64 = 11;

/// The player of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Execution {
    /// Lifecycle, renewal and provider in one thread, without sockets.
    Machine,
    /// The async driver, over HTTP.
    Async,
    /// The blocking driver, over HTTP.
    Blocking,
    /// The async driver over a store in memory, whose operations block a thread each.
    AsyncOverStore,
    /// The async driver over the same store, whose operations are awaited.
    AsyncOverAsyncStore,
}

impl Execution {
    /// Plays a scenario.
    ///
    /// # Errors
    ///
    /// If the scenario cannot be set up, or a step is impossible.
    pub fn play(self, scenario: &Scenario) -> Result<Observation, String> {
        let settings = scenario.server.clone().unwrap_or_default();
        let server = match self {
            Self::Machine => Server::pure(&settings)?,
            _ => Server::real(&settings)?,
        };
        let server = Arc::new(server);
        let provider = scenario.provider.as_ref().ok_or("no provider")?;
        let cast = Cast::new(provider, server.url())?;
        let policy = policy(&scenario.policy.unwrap_or_default());
        let stage = Stage::new(Arc::clone(&server));
        let clock = stage.clock().clone();
        match self {
            Self::Machine => {
                let deadline = policy.deadline;
                let lifecycle = Lifecycle::new(policy, SEED);
                let mut machine =
                    Machine::new(Arc::new(cast.provider.clone()), lifecycle, deadline, clock, server);
                stage.play(scenario, &cast, &mut machine)
            }
            Self::Async | Self::AsyncOverStore | Self::AsyncOverAsyncStore => {
                let stored = |builder: Builder| match self {
                    Self::AsyncOverStore => builder.store(MemoryStore::open()),
                    Self::AsyncOverAsyncStore => builder.async_store(MemoryStore::open()),
                    _ => builder,
                };
                let mut driver = AsyncDriver::new(cast.provider.clone(), policy, SEED, &clock, stored)?;
                stage.play(scenario, &cast, &mut driver)
            }
            Self::Blocking => {
                let mut driver = BlockingDriver::new(cast.provider.clone(), policy, SEED, &clock)?;
                stage.play(scenario, &cast, &mut driver)
            }
        }
    }
}
