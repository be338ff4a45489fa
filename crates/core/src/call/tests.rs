//! A call's steps, verdict by verdict.

use super::*;
use crate::error::TokenError;
use crate::http::{HttpRequest, HttpResponse};
use crate::key::TokenKey;
use crate::lifecycle::Lifecycle;
use crate::policy::Policy;
use crate::provider::{AuthorizationGrant, ProviderSpec, Reading};
use crate::time::UnixTime;
use crate::toy::{at, granted};

fn token(text: &str) -> Token {
    Lifecycle::new(Policy::default(), 1).take_over(granted(text), at(0), at(0))
}

fn sent(step: CallStep<u16>) -> (Token, AwaitVerdict) {
    match step {
        CallStep::Send(token, next) => (token, next),
        other => panic!("not sent: {other:?}"),
    }
}

/// The first try, refused.
fn refused(repeatable: bool) -> AwaitRejection<u16> {
    let CallStep::Token(Need::Fresh, next) = Call::begin::<u16>() else { panic!("no token is acquired") };
    let (_, next) = sent(next.resume(token("one 60")));
    assert!(!next.is_retry());
    match next.resume(401, &Verdict::TokenRefused, repeatable) {
        CallStep::Reject(_, next) => next,
        other => panic!("not rejected: {other:?}"),
    }
}

#[test]
fn a_401_refuses_the_token_whatever_the_provider_says() {
    /// A provider that takes every response.
    #[derive(Debug)]
    struct Content(ProviderSpec);
    impl Provider for Content {
        fn request(&self, _: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
            Err(TokenError::misconfigured("this provider grants nothing"))
        }
        fn read(&self, _: &AuthorizationGrant, _: &HttpResponse, _: UnixTime) -> Reading {
            Reading::Refused(TokenError::misconfigured("this provider grants nothing"))
        }
        fn judge(&self, _: &ResponseHead, _: &[u8]) -> Verdict {
            Verdict::Accepted
        }
        fn spec(&self) -> &ProviderSpec {
            &self.0
        }
    }
    let provider = Content(ProviderSpec::new("content", TokenKey::new("content", "https://issuer.example")));
    assert_eq!(judge(&provider, &ResponseHead::new(401), b""), Verdict::TokenRefused);
    assert_eq!(judge(&provider, &ResponseHead::new(403), b""), Verdict::Accepted);
    let grpc = |status: &str| judge(&provider, &ResponseHead::new(200).header("grpc-status", status), b"");
    assert_eq!(["16", "7", "0"].map(grpc), [Verdict::TokenRefused, Verdict::Accepted, Verdict::Accepted]);
}

#[test]
fn a_response_that_takes_the_token_is_the_callers() {
    for verdict in [Verdict::Accepted, Verdict::ScopeMissing(None)] {
        let CallStep::Token(_, next) = Call::begin::<u16>() else { panic!("no token is acquired") };
        let (_, next) = sent(next.resume(token("one 60")));
        assert!(matches!(next.resume(200, &verdict, true), CallStep::Done(200)));
    }
}

#[test]
fn a_refused_call_asks_for_a_newer_token_and_is_retried_once() {
    let CallStep::Token(Need::Newer(generation), next) = refused(true).resume(Rejected::Renew) else {
        panic!("no newer token is acquired")
    };
    assert_eq!(generation, token("one 60").generation());
    let (_, next) = sent(next.resume(token("two 60")));
    assert!(next.is_retry());
    let CallStep::Reject(_, next) = next.resume(402, &Verdict::TokenRefused, true) else {
        panic!("the lifecycle does not learn of the second refusal")
    };
    assert!(matches!(next.resume(Rejected::Renew), CallStep::Done(402)));
}

#[test]
fn a_newer_token_that_is_there_already_is_used_for_the_retry() {
    let (other, next) = sent(refused(true).resume(Rejected::Replaced(token("other 60"))));
    assert_eq!(other.expose(), "other");
    assert!(next.is_retry());
}

#[test]
fn a_refusal_that_no_renewal_can_change_is_the_callers() {
    assert!(matches!(refused(true).resume(Rejected::KeepResponse), CallStep::Done(401)));
}

#[test]
fn a_request_that_can_be_sent_once_only_is_sent_once() {
    for rejected in [Rejected::Renew, Rejected::Replaced(token("other 60")), Rejected::KeepResponse] {
        assert!(matches!(refused(false).resume(rejected), CallStep::Done(401)));
    }
}
