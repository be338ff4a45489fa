//! A sign-in on another device ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)), for machines without a browser.
//!
//! Between two polls a signal ends the command at once. During a poll the signal waits, because the response may carry
//! the token.

use core::time::Duration;

use oauth2_app::DeviceLogin;
use wellspring_core::{Token, TokenError};
use wellspring_transport_blocking::Clock;

use super::sign_in::{NoToken, SignIn, timed_out};
use crate::exit::{Exit, Failure, say, with_causes};
use crate::interrupt;
use crate::span::Span;

impl SignIn<'_> {
    pub(super) fn by_device(&self) -> Result<Token, Failure> {
        let request = self.app.device_authorization().map_err(|error| {
            Failure::at(
                self.profile.place(),
                format_args!("does not support sign-in on another device: {error}"),
            )
        })?;
        let clock = Clock::system();
        let sent = clock.now();
        let answer = self.source.exchange(&request)?;
        let mut login = self.app.read_device_authorization(&answer, sent)?;
        let end = sent.instant.plus(self.args.deadline);
        invite(&login, self.args.deadline.min(login.expires().since(sent.instant)));
        loop {
            if clock.now().instant.plus(login.pause()) >= end {
                return Err(timed_out(self.args.deadline));
            }
            interrupt::nap(login.pause());
            match self.exchange(login.grant()) {
                Ok(token) => return Ok(token),
                Err(NoToken::NotGranted(error)) => {
                    login.poll_failed(error, clock.now().instant).map_err(refused)?;
                }
                // The code is spent.
                Err(reason) => return Err(reason.into()),
            }
        }
    }
}

/// Prints the URL and the code for the person.
fn invite(login: &DeviceLogin, longest: Duration) {
    let (uri, code) = (login.verification_uri(), login.user_code());
    say(format_args!("wellspring: open {uri} on any device and enter the code {code}"));
    if let Some(complete) = login.verification_uri_complete() {
        say(format_args!("wellspring: or open {complete} and check that it shows the same code"));
    }
    say(format_args!("wellspring: this command waits for the sign-in, for at most {}", Span(longest)));
}

/// The end of a sign-in without a token.
fn refused(error: TokenError) -> Failure {
    let (exit, advice) = match error.code() {
        Some("access_denied") => (Exit::LoginRequired, "run the command again to sign in"),
        // A lost response may have carried the token.
        Some("invalid_grant") => (Exit::LoginRequired, "run the command again"),
        Some("expired_token") => (Exit::TryLater, "run the command again"),
        _ => return error.into(),
    };
    Failure::new(exit, format!("{}; {advice}", with_causes(&error)))
}
