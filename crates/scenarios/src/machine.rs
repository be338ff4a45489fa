//! The bare machines: lifecycle, callers, calls, renewal and provider, driven in one thread against a world without sockets.
//!
//! A program with its own I/O needs this code and nothing else. Simultaneous callers are a queue here, a waiting caller has
//! a place in it, and the world says what a broken connection does to a response.

use core::ops::ControlFlow;
use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{
    Acquire, AcquireStep, Answer, AuthorizationGrant, AwaitRenewal, BoundedRequest, CallStep, CallTarget,
    Completed, HttpRequest, HttpResponse, Instant, Lifecycle, Need, Origin, Outcome, Patience, Permit,
    Provider, Rejected, Renewal, ResponseHead, Step, Token, TokenError, TransportError, TransportErrorKind,
    Verdict, judge,
};
use wellspring_simulator::{Answer as Delivered, Delivery, Request};
use wellspring_transport::{ManualClock, acceptable};

use crate::player::{Call, Player, Reply};
use crate::scenario::Body;
use crate::server::Server;

/// The bare machine and everything that it needs.
#[derive(Debug)]
pub(crate) struct Machine {
    provider: Arc<dyn Provider>,
    lifecycle: Lifecycle,
    deadline: Duration,
    clock: ManualClock,
    server: Arc<Server>,
}

/// The longest accepted response of a token endpoint.
const CAP: usize = 1024 * 1024;

impl Machine {
    /// A machine without a token.
    #[must_use]
    pub(crate) const fn new(
        provider: Arc<dyn Provider>,
        lifecycle: Lifecycle,
        deadline: Duration,
        clock: ManualClock,
        server: Arc<Server>,
    ) -> Self {
        Self { provider, lifecycle, deadline, clock, server }
    }

    fn renew(&mut self, permit: Permit) -> Result<Token, TokenError> {
        let outcome = self.exchange(Renewal::begin(permit.job(Arc::clone(&self.provider)), self.clock.now()));
        match self.lifecycle.complete(permit, outcome, self.clock.now()) {
            Completed::Renewed(token) | Completed::Adopted(token) => Ok(token),
            Completed::Failed(error) => Err(error),
        }
    }

    fn exchange(&self, mut step: Step) -> Outcome {
        loop {
            step = match step {
                Step::Send(sending, next) => {
                    let answer = self.send(&sending);
                    next.resume(answer, self.clock.now())
                }
                Step::Done(outcome, _) => return outcome,
                other => unreachable!("this machine has no store: {other:?}"),
            };
        }
    }

    fn send(&self, sending: &BoundedRequest) -> Answer {
        let time = sending.deadline.since(self.clock.now().instant);
        match self.deliver(&request_of(&sending.request, self.server.url()), time) {
            Ok(answer) => {
                let (head, mut body) = (head_of(&answer), answer.body);
                let too_large = body.len() > CAP;
                // A transport reads no further.
                body.truncate(CAP);
                let response = HttpResponse::new(head, body);
                if too_large {
                    let failure = failure(TransportErrorKind::Unreadable);
                    return Answer::Failed(failure.with_response(response.incomplete()));
                }
                // Inflating is no decision that could differ between the drivers: both call this.
                acceptable(response)
            }
            Err(Undelivered::Part(answer)) => {
                let response = HttpResponse::new(head_of(&answer), answer.body).incomplete();
                Answer::Failed(failure(TransportErrorKind::Incomplete).with_response(response))
            }
            Err(Undelivered::Nothing(kind)) => Answer::Failed(failure(kind)),
        }
    }

