//! Requests that no user waits for, the host of the redirect URI, and scripts that load a page.

use crate::local::{Jar, Local, callback};

#[tokio::test]
async fn a_prefetch_and_a_head_start_and_finish_no_sign_in() {
    let site = Local::start();
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "").await;
    let path = callback(&state, "c");
    for url in ["/auth/oauth/start", path.as_str()] {
        for (method, header, status) in [
            ("HEAD", ("accept", "*/*"), 204),
            ("GET", ("sec-purpose", "prefetch"), 503),
            ("GET", ("sec-purpose", "prefetch;prerender"), 503),
            ("GET", ("purpose", "prefetch"), 503),
            ("GET", ("x-moz", "prefetch"), 503),
        ] {
            let answer = jar.ask(&site, method, url, &[header]).await;
            assert_eq!(answer.status, status, "{method} {url} {header:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert!(answer.cookies().is_empty() && answer.header("location").is_none(), "{answer:?}");
        }
    }
    assert_eq!(site.server.count("/token"), 0);
    assert_eq!(jar.get(&site, &path).await.location(), "/?login=success");
    assert_eq!(site.server.count("/token"), 1);
}

#[tokio::test]
async fn a_link_scanner_without_the_cookie_does_not_spend_the_code() {
    let site = Local::start();
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "").await;
    let path = callback(&state, "c");
    assert_eq!(Jar::default().get(&site, &path).await.location(), "/?error=invalid_state");
    assert_eq!(jar.get(&site, &path).await.location(), "/?login=success");
}

#[tokio::test]
async fn the_start_goes_to_the_redirect_uris_host_first_and_only_once() {
    let site = Local::start();
    let mut jar = Jar::default();
    for host in ["localhost:8080", "other.example", "site.example:8443"] {
        let headers = [("host", host), ("accept", "text/html")];
        let there = jar.ask(&site, "GET", "/auth/oauth/start?next=/mine", &headers).await;
        assert_eq!(there.location(), "https://site.example/auth/oauth/start?next=/mine&host=1", "{host}");
        assert!(there.cookies().is_empty(), "a cookie of this host would be of no use");
        // A proxy that rewrites the host.
        let away = jar.ask(&site, "GET", "/auth/oauth/start?next=/mine&host=1", &headers).await;
        assert!(away.location().starts_with("https://server.example/authorize?"), "{away:?}");
    }
    for host in ["site.example", "SITE.example:443"] {
        let away = jar.ask(&site, "GET", "/auth/oauth/start", &[("host", host)]).await;
        assert!(away.location().starts_with("https://server.example/authorize?"), "{host}: {away:?}");
    }
}

#[tokio::test]
async fn a_script_gets_401_and_is_never_sent_to_another_site() {
    let site = Local::start();
    let mut jar = Jar::default();
    for (mode, status) in [("navigate", 302), ("cors", 401), ("same-origin", 401), ("no-cors", 401)] {
        // htmx and other scripts accept pages too.
        let headers = [("accept", "text/html, */*"), ("sec-fetch-mode", mode)];
        assert_eq!(jar.ask(&site, "GET", "/mine", &headers).await.status, status, "{mode}");
    }
    let answer = jar.ask(&site, "GET", "/mine", &[("sec-fetch-mode", "navigate")]).await;
    assert_eq!(answer.location(), "/auth/oauth/start?next=%2Fmine");
    assert_eq!(jar.ask(&site, "POST", "/mine", &[("sec-fetch-mode", "navigate")]).await.status, 405);
}

#[tokio::test]
async fn what_shows_a_user_is_not_cached_and_other_answers_are_the_applications() {
    use axum::Router;
    use axum::routing::get;
    use oauth2_app_axum::SignedIn;

    let own = Router::new()
        .route("/maybe", get(async |user: Option<SignedIn>| if user.is_some() { "in" } else { "out" }))
        .route("/own", get(async |_: Option<SignedIn>| ([("cache-control", "private, max-age=9")], "own")))
        .route("/logo", get(async || "logo"));
    let site = crate::local::Shared::new().process(|app| app, |login| login, own);
    let mut jar = Jar::default();
    for signed_in in [false, true] {
        if signed_in {
            site.sign_in(&mut jar).await;
        }
        for (path, control) in [
            ("/maybe", Some("no-store")),
            ("/own", Some("private, max-age=9")),
            ("/logo", None),
            ("/mine", Some("no-store")),
        ] {
            let answer = jar.get(&site, path).await;
            assert_eq!(answer.header("cache-control"), control, "{path}, signed in: {signed_in}");
        }
    }
}
