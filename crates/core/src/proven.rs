//! That a credential has worked: the endpoint has granted something to it.

use core::time::Duration;

use crate::lease::Fingerprint;
use crate::policy::CLOCK_WENT_BACK;
use crate::provider::Provider;
use crate::time::UnixTime;

/// How long a success speaks for a credential.
const SPEAKS_FOR_IT: Duration = Duration::from_secs(24 * 3_600);

/// A credential that has worked, and when it did last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct Proven {
    /// The credential.
    pub credential: Fingerprint,
    /// When the request was sent that brought a token.
    pub at: UnixTime,
}

impl Proven {
    /// The provider's credential has worked for a request that was sent then.
    pub(crate) fn new(provider: &dyn Provider, salt: u64, at: UnixTime) -> Self {
        Self { credential: Fingerprint::of(provider, salt), at }
    }

    /// Whether this speaks for the provider's credential now.
    pub(crate) fn speaks_for(&self, provider: &dyn Provider, now: UnixTime) -> bool {
        let recent = now.since(self.at) < SPEAKS_FOR_IT && self.at <= now.plus(CLOCK_WENT_BACK);
        recent && Fingerprint::of(provider, self.credential.salt) == self.credential
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{Toy, at};

    #[test]
    fn a_success_speaks_for_the_same_credential_for_a_day() {
        let (toy, other) =
            (Toy::with_credentials().with_secret("right"), Toy::with_credentials().with_secret("wrong"));
        let proven = Proven::new(&toy, 7, at(0).unix);
        let day = 24 * 3_600;
        assert!(proven.speaks_for(&toy, at(0).unix) && proven.speaks_for(&toy, at(day - 1).unix));
        assert!(!proven.speaks_for(&toy, at(day).unix), "a day ago");
        assert!(!proven.speaks_for(&other, at(1).unix), "another secret");
        assert!(!proven.speaks_for(&toy, at(0).unix.minus(Duration::from_secs(61))), "from the future");
    }
}
