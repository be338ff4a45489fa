//! The containers and hosts of these tests are what they are meant to be, by what a lease says of its owner.

use wellspring_core::Owner;
use wellspring_trials::{Driver, Housing, Kind, Process, Wire};

use crate::PROGRAM;
use crate::scene::{Scene, result, served};

/// The owner of the lease of a process in this housing.
fn owner(housing: Housing, number: usize) -> Owner {
    let scene = Scene::new(Kind::Redis);
    let folder = wellspring_store::contract::Folder::new();
    let part = scene.part(Driver::Blocking, number);
    let mut process =
        Process::start_in(housing, number, folder.path(), std::path::Path::new(PROGRAM), &part).unwrap();
    scene.stops_at(Wire::Connected, &mut process);
    let lease = scene.record().unwrap().lease.unwrap();
    scene.relay.resume();
    assert_eq!(result(&mut process), served());
    lease.attempt.owner
}

#[test]
fn hosts_have_ids_of_their_own_and_containers_share_even_their_process_ids() {
    if !Housing::ALL.into_iter().all(Housing::is_possible) {
        return;
    }
    let here = owner(Housing::Together, 0);
    let [one, other] = [0, 1].map(|number| owner(Housing::Hosts, number));
    for (a, b) in [(here, one), (here, other), (one, other)] {
        assert!(a.machine != b.machine && a.boot != b.boot && a.boot != 0, "{a:?} {b:?}");
    }
    let [one, other] = [0, 1].map(|number| owner(Housing::Containers, number));
    assert_eq!((one.machine, one.boot), (here.machine, here.boot));
    assert_eq!(Owner { source: other.source, ..one }, other);
    assert_ne!(one.source, other.source);
}
