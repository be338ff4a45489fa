//! Tokens for the HTTP clients that a program already has: a tower stack, reqwest-middleware, ureq.
#![forbid(unsafe_code)]

use core::error::Error;

use wellspring as asynchronous;
use wellspring::blocking;
use wellspring::http;
use wellspring::oauth2::App;
use wellspring::pix_bacen::Gateway;
use wellspring::store::MemoryStore;
use wellspring::{ErrorKind, TokenError};
use wellspring_simulator::{Endpoint, Simulator};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    let simulator = Simulator::builder().start()?;
    let gateway = || -> Result<Gateway, Box<dyn Error + Send + Sync>> {
        Ok(Gateway::base_url(simulator.url())?.credentials("your-client-id", "your-client-secret")?)
    };
    let url = gateway()?.balances().url().to_owned();

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let source = asynchronous::TokenSource::builder(gateway()?).build()?;
        through_tower(source.clone(), &url).await?;
        simulator.revoke_access_tokens();
        through_reqwest(source, &url).await
    })?;
    // The first token, and one more because it was revoked before the second call.
    assert_eq!(simulator.asked(Endpoint::Token), 2);

    let source = blocking::TokenSource::builder(gateway()?).build()?;
    through_ureq(source.clone(), &url)?;
    simulator.revoke_access_tokens();
    through_ureq(source, &url)?;
    assert_eq!(simulator.asked(Endpoint::Token), 4);

    // Two users, whose client credentials are the same here.
    let token_url = format!("{}/api/oauth2/token", simulator.url());
    let app = App::client_credentials(token_url, "client_abc123def456", "secret_xyz789uvw012");
    let (app, url) =
        (app.api_url(simulator.url()).build()?, format!("{}/api/oauth2/userinfo", simulator.url()));
    let users = app.clone();
    let pool = asynchronous::TokenSource::builder(app.clone()).store(MemoryStore::open());
    let pool = pool.pool(move |user| users.for_user(user))?;
    runtime.block_on(for_each_user(&pool, &url))?;
    let users = app.clone();
    let pool = blocking::TokenSource::builder(app).store(MemoryStore::open());
    for_each_user_of_ureq(&pool.pool(move |user| users.for_user(user))?, &url)?;
    assert_eq!(simulator.asked(Endpoint::ClientCredentialsGrant), 4);
    Ok(())
}

// ANCHOR: tower
async fn through_tower(source: asynchronous::TokenSource, url: &str) -> Outcome {
    use asynchronous::{AttachLayer, Body};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    use tower::{Service, ServiceBuilder, ServiceExt};

    let mut client = ServiceBuilder::new()
        .concurrency_limit(10)
        .layer(AttachLayer::new(source))
        .service(Client::builder(TokioExecutor::new()).build_http::<Body>());

    let request = http::Request::get(url).body(Body::empty())?;
    let answer = client.ready().await?.call(request).await?;
    assert_eq!(answer.status(), 200);
    Ok(())
}
// ANCHOR_END: tower

// ANCHOR: reqwest
async fn through_reqwest(source: asynchronous::TokenSource, url: &str) -> Outcome {
    use asynchronous::AttachMiddleware;
    use reqwest_middleware::ClientBuilder;

    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let client = ClientBuilder::new(client).with(AttachMiddleware::new(source)).build();

    match client.get(url).send().await {
        Ok(answer) => assert_eq!(answer.status(), 200),
        Err(error) if must_sign_in(&error) => return Err("sign in again".into()),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Whether only a new sign-in helps.
fn must_sign_in(error: &reqwest_middleware::Error) -> bool {
    let reqwest_middleware::Error::Middleware(error) = error else { return false };
    let token = error.downcast_ref::<TokenError>();
    token.is_some_and(|error| matches!(error.kind(), ErrorKind::LoginRequired { .. }))
}
// ANCHOR_END: reqwest

// ANCHOR: ureq
fn through_ureq(source: blocking::TokenSource, url: &str) -> Outcome {
    let agent = ureq::Agent::config_builder().user_agent("shop/1.0").build().new_agent();
    let agent = blocking::AttachMiddleware::new(source).over(agent);

    let answer = agent.get(url).call()?;
    assert_eq!(answer.status(), 200);
    Ok(())
}
// ANCHOR_END: ureq

// ANCHOR: users
/// One client for all users: each request has the source of its user.
async fn for_each_user(pool: &asynchronous::TokenPool, url: &str) -> Outcome {
    use asynchronous::{AttachLayer, AttachMiddleware, Body};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    use tower::{Layer as _, ServiceExt};

    let stack = AttachLayer::per_request().layer(Client::builder(TokioExecutor::new()).build_http::<Body>());
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let client = reqwest_middleware::ClientBuilder::new(client).with(AttachMiddleware::per_request()).build();

    for user in ["user-7", "user-8"] {
        let request = http::Request::get(url).extension(pool.source(user)?).body(Body::empty())?;
        assert_eq!(stack.clone().oneshot(request).await?.status(), 200);

        let answer = client.get(url).with_extension(pool.source(user)?).send().await?;
        assert_eq!(answer.status(), 200);
    }
    Ok(())
}

/// The same with ureq.
fn for_each_user_of_ureq(pool: &blocking::TokenPool, url: &str) -> Outcome {
    let agent = blocking::AttachMiddleware::per_request().over(ureq::agent());
    for user in ["user-7", "user-8"] {
        let answer = agent.get(url).extension(pool.source(user)?).call()?;
        assert_eq!(answer.status(), 200);
    }
    Ok(())
}
// ANCHOR_END: users

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
