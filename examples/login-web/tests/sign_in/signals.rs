//! Signals: the site finishes what runs, for a limited time.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;

use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::browser::{Browser, decoded};
use crate::program::{Folder, Site};
use crate::signal_list::{OTHER_SIGNALS, SIGNALS, is_ignored};
use crate::simulator::{endpoints, people, register, sign_in};

fn stage() -> (Simulator, Folder, Site) {
    let simulator = Simulator::start().unwrap();
    let folder =
        Folder::with(&format!("[store]\nurl = \"file:tokens\"\n{}", people(&endpoints(&simulator.url()))));
    let site = folder.site("people");
    register(&simulator, &site);
    (simulator, folder, site)
}

/// The only record of the store.
fn record(folder: &Folder) -> String {
    let files = fs::read_dir(folder.path().join("tokens")).unwrap().map(|file| file.unwrap().path());
    let mut records = files.filter(|path| path.extension().is_some_and(|it| it == "token"));
    String::from_utf8_lossy(&fs::read(records.next().unwrap()).unwrap()).into_owned()
}

#[test]
fn a_signal_during_a_renewal_waits_until_its_result_is_saved() {
    for (name, status) in SIGNALS.into_iter().chain(OTHER_SIGNALS) {
        if is_ignored(status) {
            continue;
        }
        let (simulator, folder, site) = stage();
        let mut browser = Browser::default();
        assert_eq!(sign_in(&site, &mut browser).1.location(), "/?login=success");
        simulator.revoke_access_tokens();
        simulator.fault(Endpoint::RefreshGrant, Fault::parse("stall-millis=700").unwrap());
        let before = record(&folder);
        std::thread::scope(|scope| {
            let page = scope.spawn(|| browser.get(&site.at("/account")));
            while simulator.asked(Endpoint::RefreshGrant) == 0 {
                std::thread::yield_now();
            }
            site.signal(name);
            assert!(page.join().unwrap().body.contains("user123"), "{name}: the request is answered");
        });
        assert_eq!(site.ended(), Some(status));
        let spent = spent(&simulator);
        assert!(before.contains(&spent), "the store held the token that was sent");
        assert!(!record(&folder).contains(&spent), "{name}: the store holds its successor");
    }
}

#[test]
fn a_renewal_whose_browser_is_gone_is_saved_too() {
    let (simulator, folder, site) = stage();
    let mut browser = Browser::default();
    assert_eq!(sign_in(&site, &mut browser).1.location(), "/?login=success");
    simulator.revoke_access_tokens();
    simulator.fault(Endpoint::RefreshGrant, Fault::parse("stall-millis=700").unwrap());
    let before = record(&folder);
    let request = browser.send("GET", &site.at("/account"));
    while simulator.asked(Endpoint::RefreshGrant) == 0 {
        std::thread::yield_now();
    }
    drop(request);
    site.signal("TERM");
    assert_eq!(site.ended(), Some(143));
    let spent = spent(&simulator);
    assert!(before.contains(&spent) && !record(&folder).contains(&spent), "the store holds its successor");
}

/// The refresh token that the site has sent.
fn spent(simulator: &Simulator) -> String {
    let sent = simulator.received(Endpoint::RefreshGrant);
    let (_, spent) = sent[0].form().into_iter().find(|(name, _)| name == "refresh_token").unwrap();
    decoded(&spent)
}

/// A connection with half a request, which the site has read: a connection whose bytes are not read yet holds nothing up.
fn half_a_request(site: &Site) -> TcpStream {
    let mut half = TcpStream::connect(site.address.strip_prefix("http://").unwrap()).unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    // The site reads its connections in their order, and answers those that come later.
    for _ in 0..8 {
        Browser::default().get(&site.at("/"));
    }
    half
}

#[test]
fn half_a_request_holds_the_end_up_for_a_limited_time() {
    let stages = [("TERM", 143), ("INT", 130)].map(|(signal, status)| {
        let (simulator, folder, site) = stage();
        let half = half_a_request(&site);
        site.signal(signal);
        (site, status, half, folder, simulator)
    });
    for (site, status, _half, _folder, _simulator) in stages {
        assert_eq!(site.ended(), Some(status));
    }
}

#[test]
fn a_second_signal_ends_the_site_at_once() {
    let (_simulator, _folder, site) = stage();
    let half = half_a_request(&site);
    site.signal("TERM");
    // The first signal closes the port.
    while TcpStream::connect(site.address.strip_prefix("http://").unwrap()).is_ok() {
        std::thread::yield_now();
    }
    site.signal("INT");
    // The status is that of the second signal: the first one alone would end the site later.
    assert_eq!(site.ended(), Some(130));
    drop(half);
}
