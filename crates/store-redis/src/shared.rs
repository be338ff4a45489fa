//! What the handles and the threads of one opened store share.

use core::fmt::Write as _;
use core::sync::atomic::AtomicBool;
use std::sync::Arc;

use redis::Cmd;
use wellspring_core::{LockDomain, Version};
use wellspring_store::{HeldLocks, KeyName};

use crate::blocking::Blocking;
use crate::presence::Presence;
use crate::script::{LAYOUT, Script};
use crate::slot::slot_of;
use crate::topology::Topology;
use crate::watching::Watching;

/// One opened store.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Where the store is, without a login.
    pub(crate) place: String,
    pub(crate) keys: Keys,
    pub(crate) topology: Arc<Topology>,
    pub(crate) blocking: Blocking,
    pub(crate) locks: HeldLocks,
    pub(crate) presence: Presence,
    pub(crate) watching: Watching,
    /// The server does not let this user publish, or subscribe: watchers look once a second.
    pub(crate) publish_refused: AtomicBool,
    pub(crate) subscribe_refused: AtomicBool,
}

/// The names of the store's keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) prefix: String,
}

impl Keys {
    /// The key of a record, which is its channel too. What stands in braces decides the slot in a cluster.
    pub(crate) fn record(&self, name: &KeyName) -> String {
        format!("{}{{{name}}}", self.prefix)
    }

    /// The name of the record with this key.
    pub(crate) fn name_of(&self, key: &[u8]) -> Option<KeyName> {
        let key = core::str::from_utf8(key).ok()?.strip_prefix(&self.prefix)?;
        KeyName::of_digits(key.strip_prefix('{')?.strip_suffix('}')?)
    }

    /// The pattern of all records.
    pub(crate) fn pattern(&self) -> String {
        let mut pattern = String::new();
        for letter in self.prefix.chars() {
            if matches!(letter, '*' | '?' | '[' | ']' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern + "{*}"
    }

    /// The key by which a process shows that it lives, and its slot.
    pub(crate) fn alive(&self, process: u64) -> (String, u16) {
        let mut id = String::new();
        let _ = write!(id, "{process:016x}");
        (format!("{}alive:{{{id}}}", self.prefix), slot_of(&id))
    }

    /// The call of a script on the record of this name: by its SHA-1, or with its text.
    pub(crate) fn call(&self, script: &Script, with_text: bool, name: &KeyName, arguments: &[&[u8]]) -> Cmd {
        let mut command = match with_text {
            true => redis::cmd("EVAL"),
            false => redis::cmd("EVALSHA"),
        };
        command.arg(if with_text { script.text } else { script.sha1 });
        command.arg(1).arg(self.record(name));
        for argument in arguments {
            command.arg(*argument);
        }
        command
    }
}

/// The slot of the record of this name.
pub(crate) fn slot_of_name(name: &KeyName) -> u16 {
    slot_of(name.as_str())
}

/// The field `v` of a record of this version.
pub(crate) fn version_field(version: Version) -> [u8; 17] {
    let mut field = [LAYOUT; 17];
    field[1..].copy_from_slice(&version.value().to_be_bytes());
    field
}

/// The version in a field `v`.
pub(crate) fn version_of(field: &[u8]) -> Option<Version> {
    let (layout, version) = field.split_first()?;
    let version: [u8; 16] = version.try_into().ok()?;
    (*layout == LAYOUT).then(|| Version::new(u128::from_be_bytes(version)))
}

/// The field that notes that the owner of this lock has ended.
pub(crate) fn note_field(domain: LockDomain) -> [u8; 17] {
    let mut field = [b'e'; 17];
    field[1..].copy_from_slice(&domain.value().to_be_bytes());
    field
}

/// The id of the process that owns this lock.
pub(crate) fn owner_of(domain: LockDomain) -> u64 {
    HeldLocks::process_of(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_below_the_prefix_and_are_read_back() {
        let keys = Keys { prefix: "a*b:".to_owned() };
        let name = KeyName::of_digits(&"0".repeat(64)).expect("64 digits");
        let key = keys.record(&name);
        assert_eq!(key, format!("a*b:{{{name}}}"));
        assert_eq!(keys.name_of(key.as_bytes()), Some(name));
        assert_eq!(keys.name_of(keys.alive(7).0.as_bytes()), None);
        assert_eq!(keys.pattern(), "a\\*b:{*}");
    }

    #[test]
    fn a_version_of_another_layout_is_not_read() {
        let version = Version::new(u128::MAX - 1);
        let mut field = version_field(version);
        assert_eq!(version_of(&field), Some(version));
        field[0] = 2;
        assert_eq!(version_of(&field), None);
        assert_eq!(version_of(&field[1..]), None);
        assert_eq!(version_of(&[]), None);
    }
}