    /// The response as a client receives it, after the delivery that the world describes.
    fn deliver(&self, request: &Request, time: Duration) -> Result<Delivered, Undelivered> {
        if let Some(kind) = self.server.keeps_out() {
            return Err(Undelivered::Nothing(kind));
        }
        let now = self.server.clock().now();
        let answer = self.server.with_world(|world| world.answer(request, now));
        let arrives = match answer.delivery {
            Delivery::Whole | Delivery::Chunked | Delivery::UntilClose | Delivery::ThenClosed => true,
            Delivery::Late { after } => after < time,
            Delivery::Dripped { every } => {
                every.saturating_mul(u32::try_from(answer.body.len()).unwrap_or(u32::MAX)) < time
            }
            _ => false,
        };
        let part = match answer.delivery {
            Delivery::Truncated { sent } => Some(sent),
            Delivery::Dripped { every } => {
                let bytes = time.as_nanos() / every.as_nanos().max(1);
                Some(usize::try_from(bytes).unwrap_or(usize::MAX))
            }
            _ => None,
        };
        match part {
            _ if arrives => Ok(answer),
            Some(bytes) => {
                let mut part = answer;
                part.body.truncate(bytes);
                Err(Undelivered::Part(part))
            }
            None => Err(Undelivered::Nothing(TransportErrorKind::Ambiguous)),
        }
    }

    /// Answers a queue of callers: the one that renews and those that wait for it.
    fn serve(&mut self, needs: impl IntoIterator<Item = Need>) -> Vec<Result<Token, TokenError>> {
        let now = self.clock.now();
        let mut under_way = None;
        let mut callers = Vec::new();
        for need in needs {
            let caller = Acquire::new(need, Patience::OneRenewal, Instant::NEVER);
            callers.push(match caller.ask(&mut self.lifecycle, Ok(()), now) {
                AcquireStep::Start(permit, waiting) => {
                    under_way = Some(permit);
                    Err(waiting)
                }
                AcquireStep::StartBeside(permit, token, _) => {
                    under_way = Some(permit);
                    Ok(Ok(token))
                }
                AcquireStep::Wait(waiting) => Err(waiting),
                AcquireStep::Sleep(..) => Ok(Err(TokenError::busy("no caller here sleeps"))),
                AcquireStep::Done(result) => Ok(result),
            });
        }
        let result = under_way.map(|permit| self.renew(permit));
        let resumed = |next: AwaitRenewal| match &result {
            Some(result) => next.resume(result.clone()),
            None => ControlFlow::Break(Err(next.time_up(None))),
        };
        let served = callers.into_iter().map(|caller| match caller.map_err(resumed) {
            Ok(result) | Err(ControlFlow::Break(result)) => result,
            Err(ControlFlow::Continue(_)) => Err(TokenError::busy("no caller here asks again")),
        });
        served.collect()
    }

    fn api(&self, call: &Call, token: &Token) -> Result<Delivered, TokenError> {
        let target = call.url.strip_prefix(self.server.url()).unwrap_or(&call.url);
        let request = Request::new(&call.method, target).with_bearer(token.expose());
        let request = if call.body == Body::None { request } else { request.with_json("{}") };
        let answered = self.deliver(&request, self.deadline);
        answered.map_err(|undelivered| {
            let kind = match undelivered {
                Undelivered::Nothing(kind) => kind,
                Undelivered::Part(_) => TransportErrorKind::Incomplete,
            };
            TransportError::new(kind, "the call got no answer").into_error()
        })
    }

    fn verdict(&self, answer: &Delivered) -> Verdict {
        let start = answer.body.len().min(self.provider.spec().judged_bytes);
        judge(&*self.provider, &head_of(answer), &answer.body[..start])
    }

    fn reply(&self, answer: &Delivered) -> Reply {
        let missing = match self.provider.judge(&head_of(answer), &[]) {
            Verdict::ScopeMissing(scope) => Some(scope.unwrap_or_default().to_string()),
            Verdict::Accepted | Verdict::TokenRefused => None,
        };
        Reply { status: answer.status, missing }
    }

