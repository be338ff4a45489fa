//! Where an API has refused which tokens, counted without the lifecycle.

use wellspring_core::{CallTarget, Generation};

/// So many tokens in a row, each soon after its issue, show that a place refuses every token.
const ENOUGH: usize = 2;

/// The places that have refused a token and accepted none since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct RefusingPlaces {
    places: Vec<(u8, Vec<Generation>)>,
    /// The sign-in that the refused tokens come from.
    family: Option<u8>,
}

/// The place as the lifecycle knows it.
pub(super) fn target(place: u8) -> CallTarget {
    CallTarget::of(&format!("https://api.example/{place}"))
}

impl RefusingPlaces {
    /// The place refuses the token of this generation, which is the one in force, soon after its issue. Whether it refuses
    /// every token of this sign-in.
    pub(super) fn refuse(&mut self, place: u8, generation: Generation, family: Option<u8>) -> bool {
        if family != self.family {
            (self.family, self.places) = (family, Vec::new());
        }
        let at = self.places.iter().position(|(at, _)| *at == place).unwrap_or_else(|| {
            self.places.push((place, Vec::new()));
            self.places.len() - 1
        });
        let refused = &mut self.places[at].1;
        if !refused.contains(&generation) && refused.len() < ENOUGH {
            refused.push(generation);
        }
        refused.len() == ENOUGH
    }

    pub(super) fn accept(&mut self, place: u8) {
        self.places.retain(|(at, _)| *at != place);
    }
}
