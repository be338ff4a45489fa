//! The engine, the network or the lease holder is disturbed in mid-renewal. Each test is a row of the book's page "Many hosts".

use wellspring_test_servers::{RedisSentinel, RedisServer, eventually};
use wellspring_trials::server::Seen;
use wellspring_trials::{Blow, CallerResult, Driver, Effect, KillPoint, Kind, Place, When, Wire, clock};

use crate::scene::{
    LONGER_THAN_THE_STORE, PLENTY, PRESENCE, Scene, on_each, on_each_server, result, served, sign_in,
};

const NOTHING_SENT: Seen = Seen { asked: 0, exchanged: 0, reused: 0, revoked: 0 };

#[test]
fn an_engine_that_is_paused_in_mid_renewal_loses_nothing() {
    on_each_server(Driver::Async, |kind, driver| {
        let mut scene = Scene::on_own_server(kind);
        let mut holder = scene.start(0, &scene.part(driver, 0));
        let mut waiting = scene.start(1, &scene.part(driver.other(), 1));
        scene.stops_at(Wire::Processed, &mut holder);
        scene.own_server().pause();
        scene.relay.resume();
        waiting.begin().unwrap();
        clock::nap(LONGER_THAN_THE_STORE);
        scene.own_server().resume();
        assert_eq!((result(&mut holder), result(&mut waiting)), (served(), served()), "{kind} {driver:?}");
        scene.is_renewed_once();
    });
}

#[test]
fn an_engine_that_is_killed_in_mid_renewal_and_starts_again_with_its_data_loses_nothing() {
    on_each_server(Driver::Blocking, |kind, driver| {
        let mut scene = Scene::on_own_server(kind);
        let mut holder = scene.start(0, &scene.part(driver, 0));
        let mut waiting = scene.start(1, &scene.part(driver.other(), 1));
        scene.stops_at(Wire::Processed, &mut holder);
        scene.own_server().kill();
        scene.relay.resume();
        waiting.begin().unwrap();
        clock::nap(LONGER_THAN_THE_STORE);
        scene.own_server().start_again();
        assert_eq!((result(&mut holder), result(&mut waiting)), (served(), served()), "{kind} {driver:?}");
        scene.is_renewed_once();
    });
}

#[test]
fn an_engine_that_starts_empty_in_mid_renewal_has_lost_the_session_and_gets_nothing_back() {
    on_each_server(Driver::Async, |kind, driver| {
        let mut scene = Scene::on_own_server(kind);
        let (space, empty) = (scene.own_server().place().unwrap(), scene.own_server().copy());
        scene.place = space.present_for(PRESENCE);
        scene.sign_in();
        let mut holder = scene.start(0, &scene.part(driver, 0));
        scene.stops_at(Wire::Processed, &mut holder);
        scene.own_server().go_back_to(&empty);
        scene.relay.resume();
        assert_eq!(result(&mut holder), sign_in("StoreLost"), "{kind} {driver:?}");
        assert_eq!(scene.asks(driver.other(), 1), sign_in("NotSignedIn"), "{kind} {driver:?}");
        assert!(scene.record().is_none_or(|record| record.granted().is_none()), "{kind} {driver:?}");
        let seen = scene.server.seen();
        assert_eq!((seen.asked, seen.exchanged, seen.reused), (1, 1, 0), "{kind} {driver:?}");
    });
}

#[test]
fn an_engine_that_goes_back_ends_the_session_of_a_new_process_and_not_the_token_of_one_that_knows_it() {
    on_each_server(Driver::Blocking, |kind, driver| {
        let mut scene = Scene::on_own_server(kind);
        let older = scene.own_server().copy();
        let mut knows = scene.start(0, &scene.part(driver, 0));
        knows.begin().unwrap();
        assert_eq!(result(&mut knows), served(), "{kind} {driver:?}");
        scene.own_server().go_back_to(&older);
        knows.begin().unwrap();
        assert_eq!(result(&mut knows), served(), "{kind} {driver:?}");
        // The server has taken this refresh token before: the one reuse that the book names.
        let new = scene.asks(driver.other(), 1);
        assert!(matches!(new, CallerResult::LoginRequired(_)), "{kind} {driver:?}: {new:?}");
        let seen = Seen { asked: 2, exchanged: 1, reused: 1, revoked: 1 };
        assert_eq!(scene.server.seen(), seen, "{kind} {driver:?}");
        assert_eq!(scene.asks(driver, 2), new, "the record says so");
        assert_eq!(scene.server.seen(), seen, "{kind} {driver:?}: it is not sent again");
    });
}

