//! The application's say in a sign-in, several providers, callbacks as forms, and what the operator is told.

use core::time::Duration;

use axum::Router;
use axum::body::Body;
use oauth2_app_axum::{Accepted, Notice, Refused, SignInAttempt};
use wellspring_core::{ErrorKind, TokenError};

use crate::local::{Jar, Local, SITE, Shared, app_of, callback, settle};

async fn judge(attempt: SignInAttempt) -> Result<Accepted, Refused> {
    let user = attempt.userinfo().await?;
    match attempt.token().members().expose("plan") {
        Some("none") => Err(Refused::because("The account <Ann> has no plan.")),
        Some("broken") => Err(Refused::because_of(TokenError::unavailable("the users' table is locked"))),
        Some("panic") => panic!("a fault of the application"),
        _ => Ok(Accepted::user_id(format!("{}/{}", attempt.provider(), user.id))),
    }
}

fn with_plan(plan: &str) -> String {
    crate::double::TOKENS.replacen('{', &format!(r#"{{"plan":"{plan}","#), 1)
}

#[tokio::test]
async fn the_applications_own_user_id_is_in_the_session_without_a_call() {
    let site = Local::with(|login| login.on_sign_in(judge));
    let mut jar = Jar::default();
    site.sign_in(&mut jar).await;
    assert_eq!(site.server.count("/userinfo"), 1);
    for _ in 0..3 {
        assert_eq!(jar.fetch(&site, "/who").await.body, "default/248289761001");
    }
    assert_eq!(site.server.count("/userinfo"), 1);
}

#[tokio::test]
async fn a_refused_user_sees_the_applications_sentence_and_is_not_signed_in() {
    let site = Local::with(|login| login.on_sign_in(judge));
    site.server.answers(200, &with_plan("none"));
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "?next=/mine").await;
    let back = jar.get(&site, &callback(&state, "c")).await;
    let notice = back.parameter("notice");
    assert_eq!(back.location(), format!("/?error=refused&next=%2Fmine&notice={notice}"));
    let page = jar.get(&site, back.location()).await;
    assert!(page.body.contains("The account &lt;Ann&gt; has no plan."), "{}", page.body);
    // The next sign-in asks for another account, also if the server has a session of its own.
    assert!(page.body.contains("start?next=%2Fmine&amp;prompt=login\""), "{}", page.body);
    assert_eq!(jar.fetch(&site, "/who").await.status, 401);
    assert_eq!(site.server.count("/revoke"), 0);
    // A made-up link shows no sentence of its maker.
    for made_up in
        ["/?error=refused&notice=x", "/?error=refused", &format!("/?error=access_denied&notice={notice}")]
    {
        let page = jar.get(&site, made_up).await;
        assert!(!page.body.contains("Ann"), "{made_up}: {}", page.body);
    }
}

#[tokio::test]
async fn a_hook_that_fails_or_panics_signs_no_user_in() {
    for plan in ["broken", "panic"] {
        let site = Local::with(|login| login.on_sign_in(judge));
        site.server.answers(200, &with_plan(plan));
        let mut jar = Jar::default();
        let state = site.started(&mut jar, "").await;
        let back = jar.get(&site, &callback(&state, "c")).await;
        assert_eq!(back.location(), "/?error=server_error", "{plan}");
        assert_eq!(jar.fetch(&site, "/who").await.status, 401);
    }
}

#[tokio::test]
async fn a_hook_that_hangs_holds_a_person_for_a_bounded_time_and_goes_on_behind() {
    let go_on = std::sync::Arc::new(tokio::sync::Notify::new());
    let hold = std::sync::Arc::clone(&go_on);
    let hook = move |_| {
        let hold = std::sync::Arc::clone(&hold);
        async move {
            hold.notified().await;
            Ok(Accepted::new())
        }
    };
    let site = Local::with(|login| login.on_sign_in(hook));
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "").await;
    let path = callback(&state, "c");
    let mut first = jar.clone();
    let (back, ()) = tokio::join!(first.get(&site, &path), async {
        site.asked("/token", 1).await;
        settle().await;
        site.clock.advance(Duration::from_secs(45));
    });
    assert_eq!(back.location(), "/?error=server_error");
    go_on.notify_one();
    settle().await;
    // The answer has left the pending sign-in's cookie, so the callback gets the result when it is loaded again.
    assert_eq!(first.get(&site, &path).await.location(), "/?login=success");
    assert_eq!(first.fetch(&site, "/who").await.status, 200);
}

#[tokio::test]
async fn a_page_of_the_application_shows_the_sentence_and_the_way_to_start_again() {
    use axum::extract::Extension;
    use axum::routing::get;
    use oauth2_app_axum::WebLogin;

    async fn home(Extension(login): Extension<WebLogin>, notice: Option<Notice>) -> String {
        let sentence = notice.as_ref().map(Notice::sentence).unwrap_or_default().to_owned();
        let next = notice.as_ref().and_then(Notice::next);
        format!("{sentence} {} {}", login.start_path(next), login.sign_out_path())
    }
    let own = Router::new().route("/", get(home));
    let site = Shared::new().process(|app| app, |login| login.without_page().mounted_at(""), own);
    let mut jar = Jar::default();
    let page = jar.get(&site, "/?error=access_denied&next=/mine").await;
    let says = "You did not allow the sign-in. You can try again whenever you like. /auth/oauth/start?next=%2Fmine /auth/logout";
    assert_eq!(page.body, says);
    let page = jar.get(&site, "/?error=evil&next=//evil.example").await;
    assert!(!page.body.contains("evil"), "{}", page.body);
}

