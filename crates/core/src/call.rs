//! One authenticated call, as a machine: attach a token, and where the API refuses it, renew once and retry once.
//!
//! ```text
//! Token ──▶ Send ──▶ Done                                        the API took the token
//!            │
//!            └──▶ Reject ──▶ (Token) ──▶ Send ──▶ (Reject) ──▶ Done     it was refused
//! ```
//!
//! The driver carries out each [`CallStep`] and resumes it. How a request travels, and how much of a response is read to
//! judge it, is the driver's business.

use crate::generation::Generation;
use crate::http::ResponseHead;
use crate::lifecycle::{Need, Rejected};
use crate::provider::{Provider, Verdict};
use crate::rules::{Rule, holds};
use crate::token::Token;

/// One call of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "it has no state before it begins")]
pub struct Call;

/// What the driver does next for a call whose responses are of this type.
#[must_use = "a call continues only when its step is carried out"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks a step must not compile")]
pub enum CallStep<R> {
    /// Acquire a token for this need and resume with it; without a token the call ends with that error.
    Token(Need, AwaitToken),
    /// Send the request with this token, judge the response, and resume with the verdict.
    Send(Token, AwaitVerdict),
    /// Tell the lifecycle that the API refused this generation, and resume with its answer.
    Reject(Generation, AwaitRejection<R>),
    /// This response is the caller's.
    Done(R),
}

/// How often the request was sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Try {
    First,
    Retry,
}

/// A call without a token.
#[must_use = "a call continues only when it is resumed"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct AwaitToken(Try);

/// A call whose request is under way.
#[must_use = "a call continues only when it is resumed"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct AwaitVerdict {
    nth: Try,
    generation: Generation,
}

/// A call whose token was refused.
#[must_use = "a call continues only when it is resumed"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct AwaitRejection<R> {
    nth: Try,
    generation: Generation,
    repeatable: bool,
    response: R,
}

/// The status UNAUTHENTICATED of [gRPC](https://github.com/grpc/grpc/blob/master/doc/statuscodes.md).
const GRPC_UNAUTHENTICATED: &str = "16";

/// What an API's response says of the token that the call carried. A 401 refuses the token whatever the provider says
/// ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)), and so does gRPC's UNAUTHENTICATED, which stands
/// in the headers of a response that is nothing but a status.
#[must_use]
pub fn judge(provider: &dyn Provider, head: &ResponseHead, body_start: &[u8]) -> Verdict {
    let refused = head.status() == 401 || head.first("grpc-status") == Some(GRPC_UNAUTHENTICATED);
    if refused { Verdict::TokenRefused } else { provider.judge(head, body_start) }
}

impl Call {
    /// Starts a call.
    pub const fn begin<R>() -> CallStep<R> {
        CallStep::Token(Need::Fresh, AwaitToken(Try::First))
    }
}

impl AwaitToken {
    /// Continues with this token.
    pub fn resume<R>(self, token: Token) -> CallStep<R> {
        let generation = token.generation();
        CallStep::Send(token, AwaitVerdict { nth: self.0, generation })
    }
}

impl AwaitVerdict {
    /// Whether this is the retry of a refused call.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        self.nth == Try::Retry
    }

    /// Continues with this response and what it says of the token. `repeatable` says whether the request can be sent once
    /// more: its body is still there, and the response is to this request and not to what it was redirected to.
    pub fn resume<R>(self, response: R, verdict: &Verdict, repeatable: bool) -> CallStep<R> {
        let Self { nth, generation } = self;
        match verdict {
            Verdict::Accepted | Verdict::ScopeMissing(_) => CallStep::Done(response),
            Verdict::TokenRefused => {
                CallStep::Reject(generation, AwaitRejection { nth, generation, repeatable, response })
            }
        }
    }
}

impl<R> AwaitRejection<R> {
    /// Continues with what the lifecycle says of the refusal. The refused response is dropped before a retry.
    pub fn resume(self, rejected: Rejected) -> CallStep<R> {
        let retries = self.nth == Try::First || !holds(Rule::RetryOnce);
        match rejected {
            // The lifecycle has learned of the refusal; the second one is the caller's.
            _ if !retries || !self.repeatable => CallStep::Done(self.response),
            Rejected::Replaced(token) => AwaitToken(Try::Retry).resume(token),
            Rejected::Renew => CallStep::Token(Need::Newer(self.generation), AwaitToken(Try::Retry)),
            Rejected::KeepResponse => CallStep::Done(self.response),
        }
    }
}

#[cfg(test)]
mod tests;
