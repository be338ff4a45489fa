//! The read that everyone pays for: no allocation, and no lock.
#![expect(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use wellspring_core::{AccessToken, TokenResponse};
use wellspring_transport_blocking::{Clock, TokenSource};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(read: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    read();
    ALLOCATIONS.get() - before
}

fn source() -> TokenSource {
    let script = [];
    let source = TokenSource::scripted(script).clock(Clock::system()).build().unwrap();
    source.adopt(
        TokenResponse::new(AccessToken::new("a".repeat(900))).with_lifetime(Duration::from_secs(3_600)),
    );
    source
}

#[test]
fn reading_a_fresh_token_allocates_nothing_not_even_the_first_time() {
    let source = source();
    assert_eq!(allocations(|| drop(source.try_token().unwrap())), 0);
    assert_eq!(allocations(|| drop(source.try_token().unwrap().authorization().unwrap().clone())), 0);
    let before = ALLOCATIONS.get();
    for _ in 0..1_000 {
        drop(source.token().unwrap());
        drop(source.authorization().unwrap());
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}
