//! Many processes request one expired key at once, or a hundred; and half of the processes are killed.

use core::time::Duration;
use std::path::Path;

use wellspring_trials::cull::{Cull, Survived};
use wellspring_trials::race::Race;
use wellspring_trials::server::Seen;
use wellspring_trials::{Housing, Kind, clock};

use crate::PROGRAM;

/// Runs the race; what counts is what the token server has seen.
fn run(race: Race) {
    if !race.housing.is_possible() {
        return;
    }
    let (outcome, took) = clock::timed(|| race.run(Path::new(PROGRAM)).unwrap());
    println!("{race:?}: {:?}, {} served in {took:?}", outcome.seen, outcome.served);
    assert_eq!(outcome.others, []);
    assert_eq!(outcome.served, race.callers(), "all callers are served");
    let keys = u64::from(race.keys);
    assert_eq!(outcome.seen, Seen { asked: keys, exchanged: keys, reused: 0, revoked: 0 });
}

fn one_key(kind: Kind, housing: Housing) {
    let latency = Duration::from_millis(50);
    run(Race { kind, housing, keys: 1, processes: 8, tasks: 200, threads: 200, latency });
}

fn a_hundred_keys(kind: Kind, housing: Housing) {
    let latency = Duration::from_millis(50);
    run(Race { kind, housing, keys: 100, processes: 8, tasks: 2, threads: 1, latency });
}

fn cull(kind: Kind, housing: Housing, seed: u64) {
    if !housing.is_possible() {
        return;
    }
    let cull = Cull { kind, housing, processes: 32, keys: 16, seed };
    let (survived, took) = clock::timed(|| cull.run(Path::new(PROGRAM)).unwrap());
    println!("{cull:?}: {survived:?} in {took:?}");
    let Survived { renewed, ended, .. } = survived;
    assert_eq!(renewed + ended, 16, "every session has one outcome");
}

#[test]
fn eight_containers_on_one_expired_key_in_redis_make_one_exchange() {
    one_key(Kind::Redis, Housing::Containers);
}

#[test]
fn eight_hosts_on_one_expired_key_in_redis_make_one_exchange() {
    one_key(Kind::Redis, Housing::Hosts);
}

#[test]
fn eight_containers_on_one_expired_key_in_postgres_make_one_exchange() {
    one_key(Kind::Postgres, Housing::Containers);
}

#[test]
fn eight_hosts_on_one_expired_key_in_postgres_make_one_exchange() {
    one_key(Kind::Postgres, Housing::Hosts);
}

#[test]
fn eight_processes_on_a_hundred_keys_in_redis_make_an_exchange_for_each() {
    a_hundred_keys(Kind::Redis, Housing::Together);
}

#[test]
fn eight_hosts_on_a_hundred_keys_in_postgres_make_an_exchange_for_each() {
    a_hundred_keys(Kind::Postgres, Housing::Hosts);
}

#[test]
fn of_32_hosts_on_redis_half_are_killed_and_no_refresh_token_is_sent_twice() {
    cull(Kind::Redis, Housing::Hosts, 1);
}

#[test]
fn of_32_containers_on_redis_half_are_killed_and_no_refresh_token_is_sent_twice() {
    cull(Kind::Redis, Housing::Containers, 2);
}

#[test]
fn of_32_hosts_on_postgres_half_are_killed_and_no_refresh_token_is_sent_twice() {
    cull(Kind::Postgres, Housing::Hosts, 3);
}

#[test]
fn of_32_containers_on_postgres_half_are_killed_and_no_refresh_token_is_sent_twice() {
    cull(Kind::Postgres, Housing::Containers, 4);
}
