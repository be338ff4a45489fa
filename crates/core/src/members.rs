//! The members of a token response beyond those of RFC 6749: `id_token`, `instance_url`, `api_domain` and the like.
//!
//! They may be secrets, so `Debug` shows only their names and the memory is wiped. Reading JSON is left to others.

use alloc::string::{String, ToString};
use core::fmt;

use crate::bounded::{Bounded, Length};
use crate::wiped::Zeroizing;

/// The members of a token response beyond those of RFC 6749, such as `id_token` or `instance_url`.
///
/// Cheap to clone. `Debug` shows only the names, because a member may be a secret.
///
/// ```
/// use wellspring_core::Members;
///
/// let mut members = Members::default();
/// assert!(members.insert_text("instance_url", "https://eu.example"));
/// assert!(members.insert_json("team", r#"{"id":"T9TK3CUKW"}"#));
/// assert_eq!(members.expose("instance_url"), Some("https://eu.example"));
/// assert_eq!(members.expose("team"), Some(r#"{"id":"T9TK3CUKW"}"#));
/// assert!(!members.get("team").unwrap().is_text());
/// assert_eq!(format!("{members:?}"), r#"{"instance_url", "team"}"#);
/// ```
#[derive(Clone, Default)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct Members(Bounded<Member>);

/// One member of a token response. It may be a secret, so `Debug` does not show it.
#[derive(Clone)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct Member {
    value: Zeroizing<String>,
    is_text: bool,
}

impl Members {
    /// The most bytes of the values in all: 64 KiB. The names have at most 16 KiB. A member beyond that is left out.
    pub const MAX_BYTES: usize = Bounded::<Member>::MAX_BYTES;

    /// The member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Member> {
        self.0.get(name)
    }

    /// The value of the member of this name, as [`Member::expose`] gives it.
    #[must_use]
    pub fn expose(&self, name: &str) -> Option<&str> {
        self.get(name).map(Member::expose)
    }

    /// The names, in the order of the response.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// The members with their names, in the order of the response.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.0.iter()
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a member whose value is this string; the last one of a name wins. Returns false, and adds nothing, if the
    /// members would be longer than [`MAX_BYTES`](Self::MAX_BYTES) in all.
    pub fn insert_text(&mut self, name: impl Into<String>, text: impl Into<String>) -> bool {
        self.0.insert(name.into(), Member { value: Zeroizing::new(text.into()), is_text: true })
    }

    /// Adds a member with a value of another kind, as its JSON; the last one of a name wins. Returns false, and adds
    /// nothing, if the members would be longer than [`MAX_BYTES`](Self::MAX_BYTES) in all.
    pub fn insert_json(&mut self, name: impl Into<String>, json: impl Into<String>) -> bool {
        self.0.insert(name.into(), Member { value: Zeroizing::new(json.into()), is_text: false })
    }

    /// Adds those of an earlier response that these do not repeat, as far as there is room.
    pub(crate) fn keep_from(&mut self, earlier: &Self) {
        if self.is_empty() {
            *self = earlier.clone();
            return;
        }
        for (name, member) in earlier.iter() {
            if self.get(name).is_none() {
                self.0.insert(name.to_string(), member.clone());
            }
        }
    }
}

impl Length for Member {
    fn length(&self) -> usize {
        self.value.len()
    }
}

impl Member {
    /// The value: a string as it is, anything else as compact JSON, for a JSON parser to read.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// Whether the value is a string.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        self.is_text
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Member(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::vec::Vec;

    #[test]
    fn a_member_is_kept_once_and_not_shown() {
        let mut members = Members::default();
        assert!(members.insert_text("id_token", "first") && members.insert_text("id_token", "canary"));
        assert_eq!((members.expose("id_token"), members.expose("other")), (Some("canary"), None));
        assert_eq!(format!("{members:?} {:?}", members.get("id_token")), "{\"id_token\"} Some(Member(..))");
    }

    #[test]
    fn members_beyond_64_kib_in_all_are_left_out_and_the_others_stay() {
        let mut members = Members::default();
        assert!(members.insert_text("a", "x".repeat(Members::MAX_BYTES - 8)));
        assert!(!members.insert_json("b", format!("\"{}\"", "y".repeat(10))));
        assert!(members.insert_text("c", "z".repeat(8)));
        assert!(!members.insert_text("d", "1"), "not one byte more");
        assert!(!members.insert_text("n".repeat(16 << 10), ""), "nor names of more than 16 KiB");
        assert_eq!(members.names().collect::<Vec<_>>(), ["a", "c"]);
        assert!(members.insert_text("a", "short") && members.insert_text("d", "room again"));
    }

    #[test]
    fn members_that_a_later_response_does_not_repeat_are_kept() {
        let (mut earlier, mut later) = (Members::default(), Members::default());
        later.keep_from(&earlier);
        assert!(later.is_empty());
        assert!(earlier.insert_text("id_token", "first") && earlier.insert_text("region", "eu"));
        later.keep_from(&earlier);
        assert_eq!(later.expose("id_token"), Some("first"));
        let mut latest = Members::default();
        assert!(latest.insert_text("id_token", "second"));
        latest.keep_from(&later);
        assert_eq!((latest.expose("id_token"), latest.expose("region")), (Some("second"), Some("eu")));
    }
}
