//! What a provider offers beside tokens: a logout at the server, an id_token that says who the user is. And two of them.

use core::time::Duration;

use axum::response::Html;
use axum::routing::get;
use fantoccini::Locator;
use oauth2_app::App;
use oauth2_app::asynchronous::discover;
use oauth2_app_axum::{Accepted, Refused, SignInAttempt, SignedIn};
use wellspring_transport_async::{HyperTransport, Tls};

use crate::chromium::{Chromium, in_time};
use crate::rigs::oidc::{self, Oidc};
use crate::rigs::web::{Web, app, login, pages, pool, port, simulator};

#[tokio::test]
async fn a_sign_out_ends_the_session_at_the_server_too() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let oidc = Oidc::start(&callback, &format!("{url}/hello")).await;
        let app = oidc.app(&callback).end_session_url(format!("{}/session/end", oidc.url()));
        let login = login(app, |login| login.after_sign_out(format!("{url}/hello")));
        let site = Web::serve(listener, login.router(pages()));
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        chromium.click("login").await;
        chromium.logs_in_as("alice").await;
        chromium.says("username", "alice").await;
        chromium.click("logout").await;
        // The server asks whether the user means it, and sends the browser back.
        chromium.wait_for("button[name=logout]").await;
        assert!(chromium.here().await.starts_with(oidc.url()));
        chromium.client.find(Locator::Css("button[name=logout]")).await.unwrap().click().await.unwrap();
        chromium.says("hello", "Hello").await;
        assert!(chromium.here().await.starts_with(&site.at("/hello")));
        // Now the server asks who the user is.
        chromium.open(&site.at("/mine")).await;
        chromium.logs_in_as("bob").await;
        chromium.says("mine", "bob of the certified server").await;
        chromium.end().await;
    })
    .await;
}

/// Who is signed in, as the verified id_token says it: without a call.
async fn who(user: SignedIn) -> Html<String> {
    let claim = |name| user.claims().and_then(|claims| claims.text(name)).unwrap_or_default().to_owned();
    let subject = user.subject().unwrap_or_default();
    let (provider, own) = (user.provider(), user.user_id().unwrap_or_default());
    Html(format!("<p id=\"who\">{provider}/{subject}/{own}/{}</p>", claim("email")))
}

#[tokio::test]
async fn two_providers_stand_side_by_side_and_the_hook_names_the_applications_own_user() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let oidc = Oidc::start(&callback, &format!("{url}/")).await;
        let simulator = simulator(&callback);
        let transport = HyperTransport::new(Tls::new()).unwrap();
        let metadata = discover(&transport, oidc.url(), Duration::from_secs(10)).await.unwrap();
        let certified = App::from_metadata(&metadata)
            .client_id(oidc::CLIENT)
            .client_secret(oidc::SECRET)
            .redirect_uri(&callback)
            .scopes(["openid", "profile", "email"])
            .build()
            .unwrap();
        let tokens = pool(&certified);
        let login = login(app(&simulator, &callback), |login| {
            login.named("forge", "Forge").provider("company", "Company", certified, tokens).on_sign_in(
                async |attempt: SignInAttempt| {
                    let name = match attempt.claims() {
                        Some(claims) => claims.subject().to_owned(),
                        None => attempt.userinfo().await.map_err(Refused::because_of)?.id,
                    };
                    if name == "mallory" {
                        return Err(Refused::because("This account has no access."));
                    }
                    Ok(Accepted::user_id(format!("own-{name}")))
                },
            )
        });
        let site = Web::serve(listener, login.router(pages().route("/who", get(who))));
        let chromium = Chromium::start().await;
        // The hook refuses: a sentence of the application, and no user.
        chromium.open(&site.at("/who")).await;
        chromium.wait_for("a[href*=\"with=company\"]").await;
        chromium.picture("providers").await;
        chromium.press_link("Company").await;
        chromium.logs_in_as("mallory").await;
        chromium.says("error", "This account has no access.").await;
        chromium.picture("refused").await;
        chromium.open(&site.at("/")).await;
        chromium.wait_for("#login, a[href*=\"with=company\"]").await;
        assert!(!chromium.is_there("username").await);
        // The way is still the same one, and the server's own session is not the application's business.
        chromium.open(&site.at("/auth/oauth/start?with=company&prompt=login&next=/who")).await;
        chromium.logs_in_as("alice").await;
        chromium.says("who", "company/alice/own-alice/alice@example.com").await;
        // The other provider in the same browser: one user at a time.
        chromium.open(&site.at("/auth/oauth/start?with=forge&next=/who")).await;
        chromium.click("allow").await;
        chromium.says("who", "forge//own-").await;
        chromium.end().await;
    })
    .await;
}
