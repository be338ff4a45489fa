//! The bare machine: lifecycle, renewal and provider, driven in one thread against a world without sockets.
//!
//! A program with its own I/O needs this code and nothing else. Simultaneous callers are a queue here, a waiting caller has
//! a place in it, and the world says what a broken connection does to a response.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{
    Answer, AuthorizationGrant, BoundedRequest, Completed, Decision, HttpRequest, HttpResponse, Lifecycle,
    Need, Origin, Outcome, Permit, Provider, Rejected, Renewal, ResponseHead, Step, Token, TokenError,
    TransportError, TransportErrorKind, Verdict,
};
use wellspring_simulator::{Answer as Delivered, Delivery, Request};
use wellspring_transport::ManualClock;

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
            Ok(answer) if answer.header("content-encoding").is_some_and(|coding| coding != "identity") => {
                failed(TransportErrorKind::Unreadable)
            }
            Ok(answer) if answer.body.len() > CAP => failed(TransportErrorKind::Unreadable),
            Ok(answer) => Answer::Response(HttpResponse::new(head_of(&answer), answer.body)),
            Err(kind) => failed(kind),
        }
    }

    /// The response as a client receives it, after the delivery that the world describes.
    fn deliver(&self, request: &Request, time: Duration) -> Result<Delivered, TransportErrorKind> {
        if let Some(kind) = self.server.keeps_out() {
            return Err(kind);
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
        if arrives { Ok(answer) } else { Err(TransportErrorKind::Ambiguous) }
    }

    /// Answers a queue of callers: the one that renews and those that wait for it.
    fn serve(&mut self, needs: impl IntoIterator<Item = Need>) -> Vec<Result<Token, TokenError>> {
        let now = self.clock.now();
        let mut under_way = None;
        let mut served = Vec::new();
        for need in needs {
            served.push(match self.lifecycle.acquire(need, now) {
                Decision::Use(token) => Some(Ok(token)),
                Decision::UseAndRefresh(token, permit) => {
                    under_way = Some(permit);
                    Some(Ok(token))
                }
                Decision::Refresh(permit) => {
                    under_way = Some(permit);
                    None
                }
                Decision::Wait => None,
                Decision::Fail(error) => Some(Err(error)),
            });
        }
        let renewed = under_way.map(|permit| self.renew(permit));
        let shared = renewed.unwrap_or_else(|| Err(TokenError::busy("no renewal is running")));
        served.into_iter().map(|served| served.unwrap_or_else(|| shared.clone())).collect()
    }

    fn api(&self, call: &Call, token: &Token) -> Result<Delivered, TokenError> {
        let target = call.url.strip_prefix(self.server.url()).unwrap_or(&call.url);
        let request = Request::new(&call.method, target).with_bearer(token.expose());
        let request = if call.body == Body::None { request } else { request.with_json("{}") };
        let answered = self.deliver(&request, self.deadline);
        answered.map_err(|kind| TransportError::new(kind, "the call got no answer").into_error())
    }

    fn verdict(&self, answer: &Delivered) -> Verdict {
        if answer.status == 401 {
            return Verdict::TokenRefused;
        }
        let start = answer.body.len().min(self.provider.spec().judged_bytes);
        self.provider.judge(&head_of(answer), &answer.body[..start])
    }

    fn reply(&self, answer: &Delivered) -> Reply {
        let missing = match self.provider.judge(&head_of(answer), &[]) {
            Verdict::ScopeMissing(scope) => Some(scope.unwrap_or_default().to_string()),
            Verdict::Accepted | Verdict::TokenRefused => None,
        };
        Reply { status: answer.status, missing }
    }

    /// Another token for each refused caller, if there can be one; `None` if the caller keeps the refusal.
    fn second_tokens(&mut self, refused: &[Token]) -> Vec<Option<Result<Token, TokenError>>> {
        let now = self.clock.now();
        let rejected: Vec<_> =
            refused.iter().map(|token| self.lifecycle.reject(token.generation(), now)).collect();
        let newer = rejected.iter().zip(refused).filter(|(rejected, _)| matches!(rejected, Rejected::Renew));
        let needs: Vec<_> = newer.map(|(_, token)| Need::Newer(token.generation())).collect();
        let mut served = self.serve(needs).into_iter();
        let second = rejected.into_iter().map(|rejected| match rejected {
            Rejected::Replaced(token) => Some(Ok(token)),
            Rejected::Renew => served.next(),
            Rejected::KeepResponse => None,
        });
        second.collect()
    }

    fn is_refused(&self, answer: &Result<Delivered, TokenError>) -> bool {
        answer.as_ref().is_ok_and(|answer| self.verdict(answer) == Verdict::TokenRefused)
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
        let tokens = self.get(Need::Fresh, callers);
        let mut answers: Vec<_> =
            tokens.iter().map(|token| token.clone().and_then(|token| self.api(call, &token))).collect();
        let refused: Vec<usize> = (0..callers).filter(|at| self.is_refused(&answers[*at])).collect();
        let refused_tokens: Vec<Token> = refused.iter().filter_map(|at| tokens[*at].clone().ok()).collect();
        if call.body == Body::Once {
            // The body cannot be sent again: only the next call gets the new token.
            for token in &refused_tokens {
                let _ = self.reject(token);
            }
        } else {
            for (at, second) in refused.into_iter().zip(self.second_tokens(&refused_tokens)) {
                let Some(second) = second else { continue };
                answers[at] = second.clone().and_then(|token| self.api(call, &token));
                if let Ok(token) = second
                    && self.is_refused(&answers[at])
                {
                    // The caller gets this response; the lifecycle learns that the API refuses every token.
                    let _ = self.reject(&token);
                }
            }
        }
        answers.into_iter().map(|answer| answer.map(|answer| self.reply(&answer))).collect()
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

fn failed(kind: TransportErrorKind) -> Answer {
    Answer::Failed(TransportError::new(kind, "no answer, or none that can be read"))
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
