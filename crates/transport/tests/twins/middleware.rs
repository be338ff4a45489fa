//! Tokens on the calls of a client that the program has already: the rule of `send`, whatever client carries the call.

use wellspring_core::{CallFormat, ErrorKind, Scope};
use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::driver::clients::{KINDS, once_only};
use crate::driver::transport::{Body, TokenSource};
use crate::driver::{Reply, SECRET, Server, Toy, join, spawn, twin};

fn source(server: &Server) -> TokenSource {
    TokenSource::builder(Toy::at(&server.url)).build().unwrap()
}

/// A gateway, and a source of its tokens.
fn gateway() -> (Simulator, TokenSource) {
    let simulator = Simulator::builder().start().unwrap();
    let toy = Toy::at_path(&simulator.url(), "/oauth/token");
    (simulator, TokenSource::builder(toy).build().unwrap())
}

fn put(server: &Server, body: impl Into<Body>) -> http::Request<Body> {
    http::Request::put(format!("{}/cob", server.url)).body(body.into()).unwrap()
}

fn balances(simulator: &Simulator) -> http::Request<Body> {
    http::Request::get(format!("{}/accounts/balances", simulator.url())).body(Body::empty()).unwrap()
}

#[twin::test]
async fn a_call_carries_the_token_in_place_of_what_the_caller_put_there() {
    for kind in KINDS {
        let server = Server::refusing(|_| false);
        let mut request = put(&server, "charge");
        request.headers_mut().insert("authorization", "Bearer mine".parse().unwrap());
        request.headers_mut().insert("x-idempotency-key", "7".parse().unwrap());
        let answer = kind.over(&source(&server)).send(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.into_body().text(100).await.unwrap(), "fine");
        let received = &server.received("/cob")[0];
        assert_eq!(server.bearers("/cob"), ["Bearer token-1"], "{kind:?}");
        assert_eq!(received.header("x-idempotency-key"), Some("7"));
        assert_eq!(received.header("content-length"), Some("6"));
        assert_eq!(received.body, b"charge");
    }
}

#[twin::test]
async fn each_call_carries_what_its_provider_says_of_every_call() {
    let format = CallFormat::new().token_header("X-Token").header("X-Key", SECRET).header("X-Version", "2");
    let format = format.query("app key", "a&b");
    for kind in KINDS {
        let server = Server::start(|request, n| match (request.path(), request.header("x-token")) {
            ("/token", _) => Reply::token(n + 1, 3_600),
            (_, Some("token-1")) => Reply::with(401, "", "refused"),
            _ => Reply::with(200, "", "fine"),
        });
        let toy = Toy::at(&server.url).calling(format.clone());
        let source = TokenSource::builder(toy).build().unwrap();
        let mut request = put(&server, "charge");
        *request.uri_mut() = format!("{}/cob?x=1", server.url).parse().unwrap();
        request.headers_mut().insert("x-version", "1".parse().unwrap());
        assert_eq!(kind.over(&source).send(request).await.unwrap().status(), 200, "{kind:?}");
        let received = server.received("/cob?x=1&app%20key=a%26b");
        assert_eq!(received.len(), 2, "{kind:?}: {:?}", server.received("/cob?x=1"));
        for (call, token) in received.iter().zip(["token-1", "token-2"]) {
            assert_eq!(call.header("x-token"), Some(token), "{kind:?}");
            assert_eq!(
                (call.header("x-key"), call.header("x-version")),
                (Some(SECRET), Some("1")),
                "{kind:?}"
            );
            assert_eq!(call.header("authorization"), None, "{kind:?}");
        }
    }
}

#[twin::test]
async fn what_http_forbids_in_every_call_is_an_error_of_the_builder() {
    let toy = Toy::at("https://api.example").calling(CallFormat::new().header("X-Key", "a\nb"));
    let error = TokenSource::builder(toy).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(
        error.to_string().contains("the fixed header x-key of calls holds a character that HTTP forbids"),
        "{error}"
    );
}

#[twin::test]
async fn a_refused_token_is_renewed_once_and_the_call_sent_once_more() {
    for kind in KINDS {
        let (simulator, source) = gateway();
        let client = kind.over(&source);
        assert_eq!(client.send(balances(&simulator)).await.unwrap().status(), 200);
        simulator.revoke_access_tokens();
        assert_eq!(client.send(balances(&simulator)).await.unwrap().status(), 200);
        assert_eq!((simulator.asked(Endpoint::Token), simulator.asked(Endpoint::PixApi)), (2, 3), "{kind:?}");

        let server = Server::refusing(|bearer| bearer == "Bearer token-1");
        let client = kind.over(&TokenSource::builder(Toy::at(&server.url)).build().unwrap());
        assert_eq!(client.send(put(&server, "charge")).await.unwrap().status(), 200);
        assert_eq!(server.bearers("/cob"), ["Bearer token-1", "Bearer token-2"]);
        assert_eq!(server.received("/cob")[1].body, b"charge");
    }
}

