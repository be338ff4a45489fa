//! What every store must do, as tests that any store can run.
//!
//! The author of a store implements [`Fixture`] and calls [`check`]. Each clause of the contract runs on a fixture of its
//! own. A broken clause panics with a sentence that says what the store did.
//!
//! Stores that processes share also call [`check_across_processes`], and stores on a disk call [`check_on_small_disk`].
//! Both start the test file again as child processes: the test file needs one more test, which calls [`run_child`] and
//! does nothing else, and passes that test's name.

mod child;
mod disks;
mod fixture;
mod fleet;
mod folder;
mod handle;
mod liveness;
mod load_save;
mod lock_domains;
mod moved_records;
mod processes;
pub mod sample;
mod spilling;
#[cfg(test)]
mod tests;

use std::path::Path;

use wellspring_core::{Store, StoreError};

use child::Role;
use fixture::Clause;
use handle::expect_ok;

// The public interface is, besides the functions below:
pub use disks::check_on_small_disk;
pub use fixture::Fixture;
pub use folder::{Folder, corrupt_files, write_private};
pub use processes::check_across_processes;

/// Runs every clause of the contract. `new_fixture` makes an empty store each time.
///
/// No clause expects an answer in no time, so that a store on a network can pass. How soon a watcher must notice a change
/// is said by [`Fixture::notice`].
///
/// # Panics
///
/// When the store breaks a clause.
pub fn check(mut new_fixture: impl FnMut() -> Box<dyn Fixture>) {
    let clauses: [&[Clause]; 5] =
        [&load_save::ALL, &liveness::ALL, &lock_domains::ALL, &fleet::ALL, &spilling::ALL];
    for clause in clauses.into_iter().flatten() {
        clause(&*new_fixture());
    }
    lock_domains::the_locks_of_two_stores_are_two(&*new_fixture(), &*new_fixture());
}

/// Runs the clauses of records that an earlier version has stored under another key
/// ([`TokenKey::formerly`](wellspring_core::TokenKey::formerly)). Every store over a [`Map`](crate::Map) keeps them.
///
/// # Panics
///
/// When the store breaks a clause.
pub fn check_moved_records(mut new_fixture: impl FnMut() -> Box<dyn Fixture>) {
    for clause in moved_records::ALL {
        clause(&*new_fixture());
    }
}

/// Does the work of a child process, if the contract started this process as a child; else does nothing.
///
/// # Panics
///
/// When the store breaks its contract.
pub fn run_child(open: impl Fn(&Path) -> Result<Box<dyn Store>, StoreError>) {
    let Some((role, location)) = child::assignment() else { return };
    let open_store = || expect_ok("opening a store", open(&location));
    match role {
        Role::SmallDisk => disks::use_small_disk(&location, &open),
        Role::Increment => processes::increment_repeatedly(&*open_store()),
        Role::Save => processes::save_until_killed(&*open_store()),
        Role::HoldLivenessLock => processes::hold_liveness_lock_until_killed(&*open_store()),
    }
}
