//! The account of the signed-in user: the user info with the vendor's own members.

use core::fmt;

use wellspring_core::{HttpResponse, TokenError, UnixTime};
use wellspring_wire::Object;

use crate::response;
use crate::userinfo::UserInfo;

/// The account of the signed-in user. A narrower scope omits members. A member of an unexpected type counts as missing.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Who the user is.
    pub user: UserInfo,
    /// `quota`, in the vendor's own unit.
    pub quota: Option<i64>,
    /// `used_quota`, in the vendor's own unit.
    pub used_quota: Option<i64>,
    /// `balance_formatted`, as the vendor writes it. This crate does not compute a balance, because the vendor's documents
    /// contradict each other about the formula.
    pub balance_formatted: Option<String>,
    /// `created_time`.
    pub created: Option<UnixTime>,
    /// `status`. 1 is an active account.
    pub status: Option<i64>,
}

impl Account {
    /// Reads the answer to [`App::userinfo_request`](crate::App::userinfo_request).
    ///
    /// # Errors
    ///
    /// Fails if the answer is an error, is a page of an intermediary, or holds no id.
    pub fn read(response: &HttpResponse, now: UnixTime) -> Result<Self, TokenError> {
        let object = response::object("API", response, now)?;
        let balance = object.text("balance_formatted").filter(|text| !text.is_empty());
        Ok(Self {
            user: UserInfo::of(&object)?,
            quota: object.integer("quota"),
            used_quota: object.integer("used_quota"),
            balance_formatted: balance.map(str::to_owned),
            created: created_time(&object),
            status: object.integer("status"),
        })
    }
}

/// The vendor's `created_time`, in seconds since the Unix epoch.
pub(super) fn created_time(object: &Object) -> Option<UnixTime> {
    u64::try_from(object.integer("created_time")?).ok().map(UnixTime::from_secs)
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The members are not secrets, but personal data does not belong in a log.
        f.debug_struct("Account").field("user", &self.user).finish_non_exhaustive()
    }
}