    /// Takes all calls one step further: first those that need a token, which share one renewal, then those that send, then
    /// those that were refused.
    fn step(&mut self, call: &Call, calls: Vec<Progress>) -> Vec<Progress> {
        let needs = calls.iter().filter_map(|progress| match progress {
            Progress::Step(CallStep::Token(need, _)) => Some(*need),
            _ => None,
        });
        let mut served = self.serve(needs.collect::<Vec<_>>()).into_iter();
        let with_tokens = calls.into_iter().map(|progress| match progress {
            Progress::Step(CallStep::Token(_, next)) => match served.next() {
                Some(Ok(token)) => Progress::Step(next.resume(token)),
                Some(Err(error)) => Progress::Ended(Err(error)),
                None => Progress::Ended(Err(TokenError::busy("no renewal is running"))),
            },
            other => other,
        });
        let with_tokens: Vec<_> = with_tokens.collect();
        let sent: Vec<_> = with_tokens.into_iter().map(|progress| self.send_call(call, progress)).collect();
        let (now, target) = (self.clock.now(), CallTarget::of(&call.url));
        let ended = sent.into_iter().map(|progress| match progress {
            Progress::Step(CallStep::Reject(generation, next)) => {
                Progress::Step(next.resume(self.lifecycle.reject_at(target, generation, now)))
            }
            Progress::Step(CallStep::Done(answer)) => Progress::Ended(Ok(self.reply(&answer))),
            other => other,
        });
        ended.collect()
    }

    fn send_call(&mut self, call: &Call, progress: Progress) -> Progress {
        let Progress::Step(CallStep::Send(token, next)) = progress else { return progress };
        match self.api(call, &token) {
            Ok(answer) => {
                let verdict = self.verdict(&answer);
                if verdict == Verdict::Accepted {
                    self.lifecycle.accepted_at(CallTarget::of(&call.url));
                }
                Progress::Step(next.resume(answer, &verdict, call.body != Body::Once))
            }
            Err(error) => Progress::Ended(Err(error)),
        }
    }
}

/// How far a call is.
enum Progress {
    Step(CallStep<Delivered>),
    Ended(Result<Reply, TokenError>),
}

impl Progress {
    fn reply(&self) -> Option<Result<Reply, TokenError>> {
        match self {
            Self::Step(_) => None,
            Self::Ended(reply) => Some(reply.clone()),
        }
    }
}

impl Player for Machine {
    fn get(&mut self, need: Need, callers: usize) -> Vec<Result<Token, TokenError>> {
        self.serve(vec![need; callers])
    }

    fn pass_and_get(&mut self, callers: usize) -> Vec<Result<Token, TokenError>> {
        let mut served = self.get(Need::Fresh, callers + 1);
        // Scenarios play this without a token: the first caller starts the renewal and does not wait for it.
        served[0] = Err(TokenError::busy("it is being obtained"));
        served
    }

    fn call(&mut self, call: &Call, callers: usize) -> Vec<Result<Reply, TokenError>> {
        let origin = Origin::of(&call.url).ok();
        if !origin.is_some_and(|origin| self.provider.spec().origins.contains(&origin)) {
            return vec![Err(TokenError::misconfigured("the token may not go there")); callers];
        }
        let mut calls: Vec<_> =
            (0..callers).map(|_| Progress::Step(wellspring_core::Call::begin())).collect();
        let mut replies = Vec::new();
        while replies.len() < callers {
            calls = self.step(call, calls);
            replies = calls.iter().filter_map(Progress::reply).collect();
        }
        replies
    }

    fn sign_in(&mut self, grant: AuthorizationGrant) -> Result<Token, TokenError> {
        let job = self.lifecycle.sign_in(Arc::clone(&self.provider), grant)?;
        let outcome = self.exchange(Renewal::begin(job, self.clock.now()));
        self.lifecycle.signed_in(outcome, self.clock.now())
    }

    fn reject(&mut self, token: &Token) -> Rejected {
        self.lifecycle.reject(token.generation(), self.clock.now())
    }
}

/// What a client receives if the response does not arrive whole.
enum Undelivered {
    Nothing(TransportErrorKind),
    /// The head, and the start of the body.
    Part(Delivered),
}

fn failure(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, "no answer, or none that can be read")
}

fn request_of(request: &HttpRequest, base: &str) -> Request {
    let target = request.url().strip_prefix(base).unwrap_or(request.url());
    let plain = Request::new(request.method().as_str(), target).with_body(request.expose_body());
    request.headers().iter().fold(plain, |to, header| to.with_header(header.name(), header.expose()))
}

fn head_of(answer: &Delivered) -> ResponseHead {
    let head = ResponseHead::new(answer.status);
    answer.headers.iter().fold(head, |head, (name, value)| head.header(name, value))
}
