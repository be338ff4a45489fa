//! Many tabs of one browser, stale cookies, reloads, double clicks, Back, and answers that come late.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use oauth2_app_axum::Accepted;

use crate::local::{Jar, Local, Shared, callback, settle, until};

const INVALID_STATE: &str = "/?error=invalid_state";

#[tokio::test]
async fn four_tabs_that_open_at_once_without_a_cookie_all_sign_in() {
    let site = Local::start();
    let mut jar = Jar::default();
    let mut states = Vec::new();
    for _ in 0..4 {
        // Each tab sends its request before the answer to another one has set a cookie.
        let mut tab = Jar::default();
        states.push(site.started(&mut tab, "").await);
        jar.0.extend(tab.0);
    }
    for state in states {
        assert_eq!(jar.get(&site, &callback(&state, "c")).await.location(), "/?login=success");
        assert_eq!(jar.fetch(&site, "/who").await.status, 200);
    }
    assert_eq!(jar.pending(&site), 0, "{jar:?}");
}

#[tokio::test]
async fn a_browser_has_at_most_eight_pending_sign_ins_and_the_oldest_makes_room() {
    let site = Local::start();
    let mut jar = Jar::default();
    let mut states = Vec::new();
    for n in 0..12 {
        states.push(site.started(&mut jar, &format!("?next=/mine?n={n}")).await);
        assert!(jar.pending(&site) <= 8, "{n}");
        site.clock.advance(Duration::from_secs(1));
    }
    for (n, state) in states.iter().enumerate() {
        let back = jar.get(&site, &callback(state, "c")).await;
        if n < 4 {
            assert_eq!(back.location(), format!("{INVALID_STATE}&next=%2Fmine%3Fn%3D{n}"));
        } else {
            assert_eq!(back.location(), format!("/mine?n={n}"));
        }
    }
}

#[tokio::test]
async fn stale_and_foreign_cookies_spoil_no_sign_in_and_are_left_alone() {
    let site = Local::start();
    let mut jar = Jar::default();
    let name = site.login.cookie_name().to_owned();
    for (name, value) in [
        (name.clone(), "stale"),
        (format!("{name}-0123456789abcdef"), "1.stale"),
        (format!("{name}-x"), "not ours"),
        ("session".to_owned(), "of the neighbour"),
        ("id".to_owned(), "of the application"),
    ] {
        jar.0.insert(name, value.to_owned());
    }
    // A mere visit changes no cookie.
    for path in ["/", "/who", "/api/user/info", "/oauth/callback?code=c&state=s", "/?error=invalid_state"] {
        assert!(jar.get(&site, path).await.cookies().is_empty(), "{path}");
    }
    site.sign_in(&mut jar).await;
    assert_eq!(jar.fetch(&site, "/who").await.status, 200);
    jar.post(&site, "/auth/logout").await;
    for kept in ["session", "id", &format!("{name}-x")] {
        assert!(jar.0.contains_key(kept), "{kept}: {jar:?}");
    }
    assert!(!jar.0.contains_key(&name));
}

#[tokio::test]
async fn two_sites_on_one_host_do_not_sign_each_other_out() {
    let one = Local::start();
    let other = Shared::new().process(
        |app| app.redirect_uri("https://site.example/other/callback"),
        |login| login,
        Router::new(),
    );
    assert_ne!(one.login.cookie_name(), other.login.cookie_name());
    let mut jar = Jar::default();
    one.sign_in(&mut jar).await;
    let state = other.started(&mut jar, "").await;
    let back = jar.get(&other, &format!("/other/callback?code=c&state={state}")).await;
    assert_eq!(back.location(), "/?login=success");
    assert_eq!(jar.fetch(&one, "/who").await.status, 200);
    jar.post(&other, "/auth/logout").await;
    assert_eq!(jar.fetch(&other, "/who").await.status, 401);
    assert_eq!(jar.fetch(&one, "/who").await.status, 200);
}

#[tokio::test]
async fn the_answer_to_an_old_request_does_not_touch_the_new_cookie() {
    let site = Local::start();
    let mut jar = Jar::default();
    site.sign_in(&mut jar).await;
    let old = jar.clone();
    site.sign_in(&mut jar).await;
    // Tabs that poll with the cookie of before get their answers only now.
    for path in ["/who", "/api/user/info", "/"] {
        let mut late = old.clone();
        assert!(late.fetch(&site, path).await.cookies().is_empty(), "{path}");
    }
    assert!(Jar::default().fetch(&site, "/who").await.cookies().is_empty());
    assert_eq!(jar.fetch(&site, "/who").await.status, 200);
}

