//! Scopes: sets of words, whatever order and punctuation a server gives them in.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// A set of scope words ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
///
/// Order and repetition mean nothing. `Display` gives the words sorted and separated by one space.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(
    /// Sorted, each word once.
    Vec<String>,
);

impl Scope {
    /// Reads words separated by spaces or tabs, any number of them.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// Whether this word is granted.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.0.binary_search_by(|known| known.as_str().cmp(word)).is_ok()
    }

    /// Whether there is no word at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The words of `wanted` that are not here.
    #[must_use]
    pub fn missing(&self, wanted: &Self) -> Self {
        wanted.iter().filter(|word| !self.contains(word)).collect()
    }
}

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<I: IntoIterator<Item = &'a str>>(words: I) -> Self {
        let mut scope = Self::default();
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            if let Err(place) = scope.0.binary_search_by(|known| known.as_str().cmp(word)) {
                scope.0.insert(place, word.to_string());
            }
        }
        scope
    }
}

impl From<&str> for Scope {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, word) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_repetition_and_spacing_mean_nothing() {
        assert_eq!(Scope::parse("pix:read  balance:read\tpix:read"), Scope::parse("balance:read pix:read"));
        assert_eq!(Scope::parse(" b a ").to_string(), "a b");
    }

    #[test]
    fn what_is_missing_is_what_was_wanted_and_not_granted() {
        let granted = Scope::parse("profile");
        assert_eq!(granted.missing(&Scope::parse("profile balance")), Scope::parse("balance"));
        assert!(granted.missing(&Scope::parse("profile")).is_empty() && !granted.is_empty());
        assert!(granted.contains("profile") && !granted.contains("balance"));
    }
}
