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
mod sign_in;

use std::io::Write;

use wellspring_core::AuthorizationGrant;
use wellspring_profiles::{Profile, SignsIn};

use crate::arguments::Login;
use crate::exit::{Failure, say};
use crate::login::loopback::Loopback;
use crate::login::sign_in::SignIn;
use crate::source::{Parts, Source, persistent, signs_in};
use crate::span::Span;

/// Signs in and says for how long the token lives.
pub(crate) fn run(profile: &Profile, args: &Login, out: &mut dyn Write) -> Result<(), Failure> {
    let store = persistent(profile.store())?;
    let token = if let Some(token) = profile.refresh_token()? {
        let source = Source::over(profile, Parts::of(profile, None)?, Some(store), args.transport)?;
        let token = source.sign_in(AuthorizationGrant::RefreshToken(token))?;
        say(
            "wellspring: `refresh_token` is used, and the store holds its successor: remove it from the profile",
        );
        token
    } else {
        match signs_in(profile)? {
            SignsIn::ByBrowser { redirect_uri, place } if !args.device => {
                let loopback = Loopback::bind(redirect_uri, &place)?;
                let parts = Parts::of(profile, Some(loopback.uri()))?;
                SignIn::new(profile, parts, store, args)?.by_browser(loopback, out)?
            }
            SignsIn::NotNeeded => {
                let source = Source::over(profile, Parts::of(profile, None)?, Some(store), args.transport)?;
                source.sign_in(AuthorizationGrant::ClientCredentials)?
            }
            _ => SignIn::new(profile, Parts::of(profile, None)?, store, args)?.by_device()?,
        }
    };
    let life = token.lifetime().map_or_else(String::new, |life| format!(" for {}", Span(life)));
    say(format_args!("wellspring: signed in; {} has a token{life}", profile.name()));
    Ok(())
}
