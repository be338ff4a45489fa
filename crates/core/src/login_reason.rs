//! Why a user has to sign in again.

/// Why the user has to sign in again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoginReason {
    /// No user has signed in yet.
    NotSignedIn,
    /// The endpoint refused the refresh token: revoked, or already spent.
    Refused,
    /// The endpoint issues no token before the user has answered it: the user has to sign in again, accept a condition or give
    /// a second factor (`interaction_required`, `login_required`, `consent_required` and `account_selection_required`,
    /// [OpenID Connect Core 1.0 §3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)).
    InteractionRequired,
    /// The refresh token has expired.
    Expired,
    /// The refresh token was sent and no response came. The provider's rules forbid to send it again, or the endpoint
    /// refused it when it was sent again.
    Ambiguous,
    /// The refresh token was sent, and the response came but could not be read: it broke off, or it was too large. The new
    /// refresh token is lost, and the old one is spent.
    Unreadable,
    /// The user has logged out.
    LoggedOut,
    /// The store has lost the session: it was emptied, or shows an older state.
    StoreLost,
    /// The user has signed in without a scope that is needed now. The error's text names the scope.
    ScopeMissing,
}

impl LoginReason {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::NotSignedIn => "not signed in",
            Self::Refused => "the refresh token was refused: it is revoked or already spent",
            Self::InteractionRequired => "the server asks for the user's interaction",
            Self::Expired => "the refresh token has expired",
            Self::Ambiguous => {
                "the refresh token was sent, the response was lost, and the token cannot be used again"
            }
            Self::Unreadable => {
                "the refresh token was sent, the response could not be read, and the token cannot be used again"
            }
            Self::LoggedOut => "the user has logged out",
            Self::StoreLost => "the store has lost the session: it was emptied or shows an older state",
            Self::ScopeMissing => "the user has signed in without a scope that is needed now",
        }
    }
}