#[tokio::test]
async fn several_providers_have_a_button_each_and_one_session() {
    let shared = Shared::new();
    let other = app_of(&format!("{SITE}/other/callback"))
        .authorize_url("https://other.example/authorize")
        .token_url("https://other.example/other-token")
        .build()
        .unwrap();
    let pool = shared.pool(&other);
    let add = |login: oauth2_app_axum::Builder| {
        login.named("first", "First & Co").provider("other", "Other", other, pool).on_sign_in(judge)
    };
    let site = shared.process(|app| app, add, Router::new());
    let mut jar = Jar::default();
    let page = jar.get(&site, "/?error=access_denied&next=/mine").await.body;
    for link in [
        "href=\"/auth/oauth/start?with=first&amp;next=%2Fmine\">Sign in with First &amp; Co<",
        "href=\"/auth/oauth/start?with=other&amp;next=%2Fmine\">Sign in with Other<",
    ] {
        assert!(page.contains(link), "{link}: {page}");
    }
    assert_eq!(jar.get(&site, "/mine").await.location(), "/auth/oauth/start?next=%2Fmine");
    let choose = jar.get(&site, "/auth/oauth/start?next=/mine").await;
    assert_eq!(choose.location(), "/?login=choose&next=%2Fmine");

    let away = jar.get(&site, "/auth/oauth/start?with=other").await;
    assert!(away.location().starts_with("https://other.example/authorize?"), "{away:?}");
    let state = away.parameter("state");
    // At the redirect URI of the other one it is not taken: its server may have been mixed up.
    assert_eq!(jar.get(&site, &callback(&state, "c")).await.location(), "/?error=invalid_state");
    let back = jar.get(&site, &format!("/other/callback?code=c&state={state}")).await;
    assert_eq!(back.location(), "/?login=success");
    assert_eq!((site.server.count("/token"), site.server.count("/other-token")), (0, 1));
    assert_eq!(jar.fetch(&site, "/who").await.body, "other/248289761001");
    let away = jar.get(&site, "/auth/oauth/start?with=first").await;
    let back = jar.get(&site, &callback(&away.parameter("state"), "c")).await;
    assert_eq!(back.location(), "/?login=success");
    assert_eq!(jar.fetch(&site, "/who").await.body, "first/248289761001");
    assert_eq!(jar.0.len(), 1, "one cookie: {jar:?}");
}

#[tokio::test]
async fn a_callback_that_comes_as_a_form_signs_in_and_replaces_the_session_before() {
    let site = Local::with(oauth2_app_axum::Builder::form_post);
    let mut jar = Jar::default();
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let away = jar.get(&site, "/auth/oauth/start").await;
        assert_eq!(away.parameter("response_mode"), "form_post");
        let [pending] = away.cookies()[..] else { panic!("{away:?}") };
        assert!(pending.contains("; SameSite=None;") && pending.ends_with("; Secure"), "{pending}");
        let form = format!("code=c&state={}", away.parameter("state"));
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
        // The browser sends no `Lax` cookie with the form of another site.
        let mut cross = jar.clone();
        cross.0.remove(site.login.cookie_name());
        let request = cross.request("POST", "/oauth/callback", &headers).map(|_| Body::from(form));
        let back = jar.send(&mut site.router.clone(), request).await;
        assert_eq!((back.status, back.location()), (303, "/?login=success"));
        let set = back.cookies();
        let session = set.iter().find(|cookie| !cookie.contains("Max-Age=0")).unwrap();
        assert!(session.contains("; SameSite=Lax;") && session.ends_with("; Secure"), "{session}");
        assert_eq!(jar.fetch(&site, "/who").await.status, 200);
        sessions.push(jar.clone());
    }
    let mut first = sessions.swap_remove(0);
    settle().await;
    assert_eq!(first.fetch(&site, "/who").await.status, 401);
}

#[tokio::test]
async fn a_callback_is_no_form_where_none_is_asked_for() {
    let site = Local::start();
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "").await;
    assert_eq!(jar.post(&site, &callback(&state, "c")).await.status, 405);
}

#[test]
fn sites_that_cannot_work_are_refused_when_they_are_built() {
    let build = |app: oauth2_app::AppBuilder,
                 login: fn(oauth2_app_axum::Builder) -> oauth2_app_axum::Builder| {
        let shared = Shared::new();
        let app = app.build().unwrap();
        let pool = shared.pool(&app);
        login(oauth2_app_axum::WebLogin::builder(app, pool)).build()
    };
    let https = || app_of("https://site.example/oauth/callback");
    assert!(build(https(), |login| login).is_ok());
    let refused = build(app_of("http://127.0.0.1/cb"), oauth2_app_axum::Builder::form_post);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Misconfigured, "form_post without HTTPS");
    assert!(build(https(), |login| login.named("a b", "A")).is_err());
    assert!(build(https(), |login| login.cookie_name("a;b")).is_err());
    assert!(build(https(), |login| login.mounted_at("/app")).is_err());
    let two = |uri: &str, name: &str| {
        let shared = Shared::new();
        let [one, other] = [https(), app_of(uri)].map(|app| app.build().unwrap());
        let pools = [shared.pool(&one), shared.pool(&other)];
        let [pool, other_pool] = pools;
        oauth2_app_axum::WebLogin::builder(one, pool).provider(name, "Other", other, other_pool).build()
    };
    assert!(two("https://site.example/oauth/callback", "other").is_ok(), "they may share the redirect URI");
    assert!(two("https://site.example/cb", "default").is_err(), "two of one name");
    assert!(two("https://other.example/cb", "other").is_err(), "of two hosts");
}
