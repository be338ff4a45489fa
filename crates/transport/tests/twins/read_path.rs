//! The read that every call makes: no lock and no allocation, also while a renewal runs.
#![expect(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::time::Duration;
use std::alloc::System;

use wellspring_core::{AccessToken, TokenResponse};

use crate::driver::transport::{Clock, TokenSource};
use crate::driver::{Gate, Reply, Server, Toy, eventually, twin};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: each call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of this method.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of this method.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread allocates while it reads.
#[twin::function]
async fn allocations(source: &TokenSource) -> usize {
    let before = ALLOCATIONS.get();
    drop(source.try_token());
    drop(source.try_token().map(|token| token.authorization().cloned()));
    drop(source.token().await);
    drop(source.authorization().await);
    ALLOCATIONS.get() - before
}

#[twin::test]
async fn reading_a_fresh_token_allocates_nothing_not_even_the_first_time() {
    let source = TokenSource::scripted([]).clock(Clock::system()).build().unwrap();
    let long = AccessToken::new("a".repeat(900));
    source.adopt(TokenResponse::new(long).with_lifetime(Duration::from_secs(3_600))).unwrap();
    for _ in 0..1_000 {
        assert_eq!(allocations(&source).await, 0);
    }
}

#[twin::test(flavor = "multi_thread")]
async fn reading_an_aging_token_allocates_nothing_while_its_renewal_runs() {
    let gate = Gate::default();
    let in_server = gate.clone();
    let server = Server::start(move |_, n| {
        if n > 0 {
            in_server.pass();
        }
        Reply::token(n + 1, 3_600)
    });
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    source.token().await.unwrap();
    clock.advance(Duration::from_secs(3_400));
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
    gate.arrived();
    assert_eq!(allocations(&source).await, 0);
    gate.open();
    eventually(|| source.try_token().is_ok_and(|token| token.expose() == "token-2")).await;
    assert_eq!(server.asked("/token"), 2);
}
