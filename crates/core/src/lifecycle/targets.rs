//! Places of an API that refuse every token, one fresh token after the other. A renewal does not help there.

use alloc::vec::Vec;
use core::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use crate::generation::Generation;
use crate::rules::{Rule, holds};

/// Where a call goes: the origin and the path of its URL, without its query.
///
/// ```
/// use wellspring_core::CallTarget;
///
/// let charges = CallTarget::of("https://api.example/charges?page=1");
/// assert_eq!(charges, CallTarget::of("https://api.example/charges?page=2"));
/// assert_ne!(charges, CallTarget::of("https://api.example/refunds"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallTarget(u64);

impl CallTarget {
    /// The target of this URL.
    #[must_use]
    pub fn of(url: &str) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(url.split(['?', '#']).next().unwrap_or_default().as_bytes());
        Self(hasher.finish())
    }
}

/// How many targets are remembered. The oldest is forgotten first.
const MOST: usize = 16;

/// So many fresh tokens in a row were refused at a target that gives up renewals.
const STRIKES: u8 = 2;

/// The targets at which fresh tokens were refused last.
#[derive(Debug, Default)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Targets(Vec<Refused>);

#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
struct Refused {
    target: CallTarget,
    /// The last fresh token that was refused here. Many calls may carry one token.
    generation: Generation,
    strikes: u8,
}

impl Targets {
    /// A fresh token was refused here.
    pub(super) fn refuse(&mut self, target: CallTarget, generation: Generation) {
        match self.0.iter_mut().find(|refused| refused.target == target) {
            Some(refused) if refused.generation != generation => {
                refused.generation = generation;
                refused.strikes = refused.strikes.saturating_add(1);
            }
            Some(_) => {}
            None => {
                if self.0.len() == MOST {
                    self.0.remove(0);
                }
                self.0.push(Refused { target, generation, strikes: 1 });
            }
        }
    }

    /// Whether a renewal does not help here.
    pub(super) fn refuses_all(&self, target: CallTarget) -> bool {
        let refuses = |refused: &Refused| refused.target == target && refused.strikes >= STRIKES;
        self.0.iter().any(refuses) && holds(Rule::PlaceGivesUp)
    }

    /// A token was accepted here.
    pub(super) fn accept(&mut self, target: CallTarget) {
        self.0.retain(|refused| refused.target != target);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fresh_tokens_in_a_row_show_that_a_target_refuses_all_and_one_success_ends_it() {
        let (here, there) = (CallTarget::of("https://a.example/x"), CallTarget::of("https://a.example/y"));
        let mut targets = Targets::default();
        for _ in 0..20 {
            targets.refuse(here, Generation::new(1));
        }
        assert!(!targets.refuses_all(here), "it was one token");
        targets.refuse(here, Generation::new(2));
        assert!(targets.refuses_all(here) && !targets.refuses_all(there));
        targets.accept(here);
        assert!(!targets.refuses_all(here));
        targets.refuse(here, Generation::new(3));
        assert!(!targets.refuses_all(here), "not in a row");
    }

    #[test]
    fn only_so_many_targets_are_remembered() {
        let mut targets = Targets::default();
        let at = |n: usize| CallTarget::of(&alloc::format!("https://a.example/{n}"));
        for n in 0..1_000 {
            targets.refuse(at(n), Generation::new(1));
            targets.refuse(at(n), Generation::new(2));
        }
        assert_eq!(targets.0.len(), MOST);
        assert!(targets.refuses_all(at(999)) && !targets.refuses_all(at(0)));
    }
}
