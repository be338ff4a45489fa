//! What a renewal sends: the refresh token, again or for the first time, or the client's own credentials. A table.

use crate::error::TokenError;

use crate::login_reason::LoginReason;
use crate::provider::{AuthorizationGrant, Replay};
use crate::rules::{Rule, Table, cell_holds, holds};
use crate::time::Clocks;

use super::context::{Context, Current, Fallback};

/// What is known of the refresh token: the rows of the table, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of the table")]
pub enum GrantState {
    /// The store says that the server has refused it.
    Dead,
    /// No refresh token is held.
    Missing,
    /// Its lifetime has ended.
    Expired,
    /// It was never sent, or it survives its use.
    Unused,
    /// It was sent, the response was lost, and the provider allows no repetition.
    Never,
    /// It was sent within the window that the provider allows.
    InWindow,
    /// It was sent before that window.
    AfterWindow,
    /// It was sent by a process that is gone, which the provider allows to repeat.
    OwnerGone,
    /// It was sent by a process that may still save a token.
    OwnerUnknown,
    /// It may be repeated once, when the access token has expired.
    LastResortEarly,
    /// The access token has expired.
    LastResort,
    /// It was repeated once.
    LastResortUsed,
}

/// What the renewal sends: the cells of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the cells of the table")]
pub enum Choice {
    /// The refresh token.
    Send,
    /// The refresh token, as a repetition.
    SendAgain,
    /// Nothing yet: fail until the access token has expired.
    Wait,
    /// The client's own credentials.
    SendCredentials,
    /// Nothing: the user signs in again.
    SignIn,
}

/// What a renewal sends: one row for each state of the refresh token, one column for each fallback.
pub const REPLAY: [(GrantState, [(Fallback, Choice); 2]); 12] = {
    use {Choice as C, GrantState as S};
    const FALL_BACK: [(Fallback, Choice); 2] =
        [(Fallback::SignIn, C::SignIn), (Fallback::Credentials, C::SendCredentials)];
    [
        (S::Dead, FALL_BACK),
        (S::Missing, FALL_BACK),
        (S::Expired, FALL_BACK),
        (S::Unused, both(C::Send)),
        (S::Never, FALL_BACK),
        (S::InWindow, both(C::SendAgain)),
        (S::AfterWindow, FALL_BACK),
        (S::OwnerGone, both(C::SendAgain)),
        (S::OwnerUnknown, FALL_BACK),
        (S::LastResortEarly, both(C::Wait)),
        (S::LastResort, both(C::SendAgain)),
        (S::LastResortUsed, FALL_BACK),
    ]
};

const fn both(choice: Choice) -> [(Fallback, Choice); 2] {
    [(Fallback::SignIn, choice), (Fallback::Credentials, choice)]
}

/// Looks up what the renewal sends.
fn choice(state: GrantState, fallback: Fallback) -> Choice {
    let (row, column) = (state as usize, fallback as usize);
    let choice = REPLAY[row].1[column].1;
    if cell_holds(Table::Replay, row * 2 + column) {
        return choice;
    }
    // The explorer has dropped this cell: the mistake that it has to notice.
    match choice {
        Choice::Send | Choice::SendAgain | Choice::SendCredentials => Choice::SignIn,
        Choice::Wait | Choice::SignIn => Choice::SendAgain,
    }
}

/// Chooses the grant to send, and marks a repetition.
///
/// # Errors
///
/// When the renewal must not send anything.
pub(super) fn choose(
    context: &Context,
    current: &mut Current,
    dead: Option<LoginReason>,
    owner_gone: bool,
    now: Clocks,
) -> Result<AuthorizationGrant, TokenError> {
    let state = state_of(context, current, dead, owner_gone, now);
    match (choice(state, context.fallback()), &mut current.held) {
        (Choice::Send, Some(held)) => Ok(AuthorizationGrant::RefreshToken(held.token.clone())),
        (Choice::SendAgain, Some(held)) => {
            held.replays = held.replays.saturating_add(1);
            Ok(AuthorizationGrant::RefreshToken(held.token.clone()))
        }
        (Choice::Wait, _) => {
            let text = "the response to the last refresh was lost; the refresh is repeated when the access token has expired";
            Err(TokenError::unavailable(text).with_retry_after(current.access_left))
        }
        (Choice::SendCredentials, held) => {
            *held = None;
            Ok(AuthorizationGrant::ClientCredentials)
        }
        (Choice::Send | Choice::SendAgain | Choice::SignIn, held) => {
            *held = None;
            Err(TokenError::login_required(dead.unwrap_or_else(|| reason(state))))
        }
    }
}

fn state_of(
    context: &Context,
    current: &Current,
    dead: Option<LoginReason>,
    owner_gone: bool,
    now: Clocks,
) -> GrantState {
    if dead.is_some() {
        return GrantState::Dead;
    }
    let Some(held) = &current.held else { return GrantState::Missing };
    if held.expires.is_some_and(|expires| now.reached(expires)) {
        return GrantState::Expired;
    }
    let Some(first_sent) = held.first_sent.filter(|_| !context.survives_use(held)) else {
        return GrantState::Unused;
    };
    match context.provider.spec().replay {
        _ if !holds(Rule::ObeyReplay) => GrantState::OwnerGone,
        Replay::Never => GrantState::Never,
        Replay::Within(window) if now.instant.since(first_sent) <= window => GrantState::InWindow,
        Replay::Within(_) => GrantState::AfterWindow,
        Replay::OwnerDead if owner_gone || !holds(Rule::ReplayOnlyAfterOwner) => GrantState::OwnerGone,
        Replay::OwnerDead => GrantState::OwnerUnknown,
        Replay::LastResort if held.replays > 0 => GrantState::LastResortUsed,
        Replay::LastResort if !current.access_left.is_zero() => GrantState::LastResortEarly,
        Replay::LastResort => GrantState::LastResort,
    }
}

/// Why the user has to sign in again.
const fn reason(state: GrantState) -> LoginReason {
    match state {
        GrantState::Missing => LoginReason::NotSignedIn,
        GrantState::Expired => LoginReason::Expired,
        _ => LoginReason::Ambiguous,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_where_it_is_looked_up() {
        for (state, row) in REPLAY {
            for (fallback, expected) in row {
                assert_eq!(choice(state, fallback), expected, "{state:?} {fallback:?}");
            }
        }
    }
}
