//! Own I/O: the machines of `wellspring::sans_io`, driven by hand.
//!
//! There is no transport here, no socket and no clock: requests go into the simulator as values, and time is a
//! number that this program moves. A program with its own sockets keeps the same loop and changes only
//! [`Client::carry`].
#![forbid(unsafe_code)]

use core::time::Duration;

use wellspring_simulator::Endpoint;

// ANCHOR: names
use core::ops::ControlFlow;
use std::sync::Arc;
use wellspring::pix_bacen::Gateway;
use wellspring::sans_io::{
    Acquire, AcquireStep, Answer, Call, CallStep, Clocks, Completed, HttpRequest, HttpResponse, Instant,
    Lifecycle, Need, Patience, Permit, Policy, Provider, Renewal, ResponseHead, Step, Token, TokenError,
    UnixTime, judge,
};
use wellspring_simulator::{Config, Request, World};

const BASE: &str = "http://127.0.0.1";

/// What a program with its own I/O brings: a wire, and both clocks.
struct Client {
    provider: Arc<dyn Provider>,
    lifecycle: Lifecycle,
    wire: World,
    now: Clocks,
}
// ANCHOR_END: names

impl Client {
    // ANCHOR: new
    fn new(provider: impl Provider + 'static) -> Self {
        Self {
            provider: Arc::new(provider),
            // The seed of the jitter: use a different one in each process.
            lifecycle: Lifecycle::new(Policy::default(), 7),
            wire: World::new(Config::default()),
            now: Clocks { instant: Instant::ORIGIN, unix: UnixTime::from_secs(1_700_000_000) },
        }
    }
    // ANCHOR_END: new

    // ANCHOR: token
    /// A token for this need: the machine of one caller says what to do, this program does it.
    fn token(&mut self, need: Need) -> Result<Token, TokenError> {
        let mut caller = Acquire::new(need, Patience::OneRenewal, Instant::NEVER);
        loop {
            let resumed = match caller.ask(&mut self.lifecycle, Ok(()), self.now) {
                AcquireStep::Done(result) => return result,
                AcquireStep::StartBeside(permit, token, _) => {
                    // Due but still valid: this caller has a token even if the renewal fails.
                    let _ = self.renew(permit);
                    return Ok(token);
                }
                AcquireStep::Start(permit, waiting) => waiting.resume(self.renew(permit)),
                // Another caller holds the permit. A program with one thread has no other caller.
                AcquireStep::Wait(waiting) => return Err(waiting.time_up(None)),
                // A caller with more patience sleeps until this instant, and is resumed.
                AcquireStep::Sleep(_, sleeping) => sleeping.resume(false, self.now),
            };
            match resumed {
                ControlFlow::Continue(again) => caller = again,
                ControlFlow::Break(result) => return result,
            }
        }
    }
    // ANCHOR_END: token

    // ANCHOR: renew
    /// Carries a renewal out, step by step, and ends its permit.
    fn renew(&mut self, permit: Permit) -> Result<Token, TokenError> {
        let mut step = Renewal::begin(permit.job(Arc::clone(&self.provider)), self.now);
        let outcome = loop {
            step = match step {
                // A wire that can be slow gives up at `sending.deadline`.
                Step::Send(sending, sent) => sent.resume(self.carry(&sending.request), self.now),
                Step::Done(outcome, _) => break outcome,
                // The other steps are for stores: a job without a store asks for none of them.
                other => unreachable!("no store was named: {other:?}"),
            };
        };
        match self.lifecycle.complete(permit, outcome, self.now) {
            Completed::Renewed(token) | Completed::Adopted(token) => Ok(token),
            Completed::Failed(error) => Err(error),
        }
    }
    // ANCHOR_END: renew

    // ANCHOR: carry
    /// One request over this program's own wire. Without an answer it would be
    /// `Answer::Failed(TransportError::new(..))`, whose kind says whether a byte may have left.
    fn carry(&mut self, request: &HttpRequest) -> Answer {
        let target = request.url().strip_prefix(BASE).unwrap_or_default();
        let mut wire = Request::new(request.method().as_str(), target).with_body(request.expose_body());
        for header in request.headers() {
            wire = wire.with_header(header.name(), header.expose());
        }
        Answer::Response(self.answer(&wire))
    }

    /// The response as the machines read it: a status, headers and a body.
    fn answer(&mut self, request: &Request) -> HttpResponse {
        let answer = self.wire.answer(request, self.now.unix.since_epoch());
        let head = answer
            .headers
            .iter()
            .fold(ResponseHead::new(answer.status), |head, (name, value)| head.header(name, value));
        HttpResponse::new(head, answer.body)
    }
    // ANCHOR_END: carry

    // ANCHOR: call
    /// One API call: a refused token is replaced, and the call is made once more.
    fn call(&mut self, path: &str) -> Result<u16, TokenError> {
        let mut step = Call::begin();
        loop {
            step = match step {
                CallStep::Token(need, next) => next.resume(self.token(need)?),
                CallStep::Send(token, next) => {
                    let response = self.answer(&Request::get(path).with_bearer(token.expose()));
                    let verdict = judge(&*self.provider, response.head(), &[]);
                    next.resume(response.status(), &verdict, true)
                }
                CallStep::Reject(generation, next) => {
                    next.resume(self.lifecycle.reject(generation, self.now))
                }
                CallStep::Done(status) => return Ok(status),
            };
        }
    }
    // ANCHOR_END: call

    fn wait(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }
}

fn main() -> Result<(), TokenError> {
    // ANCHOR: first
    let gateway = Gateway::base_url(BASE)?.credentials("your-client-id", "your-client-secret")?;
    let mut client = Client::new(gateway);
    let first = client.token(Need::Fresh)?;
    // ANCHOR_END: first

    // One exchange, then none: the token lives for an hour.
    assert_eq!(client.token(Need::Fresh)?.generation(), first.generation());
    assert_eq!(client.wire.asked(Endpoint::Token), 1);

    // Five minutes before its end it is renewed, while it is still good.
    client.wait(Duration::from_secs(55 * 60));
    assert_eq!(client.token(Need::Fresh)?.generation(), first.generation());
    assert!(client.token(Need::Fresh)?.generation() > first.generation());
    assert_eq!(client.wire.asked(Endpoint::Token), 2);

    // The API refuses it: one renewal, one retry.
    client.wire.revoke_access_tokens();
    assert_eq!(client.call("/accounts/balances")?, 200);
    assert_eq!(client.wire.asked(Endpoint::Token), 3);
    Ok(())
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
