//! Errors that say the same are the same, wherever they came from.

use super::{ErrorKind, Fate, TokenError};
use core::hash::{Hash, Hasher};

impl TokenError {
    fn said(&self) -> (ErrorKind, Fate, [bool; 3], &str, Option<&str>) {
        let is = [self.is_transient(), self.is_local(), self.is_without_verdict()];
        (self.kind(), self.fate(), is, self.text(), self.code())
    }
}

impl PartialEq for TokenError {
    fn eq(&self, other: &Self) -> bool {
        self.said() == other.said()
    }
}

impl Eq for TokenError {}

impl Hash for TokenError {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.said().hash(state);
    }
}
