//! Sign-ins that do not help end in a sentence, and servers that hang hold no person.

use core::time::Duration;

use axum::Router;
use axum::routing::get;
use oauth2_app_axum::MemorySessions;
use oauth2_app_axum::{NotSignedIn, SignedIn};
use tower_sessions::{Session, SessionManagerLayer};
use wellspring_core::ErrorKind;

use crate::double::TOKENS;
use crate::local::{Jar, Local, Shared, callback, until};

/// A page that sends the user to the sign-in whenever its API refuses the user.
async fn account(user: SignedIn) -> Result<&'static str, NotSignedIn> {
    let call = http::Request::get("https://server.example/userinfo").body(()).unwrap();
    match user.send(call).await {
        Ok(answer) if answer.status().is_success() => Ok("account"),
        _ => Err(NotSignedIn::Start { next: Some("/account".to_owned()) }),
    }
}

fn site() -> Local {
    Shared::new().process(|app| app, |login| login, Router::new().route("/account", get(account)))
}

#[tokio::test]
async fn a_sign_in_seconds_old_that_does_not_help_ends_in_a_sentence() {
    let site = site();
    let mut jar = Jar::default();
    // No refresh token, and the API answers 401.
    site.server.answers(200, &TOKENS.replace("refresh_token", "other"));
    site.server.refuse_calls();
    let start = jar.get(&site, "/account").await;
    assert_eq!(start.location(), "/auth/oauth/start?next=%2Faccount");
    let state = site.started(&mut jar, "?next=/account").await;
    assert_eq!(jar.get(&site, &callback(&state, "c")).await.location(), "/account");
    let end = jar.get(&site, "/account").await;
    assert_eq!(end.location(), "/?error=sign_in_not_accepted&next=%2Faccount");
    assert_eq!(end.header("cache-control"), Some("no-store"));
    let page = jar.get(&site, end.location()).await;
    assert!(page.body.contains("the server does not accept the sign-in"), "{}", page.body);
    assert!(page.body.contains("id=\"logout\""), "{}", page.body);
    // The page by itself says so too.
    let page = jar.get(&site, "/").await;
    assert!(page.body.contains("the server does not accept the sign-in"), "{}", page.body);
    // Later a new sign-in may help.
    site.clock.advance(Duration::from_secs(15));
    assert_eq!(jar.get(&site, "/account").await.location(), "/auth/oauth/start?next=%2Faccount");
}

#[tokio::test]
async fn a_challenge_for_a_stronger_sign_in_leads_there_and_back_and_is_not_repeated_without_end() {
    async fn transfer(_: SignedIn) -> NotSignedIn {
        let refused = http::Response::builder().status(401).header(
            "www-authenticate",
            r#"Bearer error="insufficient_user_authentication", acr_values="gold""#,
        );
        NotSignedIn::step_up(&refused.body(()).unwrap(), Some("/transfer")).unwrap()
    }
    let site =
        Shared::new().process(|app| app, |login| login, Router::new().route("/transfer", get(transfer)));
    let mut jar = Jar::default();
    site.sign_in(&mut jar).await;
    let start = jar.get(&site, "/transfer").await;
    assert_eq!(start.location(), "/auth/oauth/start?next=%2Ftransfer&acr_values=gold");
    let away = jar.get(&site, start.location()).await;
    assert_eq!(away.parameter("acr_values"), "gold");
    let state = away.parameter("state");
    let back = jar.get(&site, &callback(&state, "c")).await;
    assert_eq!(back.location(), "/transfer", "{back:?}");
    let end = jar.get(&site, "/transfer").await;
    assert_eq!(end.location(), "/?error=sign_in_not_accepted&next=%2Ftransfer");
}

#[tokio::test]
async fn the_options_of_a_start_are_passed_on_and_wrong_ones_are_refused_in_one_word() {
    let site = Local::start();
    let mut jar = Jar::default();
    let start = "/auth/oauth/start?prompt=login&login_hint=ann%40example.com&acr_values=gold&max_age=0";
    let away = jar.get(&site, start).await;
    for (name, value) in
        [("prompt", "login"), ("login_hint", "ann%40example.com"), ("acr_values", "gold"), ("max_age", "0")]
    {
        assert_eq!(away.parameter(name), value);
    }
    let long = format!("login_hint={}", "a".repeat(300));
    for wrong in
        ["max_age=x", "max_age=-1", "max_age=9999999999", "prompt=none%20login", &long, "with=nobodys"]
    {
        let refused = jar.get(&site, &format!("/auth/oauth/start?{wrong}&next=/mine")).await;
        assert_eq!(refused.location(), "/?error=invalid_request&next=%2Fmine", "{wrong}");
    }
}

