//! What std would have brought: memory, a way to speak, and an end for what went wrong.
//!
//! The only unsafe code of this repository that ships with nothing: it is here so that the crates need none.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

const MEMORY: usize = 256 * 1024;

/// Hands out one piece of memory after the other and takes none back: the program is short.
struct Bump {
    memory: UnsafeCell<[u8; MEMORY]>,
    used: AtomicUsize,
}

#[global_allocator]
static BUMP: Bump = Bump { memory: UnsafeCell::new([0; MEMORY]), used: AtomicUsize::new(0) };

// SAFETY: the memory is reached only through pieces, and no two pieces overlap, since `used` only grows.
unsafe impl Sync for Bump {}

// SAFETY: each piece lies within the memory, is aligned as asked and is handed out once.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.memory.get().cast::<u8>();
        let start = |used: usize| used + base.wrapping_add(used).align_offset(layout.align());
        let end = |used: usize| start(used).checked_add(layout.size()).filter(|end| *end <= MEMORY);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, end) {
            Ok(used) => base.wrapping_add(start(used)),
            Err(_) => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// How many bytes were ever handed out.
pub fn bytes_used() -> usize {
    BUMP.used.load(Ordering::Relaxed)
}

#[link(name = "c")]
unsafe extern "C" {
    safe fn _exit(status: i32) -> !;
    fn write(descriptor: i32, bytes: *const u8, length: usize) -> isize;
}

/// Ends the program.
pub fn exit(status: i32) -> ! {
    _exit(status)
}

/// A descriptor to write to.
pub struct Stream(i32);

/// Standard output.
pub fn out() -> Stream {
    Stream(1)
}

/// Standard error.
fn err() -> Stream {
    Stream(2)
}

impl Write for Stream {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        while !text.is_empty() {
            // SAFETY: the bytes are readable for as long as the text is borrowed.
            let written = unsafe { write(self.0, text.as_ptr(), text.len()) };
            let written = usize::try_from(written).map_err(|_| fmt::Error)?;
            text = text.get(written.max(1)..).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}

#[panic_handler]
fn panic(what: &PanicInfo<'_>) -> ! {
    let _ = writeln!(err(), "without std: FAILED: {what}");
    exit(1)
}
