//! `wellspring login`: a person signs in, and the store keeps the session.
//!
//! The browser goes to the authorization server and comes back to a port of this machine
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)). Three things end the wait: the request that carries the state of
//! this sign-in, the deadline, and Ctrl-C. Without a browser the person signs in [on another device](device). A profile
//! with client credentials needs no person: the command requests a token, which also reverses a logout.

mod browser;
mod device;
mod loopback;
mod page;
mod probe;
mod sign_in;
mod turn;

use std::io::Write;
use std::sync::Arc;

use wellspring_core::{AuthorizationGrant, Token, TokenKey};
use wellspring_profiles::{LocalStore, Place, Profile, SignsIn};

use crate::arguments::Login;
use crate::exit::{Failure, say};
use crate::login::loopback::Loopback;
use crate::login::sign_in::SignIn;
use crate::login::turn::{Outcome, Turn};
use crate::source::{Parts, Source, persistent, signs_in};
use crate::span::Span;

/// Signs in and says for how long the token lives.
pub(crate) fn run(profile: &Profile, args: &Login, out: &mut dyn Write) -> Result<(), Failure> {
    let store = persistent(profile.store())?;
    let said = if let Some(token) = profile.refresh_token()? {
        let parts = Parts::of(profile, None)?;
        keeps(profile, &store, &parts.provider.spec().key)?;
        let source = Source::over(profile, parts, Some(store), args.transport)?;
        let token = source.sign_in(AuthorizationGrant::RefreshToken(token))?;
        say(
            "wellspring: `refresh_token` is used, and the store holds its successor: remove it from the profile",
        );
        signed_in(profile, &token)
    } else {
        match signs_in(profile)? {
            SignsIn::ByBrowser { redirect_uri, place } if !args.device => {
                by_browser(profile, args, store, redirect_uri, &place, out)?
            }
            SignsIn::NotNeeded => {
                let source = Source::over(profile, Parts::of(profile, None)?, Some(store), args.transport)?;
                signed_in(profile, &source.sign_in(AuthorizationGrant::ClientCredentials)?)
            }
            _ => {
                let parts = Parts::of(profile, None)?;
                let key = parts.provider.spec().key.clone();
                in_turn(profile, args, &key, || {
                    keeps(profile, &store, &key)?;
                    SignIn::new(profile, parts, store, args)?.by_device()
                })?
            }
        }
    };
    say(format_args!("wellspring: {said}"));
    Ok(())
}

fn by_browser(
    profile: &Profile,
    args: &Login,
    store: Arc<dyn LocalStore>,
    redirect_uri: String,
    place: &Place,
    out: &mut dyn Write,
) -> Outcome {
    // A free port is taken first, because the redirect URI names it. A port of the profile's own may be in use by the
    // command that this one waits for.
    let bound = if Loopback::names_a_port(&redirect_uri, place)? {
        None
    } else {
        Some(Loopback::bind(redirect_uri.clone(), place)?)
    };
    let uri = bound.as_ref().map_or(redirect_uri.as_str(), |loopback| loopback.uri());
    let parts = Parts::of(profile, Some(uri))?;
    let key = parts.provider.spec().key.clone();
    in_turn(profile, args, &key, || {
        let loopback = match bound {
            Some(loopback) => loopback,
            None => Loopback::bind(redirect_uri, place)?,
        };
        keeps(profile, &store, &key)?;
        SignIn::new(profile, parts, store, args)?.by_browser(loopback, out)
    })
}

/// Signs in, or takes the result of the command that signs in to the same profile now.
fn in_turn(
    profile: &Profile,
    args: &Login,
    key: &TokenKey,
    sign_in: impl FnOnce() -> Result<Token, Failure>,
) -> Outcome {
    match Turn::take(profile, key, args.deadline)? {
        Turn::Joined(outcome) => outcome,
        Turn::Own(turn) => {
            let outcome = sign_in().map(|token| signed_in(profile, &token));
            turn.end(&outcome);
            outcome
        }
    }
}

/// Checks that the store can keep the session of this key.
fn keeps(profile: &Profile, store: &Arc<dyn LocalStore>, key: &TokenKey) -> Result<(), Failure> {
    let within = profile.policy()?.store_deadline;
    let kept = store.load(key, within).and_then(|_| probe::probe(&**store, within));
    kept.map_err(|error| {
        Failure::store(profile.store().place(), "cannot keep a session, so no sign-in starts", &error)
    })
}

fn signed_in(profile: &Profile, token: &Token) -> String {
    let life = token.lifetime().map_or_else(String::new, |life| format!(" for {}", Span(life)));
    format!("signed in; {} has a token{life}", profile.name())
}
