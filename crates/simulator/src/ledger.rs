//! The issued tokens: their client, expiry and state. The providers' formats are elsewhere.

use core::time::Duration;
use std::collections::HashMap;

/// The provider of a token: a token of one provider is unknown to another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Realm {
    Pix,
    App,
    Hive,
}

#[derive(Default)]
pub(crate) struct Ledger {
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    families: Vec<Family>,
}

/// The id of a [`Family`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FamilyId(usize);

/// All tokens of one sign-in, or of one pair of credentials.
pub(crate) struct Family {
    pub(crate) client: String,
    pub(crate) scope: Vec<String>,
    revoked: bool,
}

pub(crate) struct Access {
    pub(crate) realm: Realm,
    pub(crate) scope: Vec<String>,
    pub(crate) expires: Duration,
    pub(crate) family: Option<FamilyId>,
    /// The certificate it is bound to ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)).
    pub(crate) certificate: Option<Vec<u8>>,
    pub(crate) revoked: bool,
}

struct Refresh {
    realm: Realm,
    family: FamilyId,
    expires: Duration,
    revoked: bool,
    used: Option<Use>,
}

struct Use {
    at: Duration,
    successor: Option<String>,
}

/// The state of an access token.
pub(crate) enum AccessState<'a> {
    Valid(&'a Access),
    Unknown,
    Expired,
    Revoked,
}

/// The state of a refresh token.
pub(crate) enum RefreshState {
    Valid(FamilyId),
    /// Used within the replay window, and its successor is unused.
    Replay {
        family: FamilyId,
        successor: String,
    },
    Reused(FamilyId),
    Expired,
    Revoked,
    Unknown,
}

impl Ledger {
    pub(crate) fn open_family(&mut self, client: &str, scope: Vec<String>) -> FamilyId {
        self.families.push(Family { client: client.into(), scope, revoked: false });
        FamilyId(self.families.len() - 1)
    }

    pub(crate) fn family(&self, id: FamilyId) -> &Family {
        &self.families[id.0]
    }

    pub(crate) fn knows(&self, token: &str) -> bool {
        self.access.contains_key(token) || self.refresh.contains_key(token)
    }

    pub(crate) fn issue_access(&mut self, token: &str, access: Access) {
        self.access.insert(token.into(), access);
    }

    pub(crate) fn issue_refresh(&mut self, token: &str, realm: Realm, family: FamilyId, expires: Duration) {
        self.refresh.insert(token.into(), Refresh { realm, family, expires, revoked: false, used: None });
    }

    pub(crate) fn access(&self, realm: Realm, token: &str, now: Duration) -> AccessState<'_> {
        let Some(access) = self.access.get(token).filter(|access| access.realm == realm) else {
            return AccessState::Unknown;
        };
        let family_gone = access.family.is_some_and(|id| self.families[id.0].revoked);
        match access {
            access if access.revoked || family_gone => AccessState::Revoked,
            access if now >= access.expires => AccessState::Expired,
            access => AccessState::Valid(access),
        }
    }

    /// Reads the state of a refresh token; changes nothing.
    pub(crate) fn refresh(
        &self,
        realm: Realm,
        token: &str,
        now: Duration,
        window: Option<Duration>,
    ) -> RefreshState {
        let Some(refresh) = self.refresh.get(token).filter(|refresh| refresh.realm == realm) else {
            return RefreshState::Unknown;
        };
        let family = refresh.family;
        if refresh.revoked || self.families[family.0].revoked {
            return RefreshState::Revoked;
        }
        let Some(used) = &refresh.used else {
            return if now >= refresh.expires { RefreshState::Expired } else { RefreshState::Valid(family) };
        };
        let unused = |token: &String| self.refresh.get(token).is_some_and(|next| next.used.is_none());
        let within_window = window.is_some_and(|window| now < used.at.saturating_add(window));
        match used.successor.clone().filter(unused) {
            Some(successor) if within_window => RefreshState::Replay { family, successor },
            _ => RefreshState::Reused(family),
        }
    }

    pub(crate) fn mark_used(&mut self, token: &str, now: Duration, successor: Option<&str>) {
        if let Some(refresh) = self.refresh.get_mut(token) {
            refresh.used = Some(Use { at: now, successor: successor.map(Into::into) });
        }
    }

    /// Ends a family; `false` if it had ended before.
    pub(crate) fn revoke_family(&mut self, id: FamilyId) -> bool {
        !core::mem::replace(&mut self.families[id.0].revoked, true)
    }

    /// Ends every family, and returns how many had not ended before.
    pub(crate) fn revoke_families(&mut self) -> u64 {
        (0..self.families.len()).map(|at| u64::from(self.revoke_family(FamilyId(at)))).sum()
    }

    pub(crate) fn revoke_access_tokens(&mut self) {
        self.access.values_mut().for_each(|access| access.revoked = true);
    }

    pub(crate) fn revoke_refresh_tokens(&mut self) {
        self.refresh.values_mut().for_each(|refresh| refresh.revoked = true);
    }

    /// Ends one token of either kind; `false` if it is unknown.
    pub(crate) fn revoke(&mut self, token: &str) -> bool {
        let access = self.access.get_mut(token).map(|access| access.revoked = true);
        let refresh = self.refresh.get_mut(token).map(|refresh| refresh.revoked = true);
        access.or(refresh).is_some()
    }

    /// The family of a token of either kind.
    pub(crate) fn family_of(&self, token: &str) -> Option<FamilyId> {
        let of_refresh = self.refresh.get(token).map(|refresh| refresh.family);
        of_refresh.or_else(|| self.access.get(token).and_then(|access| access.family))
    }

    pub(crate) fn is_refresh(&self, token: &str) -> bool {
        self.refresh.contains_key(token)
    }

    /// Renames a token that a fault has changed in the answer, because the client will send the changed one.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(access) = self.access.remove(from) {
            self.access.insert(to.into(), access);
        }
        if let Some(refresh) = self.refresh.remove(from) {
            self.refresh.insert(to.into(), refresh);
        }
    }
}