#[test]
fn a_host_that_is_cut_off_in_mid_renewal_saves_its_token_later_and_no_other_sends_anything() {
    on_each(|kind, driver| {
        let scene = Scene::new(kind);
        let network = wellspring_test_servers::Relay::to(scene.port());
        let mut part = scene.part(driver, 0);
        part.place = through(&part.place, scene.port(), network.port());
        let mut cut_off = scene.start(0, &part);
        scene.stops_at(Wire::Processed, &mut cut_off);
        network.cut();
        scene.relay.resume();
        // The token lies in the spill of its host.
        assert_eq!(result(&mut cut_off), served(), "{kind} {driver:?}");
        assert_eq!(scene.asks(driver.other(), 1), sign_in("Ambiguous"), "{kind} {driver:?}");
        network.mend();
        scene.is_renewed_once();
        assert_eq!(scene.asks(driver.other(), 2), served(), "{kind} {driver:?}");
        cut_off.begin().unwrap();
        assert_eq!(result(&mut cut_off), served(), "{kind} {driver:?}");
        scene.is_renewed_once();
    });
}

/// The same place by another port of this machine.
fn through(place: &Place, from: u16, to: u16) -> Place {
    Place::parse(&place.to_string().replace(&format!("127.0.0.1:{from}"), &format!("127.0.0.1:{to}")))
        .unwrap()
}

#[test]
fn a_holder_that_is_stopped_for_longer_than_its_lease_after_it_sent_still_saves_its_token() {
    on_each(|kind, driver| {
        let scene = Scene::new(kind);
        let mut holder = scene.start(0, &scene.part(driver, 0));
        scene.stops_at(Wire::Processed, &mut holder);
        holder.stop();
        // The signal may reach a thread that runs a little later, and the answer must not be first.
        assert!(holder.is_stopped());
        scene.relay.resume();
        assert_eq!(scene.asks(driver.other(), 1), sign_in("Ambiguous"), "{kind} {driver:?}");
        holder.proceed();
        assert_eq!(result(&mut holder), served(), "{kind} {driver:?}");
        scene.is_renewed_once();
        assert_eq!(scene.asks(driver.other(), 2), served(), "{kind} {driver:?}");
    });
}

#[test]
fn a_holder_that_is_stopped_for_longer_than_its_lease_before_it_sends_sends_nothing() {
    on_each(|kind, driver| {
        let scene = Scene::new(kind);
        let mut part = scene.part(driver, 0);
        part.kill_point = Some(KillPoint { effect: Effect::Lease, when: When::After, blow: Blow::Stop });
        let mut holder = scene.start(0, &part);
        holder.begin().unwrap();
        assert!(holder.is_stopped());
        assert_eq!(scene.asks(driver.other(), 1), sign_in("Ambiguous"), "{kind} {driver:?}");
        holder.proceed();
        assert_eq!(result(&mut holder), sign_in("Ambiguous"), "{kind} {driver:?}");
        assert_eq!(scene.server.seen(), NOTHING_SENT, "{kind} {driver:?}");
    });
}

#[test]
fn a_failover_in_mid_renewal_serves_the_holder_and_a_waiting_host_with_one_token() {
    for driver in Driver::ALL {
        let mut primary = RedisServer::start();
        let replica = primary.replica();
        let sentinel = RedisSentinel::start("main", &primary);
        let url = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port());
        let mut scene = Scene::new(Kind::Redis);
        scene.place = Place::redis(&url, "failover").present_for(PRESENCE);
        scene.exchange = PLENTY;
        scene.sign_in();
        let mut holder = scene.start(0, &scene.part(driver, 0));
        let mut waiting = scene.start(1, &scene.part(driver.other(), 1));
        scene.stops_at(Wire::Processed, &mut holder);
        waiting.begin().unwrap();
        eventually("the lease on the replica", || (offset(&primary) == offset(&replica)).then_some(()));
        primary.kill();
        scene.relay.resume();
        assert_eq!((result(&mut holder), result(&mut waiting)), (served(), served()), "{driver:?}");
        sentinel.wait_for_primary("main", replica.port());
        scene.is_renewed_once();
    }
}

/// How far the server's log of changes has come.
fn offset(server: &RedisServer) -> Option<String> {
    let info = server.command(&["INFO", "replication"]);
    info.lines().find_map(|line| line.strip_prefix("master_repl_offset:").map(str::to_owned))
}
