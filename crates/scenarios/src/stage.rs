//! The runner: one scenario, one server, one player, step by step.
//!
//! It advances both clocks, sets the server's faults, lets the player act, and records what the server saw and what the
//! player got. The player is the only difference between executions.

use core::time::Duration;
use std::sync::Arc;
use std::thread;

use wellspring_core::{Clocks, ErrorKind, Generation, Need, Rejected, Token, TokenError};
use wellspring_simulator::Request;
use wellspring_transport::{Clock, ManualClock};

use crate::observation::{self, Names, Observation, Seen, counted, is_scenery, run_together};
use crate::player::{Call, Player};
use crate::provider::Cast;
use crate::scenario::{Scenario, Show, Step};
use crate::server::{BEGINNING, Server};
use crate::span::Span;

/// The stage of a scenario.
#[derive(Debug)]
pub(crate) struct Stage {
    server: Arc<Server>,
    clock: ManualClock,
    start: Clocks,
    names: Names,
    /// The number of the last recorded request.
    written: u64,
    /// Every token that a caller got, by its name.
    tokens: Vec<(String, Token)>,
    /// The end of the last reported pause, on the player's wall clock.
    pause_ends: Option<Duration>,
    sign_ins: u8,
}

impl Stage {
    /// A stage with this server, before the first step.
    #[must_use]
    pub(crate) fn new(server: Arc<Server>) -> Self {
        let clock = Clock::manual(BEGINNING);
        let start = clock.now();
        Self {
            server,
            clock,
            start,
            names: Names::default(),
            written: 0,
            tokens: Vec::new(),
            pause_ends: None,
            sign_ins: 0,
        }
    }

    /// The player's clock.
    #[must_use]
    pub(crate) const fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Plays a scenario.
    ///
    /// # Errors
    ///
    /// If a step is impossible.
    pub(crate) fn play(
        mut self,
        scenario: &Scenario,
        cast: &Cast,
        player: &mut dyn Player,
    ) -> Result<Observation, String> {
        let mut steps = Vec::new();
        for (n, step) in scenario.step.iter().enumerate() {
            let gives = self.act(step, &scenario.show, cast, player);
            let gives = gives.map_err(|error| format!("step {}: {error}", n + 1))?;
            let asked = self.asked(&scenario.show);
            let at_once = step.callers.is_some_and(|callers| callers > 1);
            let asked = if at_once { counted(asked) } else { run_together(asked) };
            let overlooked = cast.provider.overlooked().into_iter().map(observation::overlooked);
            steps.push(Seen { asked, gives: counted(gives), overlooks: counted(overlooked) });
        }
        let reuses = self.server.with_world(|world| world.counters().reuses_detected);
        Ok(Observation { steps, reuses, unused_faults: self.server.unused_faults() })
    }

    fn act(
        &mut self,
        step: &Step,
        show: &[Show],
        cast: &Cast,
        player: &mut dyn Player,
    ) -> Result<Vec<String>, String> {
        self.prepare(step)?;
        let callers = step.callers.unwrap_or(1);
        let mut acts = Vec::new();
        if let Some(need) = &step.get {
            let need = self.need(need)?;
            let got = if step.passing { player.pass_and_get(callers) } else { player.get(need, callers) };
            acts.push(got.into_iter().map(|got| self.got(got, show)).collect());
        }
        if let Some(call) = &step.call {
            let (method, path) = call.split_once(' ').ok_or("a call is a method and a path")?;
            let here = if path.starts_with('/') { self.server.url() } else { "" };
            let url = format!("{here}{path}");
            let call = Call { method: method.to_owned(), url, body: step.body };
            let server = Arc::clone(&self.server);
            let replies = thread::scope(|scope| {
                if step.meet {
                    server.hold_answers(callers, scope);
                }
                player.call(&call, callers)
            });
            acts.push(
                replies
                    .into_iter()
                    .map(|reply| match reply {
                        Ok(reply) => match reply.missing {
                            Some(scope) => format!("-> {} missing scope [{scope}]", reply.status),
                            None => format!("-> {}", reply.status),
                        },
                        Err(error) => self.failed(&error, show),
                    })
                    .collect(),
            );
        }
        if step.sign_in {
            acts.push(vec![self.sign_in(show, cast, player)?]);
        }
        if let Some(name) = &step.reject {
            let known = self.tokens.iter().find(|(known, _)| known == name);
            let token =
                known.map(|(_, token)| token.clone()).ok_or_else(|| format!("no caller got {name}"))?;
            let rejected = player.reject(&token);
            acts.push(vec![match rejected {
                Rejected::Replaced(token) => format!("replaced by {}", self.got(Ok(token), show)),
                Rejected::Renew => "renew".into(),
                Rejected::KeepResponse => "stands".into(),
            }]);
        }
        match acts.len() {
            0 | 1 => Ok(acts.pop().unwrap_or_default()),
            _ => Err("a step has only one of get, call, sign_in and reject".into()),
        }
    }

