//! The machines and the wire formats, run where there is no std: no allocator but the one here, no threads, no
//! clock, no sockets. The driver is this file; the endpoint's answers are written by hand.
//!
//! Prints what was decided and ends with status 0; ends with status 1 at the first decision that is not the
//! expected one.
#![no_std]
#![no_main]

extern crate alloc;

mod ground;
mod shop;

use alloc::sync::Arc;
use core::fmt::Write;
use core::time::Duration;

use ground::out;
use shop::{Shop, granted, refused};
use wellspring_core::{
    Answer, Clocks, Completed, Decision, ErrorKind, HttpResponse, Instant, Lifecycle, LoginReason, Need,
    Permit, Policy, Provider, Rejected, Renewal, ResponseHead, Step, Token, UnixTime, Verdict,
};

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    let provider: Arc<dyn Provider> = Arc::new(Shop::new());
    let mut life = Lifecycle::new(Policy::default(), 7);

    let first = acquire(&mut life, &provider);
    let second = renew_while_aging(&mut life, &provider);
    let third = renew_after_a_401(&mut life, &provider, &first, &second);
    lose_the_sign_in_and_fall_silent(&mut life, &provider, &third);

    let written = writeln!(
        out(),
        "without std: acquired, renewed while aging, rejected and renewed, refused and paused; {} KiB in all",
        ground::bytes_used() / 1024
    );
    i32::from(written.is_err())
}

/// Nothing is held: the first caller renews, the second waits, both get the same token.
fn acquire(life: &mut Lifecycle, provider: &Arc<dyn Provider>) -> Token {
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(0)) else { panic!("no renewal at first") };
    assert!(matches!(life.acquire(Need::Fresh, at(0)), Decision::Wait), "a second permit");

    let token = renewed(exchange(life, permit, provider, "client_credentials", granted("one", "r1"), at(0)));
    assert_eq!(token.expose(), "one");
    let Decision::Use(again) = life.acquire(Need::Fresh, at(60)) else { panic!("a fresh token is not used") };
    assert_eq!(again.generation(), token.generation());
    token
}

/// Five minutes before its end it is handed out still, and renewed beside that, with the refresh token.
fn renew_while_aging(life: &mut Lifecycle, provider: &Arc<dyn Provider>) -> Token {
    let now = at(3_300);
    let Decision::UseAndRefresh(old, permit) = life.acquire(Need::Fresh, now) else {
        panic!("not renewed early")
    };
    assert_eq!(old.expose(), "one");
    assert!(matches!(life.acquire(Need::Fresh, now), Decision::Use(_)), "an aging token is kept back");

    let token = renewed(exchange(life, permit, provider, "refresh_token=r1", granted("two", "r2"), now));
    assert_eq!(token.expose(), "two");
    token
}

/// A late 401 for an older token changes nothing; one for the token in force renews it once.
fn renew_after_a_401(
    life: &mut Lifecycle,
    provider: &Arc<dyn Provider>,
    old: &Token,
    current: &Token,
) -> Token {
    assert_eq!(provider.judge(&ResponseHead::new(401), &[]), Verdict::TokenRefused);
    let now = at(4_000);
    let Rejected::Replaced(newer) = life.reject(old.generation(), now) else { panic!("a late 401 counted") };
    assert_eq!(newer.expose(), "two");

    assert!(matches!(life.reject(current.generation(), now), Rejected::Renew));
    let need = Need::Newer(current.generation());
    let Decision::Refresh(permit) = life.acquire(need, now) else { panic!("a refused token is not renewed") };
    let token = renewed(exchange(life, permit, provider, "refresh_token=r2", granted("three", "r3"), now));
    assert!(token.generation() > current.generation());
    token
}

/// The refresh token is revoked: the caller is told to sign in again, and no request goes to the endpoint.
fn lose_the_sign_in_and_fall_silent(life: &mut Lifecycle, provider: &Arc<dyn Provider>, token: &Token) {
    let expired = token.expires().expect("the shop names a lifetime");
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, expired) else {
        panic!("an expired token is used")
    };
    let answer = refused("invalid_grant");
    let Completed::Failed(error) = exchange(life, permit, provider, "refresh_token=r3", answer, expired)
    else {
        panic!("a revoked refresh token brought a token")
    };
    assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Refused });
    let soon = expired.plus(Duration::from_secs(600));
    assert!(matches!(life.acquire(Need::Fresh, soon), Decision::Fail(_)), "a dead grant is asked for again");
}

/// One renewal: the loop that every driver has, with an endpoint that answers once.
fn exchange(
    life: &mut Lifecycle,
    permit: Permit,
    provider: &Arc<dyn Provider>,
    spent: &str,
    answer: HttpResponse,
    now: Clocks,
) -> Completed {
    let Step::Send(sending, sent) = Renewal::begin(permit.job(Arc::clone(provider)), now) else {
        panic!("nothing was sent")
    };
    let body = core::str::from_utf8(sending.request.expose_body()).expect("a form is ASCII");
    assert!(body.ends_with(spent), "another grant was spent");
    let Step::Done(outcome, None) = sent.resume(Answer::Response(answer), now) else {
        panic!("sent once more")
    };
    life.complete(permit, outcome, now)
}

fn renewed(completed: Completed) -> Token {
    match completed {
        Completed::Renewed(token) => token,
        Completed::Adopted(_) => panic!("adopted, and no other process can have a token"),
        Completed::Failed(error) => panic!("{error}"),
    }
}

fn at(seconds: u64) -> Clocks {
    let unix = UnixTime::from_secs(1_760_000_000 + seconds);
    Clocks { instant: Instant::after_origin(Duration::from_secs(seconds)), unix }
}
