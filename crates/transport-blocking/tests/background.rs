//! Where renewals run: on threads of their own, in their callers, and where no thread may be started.
#![cfg(feature = "client")]

mod driver;

use core::time::Duration;
use std::thread;

use driver::transport::{Clock, TokenSource};
use driver::{Server, Toy, join, spawn};
use wellspring_core::{ErrorKind, Need};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_caller_whose_deadline_has_passed_does_not_cut_the_renewal() {
    let (server, gate) = Server::gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let error = source.acquire(Need::Fresh, Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let second = spawn(move || source.token().unwrap().expose().to_owned());
    gate.arrived();
    gate.open();
    assert_eq!(join(second), "token-1");
    assert_eq!(server.asked("/token"), 1);
}

#[test]
fn where_threads_are_forbidden_the_caller_that_needs_a_token_renews_it() {
    let (server, gate) = Server::gated();
    gate.open();
    let clock = Clock::manual(1_000);
    let builder = TokenSource::builder(Toy::at(&server.url)).threads(false).clock(&clock);
    let source = builder.build().unwrap();
    assert_eq!(source.try_token().unwrap_err().kind(), ErrorKind::Misconfigured);
    assert_eq!(source.keep_warm().unwrap_err().kind(), ErrorKind::Misconfigured);
    assert_eq!(source.token().unwrap().expose(), "token-1");
    clock.advance(Duration::from_secs(3_400));
    // Due: `try_token` cannot renew it without waiting, `token` does.
    assert_eq!(source.try_token().unwrap().expose(), "token-1");
    assert_eq!(source.token().unwrap().expose(), "token-2");
    assert_eq!(source.acquire(Need::ValidFor(LONG), LONG).unwrap().expose(), "token-2");
    assert_eq!(server.asked("/token"), 2);
}

#[test]
fn where_threads_are_forbidden_no_exchange_starts_that_its_caller_would_cut_short() {
    let (server, gate) = Server::gated();
    gate.open();
    let clock = Clock::manual(1_000);
    let builder = TokenSource::builder(Toy::at(&server.url)).threads(false).clock(&clock);
    let source = builder.build().unwrap();
    let error = source.acquire(Need::Fresh, Duration::from_millis(80)).unwrap_err();
    assert_eq!((error.kind(), server.asked("/token")), (ErrorKind::Busy, 0));
    assert_eq!(source.acquire(Need::Fresh, source.policy().deadline).unwrap().expose(), "token-1");
    clock.advance(Duration::from_secs(3_400));
    // Due, and in force: a caller without time gets it.
    assert_eq!(source.acquire(Need::Fresh, Duration::ZERO).unwrap().expose(), "token-1");
    let newer = Need::Newer(source.try_token().unwrap().generation());
    assert_eq!(source.acquire(newer, Duration::ZERO).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(server.asked("/token"), 1);
}

#[test]
fn an_early_renewal_runs_on_a_thread_that_has_a_name_and_the_caller_goes_on() {
    let (server, gate) = Server::gated();
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Named(Toy::at(&server.url))).clock(&clock).build().unwrap();
    gate.open();
    source.token().unwrap();
    let here = thread::current().name().unwrap().to_owned();
    assert_eq!(source.token().unwrap().scope().unwrap().to_string(), here);
    clock.advance(Duration::from_secs(3_400));
    assert_eq!(source.token().unwrap().scope().unwrap().to_string(), here);
    driver::eventually(|| source.token().unwrap().scope().unwrap().to_string() == "wellspring-renewal");
}

/// Writes the name of the thread that renewed into the token's scope.
#[derive(Debug)]
struct Named(Toy);

impl wellspring_core::Provider for Named {
    fn request(
        &self,
        grant: &wellspring_core::AuthorizationGrant,
        now: wellspring_core::UnixTime,
    ) -> Result<wellspring_core::HttpRequest, wellspring_core::TokenError> {
        self.0.request(grant, now)
    }

    fn read(
        &self,
        grant: &wellspring_core::AuthorizationGrant,
        response: &wellspring_core::HttpResponse,
        now: wellspring_core::UnixTime,
    ) -> wellspring_core::Reading {
        match self.0.read(grant, response, now) {
            wellspring_core::Reading::Granted(granted) => {
                let name = thread::current().name().unwrap_or_default().to_owned();
                wellspring_core::Reading::Granted(granted.with_scope(wellspring_core::Scope::parse(&name)))
            }
            other => other,
        }
    }

    fn judge(&self, head: &wellspring_core::ResponseHead, start: &[u8]) -> wellspring_core::Verdict {
        self.0.judge(head, start)
    }

    fn spec(&self) -> &wellspring_core::ProviderSpec {
        self.0.spec()
    }
}
