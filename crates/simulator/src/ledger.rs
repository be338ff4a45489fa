//! Which tokens were issued, to whom, until when, and what came of them. Provider formats are elsewhere.

use core::time::Duration;
use std::collections::HashMap;

/// Whose token it is: a token of one provider means nothing to another.
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

/// Names a sign-in and all that came of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FamilyId(usize);

/// Everything that one sign-in (or one pair of credentials) led to.
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
    spent: Option<Spent>,
}

struct Spent {
    at: Duration,
    successor: Option<String>,
}

/// What became of an access token.
pub(crate) enum Standing<'a> {
    Valid(&'a Access),
    Unknown,
    Expired,
    Revoked,
}

/// What became of a refresh token.
pub(crate) enum Spendable {
    Live(FamilyId),
    /// Spent not long ago, and what it was exchanged for has not been used.
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
        self.refresh.insert(token.into(), Refresh { realm, family, expires, revoked: false, spent: None });
    }

    pub(crate) fn access(&self, realm: Realm, token: &str, now: Duration) -> Standing<'_> {
        let Some(access) = self.access.get(token).filter(|access| access.realm == realm) else {
            return Standing::Unknown;
        };
        let family_gone = access.family.is_some_and(|id| self.families[id.0].revoked);
        match access {
            access if access.revoked || family_gone => Standing::Revoked,
            access if now >= access.expires => Standing::Expired,
            access => Standing::Valid(access),
        }
    }

    /// Looks, and changes nothing.
    pub(crate) fn refresh(
        &self,
        realm: Realm,
        token: &str,
        now: Duration,
        window: Option<Duration>,
    ) -> Spendable {
        let Some(refresh) = self.refresh.get(token).filter(|refresh| refresh.realm == realm) else {
            return Spendable::Unknown;
        };
        let family = refresh.family;
        if refresh.revoked || self.families[family.0].revoked {
            return Spendable::Revoked;
        }
        let Some(spent) = &refresh.spent else {
            return if now >= refresh.expires { Spendable::Expired } else { Spendable::Live(family) };
        };
        let unused = |token: &String| self.refresh.get(token).is_some_and(|next| next.spent.is_none());
        let forgiven = window.is_some_and(|window| now < spent.at.saturating_add(window));
        match spent.successor.clone().filter(unused) {
            Some(successor) if forgiven => Spendable::Replay { family, successor },
            _ => Spendable::Reused(family),
        }
    }

    pub(crate) fn spend(&mut self, token: &str, now: Duration, successor: Option<&str>) {
        if let Some(refresh) = self.refresh.get_mut(token) {
            refresh.spent = Some(Spent { at: now, successor: successor.map(Into::into) });
        }
    }

    /// Ends a family; `false` when it had ended before.
    pub(crate) fn revoke_family(&mut self, id: FamilyId) -> bool {
        !core::mem::replace(&mut self.families[id.0].revoked, true)
    }

    /// Ends every family; how many had not ended before.
    pub(crate) fn revoke_families(&mut self) -> u64 {
        (0..self.families.len()).map(|at| u64::from(self.revoke_family(FamilyId(at)))).sum()
    }

    pub(crate) fn revoke_access_tokens(&mut self) {
        self.access.values_mut().for_each(|access| access.revoked = true);
    }

    pub(crate) fn revoke_refresh_tokens(&mut self) {
        self.refresh.values_mut().for_each(|refresh| refresh.revoked = true);
    }

    /// Ends one token, of either kind; `false` when nobody knows it.
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

    /// A fault has changed how a token is written: what was written is what will come back.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(access) = self.access.remove(from) {
            self.access.insert(to.into(), access);
        }
        if let Some(refresh) = self.refresh.remove(from) {
            self.refresh.insert(to.into(), refresh);
        }
    }
}