#[tokio::test]
async fn an_application_with_sessions_of_its_own_signs_in_and_keeps_them() {
    async fn cart(_: Option<SignedIn>, session: Session) -> String {
        let visits = session.get::<u64>("visits").await.unwrap().unwrap_or_default() + 1;
        session.insert("visits", visits).await.unwrap();
        visits.to_string()
    }
    // Its layer is around all routes, and its store may be the login's.
    let shared = Shared::new();
    let mut site = shared.process(|app| app, |login| login, Router::new().route("/cart", get(cart)));
    for store in [true, false] {
        let router = site.router.clone();
        site.router = if store {
            router.layer(SessionManagerLayer::new(shared.sessions.clone()))
        } else {
            router.layer(SessionManagerLayer::new(MemorySessions::default()).with_name("own"))
        };
        let mut jar = Jar::default();
        assert_eq!(jar.fetch(&site, "/cart").await.body, "1");
        site.sign_in(&mut jar).await;
        assert_eq!(jar.fetch(&site, "/cart").await.body, "2");
        assert_eq!(jar.fetch(&site, "/mine").await.status, 200);
        jar.post(&site, "/auth/logout").await;
        assert_eq!(jar.fetch(&site, "/cart").await.body, "3");
        assert_eq!(jar.fetch(&site, "/mine").await.status, 401);
    }
}

#[tokio::test]
async fn a_revocation_that_hangs_holds_a_person_for_two_seconds_and_goes_on_behind() {
    let site = Local::start();
    let mut jar = Jar::default();
    site.sign_in(&mut jar).await;
    site.server.hold();
    let out = jar.request("POST", "/auth/logout", &[]);
    let mut router = site.router.clone();
    let (out, ()) = tokio::join!(jar.send(&mut router, out), async {
        site.asked("/revoke", 1).await;
        site.clock.advance(Duration::from_secs(2));
    });
    assert_eq!((out.status, out.location()), (303, "/?error=logout_incomplete"));
    assert_eq!(jar.fetch(&site, "/who").await.status, 401);
    assert!(jar.0.is_empty(), "{jar:?}");
    site.server.go_on();
    assert_eq!(site.server.count("/revoke"), 1);
}

#[tokio::test]
async fn user_info_that_hangs_holds_the_page_for_two_seconds() {
    let site = Local::start();
    let mut jar = Jar::default();
    site.sign_in(&mut jar).await;
    site.server.hold();
    let (page, ()) = tokio::join!(jar.get(&site, "/"), async {
        site.asked("/userinfo", 1).await;
        site.clock.advance(Duration::from_secs(2));
    });
    assert!(page.body.contains(">The server cannot be reached"), "{}", page.body);
    assert!(page.body.contains("id=\"logout\""), "{}", page.body);
    site.server.go_on();
    let page = jar.get(&site, "/").await;
    assert!(page.body.contains("<dd id=\"username\">Ann</dd>"), "{}", page.body);
}

#[tokio::test]
async fn a_second_sign_in_in_one_browser_revokes_nothing_and_only_a_sign_out_does() {
    let site = Local::start();
    let mut jar = Jar::default();
    site.sign_in(&mut jar).await;
    let mut old = jar.clone();
    let tokens = site.pool.source(&old.fetch(&site, "/key").await.body).unwrap();
    site.sign_in(&mut jar).await;
    // The first session is gone, and so are its tokens.
    until(|| tokens.try_token().is_err()).await;
    assert!(matches!(tokens.token().await.unwrap_err().kind(), ErrorKind::LoginRequired { .. }));
    assert_eq!(old.fetch(&site, "/who").await.status, 401);
    assert_eq!(site.server.count("/revoke"), 0);
    assert_eq!(jar.fetch(&site, "/who").await.status, 200);
    assert_eq!(jar.post(&site, "/auth/logout").await.location(), "/?logout=success");
    assert_eq!(site.server.count("/revoke"), 1);
}

#[tokio::test]
async fn a_sign_out_ends_the_session_at_the_server_too_where_it_offers_that() {
    let app = |app: oauth2_app::AppBuilder| app.end_session_url("https://login.server.example/end");
    let login = |login: oauth2_app_axum::Builder| login.after_sign_out("https://site.example/bye");
    let site = Shared::new().process(app, login, Router::new());
    let mut jar = Jar::default();
    site.sign_in(&mut jar).await;
    // Browsers apply `form-action` to the redirects after a form too.
    let policy = jar.get(&site, "/").await.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("; form-action 'self' https://login.server.example;"), "{policy}");
    let out = jar.post(&site, "/auth/logout").await;
    assert!(out.location().starts_with("https://login.server.example/end?"), "{out:?}");
    assert_eq!(out.parameter("post_logout_redirect_uri"), "https%3A%2F%2Fsite.example%2Fbye");
    assert_eq!((out.status, out.parameter("client_id")), (303, "client".to_owned()));
    assert!(!out.location().contains("token"), "{out:?}");
    assert_eq!(jar.fetch(&site, "/who").await.status, 401);
    assert_eq!(site.server.count("/revoke"), 1);
    assert_eq!(jar.post(&site, "/auth/logout").await.location(), "/?logout=success");
}