#[twin::test]
async fn a_refusal_in_the_words_of_grpc_renews_as_a_401_does() {
    for kind in KINDS {
        let server = Server::start(|request, n| match request.path() {
            "/token" => Reply::token(n + 1, 3_600),
            _ if n == 0 => Reply::with(200, "grpc-status: 16\r\n", ""),
            _ => Reply::with(200, "grpc-status: 0\r\n", "fine"),
        });
        let answer = kind.over(&source(&server)).send(put(&server, "charge")).await.unwrap();
        assert_eq!(answer.headers()["grpc-status"], "0", "{kind:?}");
        assert_eq!(server.bearers("/cob"), ["Bearer token-1", "Bearer token-2"]);
    }
}

#[twin::test]
async fn a_second_refusal_is_the_callers_answer() {
    for kind in KINDS {
        let (simulator, source) = gateway();
        simulator.fault_times(Endpoint::PixApi, Fault::parse("bare-401").unwrap(), 2);
        let client = kind.over(&source);
        assert_eq!(client.send(balances(&simulator)).await.unwrap().status(), 401);
        assert_eq!((simulator.asked(Endpoint::Token), simulator.asked(Endpoint::PixApi)), (2, 2), "{kind:?}");

        let server = Server::refusing(|_| true);
        let answer = kind.over(&self::source(&server)).send(put(&server, "charge")).await.unwrap();
        assert_eq!(answer.into_body().text(100).await.unwrap(), "refused");
    }
}

#[twin::test]
async fn a_failed_renewal_after_a_refusal_is_the_callers_error() {
    for kind in KINDS {
        let server = Server::start(|request, n| match (request.path(), n) {
            ("/token", 0) => Reply::token(1, 3_600),
            ("/token", _) => Reply::status(400),
            _ => Reply::status(401),
        });
        let failure = kind.over(&source(&server)).send(put(&server, "charge")).await.unwrap_err();
        assert!(matches!(failure.token.unwrap().kind(), ErrorKind::LoginRequired { .. }), "{kind:?}");
        assert_eq!(server.asked("/cob"), 1);
    }
}

#[twin::test]
async fn a_body_that_can_be_sent_once_only_is_sent_once() {
    for kind in KINDS {
        let server = Server::refusing(|bearer| bearer == "Bearer token-1");
        let client = kind.over(&source(&server));
        let answer = client.send(put(&server, once_only())).await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(server.bearers("/cob"), ["Bearer token-1"], "{kind:?}");
        // The refused token is renewed all the same.
        assert_eq!(client.send(put(&server, "charge")).await.unwrap().status(), 200);
        assert_eq!(server.asked("/token"), 2);
    }
}

#[twin::test]
async fn an_origin_that_is_not_allowed_gets_no_request() {
    for kind in KINDS {
        let (server, other) = (Server::refusing(|_| false), Server::refusing(|_| false));
        let client = kind.over(&source(&server));
        let in_the_clear = http::Request::get("http://example.com/cob").body(Body::empty()).unwrap();
        for request in [put(&other, "charge"), in_the_clear] {
            let failure = client.send(request).await.unwrap_err();
            assert_eq!(failure.token.unwrap().kind(), ErrorKind::Misconfigured, "{kind:?}");
        }
        // No token was requested either.
        assert_eq!(other.asked("/cob") + server.asked("/token"), 0);
    }
}

#[twin::test(flavor = "multi_thread")]
async fn a_hundred_calls_that_are_refused_at_once_cost_one_renewal() {
    for kind in KINDS {
        let (simulator, source) = gateway();
        let client = kind.over(&source);
        assert_eq!(client.send(balances(&simulator)).await.unwrap().status(), 200);
        simulator.revoke_access_tokens();
        let crowd: Vec<_> = (0..100)
            .map(|_| {
                let (client, request) = (client.clone(), balances(&simulator));
                spawn(async move { client.send(request).await.unwrap().status() })
            })
            .collect();
        for caller in crowd {
            assert_eq!(join(caller).await, 200);
        }
        assert_eq!(simulator.asked(Endpoint::Token), 2, "{kind:?}");
    }
}

