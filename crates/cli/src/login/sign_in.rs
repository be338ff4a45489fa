//! The sign-in of a person, through the browser of this machine.

use core::time::Duration;
use std::io::Write;
use std::sync::Arc;

use oauth2_app::loopback::{Loopback, LoopbackError, Page};
use oauth2_app::{App, CallbackError, CallbackErrorKind};
use wellspring_core::{AuthorizationGrant, RefreshToken, Token, TokenError, TokenKey};
use wellspring_profiles::{LocalStore, Profile, visible};
use wellspring_transport_blocking::Clock;

use crate::arguments::Login;
use crate::exit::{Exit, Failure, say, with_causes};
use crate::interrupt;
use crate::login::browser;
use crate::progress;
use crate::replaced::{self, Replaced};
use crate::source::{Parts, Source};
use crate::span::Span;

/// A sign-in by a person.
pub(super) struct SignIn<'a> {
    pub(super) profile: &'a Profile,
    pub(super) app: App,
    pub(super) source: Source,
    pub(super) args: &'a Login,
    store: Arc<dyn LocalStore>,
    key: TokenKey,
    /// How long one operation of the store may take.
    within: Duration,
}

/// A sign-in that has brought no token.
pub(super) enum NoToken {
    /// The server has granted no session.
    NotGranted(TokenError),
    /// The session is saved, but its access token cannot be used.
    Session(Failure),
    /// The server has granted a session that nothing here keeps.
    GivenUp(Failure),
}

impl From<NoToken> for Failure {
    fn from(reason: NoToken) -> Self {
        match reason {
            NoToken::NotGranted(error) => error.into(),
            NoToken::Session(failure) | NoToken::GivenUp(failure) => failure,
        }
    }
}

impl<'a> SignIn<'a> {
    pub(super) fn new(
        profile: &'a Profile,
        parts: Parts,
        store: Arc<dyn LocalStore>,
        args: &'a Login,
    ) -> Result<Self, Failure> {
        let app = parts.app.clone();
        let app = app.ok_or_else(|| Failure::at(profile.place(), "does not support signing a person in"))?;
        let (key, within) = (parts.provider.spec().key.clone(), parts.policy.store_deadline);
        let source = Source::over(profile, parts, Some(store.clone()), args.transport)?;
        Ok(Self { profile, app, source, args, store, key, within })
    }

    /// Exchanges the grant and saves the session. A session that cannot be saved is revoked; a session that this one
    /// replaces is kept for the next logout.
    pub(super) fn exchange(&self, grant: AuthorizationGrant) -> Result<Token, NoToken> {
        let before = self.held();
        let signals = interrupt::defer_signals();
        let result = self.source.try_sign_in(grant).map_err(|error| self.without_token(error));
        if matches!(result, Ok(_) | Err(NoToken::Session(_))) {
            before.iter().for_each(|replaced| self.keep_for_logout(replaced));
        }
        progress::achieved(match &result {
            Ok(token) => signed_in(self.profile, token),
            Err(NoToken::NotGranted(error)) => with_causes(error),
            Err(NoToken::Session(failure) | NoToken::GivenUp(failure)) => failure.to_string(),
        });
        drop(signals);
        result
    }

    fn held(&self) -> Option<Replaced> {
        replaced::held(&self.store, &self.key, self.within, Clock::system().now().unix)
    }

    /// What a sign-in without a token has left.
    fn without_token(&self, error: TokenError) -> NoToken {
        let Some(granted) = self.source.granted() else { return NoToken::NotGranted(error) };
        let is_stored = self.held().is_some_and(|held| *held.refresh_token() == granted);
        if is_stored || self.source.has_spilled() {
            let name = self.profile.name();
            return NoToken::Session(Failure::new(
                Exit::TryLater,
                format!(
                    "{}; the session is saved, so no other sign-in is needed: run `wellspring token {name}`",
                    with_causes(&error)
                ),
            ));
        }
        self.give_up(&granted);
        NoToken::GivenUp(error.into())
    }

    fn keep_for_logout(&self, replaced: &Replaced) {
        let old = replaced.refresh_token();
        if self.source.granted().as_ref() == Some(old) {
            return;
        }
        let name = self.profile.name();
        let kept = self.source.can_revoke(old)
            && matches!(replaced::keep(&self.store, &self.key, replaced, self.within), Ok(Some(_)));
        let until = if kept {
            format!("`wellspring logout {name}`, which ends both")
        } else {
            "it expires".to_owned()
        };
        say(format_args!(
            "wellspring: the session that this sign-in replaces lives on at the server until {until}"
        ));
    }

    /// Revokes the session that the server has granted and that nothing here keeps.
    fn give_up(&self, granted: &RefreshToken) {
        self.source.give_up();
        say(if self.source.revoke(granted) {
            "wellspring: nothing here keeps the new session, so it was revoked at the server"
        } else {
            "wellspring: nothing here keeps the new session, and it lives on at the server until it expires"
        });
    }

    pub(super) fn by_browser(&self, loopback: Loopback, out: &mut dyn Write) -> Result<Token, Failure> {
        let pending = loopback.start(&self.app).map_err(|error| self.loopback_failed(error))?;
        if self.args.no_browser {
            writeln!(out, "{}", visible(pending.url()))
                .and_then(|()| out.flush())
                .map_err(Failure::output)?;
        } else {
            browser::open(pending.url()).map_err(|error| {
                let name = self.profile.name();
                Failure::usage(format!(
                    "cannot start a browser ({error}); run `wellspring login {name} --no-browser` and open the URL \
                     that it prints"
                ))
            })?;
            say("wellspring: continue in your browser; this command waits for the sign-in");
        }
        let answer = pending.wait(self.args.deadline).map_err(|error| self.loopback_failed(error))?;
        let token = self.exchange(answer.grant);
        answer.request.show(&match &token {
            Ok(_) | Err(NoToken::Session(_)) => Page::signed_in_to(self.profile.name()),
            Err(_) => Page::failed("The server granted the sign-in, but the token request failed."),
        });
        token.map_err(Failure::from)
    }

    fn loopback_failed(&self, error: LoopbackError) -> Failure {
        match error {
            LoopbackError::TimedOut => timed_out(self.args.deadline),
            LoopbackError::Callback(refusal) => refused(&refusal),
            LoopbackError::Token(error) => error.into(),
            error => Failure::new(Exit::TryLater, with_causes(&error)),
        }
    }
}

/// What a sign-in says that has brought this token.
pub(super) fn signed_in(profile: &Profile, token: &Token) -> String {
    let life = token.lifetime().map_or_else(String::new, |life| format!(" for {}", Span(life)));
    format!("signed in; {} has a token{life}", profile.name())
}

/// No sign-in within the deadline.
pub(super) fn timed_out(deadline: Duration) -> Failure {
    let text = format!(
        "the sign-in timed out after {}; run the command again, with a longer --deadline if needed",
        Span(deadline)
    );
    Failure::new(Exit::TryLater, text)
}

/// The failure for a refusal of the server, or for a callback that is malformed.
fn refused(error: &CallbackError) -> Failure {
    let (exit, advice) = match error.kind() {
        CallbackErrorKind::Refused { code, .. } => match code.as_str() {
            "access_denied" => (Exit::LoginRequired, "run the command again to sign in"),
            "server_error" | "temporarily_unavailable" => (Exit::TryLater, "try again later"),
            _ => (Exit::Refused, "check the profile's client id, scopes and URLs"),
        },
        _ => (Exit::Refused, "check that the profile's `authorize_url` belongs to the authorization server"),
    };
    Failure::new(exit, format!("{error}; {advice}"))
}
