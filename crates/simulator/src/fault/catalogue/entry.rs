//! An entry of the catalogue.

use crate::fault::effect::Effect;
use crate::fault::stage::Stage;

/// A fault without a value.
pub(in crate::fault) struct Listed {
    pub(in crate::fault) name: &'static str,
    pub(in crate::fault) says: &'static str,
    pub(in crate::fault) stage: Option<Stage>,
    pub(in crate::fault) effects: fn() -> Vec<Effect>,
}

/// A fault that is named with a value, as `name=value`.
pub(in crate::fault) struct Valued {
    pub(in crate::fault) name: &'static str,
    pub(in crate::fault) says: &'static str,
    pub(in crate::fault) effects: fn(&str) -> Option<Vec<Effect>>,
}

pub(super) const fn listed(name: &'static str, says: &'static str, effects: fn() -> Vec<Effect>) -> Listed {
    Listed { name, says, stage: None, effects }
}

pub(super) const fn staged(
    name: &'static str,
    says: &'static str,
    stage: Stage,
    effects: fn() -> Vec<Effect>,
) -> Listed {
    Listed { name, says, stage: Some(stage), effects }
}

pub(super) const fn valued(
    name: &'static str,
    says: &'static str,
    effects: fn(&str) -> Option<Vec<Effect>>,
) -> Valued {
    Valued { name, says, effects }
}
