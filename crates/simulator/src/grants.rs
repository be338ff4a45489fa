//! What a client exchanges for tokens once the user has decided: authorization codes and device codes.

use core::time::Duration;

use crate::ledger::FamilyId;

/// An authorization code, from its issue until long after its use.
pub(crate) struct AuthorizationCode {
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: Vec<String>,
    pub(crate) expires: Duration,
    pub(crate) challenge: Option<CodeChallenge>,
    /// The sign-in that its exchange opened.
    pub(crate) family: Option<FamilyId>,
}

/// [RFC 7636 §4.3](https://www.rfc-editor.org/rfc/rfc7636#section-4.3)
pub(crate) struct CodeChallenge {
    pub(crate) value: String,
    pub(crate) is_s256: bool,
}

/// A device code, from its issue until long after its use.
pub(crate) struct DeviceCode {
    pub(crate) client: String,
    pub(crate) user_code: String,
    pub(crate) scope: Vec<String>,
    pub(crate) expires: Duration,
    /// The least time between two polls.
    pub(crate) interval: Duration,
    pub(crate) polled: Option<Duration>,
    pub(crate) state: DeviceCodeState,
}

pub(crate) enum DeviceCodeState {
    /// The user has not decided yet.
    Pending,
    Denied,
    Allowed,
    /// The sign-in that its exchange opened.
    Exchanged(FamilyId),
}
