//! `wellspring login`: a person signs in, and the store keeps the session.
//!
//! The browser goes to the authorization server and comes back to a port of this machine
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)). Three things end the wait: the request that carries the state of
//! this sign-in, the deadline, and Ctrl-C. Without a browser the person signs in [on another device](device). A profile
//! with client credentials needs no person: the command requests a token, which also reverses a logout.

mod browser;
mod device;
mod probe;
mod sign_in;
mod turn;

use std::io::Write;
use std::sync::Arc;

use oauth2_app::loopback::{Loopback, LoopbackError};
use wellspring_core::{AuthorizationGrant, Token, TokenKey};
use wellspring_profiles::{LocalStore, Place, Profile, SignsIn};

use crate::arguments::Login;
use crate::exit::{Failure, say, with_causes};
use crate::login::sign_in::{SignIn, signed_in};
use crate::login::turn::{Outcome, Turn};
use crate::source::{Parts, Source, persistent, signs_in};

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
                let parts = Parts::of(profile, None)?;
                keeps(profile, &store, &parts.provider.spec().key)?;
                let source = Source::over(profile, parts, Some(store), args.transport)?;
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
    let names_port = Loopback::names_port(&redirect_uri).map_err(|error| unusable(place, &error))?;
    let bound = if names_port { None } else { Some(bind(&redirect_uri, place)?) };
    let uri = bound.as_ref().map_or(redirect_uri.as_str(), Loopback::redirect_uri);
    let parts = Parts::of(profile, Some(uri))?;
    let key = parts.provider.spec().key.clone();
    in_turn(profile, args, &key, || {
        let loopback = match bound {
            Some(loopback) => loopback,
            None => bind(&redirect_uri, place)?,
        };
        keeps(profile, &store, &key)?;
        SignIn::new(profile, parts, store, args)?.by_browser(loopback, out)
    })
}

/// Binds the port of the redirect URI.
fn bind(redirect_uri: &str, place: &Place) -> Result<Loopback, Failure> {
    let loopback = Loopback::bind(redirect_uri).map_err(|error| unusable(place, &error))?;
    if loopback.uses_localhost() {
        say(format_args!(
            "wellspring: {place} has the host `localhost`, which may lead the code to another program; register \
             http://127.0.0.1/PATH if the server allows it"
        ));
    }
    Ok(loopback)
}

/// The failure for a redirect URI whose port cannot be bound.
fn unusable(place: &Place, error: &LoopbackError) -> Failure {
    match error {
        LoopbackError::NotLoopback => Failure::at(
            place,
            "must be a loopback URL for a sign-in from this machine: register and write http://127.0.0.1:PORT/PATH",
        ),
        LoopbackError::PortInUse(port) => Failure::at(
            place,
            format_args!("needs port {port}, which another program uses; stop that program first"),
        ),
        error => Failure::at(place, format_args!("cannot be used: {}", with_causes(error))),
    }
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
    let kept = store.load(key, within).and_then(|_| probe::probe(store, within));
    kept.map_err(|error| {
        Failure::store(profile.store().place(), "cannot keep a session, so no sign-in starts", &error)
    })
}
