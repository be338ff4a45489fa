//! An authorization server without a socket that sends ID tokens.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tokio::sync::watch;
use wellspring_core::{HttpRequest, HttpResponse, ResponseHead, TransportError};
use wellspring_transport_async::{Body, CallLimits, Transport};

pub(crate) const ISSUER: &str = "https://server.example";

#[derive(Clone, Debug)]
pub(crate) struct Server {
    state: Arc<Mutex<State>>,
    held: Arc<watch::Sender<bool>>,
}

#[derive(Debug)]
struct State {
    asked: Vec<String>,
    /// The seed of the key that signs, and those of the keys in the set.
    signs: u8,
    published: Vec<u8>,
    /// Claims that replace those of the same name.
    claims: String,
    id_token: bool,
    keys_fail: bool,
    holds_calls: bool,
    user_info: String,
    nonce: String,
    now: u64,
}

impl Default for Server {
    fn default() -> Self {
        let state = State {
            asked: Vec::new(),
            signs: 1,
            published: vec![1],
            claims: String::new(),
            id_token: true,
            keys_fail: false,
            holds_calls: false,
            user_info: r#"{"sub":"248289761001","name":"Ann"}"#.to_owned(),
            nonce: String::new(),
            now: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), held: Arc::new(watch::channel(false).0) }
    }
}

impl Server {
    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// The URL of each request, and what was answered.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    pub(crate) fn count(&self, path: &str) -> usize {
        let url = format!("{ISSUER}{path}");
        self.asked().iter().filter(|asked| **asked == url || *asked == path).count()
    }

    /// The user authorizes now, in a sign-in with this nonce.
    pub(crate) fn authorizes(&self, nonce: &str, now: u64) {
        self.set(|state| (state.nonce, state.now) = (nonce.to_owned(), now));
    }

    pub(crate) fn claims(&self, claims: &str) {
        self.set(|state| state.claims = claims.to_owned());
    }

    pub(crate) fn without_id_token(&self) {
        self.set(|state| state.id_token = false);
    }

    pub(crate) fn sign_with(&self, seed: u8) {
        self.set(|state| state.signs = seed);
    }

    pub(crate) fn publish(&self, seeds: &[u8]) {
        self.set(|state| state.published = seeds.to_vec());
    }

    pub(crate) fn keys_fail(&self, fail: bool) {
        self.set(|state| state.keys_fail = fail);
    }

    pub(crate) fn user_info(&self, body: &str) {
        self.set(|state| state.user_info = body.to_owned());
    }

    /// From now on no request for the keys is answered, until the hold ends.
    pub(crate) fn hold(&self, hold: bool) {
        self.held.send_replace(hold);
    }

    pub(crate) fn hold_calls(&self) {
        self.set(|state| state.holds_calls = true);
    }
}

impl State {
    fn id_token(&self) -> String {
        let mut members = vec![
            ("iss", format!(r#""{ISSUER}""#)),
            ("sub", r#""248289761001""#.to_owned()),
            ("aud", r#""client""#.to_owned()),
            ("iat", self.now.to_string()),
            ("exp", (self.now + 300).to_string()),
            ("email", r#""ann@example.com""#.to_owned()),
        ];
        if !self.nonce.is_empty() {
            members.push(("nonce", format!(r#""{}""#, self.nonce)));
        }
        members.retain(|(name, _)| !self.claims.contains(&format!(r#""{name}":"#)));
        let mut members: Vec<_> =
            members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        members.extend((!self.claims.is_empty()).then(|| self.claims.clone()));
        let header = format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, self.signs);
        let payload = format!("{{{}}}", members.join(","));
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = URL_SAFE_NO_PAD.encode(key(self.signs).sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn tokens(&self) -> String {
        let id_token =
            if self.id_token { format!(r#","id_token":"{}""#, self.id_token()) } else { String::new() };
        format!(
            r#"{{"access_token":"a","token_type":"Bearer","expires_in":7200,"refresh_token":"r"{id_token}}}"#
        )
    }

    fn keys(&self) -> String {
        let one = |seed: &u8| {
            let x = URL_SAFE_NO_PAD.encode(key(*seed).public_key());
            format!(r#"{{"kty":"OKP","crv":"Ed25519","use":"sig","kid":"{seed}","x":"{x}"}}"#)
        };
        format!(r#"{{"keys":[{}]}}"#, self.published.iter().map(one).collect::<Vec<_>>().join(","))
    }
}

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

#[async_trait]
impl Transport for Server {
    async fn exchange(&self, request: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
        let url = request.url().to_owned();
        self.set(|state| state.asked.push(url.clone()));
        let is_for_keys = url.ends_with("/jwks");
        if is_for_keys {
            self.held.subscribe().wait_for(|held| !held).await.unwrap();
        }
        let mut state = self.state.lock().unwrap();
        let (status, body) = match is_for_keys {
            true if state.keys_fail => (503, "{}".to_owned()),
            true => (200, state.keys()),
            false => (200, state.tokens()),
        };
        if is_for_keys {
            state.asked.push("answered /jwks".to_owned());
        }
        Ok(HttpResponse::new(ResponseHead::new(status).header("Content-Type", "application/json"), body))
    }

    async fn call(
        &self,
        request: http::Request<Body>,
        _: CallLimits,
    ) -> Result<http::Response<Body>, TransportError> {
        self.set(|state| state.asked.push(request.uri().to_string()));
        if self.state.lock().unwrap().holds_calls {
            core::future::pending::<()>().await;
        }
        let body = self.state.lock().unwrap().user_info.clone();
        let answer = http::Response::builder().status(200).header("content-type", "application/json");
        Ok(answer.body(Body::from(body)).unwrap())
    }
}
