//! What the three providers remember between two requests.

use core::time::Duration;
use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::config::Config;
use crate::grants::{AuthorizationCode, DeviceCode};
use crate::ledger::{FamilyId, Ledger};
use crate::log::Counters;
use crate::mint::Mint;

pub(crate) struct Providers {
    pub(crate) config: Config,
    pub(crate) ledger: Ledger,
    pub(crate) mint: Mint,
    pub(crate) codes: HashMap<String, AuthorizationCode>,
    pub(crate) devices: HashMap<String, DeviceCode>,
    pub(crate) counters: Counters,
    /// When token requests were let through, for the gateway's rate limit.
    pub(crate) token_calls: VecDeque<Duration>,
    /// The creation times of charges, by txid.
    pub(crate) charges: BTreeMap<String, Duration>,
    /// Whether the addresses in metadata are `https`.
    pub(crate) https: bool,
}

impl Providers {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            mint: Mint::new(config.seed),
            config,
            ledger: Ledger::default(),
            codes: HashMap::new(),
            devices: HashMap::new(),
            counters: Counters::default(),
            token_calls: VecDeque::new(),
            charges: BTreeMap::new(),
            https: false,
        }
    }

    /// Ends the family of a code or token that was used twice.
    pub(crate) fn revoke_family(&mut self, family: FamilyId) {
        self.counters.reuses_detected += 1;
        self.counters.families_revoked += u64::from(self.ledger.revoke_family(family));
    }
}
