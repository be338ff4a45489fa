//! A sign-in on another device ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)), for machines without a browser.
//!
//! Nothing is at stake between two polls, so a signal ends the command at once there; during one it waits, because the
//! answer may be the token.

use core::time::Duration;

use oauth2_app::DeviceLogin;
use wellspring_core::{Token, TokenError};
use wellspring_transport_blocking::Clock;

use super::{SignIn, nobody};
use crate::exit::{Exit, Failure, say, with_causes};
use crate::interrupt;
use crate::span::Span;

impl SignIn<'_> {
    pub(super) fn by_device(&self) -> Result<Token, Failure> {
        let request = self.app.device_authorization().map_err(|error| {
            let what = format_args!("cannot be signed in to on another device: {error}");
            Failure::at(self.profile.place(), what)
        })?;
        let clock = Clock::system();
        let sent = clock.now();
        let answer = self.source.exchange(&request)?;
        let mut login = self.app.read_device_authorization(&answer, sent)?;
        let end = sent.instant.plus(self.wish.deadline);
        invite(&login, self.wish.deadline.min(login.expires().since(sent.instant)));
        loop {
            if clock.now().instant.plus(login.pause()) >= end {
                return Err(nobody(self.wish.deadline));
            }
            interrupt::nap(login.pause());
            match self.source.spend(login.grant()) {
                Ok(token) => return Ok(token),
                Err(error) => login.poll_failed(error, clock.now().instant).map_err(refused)?,
            }
        }
    }
}

/// Tells the person what to do.
fn invite(login: &DeviceLogin, longest: Duration) {
    let (uri, code) = (login.verification_uri(), login.user_code());
    say(format_args!("wellspring: open {uri} on any device and enter the code {code}"));
    if let Some(complete) = login.verification_uri_complete() {
        say(format_args!("wellspring: or open {complete} and see that it shows that code"));
    }
    say(format_args!("wellspring: this waits for it, for {} at most", Span(longest)));
}

/// The end of a sign-in without a token.
fn refused(error: TokenError) -> Failure {
    let (exit, advice) = match error.code() {
        Some("access_denied") => (Exit::LoginRequired, "run it again to sign in after all"),
        // An answer that was lost may have been the token.
        Some("invalid_grant") => (Exit::LoginRequired, "run it again"),
        Some("expired_token") => (Exit::TryLater, "run it again"),
        _ => return error.into(),
    };
    Failure::new(exit, format!("{}; {advice}", with_causes(&error)))
}