#[twin::test]
async fn a_403_is_the_callers_unless_it_says_that_the_token_is_invalid() {
    for kind in KINDS {
        let server = Server::start(|request, n| match (request.path(), n) {
            ("/token", n) => Reply::token(n + 1, 3_600),
            ("/cob", 0) => Reply::with(403, "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", ""),
            _ => Reply::with(403, "WWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n", ""),
        });
        let source = source(&server);
        let answer = kind.over(&source).send(put(&server, "charge")).await.unwrap();
        assert_eq!(source.missing_scope(&answer), Some(Scope::parse("pix:read")), "{kind:?}");
        assert_eq!(server.bearers("/cob"), ["Bearer token-1", "Bearer token-2"]);
    }
}

#[twin::test]
async fn the_provider_may_look_at_the_start_of_an_answer_which_stays_whole() {
    for kind in KINDS {
        let server = Server::start(|request, n| match (request.path(), n) {
            ("/token", n) => Reply::token(n + 1, 3_600),
            ("/cob", 0) => Reply::with(200, "", r#"{"code":101}"#),
            _ => Reply::with(200, "X-Answer: second\r\n", r#"{"code":0,"data":"long enough"}"#),
        });
        let source = TokenSource::builder(Toy::at(&server.url).judging(12)).build().unwrap();
        let answer = kind.over(&source).send(put(&server, "charge")).await.unwrap();
        assert_eq!(answer.headers()["x-answer"], "second");
        assert_eq!(answer.into_body().text(100).await.unwrap(), r#"{"code":0,"data":"long enough"}"#);
        assert_eq!(server.bearers("/cob"), ["Bearer token-1", "Bearer token-2"], "{kind:?}");
    }
}

#[twin::test]
async fn a_redirect_of_a_call_comes_back_as_it_is() {
    for kind in KINDS {
        let other = Server::granting();
        let location = format!("Location: {}/stolen\r\n", other.url);
        let server = Server::start(move |request, n| match request.path() {
            "/token" => Reply::token(n + 1, 3_600),
            _ => Reply::with(307, &location, ""),
        });
        let answer = kind.over(&source(&server)).send(put(&server, "charge")).await.unwrap();
        assert_eq!((answer.status().as_u16(), other.asked("/stolen")), (307, 0), "{kind:?}");
    }
}

#[twin::test]
async fn each_call_may_carry_the_token_of_its_own_source_and_is_not_sent_without_one() {
    for kind in KINDS {
        let server = Server::refusing(|bearer| bearer == "Bearer token-1");
        let client = kind.per_request();
        let failure = client.send(put(&server, "charge")).await.unwrap_err();
        let error = failure.token.unwrap();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.to_string().contains("put a `TokenSource` among its extensions"), "{error}");
        assert_eq!(server.asked("/cob"), 0);

        for mine in ["alice", "bob"] {
            let mut request = put(&server, "charge");
            request.extensions_mut().insert(TokenSource::fixed(mine));
            assert_eq!(client.send(request).await.unwrap().status(), 200);
        }
        let mut request = put(&server, "charge");
        request.extensions_mut().insert(source(&server));
        assert_eq!(client.send(request).await.unwrap().status(), 200);
        let carried = ["Bearer alice", "Bearer bob", "Bearer token-1", "Bearer token-2"];
        assert_eq!(server.bearers("/cob"), carried, "{kind:?}");
    }
}

#[twin::test]
async fn no_error_shows_a_secret() {
    for kind in KINDS {
        let server = Server::start(|request, n| match (request.path(), n) {
            ("/token", 0) => {
                Reply::with(200, "", &format!(r#"{{"access_token":"{SECRET}","refresh_token":"{SECRET}"}}"#))
            }
            ("/token", _) => Reply::with(400, "", SECRET),
            ("/hangup", _) => Reply::Hangup,
            _ => Reply::with(401, "", SECRET),
        });
        let client = kind.over(&source(&server));
        let hangup = http::Request::get(format!("{}/hangup", server.url)).body(Body::from(SECRET)).unwrap();
        let foreign = http::Request::get("https://example.com/").body(Body::from(SECRET)).unwrap();
        for request in [hangup, foreign, put(&server, SECRET)] {
            let failure = client.send(request).await.unwrap_err();
            assert!(!failure.shown.contains("canary"), "{}", failure.shown);
        }
        assert_eq!(server.bearers("/cob"), [format!("Bearer {SECRET}")]);
    }
}