#[tokio::test]
async fn a_reload_while_the_callback_runs_gets_its_result() {
    let site = Local::start();
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "?next=/mine").await;
    site.server.hold();
    let path = callback(&state, "c");
    // The first load, which the browser gives up.
    let first = jar.request("GET", &path, &[]);
    let mut router = site.router.clone();
    let mut gone = jar.clone();
    tokio::select! {
        answer = gone.send(&mut router, first) => panic!("it is not asked to wait: {answer:?}"),
        () = site.asked("/token", 1) => {}
    }
    // Two more, which wait.
    let (mut again, mut twice) = (jar.clone(), jar.clone());
    let (again, twice, ()) = tokio::join!(again.get(&site, &path), twice.get(&site, &path), async {
        tokio::task::yield_now().await;
        site.server.go_on();
    });
    assert_eq!([again.location(), twice.location()], ["/mine"; 2]);
    assert_eq!(again.cookies(), twice.cookies(), "both get the same session");
    assert_eq!(site.server.count("/token"), 1);
    // After more than the minute that a result waits, the user is still signed in.
    let mut jar = Jar::default();
    let session = again.cookies().into_iter().find(|cookie| !cookie.contains("Max-Age=0")).unwrap();
    let (name, value) = session.split(';').next().unwrap().split_once('=').unwrap();
    jar.0.insert(name.to_owned(), value.to_owned());
    site.clock.advance(Duration::from_secs(61));
    tokio::task::yield_now().await;
    assert_eq!(jar.fetch(&site, "/who").await.status, 200);
}

#[tokio::test]
async fn a_sign_in_that_no_browser_comes_for_is_ended_after_a_minute() {
    let asked = Arc::new(AtomicBool::new(false));
    let site = Local::with(|login| {
        let asked = Arc::clone(&asked);
        login.on_sign_in(move |_| {
            asked.store(true, Ordering::SeqCst);
            core::future::ready(Ok(Accepted::new()))
        })
    });
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "").await;
    site.server.hold();
    let path = callback(&state, "c");
    let first = jar.request("GET", &path, &[]);
    let mut router = site.router.clone();
    let mut gone = jar.clone();
    tokio::select! {
        answer = gone.send(&mut router, first) => panic!("it is not asked to wait: {answer:?}"),
        () = site.asked("/token", 1) => {}
    }
    site.server.go_on();
    until(|| asked.load(Ordering::SeqCst)).await;
    // Nothing else in this runtime has work to do: the sign-in now waits for its browser.
    settle().await;
    site.clock.advance(Duration::from_secs(59));
    settle().await;
    site.clock.advance(Duration::from_secs(1));
    settle().await;
    let late = jar.get(&site, &path).await;
    assert_eq!(late.location(), INVALID_STATE);
    assert_eq!(jar.fetch(&site, "/who").await.status, 401);
    assert_eq!(site.server.count("/revoke"), 0, "another sign-in of this user may share the grant");
}

/// Whether a task waits for the clock.
fn waits(site: &Local) -> bool {
    wellspring_transport::Clock::from(&site.clock).notify().unwrap().waiting() > 0
}

#[tokio::test]
async fn a_callback_loaded_again_after_success_is_success() {
    let site = Local::start();
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "?next=/mine").await;
    let path = callback(&state, "c");
    assert_eq!(jar.get(&site, &path).await.location(), "/mine");
    // Back, and reload: the pending cookie is gone, the session is there.
    assert_eq!(jar.get(&site, &path).await.location(), "/mine");
    assert_eq!(site.server.count("/token"), 1);
    // Not with another code, and not in another browser.
    let other = jar.get(&site, &callback(&state, "d")).await;
    assert_eq!(other.location(), format!("{INVALID_STATE}&next=%2Fmine"));
    assert_eq!(Jar::default().get(&site, &path).await.location(), format!("{INVALID_STATE}&next=%2Fmine"));
    jar.post(&site, "/auth/logout").await;
    assert_eq!(jar.get(&site, &path).await.location(), format!("{INVALID_STATE}&next=%2Fmine"));
    assert_eq!(site.server.count("/token"), 1);
}

