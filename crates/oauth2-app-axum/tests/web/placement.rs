//! Where the router is: paths of the application's choice, nested under a path, or behind a proxy that removes one.

use axum::Router;
use axum::routing::get;
use oauth2_app_axum::Paths;

use crate::local::{Jar, Local, SITE, Shared};

fn below_app(paths: Paths) -> Local {
    let app = |app: oauth2_app::AppBuilder| app.redirect_uri(format!("{SITE}/app/oauth/callback"));
    Shared::new().process(app, |login| login.mounted_at("/app").paths(paths), Router::new())
}

/// Signs in through the links of the page. `outer` is the path of the router in the browser's URL, without which the site
/// sees the requests if a proxy removes it.
async fn walk(site: &Local, proxy: bool, page: &str) {
    let mut jar = Jar::default();
    let seen = |path: &str| {
        let inner = if proxy {
            path.strip_prefix("/app").unwrap_or_else(|| panic!("{path} is outside"))
        } else {
            path
        };
        if inner.is_empty() || inner.starts_with('?') { format!("/{inner}") } else { inner.to_owned() }
    };
    let html = jar.get(site, &seen(page)).await.body;
    for (start, end) in [
        ("rel=\"stylesheet\" href=\"", "\""),
        ("<script src=\"", "\""),
        ("id=\"login\" class=\"primary\" href=\"", "\""),
    ] {
        let link =
            html.split_once(start).unwrap_or_else(|| panic!("{start}: {html}")).1.split_once(end).unwrap().0;
        assert!(link.starts_with("/app/"), "{link}");
        let answer = jar.get(site, &seen(link)).await;
        assert!([200, 302].contains(&answer.status), "{link}: {answer:?}");
    }
    let to_start = jar.get(site, &seen("/app/mine?a=b")).await;
    assert!(to_start.location().starts_with("/app/"), "{to_start:?}");
    let away = jar.get(site, &seen(to_start.location())).await;
    let state = away.parameter("state");
    let back = jar.get(site, &seen(&format!("/app/oauth/callback?code=c&state={state}"))).await;
    assert_eq!(back.location(), "/app/mine?a=b");
    assert_eq!(jar.get(site, &seen(back.location())).await.body, "mine");
    let html = jar.get(site, &seen(page)).await.body;
    let action = html.split_once("method=\"post\" action=\"").unwrap().1.split_once('"').unwrap().0;
    let out = jar.post(site, &seen(action)).await;
    assert_eq!(out.location(), format!("{page}?logout=success"));
    assert_eq!(jar.get(site, &seen(out.location())).await.status, 200);
}

#[tokio::test]
async fn behind_a_proxy_that_removes_the_prefix_every_link_has_it() {
    walk(&below_app(Paths::new()), true, "/app").await;
}

#[tokio::test]
async fn nested_under_a_path_every_link_has_it() {
    let mut site = below_app(Paths::new());
    site.router = Router::new().nest("/app", site.router).route("/", get(async || "outer"));
    walk(&site, false, "/app").await;
}

#[tokio::test]
async fn every_path_can_be_another() {
    let paths = Paths::new()
        .page("/me")
        .start("/sign-in")
        .user_info("/me.json")
        .sign_out("/sign-out")
        .script("/static/login.js")
        .style("/static/login.css");
    let mut site = below_app(paths);
    site.router = Router::new().nest("/app", site.router);
    walk(&site, false, "/app/me").await;
    let mut jar = Jar::default();
    assert_eq!(jar.get(&site, "/app/mine").await.location(), "/app/sign-in?next=%2Fapp%2Fmine");
    for (path, status) in
        [("/app/me.json", 401), ("/app/auth/oauth/start", 404), ("/app/api/user/info", 404), ("/app", 404)]
    {
        assert_eq!(jar.fetch(&site, path).await.status, status, "{path}");
    }
}

#[test]
fn a_route_of_the_application_with_the_redirect_uris_path_is_an_error_and_no_panic() {
    let app = crate::local::app_of("https://site.example/account").build().unwrap();
    let pool = Shared::new().pool(&app);
    let login = oauth2_app_axum::WebLogin::builder(app, pool).build().unwrap();
    let own = || Router::new().route("/account", get(async || "mine"));
    let error = login.try_router(own()).unwrap_err();
    assert_eq!(error.kind(), wellspring_core::ErrorKind::Misconfigured);
    assert!(error.to_string().contains("/account"), "{error}");
    assert!(login.try_router(Router::new()).is_ok());
}