    /// Changes the time, the network and the server before a caller acts.
    fn prepare(&mut self, step: &Step) -> Result<(), String> {
        if let Some(advance) = &step.advance {
            let by = match advance.as_str() {
                "pause" => {
                    let ends = self.pause_ends.ok_or("no pause was reported")?;
                    ends.saturating_sub(self.clock.now().unix.since_epoch())
                }
                by => by.parse::<Span>()?.0,
            };
            self.server.clock().advance(by);
            self.clock.advance(by);
        }
        if let Some(seconds) = step.wall_clock {
            let by = Duration::from_secs(seconds.unsigned_abs());
            if seconds < 0 { self.clock.step_wall_back(by) } else { self.clock.step_wall_forward(by) }
        }
        if let Some(what) = step.revoke {
            self.server.revoke(what);
        }
        if let Some(plugged) = step.plugged_in {
            self.server.plug_in(plugged)?;
        }
        if step.heal {
            self.server.with_world(wellspring_simulator::World::clear_faults);
        }
        step.faults.iter().try_for_each(|fault| self.server.fault(fault))
    }

    fn need(&self, text: &str) -> Result<Need, String> {
        match text {
            "fresh" => Ok(Need::Fresh),
            "newer" => {
                let last = self.tokens.last().map_or(Generation::default(), |(_, token)| token.generation());
                Ok(Need::Newer(last))
            }
            _ => match text.strip_prefix("valid for ") {
                Some(span) => Ok(Need::ValidFor(span.parse::<Span>()?.0)),
                None => Err(format!("{text:?} is not a need")),
            },
        }
    }

    /// Visits the authorization endpoint as a browser does, and then exchanges the code.
    fn sign_in(&mut self, show: &[Show], cast: &Cast, player: &mut dyn Player) -> Result<String, String> {
        self.sign_ins += 1;
        let (url, login) = cast.authorize(self.sign_ins)?;
        let target =
            url.strip_prefix(self.server.url()).ok_or("the authorization endpoint is on another server")?;
        let now = self.server.clock().now();
        let answer = self.server.with_world(|world| world.answer(&Request::get(target), now));
        let Some(location) = answer.header("location") else {
            return Ok(format!("authorization refused status {}", answer.status));
        };
        Ok(match cast.finish(login, location) {
            Ok(grant) => {
                let got = player.sign_in(grant);
                self.got(got, show)
            }
            Err(code) => format!("callback refused {code}"),
        })
    }

    fn got(&mut self, got: Result<Token, TokenError>, show: &[Show]) -> String {
        match got {
            Ok(token) => {
                let learnt = |world: &mut wellspring_simulator::World| {
                    world.log().for_each(|entry| self.names.learn(entry));
                    self.names.of_token(world, token.expose())
                };
                let name = self.server.with_world(learnt);
                let line = observation::token(&name, &token, self.clock.now(), self.start, show);
                self.tokens.push((name, token));
                line
            }
            Err(error) => self.failed(&error, show),
        }
    }

    fn failed(&mut self, error: &TokenError, show: &[Show]) -> String {
        if let ErrorKind::Unavailable { retry_at: Some(at) } = error.kind() {
            self.pause_ends = Some(at.since_epoch());
        }
        observation::error(error, self.clock.now().unix, show)
    }

    /// The requests since the last call.
    fn asked(&mut self, show: &[Show]) -> Vec<String> {
        let start = Duration::from_secs(BEGINNING);
        self.server.with_world(|world| {
            world.log().for_each(|entry| self.names.learn(entry));
            let new = world.received().filter(|(entry, _)| entry.n > self.written);
            let lines: Vec<_> = new
                .filter(|(entry, _)| !is_scenery(entry.endpoint))
                .map(|(entry, request)| observation::asked(entry, request, &self.names, start, show))
                .collect();
            self.written = world.log().last().map_or(self.written, |entry| entry.n);
            lines
        })
    }
}