#[tokio::test]
async fn back_to_a_refused_callback_tells_the_same_again_and_the_path_is_kept() {
    let site = Local::start();
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "?next=/mine").await;
    let refused = format!("/oauth/callback?error=access_denied&state={state}");
    for _ in 0..2 {
        let told = jar.get(&site, &refused).await;
        assert_eq!(told.location(), "/?error=access_denied&next=%2Fmine");
        let page = jar.get(&site, told.location()).await;
        assert!(page.body.contains("You did not allow the sign-in."), "{}", page.body);
        assert!(page.body.contains("href=\"/auth/oauth/start?next=%2Fmine\""), "{}", page.body);
    }
    let code = jar.get(&site, &callback(&state, "c")).await;
    assert_eq!(code.location(), format!("{INVALID_STATE}&next=%2Fmine"));
    assert_eq!(site.server.count("/token"), 0);
}

#[tokio::test]
async fn a_late_answer_and_a_lost_cookie_keep_the_path() {
    let site = Local::start();
    for (loses, later) in [(false, 600), (true, 0)] {
        let mut jar = Jar::default();
        let state = site.started(&mut jar, "?next=/mine&popup=1").await;
        site.clock.advance(Duration::from_secs(later));
        if loses {
            jar.0.clear();
        }
        let back = jar.get(&site, &callback(&state, "c")).await;
        assert_eq!(back.location(), "/?error=invalid_state&popup=1&next=%2Fmine", "{later}");
    }
    assert_eq!(site.server.count("/token"), 0);
}

#[tokio::test]
async fn another_code_for_a_state_is_refused_while_the_first_is_exchanged() {
    let site = Local::start();
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "").await;
    site.server.hold();
    let (mut first, mut second) = (jar.clone(), jar.clone());
    let (good, bad) = (callback(&state, "c"), callback(&state, "d"));
    let (good, ()) = tokio::join!(first.get(&site, &good), async {
        site.asked("/token", 1).await;
        assert_eq!(second.get(&site, &bad).await.location(), INVALID_STATE);
        site.server.go_on();
    });
    assert_eq!(good.location(), "/?login=success");
    assert_eq!(site.server.count("/token"), 1);
}

#[tokio::test]
async fn the_same_callback_in_two_processes_gets_the_same_result() {
    let shared = Shared::new();
    let process = || shared.process(|app| app, |login| login, Router::new());
    let (here, there) = (process(), process());
    let mut jar = Jar::default();
    let state = here.started(&mut jar, "").await;
    let path = callback(&state, "c");
    shared.server.hold();
    let (mut one, mut other) = (jar.clone(), jar.clone());
    let (one, other, ()) = tokio::join!(one.get(&here, &path), other.get(&there, &path), async {
        here.asked("/token", 1).await;
        // The other process waits for the result by the clock.
        until(|| waits(&there)).await;
        shared.server.go_on();
        for _ in 0..200 {
            shared.clock.advance(Duration::from_millis(50));
            tokio::task::yield_now().await;
        }
    });
    assert_eq!([one.location(), other.location()], ["/?login=success"; 2]);
    let session = |answer: &crate::local::Answer| answer.cookies()[0].split(';').next().unwrap().to_owned();
    assert_eq!(session(&one), session(&other), "each process derives the same session");
    assert_eq!(shared.server.count("/token"), 1);
    // A repetition after a restart, with the pending cookie still there.
    let restarted = process();
    let again = jar.get(&restarted, &path).await;
    assert_eq!((again.location(), session(&again)), (one.location(), session(&one)));
    assert_eq!(jar.fetch(&there, "/who").await.status, 200);
}

#[tokio::test]
async fn a_planted_cookie_gives_its_planter_no_session() {
    let site = Local::start();
    // The attacker starts a sign-in, plants its cookie in the victim's browser, and knows everything but the victim's code.
    let mut attacker = Jar::default();
    let state = site.started(&mut attacker, "").await;
    let mut victim = attacker.clone();
    let back = victim.get(&site, &callback(&state, "the-victims-code")).await;
    assert_eq!(back.location(), "/?login=success");
    for guess in ["", "guess", "the-victims-cod"] {
        let taken = attacker.get(&site, &callback(&state, guess)).await;
        assert!(taken.location().starts_with("/?error="), "{guess}: {taken:?}");
    }
    assert_eq!(attacker.fetch(&site, "/who").await.status, 401);
}
